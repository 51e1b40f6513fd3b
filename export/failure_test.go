package export

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/internal/source"
)

// Whatever goes wrong, nothing becomes visible (DESIGN §6).
func TestFailures(t *testing.T) {
	t.Parallel()
	text := []byte(cohort(100))
	whole := append(bgzfBlock(t, string(text[:2000])), append(bgzfBlock(t, string(text[2000:])), bgzfBlock(t, "")...)...)
	damaged := slices.Clone(whole)
	damaged[len(damaged)-40] ^= 1
	for name, tt := range map[string]struct {
		content []byte
		want    error
	}{
		"cut in a block":        {whole[:len(whole)-60], bgzf.ErrTruncated},
		"no end marker":         {whole[:len(whole)-28], bgzf.ErrTruncated},
		"cut between blocks":    {bgzfBlock(t, string(text[:2000])), bgzf.ErrTruncated},
		"a bit flipped":         {damaged, bgzf.ErrCorrupt},
		"an empty file":         {nil, bgzf.ErrFormat},
		"a page of HTML":        {[]byte("<!DOCTYPE html><html>"), bgzf.ErrFormat},
		"a record that is none": {text, ErrBadRecord},
	} {
		out := filepath.Join(t.TempDir(), "out")
		input := writeInput(t, "in.vcf.gz", tt.content)
		_, err := Run(t.Context(), "test", Options{Inputs: []string{input}, Out: out, chunk: 500, PartSize: 1, Quarantine: tt.want != ErrBadRecord})
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), input) {
			t.Errorf("%s: %v, want %v that names the file", name, err, tt.want)
		}
		if _, err := OpenDataset(out); !errors.Is(err, ErrNoDataset) {
			t.Errorf("%s: the dataset is visible: %v", name, err)
		}
	}
	file := writeInput(t, "file", nil)
	input := writeInput(t, "in.vcf", text)
	for name, opt := range map[string]Options{
		"out is a file":      {Inputs: []string{input}, Out: file},
		"out below a file":   {Inputs: []string{input}, Out: filepath.Join(file, "out")},
		"no such input":      {Inputs: []string{input + "x"}, Out: t.TempDir()},
		"the same twice":     {Inputs: []string{input, input}, Out: t.TempDir()},
		"no sample table":    {Inputs: []string{input}, Out: t.TempDir(), Samples: file + "x"},
		"no such table":      {Inputs: []string{input}, Out: t.TempDir(), Tables: []string{"variant"}},
		"groups of no table": {Inputs: []string{input}, Out: t.TempDir(), GroupBy: []string{"x"}},
		"no input":           {Out: t.TempDir()},
		"no out":             {Inputs: []string{input}},
	} {
		_, err := Run(t.Context(), "test", opt)
		if want := map[string]error{"no such table": ErrUsage, "groups of no table": ErrUsage, "no input": ErrUsage, "no out": ErrUsage,
			"no such input": source.ErrNoInput, "the same twice": source.ErrDuplicate, "no sample table": fs.ErrNotExist}[name]; err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// Standard input can't be identified: each run of it has its own name, and is not taken up again.
func TestStandardInput(t *testing.T) {
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	run := func(opt Options) (*Result, error) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		os.Stdin = r
		go func() {
			io.WriteString(w, cohort(100))
			w.Close()
		}()
		return Run(t.Context(), "test", opt)
	}
	opt := Options{Inputs: []string{source.Stdin}, Out: filepath.Join(t.TempDir(), "out"), Quarantine: true}
	first, err := run(opt)
	if err != nil || first.Manifest.Rows != 95 {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err := run(opt); !errors.Is(err, ErrOtherRun) {
		t.Errorf("a second time: %v, want %v", err, ErrOtherRun)
	}
	opt.Overwrite = true
	if second, err := run(opt); err != nil || second.Done || second.Manifest.Run == first.Manifest.Run {
		t.Errorf("with --overwrite: %+v, %v", second, err)
	}
}
