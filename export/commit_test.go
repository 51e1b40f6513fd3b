package export

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// copyFiles copies the files that keep says.
func copyFiles(t *testing.T, files map[string]string, root string, keep func(name string) bool) {
	t.Helper()
	for name, text := range files {
		if !keep(name) {
			continue
		}
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSameCommandAgainIsDone(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	first, _ := mustRun(t, opt)
	if first.Done {
		t.Error("the first run says that nothing was to do")
	}
	want := tree(t, opt.Out)
	times := func() (all []time.Time) {
		for _, name := range slices.Sorted(maps.Keys(want)) {
			info, err := os.Stat(filepath.Join(opt.Out, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, info.ModTime())
		}
		return all
	}
	before := times()
	for _, overwrite := range []bool{false, true} {
		opt.Overwrite, opt.Workers = overwrite, 3
		again, _ := mustRun(t, opt)
		if !again.Done || again.Manifest.Run != first.Manifest.Run {
			t.Errorf("overwrite %v: done %v, run %s after %s", overwrite, again.Done, again.Manifest.Run, first.Manifest.Run)
		}
		sameTree(t, tree(t, opt.Out), want)
		if !slices.EqualFunc(times(), before, time.Time.Equal) {
			t.Error("files were written again")
		}
	}
}

func TestChangedInput(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"size": func(path string) error { return os.WriteFile(path, []byte(cohort(201)), 0o666) },
		"time": func(path string) error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) },
	} {
		opt := cohortOptions(t)
		mustRun(t, opt)
		want := tree(t, opt.Out)
		if err := change(opt.Inputs[0]); err != nil {
			t.Fatal(err)
		}
		_, err := Run(t.Context(), "test", opt)
		if !errors.Is(err, ErrInputChanged) || !strings.Contains(err.Error(), opt.Inputs[0]) {
			t.Errorf("%s: %v, want %v that names the input", name, err, ErrInputChanged)
		}
		sameTree(t, tree(t, opt.Out), want)
		opt.Overwrite = true
		if result, _ := mustRun(t, opt); result.Done {
			t.Errorf("%s: --overwrite did nothing", name)
		}
	}
}

// An input that changes between two starts of an export that did not finish is found too.
func TestChangedInputOfUnfinished(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	mustRun(t, opt)
	if err := os.Remove(filepath.Join(opt.Out, CurrentName)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(opt.Inputs[0], []byte(cohort(201)), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), "test", opt); !errors.Is(err, ErrInputChanged) {
		t.Errorf("%v, want %v", err, ErrInputChanged)
	}
}

func TestOtherOptions(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	first, _ := mustRun(t, opt)
	want := tree(t, opt.Out)
	other := opt
	other.PartSize = 1 << 20
	if _, err := Run(t.Context(), "test", other); !errors.Is(err, ErrOtherRun) || !strings.Contains(err.Error(), "--overwrite") {
		t.Errorf("%v, want %v and advice", err, ErrOtherRun)
	}
	sameTree(t, tree(t, opt.Out), want)

	other.Overwrite = true
	second, _ := mustRun(t, other)
	if second.Done || second.Manifest.Run == first.Manifest.Run {
		t.Errorf("the second run is %s, done %v", second.Manifest.Run, second.Done)
	}
	// The first, though finished, becomes current again only with --overwrite (DESIGN §7).
	if _, err := Run(t.Context(), "test", opt); !errors.Is(err, ErrOtherRun) {
		t.Errorf("%v, want %v", err, ErrOtherRun)
	}
	opt.Overwrite = true
	if back, _ := mustRun(t, opt); back.Manifest.Run != first.Manifest.Run {
		t.Errorf("current is %s, want %s", back.Manifest.Run, first.Manifest.Run)
	}
}

// Two commands on one empty dataset: the second fails at its start.
func TestOtherCommandUnfinished(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	mustRun(t, opt)
	if err := os.Remove(filepath.Join(opt.Out, CurrentName)); err != nil {
		t.Fatal(err)
	}
	opt.PartSize = 1 << 20
	if _, err := Run(t.Context(), "test", opt); !errors.Is(err, ErrOtherRun) {
		t.Errorf("%v, want %v", err, ErrOtherRun)
	}
}

// A run that was killed leaves whole files, half ones under hidden names, and nothing that readers see; the same command goes on.
func TestKilledRunIsFinished(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	opt.PartSize = 1
	mustRun(t, opt)
	want := tree(t, opt.Out)
	for name, keep := range map[string]func(name string) bool{
		"plan alone": func(name string) bool { return strings.HasPrefix(name, "_plans") },
		"one part":   func(name string) bool { return strings.Contains(name, "000000.") || strings.HasPrefix(name, "_plans") },
		"no sets of parts": func(name string) bool {
			return strings.HasSuffix(name, ".parquet") || strings.HasPrefix(name, "_plans")
		},
		"no current": func(name string) bool { return name != CurrentName },
		"no plan":    func(name string) bool { return strings.HasSuffix(name, ".parquet") },
	} {
		t.Run(name, func(t *testing.T) {
			opt.Out = filepath.Join(t.TempDir(), "out")
			copyFiles(t, want, opt.Out, keep)
			copyFiles(t, map[string]string{"runs/_tmp-1": "half"}, opt.Out, func(string) bool { return true })
			if _, err := OpenDataset(opt.Out); !errors.Is(err, ErrNoDataset) {
				t.Errorf("half a run is visible: %v", err)
			}
			mustRun(t, opt)
			sameTree(t, tree(t, opt.Out), want)
		})
	}
}

func TestCancelledRunIsFinished(t *testing.T) {
	opt := cohortOptions(t)
	opt.PartSize, opt.chunk = 1, 2
	mustRun(t, opt)
	want := tree(t, opt.Out)
	goroutines := runtime.NumGoroutine()
	opt.Out = filepath.Join(t.TempDir(), "out")
	for _, records := range []int64{0, 1, 50} { // the last may be done before it is cancelled
		ctx, cancel := context.WithCancel(t.Context())
		opt.Progress = new(Progress)
		go func() {
			for opt.Progress.Records() < records {
				runtime.Gosched()
			}
			cancel()
		}()
		if _, err := Run(ctx, "test", opt); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		} else if _, open := OpenDataset(opt.Out); err != nil && !errors.Is(open, ErrNoDataset) {
			t.Errorf("a cancelled run is visible: %v", open)
		}
		<-ctx.Done()
	}
	opt.Progress = nil
	mustRun(t, opt)
	sameTree(t, tree(t, opt.Out), want)
	for i := 0; runtime.NumGoroutine() > goroutines && i < 100; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines after, %d before", n, goroutines)
	}
}

func TestConflictingFile(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	mustRun(t, opt)
	files := tree(t, opt.Out)
	for name := range files {
		if !strings.HasPrefix(name, "runs/") {
			continue
		}
		out := filepath.Join(t.TempDir(), "out")
		copyFiles(t, files, out, func(other string) bool { return other != CurrentName && other != name })
		copyFiles(t, map[string]string{name: "other"}, out, func(string) bool { return true })
		opt.Out = out
		_, err := Run(t.Context(), "test", opt)
		if !errors.Is(err, ErrConflictingFile) || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s: %v, want %v that names it", name, err, ErrConflictingFile)
		}
		if _, err := OpenDataset(out); !errors.Is(err, ErrNoDataset) {
			t.Errorf("%s: the dataset is visible: %v", name, err)
		}
	}
}
