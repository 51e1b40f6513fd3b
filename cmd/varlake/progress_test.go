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

	"github.com/varlake/varlake/internal/emftest"
)

// TestSilence: what the arguments are wrong in shows before the work begins, and is then all there is on standard error.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := progressFlags{Progress: "auto", Log: "json"}.watch(&streams{err: &out}, newJob("d", newLog(&out, "json")), nil)
		time.Sleep(time.Minute)
		stop(false)
		if out.Len() > 0 {
			t.Errorf("work has not begun, but there is a log:\n%s", out.String())
		}
	})
}

func TestLogReporter(t *testing.T) {
	t.Setenv("AWS_BATCH_JOB_ID", "4711:2")
	t.Setenv("AWS_BATCH_JOB_ATTEMPT", "3")
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		j := newJob("d", newLog(&out, "json"))
		j.shards, j.shard = 3, 2
		r := newLogReporter(j.log)
		r.begin(1000, 0)
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
				Shard, Attempt int
				Job            string
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(l))
		}
		want := []string{"{reading 0 0 1000 0 0 0 2 3 4711:2}", "{reading 250 40 1000 25 30 0 2 3 4711:2}", "{exported 1000 160 0 0 0 20 2 3 4711:2}"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, not %q", got, want)
		}
	})
}

// The sums over all lines of metrics are what was counted in all, whatever the intervals; names that only one process has are no dimensions.
func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		j := newJob("s3://lake/d/", newLog(&out, "json"))
		j.shards = 2
		m := operatorFlags{Metrics: "emf"}.meter(&streams{err: &out}, j)
		j.written.Add(100)
		time.Sleep(30 * time.Second)
		m.update(0, 0)
		j.written.Add(50)
		j.retries.Add(3)
		time.Sleep(30 * time.Second)
		m.update(0, 0)
		j.written.Add(7)
		time.Sleep(time.Second)
		m.last(exitInterrupted)
		sums := make(emftest.Sums)
		for line := range strings.Lines(out.String()) {
			read, err := sums.Add(line)
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if read.Properties["shard"] != 0.0 || read.Units["bytes_written"] != "Bytes" {
				t.Errorf("%+v", read)
			}
		}
		for name, want := range map[string]float64{"bytes_written": 157, "retries": 3, "seconds": 61, "interrupted": 1, "failed": 0, "done": 0, "exit_code": 75, "records": 0} {
			if all, ours := sums["varlake{} "+name], sums["varlake{dataset=s3://lake/d} "+name]; all != want || ours != want {
				t.Errorf("%s: %v in all, %v of the dataset, want %v", name, all, ours, want)
			}
		}
		if lines := strings.Count(out.String(), "\n"); lines != 3 || len(sums) != 2*16 {
			t.Errorf("%d lines, %d metrics:\n%s", lines, len(sums), &out)
		}
	})
}
