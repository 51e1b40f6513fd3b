package athena

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/gluetest"
	"github.com/varlake/varlake/internal/store"
)

// A command whose run is replaced while it registers leaves the tables of the run that took its place, at whichever write it is overtaken.
func TestRegisterCurrentOvertaken(t *testing.T) {
	first, second := runOf("r1", "1", "2"), runOf("r2", "2", "3")
	want := undisturbed(t, first, second)
	for _, registers := range []bool{false, true} { // does the command of the other run register it in that moment, or will it later
		for write := 1; ; write++ {
			server, client := newCatalog(t, 3)
			files := store.At(t.TempDir())
			if err := publish(files, nil, first); err != nil {
				t.Fatal(err)
			}
			d, err := export.ReadDataset(files)
			if err != nil {
				t.Fatal(err)
			}
			server.Set(&gluetest.Fault{
				Times:   1,
				Strikes: func(c gluetest.Call) bool { return c.Write && c.Number == write },
				Before: func() {
					err := publish(files, first, second)
					if err == nil && registers {
						_, err = Register(t.Context(), client, second, glueOptions)
					}
					if err != nil {
						t.Error(err)
					}
				},
			})
			if _, err := RegisterCurrent(t.Context(), client, d, glueOptions); err != nil {
				t.Fatal(err)
			}
			if server.Struck() == 0 { // it has no more writes
				if write < 5 {
					t.Errorf("%d writes", write-1)
				}
				break
			}
			if got := server.Dump(); got != want {
				t.Errorf("overtaken at write %d, registers %v:\n%s\nwant\n%s", write, registers, got, want)
			}
		}
	}
}

// However far a registration came, the runs are found that tables and partitions name.
func TestNamedRuns(t *testing.T) {
	first, second := runOf("r1", contigs(30)...), runOf("r2", contigs(32)[28:]...)
	seen := make(map[string]bool)
	for write := 1; ; write++ {
		server, client := newCatalog(t, 1)
		register(t, client, first, glueOptions)
		server.Calls()
		server.Set(&gluetest.Fault{Code: "InternalServiceException", Strikes: func(c gluetest.Call) bool { return c.Write && c.Number >= write }})
		_, err := Register(t.Context(), client, second, glueOptions)
		server.Set(nil)
		runs, errNamed := NamedRuns(t.Context(), client, glueOptions)
		if errNamed != nil {
			t.Fatal(errNamed)
		}
		want := make(map[string]bool)
		for _, table := range dump(t, server)["lake"].Tables {
			want[runIn(table.StorageDescriptor.Location)] = true
		}
		for _, partitions := range dump(t, server)["lake"].Partitions {
			for _, p := range partitions {
				want[runIn(p.StorageDescriptor.Location)] = true
			}
		}
		delete(want, "")
		if len(runs) != len(want) {
			t.Errorf("write %d: %v, want %v", write, runs, want)
		}
		for run, table := range runs {
			if !want[run] || !strings.HasPrefix(table, "lake.p_") {
				t.Errorf("write %d: %s by %s, want %v", write, run, table, want)
			}
		}
		seen[fmt.Sprint(want)] = true
		if err == nil {
			break
		}
	}
	if len(seen) != 3 { // the first, both, the second
		t.Errorf("seen %v", seen)
	}
	_, client := newCatalog(t, 1)
	if runs, err := NamedRuns(t.Context(), client, glueOptions); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("no database: %v, %v", runs, err)
	}
}

// runIn is the run in a location of the dataset, "" where there is none.
func runIn(location string) string {
	parts := strings.Split(strings.TrimPrefix(location, "s3://bucket/cohort/"), "/")
	if parts[0] != "runs" {
		return ""
	}
	return parts[1]
}

// publish makes a run current in place of another; nil: of none.
func publish(files store.Store, old, m *export.Manifest) error {
	manifest, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := files.Put(export.RunPath(m.Run)+"/"+export.ManifestName, manifest); err != nil {
		return err
	}
	var before []byte
	if old != nil {
		if before, err = json.Marshal(export.Current{Run: old.Run}); err != nil {
			return err
		}
	}
	after, err := json.Marshal(export.Current{Run: m.Run})
	if err != nil {
		return err
	}
	return files.Replace(export.CurrentName, before, after)
}
