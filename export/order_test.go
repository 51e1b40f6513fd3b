package export

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/store"
)

// farStore is a directory whose answers take a while, each another, and that knows in which order files were asked for and came to be.
type farStore struct {
	*store.Dir
	fails func(name string) bool // nil: nothing does

	mu     sync.Mutex
	events []string // "begin NAME", "end NAME"
}

var errFar = errors.New("made to fail")

func (s *farStore) event(what, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, what+" "+name)
}

// take is the time that a request takes.
func (s *farStore) take(name string, do func() error) error {
	s.event("begin", name)
	delay := rand.N(5 * time.Millisecond)
	if strings.HasPrefix(name, plansFolder) { // longer than it takes to read some records
		delay = 50 * time.Millisecond
	}
	time.Sleep(delay)
	if s.fails != nil && s.fails(name) {
		return fmt.Errorf("%s: %w", name, errFar)
	}
	err := do()
	s.event("end", name)
	return err
}

func (s *farStore) Create(name string) (store.Writer, error) {
	w, err := s.Dir.Create(name)
	return &farWriter{w, s, name}, err
}

func (s *farStore) Put(name string, data []byte) error {
	return s.take(name, func() error { return s.Dir.Put(name, data) })
}

func (s *farStore) Replace(name string, old, new []byte) error {
	return s.take(name, func() error { return s.Dir.Replace(name, old, new) })
}

type farWriter struct {
	store.Writer
	store *farStore
	name  string
}

func (w *farWriter) Commit() error {
	defer w.Abort() // after a Commit that failed too, a Writer is done
	return w.store.take(w.name, w.Writer.Commit)
}

// inFar exports a cohort of several parts to a farStore.
func inFar(t *testing.T, fails func(name string) bool) (*farStore, *Result, error) {
	t.Helper()
	opt := cohortOptions(t)
	opt.PartSize, opt.chunk = 1, 2000
	far := &farStore{Dir: store.At(opt.Out), fails: fails}
	opt.Stores = func(root string) (store.Store, error) {
		if root != opt.Out {
			return store.Local(root)
		}
		return far, nil
	}
	result, err := Run(t.Context(), "test", opt)
	return far, result, err
}

// before tells what a file must not be begun before (DESIGN §4): nothing before the plan; a set of parts before its files and the sets before it; the shard before all sets;
// _SUCCESS before all but the shard; _current.json before everything.
func before(name string, all []string) (earlier []string) {
	base := path.Base(name)
	for _, other := range all {
		inParts := strings.Contains(other, "/_parts/") && path.Ext(other) == ".json"
		var must bool
		switch {
		case other == name:
		case strings.HasPrefix(other, "_plans/"):
			must = true
		case base == CurrentName:
			must = true
		case base == SuccessName:
			must = !strings.Contains(other, "/_shards/") && other != CurrentName
		case strings.Contains(name, "/_shards/"):
			must = inParts
		case strings.Contains(name, "/_parts/") && path.Ext(name) == ".json":
			set := strings.TrimSuffix(base, ".json")
			must = strings.Contains(other, "chrom=") && strings.HasSuffix(other, "/part-"+set+".parquet") || strings.HasSuffix(other, "/"+set+".tally.zst") || inParts && other < name
		}
		if must {
			earlier = append(earlier, other)
		}
	}
	return earlier
}

func TestOrderOfFiles(t *testing.T) {
	t.Parallel()
	far, result, err := inFar(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	at := make(map[string]int)
	for i, e := range far.events {
		at[e] = i
		if name, ok := strings.CutPrefix(e, "end "); ok {
			names = append(names, name)
		}
	}
	if sets := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.Contains(n, "/_parts/") }); len(sets) < 6 {
		t.Fatalf("too few sets of parts: %q", sets)
	}
	checked := 0
	for _, name := range names {
		for _, other := range before(name, names) {
			checked++
			if at["begin "+name] < at["end "+other] {
				t.Errorf("%s was begun before %s was there", name, other)
			}
		}
	}
	t.Logf("%d files, %d orders", len(names), checked)
	if read, err := result.Dataset.QC(); err != nil || read != result.QC || result.QC.Called == 0 {
		t.Errorf("QC %+v, sample_annotations say %+v, %v", result.QC, read, err)
	}
}

// Whichever file can't be written, nothing that speaks for it is, and nothing is visible.
func TestFileFails(t *testing.T) {
	t.Parallel()
	far, _, err := inFar(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := tree(t, far.Root())
	delete(files, "_lock")
	names := slices.Sorted(maps.Keys(files))
	short := func(name string) string { // without the run, whose name another file gives
		if _, rest, ok := strings.Cut(strings.TrimPrefix(name, "runs/"), "/"); ok && strings.HasPrefix(name, "runs/") {
			return rest
		}
		return strings.Split(name, "/")[0]
	}
	for _, failed := range names {
		far, _, err := inFar(t, func(name string) bool { return short(name) == short(failed) })
		if !errors.Is(err, errFar) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s fails: %v", failed, err)
		}
		if _, err := ReadDataset(far.Dir); !errors.Is(err, ErrNoDataset) {
			t.Errorf("%s fails: %v", failed, err)
		}
		there := tree(t, far.Root())
		for _, name := range names {
			_, found := there[name]
			for other := range there {
				found = found || short(other) == short(name)
			}
			if found && slices.Contains(before(name, names), failed) {
				t.Errorf("%s fails, and %s is there", failed, name)
			}
		}
		if left, err := fs.Glob(far, "*/*/*/*/_tmp-*"); len(left) > 0 || err != nil {
			t.Errorf("%s fails, and %q is left, %v", failed, left, err)
		}
	}
}

// Of several inputs that can't be read, the first is named, however they are read.
func TestFirstBadInput(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	good := opt.Inputs[0]
	first, second := writeInput(t, "first.vcf", nil), writeInput(t, "second.vcf", []byte("<html>"))
	for range 20 {
		opt.Inputs = []string{good, first, second}
		if _, err := Run(t.Context(), "test", opt); err == nil || !strings.Contains(err.Error(), first) {
			t.Fatalf("%v, want an error of %s", err, first)
		}
		opt.Inputs = []string{good, second, first}
		if _, err := Run(t.Context(), "test", opt); err == nil || !strings.Contains(err.Error(), second) {
			t.Fatalf("%v, want an error of %s", err, second)
		}
	}
}
