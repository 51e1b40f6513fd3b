package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

const day = 24 * time.Hour

// age makes everything below a directory, and the directory, that old.
func age(t *testing.T, root string, by time.Duration) {
	t.Helper()
	when := time.Now().Add(-by)
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(name, when, when)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, root string) *Survey {
	t.Helper()
	s, err := Look(store.At(root), time.Now().Add(-day), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func paths(list []Leftover) (names []string) {
	for _, l := range list {
		names = append(names, string(l.Kind)+" "+l.Path)
	}
	slices.Sort(names)
	return names
}

func deleteAll(t *testing.T, s *Survey) {
	t.Helper()
	for _, l := range s.Leftovers {
		if err := s.Delete(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
}

const deadRun = "runs/0123456789abcdef"

// twice makes a dataset and replaces it, and returns the run that is no longer current.
func twice(t *testing.T) (root, old string) {
	t.Helper()
	root = makeDataset(t, export.Options{}, cohort(30))
	before, _ := filepath.Rel(root, runFolder(t, root))
	makeDataset(t, export.Options{Out: root, Overwrite: true}, cohort(20))
	return root, filepath.ToSlash(before)
}

func planOf(t *testing.T, root, run string) string {
	t.Helper()
	for name, text := range contents(t, root) {
		if strings.HasPrefix(name, plansFolder) && strings.Contains(text, `"run": "`+strings.TrimPrefix(run, "runs/")) {
			return name
		}
	}
	t.Fatalf("no plan of %s", run)
	return ""
}

func TestClean(t *testing.T) {
	t.Parallel()
	root, old := twice(t)
	current, _ := filepath.Rel(root, runFolder(t, root))
	oldPlan := planOf(t, root, old)
	for _, name := range []string{"_tmp-A", "_plans/_tmp-B", current + "/variants/_tmp-C", "runs/_tmp-D/x", deadRun + "/variants/_tmp-E", "notes.txt", "runs/mine/x",
		current + "/_uploads/a.json", current + "/_uploads/b.json"} {
		write(t, filepath.Join(root, name), "text")
	}
	write(t, filepath.Join(root, "_plans/dead.json"), `{"run": "fedcba9876543210"}`)
	write(t, filepath.Join(root, "_plans/mine.json"), "not a plan")
	age(t, root, 2*day)
	before := contents(t, root)

	s := look(t, root)
	want := []string{"plan " + oldPlan, "plan _plans/dead.json", "run " + old, "run " + deadRun,
		"temporary _plans/_tmp-B", "temporary _tmp-A", "temporary " + filepath.ToSlash(current) + "/variants/_tmp-C", "temporary runs/_tmp-D",
		"temporary " + filepath.ToSlash(current) + "/_uploads"}
	slices.Sort(want)
	if got := paths(s.Leftovers); !slices.Equal(got, want) || len(s.Kept) > 0 {
		t.Errorf("leftovers\n%q, want\n%q; kept %q", got, want, paths(s.Kept))
	}
	if after := contents(t, root); !slices.Equal(names(after), names(before)) {
		t.Error("looking changed the dataset")
	}
	deleteAll(t, s)
	after := contents(t, root)
	for name := range before {
		_, there := after[name]
		gone := strings.HasPrefix(name, old+"/") || strings.HasPrefix(name, deadRun) || strings.Contains(name, "_tmp-") || strings.Contains(name, "_uploads") || name == oldPlan || name == "_plans/dead.json"
		if there == gone {
			t.Errorf("%s: there %v", name, there)
		}
	}
	if s := look(t, root); len(s.Leftovers) > 0 {
		t.Errorf("still %q", paths(s.Leftovers))
	}
	if err := os.Remove(filepath.Join(root, "_plans/mine.json")); err != nil {
		t.Fatal(err)
	}
	if found := faults(t, root); len(found) > 0 {
		t.Errorf("the current run is no longer whole: %q", found)
	}
}

// A run that tables name is kept, with its plan, however old it is; another is not.
func TestNamedIsKept(t *testing.T) {
	t.Parallel()
	root, old := twice(t)
	write(t, filepath.Join(root, deadRun+"/variants/x"), "text")
	age(t, root, 2*day)
	s, err := Look(store.At(root), time.Now(), map[string]string{strings.TrimPrefix(old, "runs/"): "a table names it"})
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(s.Leftovers); !slices.Equal(got, []string{"run " + deadRun}) {
		t.Errorf("leftovers %q", got)
	}
	if len(s.Kept) != 1 || s.Kept[0].Path != old || s.Kept[0].Why != "a table names it" {
		t.Errorf("kept %+v", s.Kept)
	}
	deleteAll(t, s)
	plan := planOf(t, root, old)
	s = look(t, root)
	if want := []string{"plan " + plan, "run " + old}; !slices.Equal(paths(s.Leftovers), want) {
		t.Errorf("named no more: leftovers %q, want %q", paths(s.Leftovers), want)
	}
}

// Anything young protects the run it is in, folders too: a file that was deleted a moment ago has changed its folder.
func TestYoungIsKept(t *testing.T) {
	t.Parallel()
	for _, young := range []string{"variants/chrom=chr1/part-00000-000000.parquet", "_headers", "_SUCCESS", ""} {
		root, old := twice(t)
		write(t, filepath.Join(root, old, "variants/_tmp-A"), "text")
		write(t, filepath.Join(root, "_tmp-B"), "text")
		age(t, root, 2*day)
		now := time.Now()
		if err := os.Chtimes(filepath.Join(root, old, young), now, now); err != nil {
			t.Fatal(err)
		}
		s := look(t, root)
		if got := paths(s.Leftovers); !slices.Equal(got, []string{"temporary _tmp-B"}) {
			t.Errorf("%q is young, leftovers %q", young, got)
		}
		if got := paths(s.Kept); !slices.Equal(got, []string{"run " + old}) || s.Kept[0].Why == "" {
			t.Errorf("%q is young, kept %q", young, got)
		}
	}
	root, old := twice(t)
	age(t, root, 2*day)
	age(t, filepath.Join(root, planOf(t, root, old)), 0)
	if s := look(t, root); !slices.Equal(paths(s.Leftovers), []string{"run " + old}) || len(s.Kept) != 1 {
		t.Errorf("a young plan: leftovers %q, kept %q", paths(s.Leftovers), paths(s.Kept))
	}
}

// What has come to life since it was found stays.
func TestDeleteLooksAgain(t *testing.T) {
	t.Parallel()
	for name, revive := range map[string]func(t *testing.T, root, old string){
		"published": func(t *testing.T, root, old string) {
			write(t, filepath.Join(root, "_current.json"), `{"run":"`+strings.TrimPrefix(old, "runs/")+`"}`)
		},
		"written to": func(t *testing.T, root, old string) { write(t, filepath.Join(root, old, "_tmp-A"), "text") },
		"damaged":    func(t *testing.T, root, old string) { write(t, filepath.Join(root, "_current.json"), `{"run"`) },
	} {
		root, old := twice(t)
		age(t, root, 2*day)
		s := look(t, root)
		revive(t, root, old)
		before := contents(t, root)
		for _, l := range s.Leftovers {
			if err := s.Delete(t.Context(), l); err == nil || name != "damaged" && !errors.Is(err, ErrChanged) {
				t.Errorf("%s: %s: %v", name, l.Path, err)
			}
		}
		if after := contents(t, root); len(after) < len(before) {
			t.Errorf("%s: something was deleted", name)
		}
	}
}

// An export that was killed before it finished leaves a run that no _current.json contradicts.
func TestCleanUnfinished(t *testing.T) {
	t.Parallel()
	root := makeDataset(t, export.Options{}, cohort(30))
	if err := os.Remove(filepath.Join(root, export.CurrentName)); err != nil {
		t.Fatal(err)
	}
	if s := look(t, root); len(s.Leftovers) > 0 || len(s.Kept) != 1 {
		t.Errorf("young: leftovers %q, kept %q", paths(s.Leftovers), paths(s.Kept))
	}
	age(t, root, 2*day)
	deleteAll(t, look(t, root))
	if left := names(contents(t, root)); !slices.Equal(left, []string{"_lock"}) {
		t.Errorf("left %q", left)
	}
}

// No link may lead clean to what is not the dataset's, or to the current run by another name.
func TestCleanFollowsNoLink(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	write(t, filepath.Join(outside, "precious"), "text")
	write(t, filepath.Join(outside, "_tmp-A"), "text")

	root, old := twice(t)
	current := runFolder(t, root)
	for link, target := range map[string]string{
		"runs/aaaaaaaaaaaaaaaa": outside, "runs/bbbbbbbbbbbbbbbb": current, "_tmp-link": outside, old + "/_link": outside, old + "/variants/link": current,
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if s := look(t, root); len(s.Leftovers) > 0 {
		t.Errorf("young: leftovers %q", paths(s.Leftovers))
	}
	// Links keep their age, and a run with a young one is kept; a day on, it goes.
	s, err := Look(store.At(root), time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	deleteAll(t, s)
	if found := faults(t, root); len(found) > 0 {
		t.Errorf("the current run is no longer whole: %q", found)
	}
	if left := names(contents(t, outside)); len(left) != 2 {
		t.Errorf("left outside %q", left)
	}
	if _, err := os.Stat(filepath.Join(root, old)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", old, err)
	}

	for _, name := range []string{"runs", "_plans", "current run"} {
		root, _ := twice(t)
		age(t, root, 2*day)
		path := filepath.Join(root, name)
		if name == "current run" {
			path = runFolder(t, root)
		}
		elsewhere := filepath.Join(t.TempDir(), "moved")
		if err := errors.Join(os.Rename(path, elsewhere), os.Symlink(elsewhere, path)); err != nil {
			t.Fatal(err)
		}
		if _, err := Look(store.At(root), time.Now(), nil); !errors.Is(err, errLink) {
			t.Errorf("%s is a link: %v", name, err)
		}
	}
}

// A directory that only resembles a dataset is left alone.
func TestCleanRefuses(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	for _, name := range []string{"runs/exp1/model.bin", "_plans/a.json", "_tmp-A"} {
		write(t, filepath.Join(other, name), "{}")
	}
	age(t, other, 2*day)
	for _, root := range []string{other, t.TempDir(), filepath.Join(other, "absent")} {
		if s, err := Look(store.At(root), time.Now(), nil); !errors.Is(err, export.ErrNoDataset) {
			t.Errorf("%s: %+v, %v", root, s, err)
		}
	}
	damaged, _ := twice(t)
	write(t, filepath.Join(damaged, export.CurrentName), "{")
	if _, err := Look(store.At(damaged), time.Now(), nil); !errors.Is(err, export.ErrManifest) {
		t.Errorf("damaged: %v", err)
	}
	foreign, old := twice(t)
	write(t, filepath.Join(foreign, old, "thesis.tex"), "text")
	age(t, foreign, 2*day)
	if s := look(t, foreign); len(s.Leftovers) > 0 || len(s.Kept) != 1 || !strings.Contains(s.Kept[0].Why, `"thesis.tex"`) {
		t.Errorf("a file of another kind: %+v", s)
	}
}

func TestCleanStops(t *testing.T) {
	t.Parallel()
	root, _ := twice(t)
	age(t, root, 2*day)
	s := look(t, root)
	stopped, stop := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	stop(why)
	if err := s.Delete(stopped, s.Leftovers[0]); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}
