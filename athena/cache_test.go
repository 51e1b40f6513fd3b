package athena

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/varlake/varlake/export"
)

// cached makes a dataset whose run is copied to the cache, and returns it with its copy, which is still open.
func cached(t *testing.T, root, cache, run string) (*export.Dataset, *Copy) {
	t.Helper()
	ds := writeDataset(t, root, smallCohort())
	ds.Manifest.Run = run
	for i := range ds.Manifest.Tables {
		files := ds.Manifest.Tables[i].Files
		for j := range files {
			content, err := os.ReadFile(filepath.Join(root, files[j].Path))
			if err != nil {
				t.Fatal(err)
			}
			files[j].Path = strings.Replace(files[j].Path, "runs/r1/", "runs/"+run+"/", 1)
			files[j].Bytes = int64(len(content))
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, files[j].Path)), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, files[j].Path), content, 0o666); err != nil {
				t.Fatal(err)
			}
			if files[j].SHA256, _, err = ds.Files().SHA256(files[j].Path); err != nil {
				t.Fatal(err)
			}
		}
	}
	return ds, fetched(t, ds, cache)
}

// fetched copies what a query of samples needs.
func fetched(t *testing.T, ds *export.Dataset, cache string) *Copy {
	t.Helper()
	c, err := PlanCopy(ds, "SELECT * FROM sample_annotations", cache)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// folders returns the runs that are in a cache, and whatever else is in it where runs should be.
func folders(t *testing.T, cache string) string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"_*", "*/runs/*"} {
		found, err := filepath.Glob(filepath.Join(cache, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			names = append(names, filepath.Base(f))
		}
	}
	return strings.Join(names, " ")
}

func tidy(t *testing.T, c *Copy) {
	t.Helper()
	if err := c.Tidy(); err != nil {
		t.Error(err)
	}
}

func TestTidyCache(t *testing.T) {
	cache, root := t.TempDir(), t.TempDir()
	_, old := cached(t, root, cache, "r1")
	_, current := cached(t, root, cache, "r2")

	// A run that someone reads stays, and goes when nobody does.
	tidy(t, current)
	if got := folders(t, cache); got != "r1 r2" {
		t.Errorf("while r1 is read: %s", got)
	}
	old.Close()
	tidy(t, current)
	if got := folders(t, cache); got != "r2" {
		t.Errorf("r1 is read no more: %s", got)
	}

	// Another dataset's stays until it is old, and so does what a killed tidying left.
	other, open := cached(t, t.TempDir(), cache, "r3")
	open.Close()
	tidy(t, current)
	if got := folders(t, cache); !strings.Contains(got, "r2") || !strings.Contains(got, "r3") {
		t.Errorf("of two datasets: %s", got)
	}
	age := func(days int) {
		then := time.Now().AddDate(0, 0, -days)
		if err := os.Chtimes(filepath.Join(open.use.run, useName), then, then); err != nil {
			t.Fatal(err)
		}
	}
	age(29)
	tidy(t, current)
	if got := folders(t, cache); !strings.Contains(got, "r3") {
		t.Errorf("after 29 days: %s", got)
	}
	age(31)
	again := fetched(t, other, cache) // to use it makes it new
	again.Close()
	if len(again.Files) != 0 {
		t.Errorf("%d files were copied again", len(again.Files))
	}
	tidy(t, current)
	if got := folders(t, cache); !strings.Contains(got, "r3") {
		t.Errorf("used again: %s", got)
	}
	age(31)
	if err := os.Mkdir(filepath.Join(cache, trashPrefix+"X"), 0o777); err != nil {
		t.Fatal(err)
	}
	tidy(t, current)
	if got := folders(t, cache); got != "r2" {
		t.Errorf("after 31 days: %s", got)
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) != 1 {
		t.Errorf("in the cache: %v, %v", left, err)
	}
}

// A copy without a note of its use, as older versions made it, has the age of its folder.
func TestTidyUnused(t *testing.T) {
	cache := t.TempDir()
	_, old := cached(t, t.TempDir(), cache, "r1")
	old.Close()
	if err := os.Remove(filepath.Join(old.use.run, useName)); err != nil {
		t.Fatal(err)
	}
	_, current := cached(t, t.TempDir(), cache, "r2")
	defer current.Close()
	tidy(t, current)
	if got := folders(t, cache); !strings.Contains(got, "r1") {
		t.Errorf("new: %s", got)
	}
	then := time.Now().Add(-keptFor - time.Hour)
	if err := os.Remove(filepath.Join(old.use.run, useName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Chtimes(old.use.run, then, then); err != nil {
		t.Fatal(err)
	}
	tidy(t, current)
	if got := folders(t, cache); got != "r2" {
		t.Errorf("old: %s", got)
	}
}

// Who waits for a run that is just being deleted gets a new one, not what is deleted.
func TestUseOfDeleted(t *testing.T) {
	run := filepath.Join(t.TempDir(), "r1")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	lock, err := lockFile(filepath.Join(run, useName), syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	var begun *use
	var waits sync.WaitGroup
	waits.Go(func() { begun, err = beginUse(run) })
	time.Sleep(50 * time.Millisecond) // by now it waits for the lock
	if err := os.Rename(run, run+"-deleted"); err != nil {
		t.Fatal(err)
	}
	lock.Close()
	waits.Wait()
	if err != nil || !isAt(begun.lock, filepath.Join(run, useName)) {
		t.Errorf("%v, or the lock is on what was deleted", err)
	}
}

// Queries that copy, read and tidy at the same time, of two runs of a dataset, all find what they copied.
func TestTidyWhileReading(t *testing.T) {
	cache, root := t.TempDir(), t.TempDir()
	one, first := cached(t, root, cache, "r1")
	two, second := cached(t, root, cache, "r2")
	first.Close()
	second.Close()
	var all sync.WaitGroup
	for i := range 8 {
		ds := []*export.Dataset{one, two}[i%2]
		all.Go(func() {
			for range 40 {
				c, err := PlanCopy(ds, "SELECT * FROM sample_annotations", cache)
				if err != nil {
					t.Error(err)
					return
				}
				tidy(t, c)
				copied, err := c.Run(t.Context())
				if err != nil {
					t.Error(err)
				} else {
					table, _ := copied.Manifest.Table(export.SampleAnnotations)
					for _, f := range table.Files {
						got, err := os.ReadFile(filepath.Join(copied.Root, f.Path))
						want, wantErr := os.ReadFile(filepath.Join(root, f.Path))
						if err := errors.Join(err, wantErr); err != nil || !bytes.Equal(got, want) {
							t.Errorf("%s: %d bytes, not %d, %v", f.Path, len(got), len(want), err)
						}
					}
				}
				c.Close()
			}
		})
	}
	all.Wait()
}
