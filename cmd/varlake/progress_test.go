package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/varlake/varlake/export"
)

// TestSilence: what the arguments are wrong in shows before the work begins, and is then all there is on standard error.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := progressFlags{Progress: "auto", Log: "json"}.watch(&streams{err: &out}, new(export.Progress))
		time.Sleep(time.Minute)
		stop(false)
		if out.Len() > 0 {
			t.Errorf("work has not begun, but there is a log:\n%s", out.String())
		}
	})
}

func TestLogReporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := newLog(&out, "json")
		r.begin(1000)
		time.Sleep(10 * time.Second)
		r.update(250, 40)
		time.Sleep(10 * time.Second)
		r.end(1000, 160, true)
		var got []string
		for line := range strings.Lines(out.String()) {
			var l struct {
				Msg            string
				Bytes, Records int64
				Total          int64 `json:"total_bytes"`
				Rate           int64 `json:"bytes_per_second"`
				Left           int64 `json:"seconds_left"`
				Seconds        float64
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(l))
		}
		want := []string{"{reading 0 0 1000 0 0 0}", "{reading 250 40 1000 25 30 0}", "{exported 1000 160 0 0 0 20}"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, not %q", got, want)
		}
	})
}
