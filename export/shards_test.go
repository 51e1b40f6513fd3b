package export

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	hts "github.com/biogo/hts/bgzf"

	"github.com/varlake/varlake/internal/store"
)

// blockGzip compresses text with biogo/hts, in blocks of size bytes of it.
func blockGzip(t testing.TB, text string, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := hts.NewWriter(&out, 1)
	for part := range slices.Chunk([]byte(text), size) {
		_, err := w.Write(part)
		if err := errors.Join(err, w.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func plainGzip(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// values is what a dataset says, whatever the shards: all rows, what was set aside, and the counts. Lines are left out, as shards do not know their numbers.
func values(t *testing.T, d *Dataset) string {
	t.Helper()
	var counts []string
	for _, c := range d.Manifest.Conflicts {
		counts = append(counts, fmt.Sprint(c.Field, " ", c.Kind, " ", c.Count, " ", c.Input, " ", c.Text))
	}
	rejects := readRejects(t, d)
	for _, r := range rejects {
		delete(r, "line")
	}
	return fmt.Sprint(d.Manifest.Records, d.Manifest.Rows, d.Manifest.Rejected, counts, "\n",
		readRows(t, d, Variants), "\n", readRows(t, d, VariantAnnotations), "\n", readRows(t, d, SampleAnnotations), "\n", rejects)
}

// Whatever the number of shards and the order in which they are done: the same values.
func TestShardsDoNotChangeValues(t *testing.T) {
	t.Parallel()
	text := cohort(200)
	other := strings.ReplaceAll(cohort(30), "rs", "ss")
	longHeader := strings.Replace(text, "\n#CHROM", "\n"+strings.Repeat("##x=y\n", 500)+"#CHROM", 1)
	for name, inputs := range map[string][]string{
		"BGZF":        {writeInput(t, "in.vcf.gz", blockGzip(t, text, 300))},
		"tiny blocks": {writeInput(t, "in.vcf.gz", blockGzip(t, cohort(60), 7))},
		"one block":   {writeInput(t, "in.vcf.gz", blockGzip(t, text, 1<<16))},
		"long header": {writeInput(t, "in.vcf.gz", blockGzip(t, longHeader, 100))},
		"no end":      {writeInput(t, "in.vcf.gz", blockGzip(t, strings.TrimSuffix(text, "\n"), 300))},
		"blank end":   {writeInput(t, "in.vcf.gz", blockGzip(t, text+"\n", 60))},
		"blank lines": {writeInput(t, "in.vcf.gz", blockGzip(t, strings.ReplaceAll(text, "\n2\t", "\n\n2\t"), 60))},
		"no records":  {writeInput(t, "in.vcf.gz", blockGzip(t, cohort(0), 30))},
		"gzip":        {writeInput(t, "in.vcf.gz", plainGzip(t, text))},
		"several": {writeInput(t, "a.vcf.gz", blockGzip(t, text, 300)), writeInput(t, "b.vcf", []byte(other)), writeInput(t, "c.vcf.gz", plainGzip(t, text)),
			writeInput(t, "d.vcf.gz", blockGzip(t, other, 100))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := Options{Inputs: inputs, Out: filepath.Join(t.TempDir(), "whole"), Quarantine: true, Workers: 2, chunk: 1000, PartSize: 1}
			_, whole := mustRun(t, opt)
			want := values(t, whole)
			for _, n := range []int{2, 3, 7, 50, 600} {
				opt.Out, opt.Shards = filepath.Join(t.TempDir(), "out"), n
				if n >= 50 && name != "tiny blocks" { // of which there are some 500
					continue
				}
				var records int64
				var result *Result
				for i, shard := range rand.Perm(n) {
					var err error
					opt.Shard = shard
					if result, err = Run(t.Context(), "test", opt); err != nil {
						t.Fatalf("shard %d of %d: %v", shard, n, err)
					}
					if records += result.Shard.Records; result.ShardsDone != i+1 || (result.Dataset == nil) != (i+1 < n) {
						t.Fatalf("after %d of %d shards: %d are done, dataset %v", i+1, n, result.ShardsDone, result.Dataset)
					}
				}
				_, d := mustRun(t, opt)
				if got := values(t, d); got != want {
					t.Fatalf("%d shards give\n%.3000s\nwant\n%.3000s", n, got, want)
				}
				if records != whole.Manifest.Records {
					t.Errorf("%d shards: %d records, want %d", n, records, whole.Manifest.Records)
				}
			}
		})
	}
}

// failing is a directory where writing fails after so many calls.
type failing struct {
	*store.Dir
	left atomic.Int64
}

var errFailing = errors.New("out of order")

func (s *failing) call(do func() error) error {
	if s.left.Add(-1) < 0 {
		return errFailing
	}
	return do()
}

func (s *failing) Put(name string, data []byte) error {
	return s.call(func() error { return s.Dir.Put(name, data) })
}

func (s *failing) Replace(name string, old, new []byte) error {
	return s.call(func() error { return s.Dir.Replace(name, old, new) })
}

func (s *failing) Create(name string) (store.Writer, error) {
	w, err := s.Dir.Create(name)
	return &failingWriter{w, s}, err
}

type failingWriter struct {
	store.Writer
	store *failing
}

func (w *failingWriter) Commit() error {
	defer w.Abort()
	return w.store.call(w.Writer.Commit)
}

// A run that ends at any write is taken up again: what it had completed is kept, and the files are those of a run that was not disturbed.
func TestTakenUpAfterAnyWrite(t *testing.T) {
	t.Parallel()
	text := cohort(200)
	bgzf := writeInput(t, "a.vcf.gz", blockGzip(t, text, 300))
	for name, opt := range map[string]Options{
		"BGZF":      {Inputs: []string{bgzf}, Shards: 1},
		"gzip":      {Inputs: []string{writeInput(t, "a.vcf.gz", plainGzip(t, text))}, Shards: 1},
		"text":      {Inputs: []string{writeInput(t, "a.vcf", []byte(text))}, Shards: 1},
		"several":   {Inputs: []string{writeInput(t, "b.vcf", []byte(cohort(40))), bgzf, writeInput(t, "c.vcf.gz", plainGzip(t, cohort(60)))}, Shards: 1},
		"shards":    {Inputs: []string{bgzf}, Shards: 3},
		"no table":  {Inputs: []string{bgzf}, Shards: 2, Tables: []string{SampleAnnotations}},
		"all table": {Inputs: []string{bgzf}, Shards: 2, Tables: []string{Variants, VariantAnnotations, Carriers}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt.Quarantine, opt.Workers, opt.chunk, opt.carrierRows, opt.PartSize = true, 2, 1000, 10, 12_000
			export := func(left int) (failed, done bool, kept int64) {
				s := &failing{Dir: store.At(opt.Out)}
				s.left.Store(int64(left))
				opt := opt
				opt.Stores = func(root string) (store.Store, error) {
					if root != opt.Out {
						return store.Local(root)
					}
					return s, nil
				}
				for opt.Shard = range opt.Shards {
					p := new(Progress)
					opt.Progress = p
					result, err := Run(t.Context(), "test", opt)
					if err != nil {
						if !errors.Is(err, errFailing) {
							t.Fatalf("after %d writes: %v", left, err)
						}
						return true, false, 0
					}
					done = done || result.Done
					kept += result.Shard.Kept
					// A shard ends with a line, and reads a little more than its slice.
					if read, toRead := p.Bytes(); read < toRead || read > toRead && opt.Shards == 1 || p.Records() != result.Shard.Records-result.Shard.Kept {
						t.Errorf("after %d writes: %d of %d bytes, %d records; the shard has %d, and %d were kept", left, read, toRead, p.Records(), result.Shard.Records, result.Shard.Kept)
					}
				}
				return false, done, kept
			}
			first, step := rand.IntN(5), 5
			if name == "BGZF" {
				first, step = 0, 1
			}
			opt.Out = filepath.Join(t.TempDir(), "whole")
			if failed, _, _ := export(1 << 30); failed {
				t.Fatal("a run that nothing disturbs failed")
			}
			want := tree(t, opt.Out)
			timesKept := 0
			for left := first; ; left += step {
				opt.Out = filepath.Join(t.TempDir(), "out")
				failed, _, _ := export(left)
				if !failed {
					break
				}
				whole := keptRecords(t, opt.Out)
				again, done, kept := export(1 << 30)
				if again || kept < whole && !done {
					t.Fatalf("after %d writes: failed again %v; kept %d records of %d in whole sets of parts", left, again, kept, whole)
				}
				if kept > 0 {
					timesKept++
				}
				sameTree(t, tree(t, opt.Out), want)
			}
			if timesKept < 3 {
				t.Errorf("parts were kept %d times", timesKept)
			}
		})
	}
}

// keptRecords counts the records in all sets of parts that are whole.
func keptRecords(t *testing.T, root string) (n int64) {
	t.Helper()
	for name, text := range tree(t, root) {
		if strings.Contains(name, "/_parts/") && strings.HasSuffix(name, ".json") {
			var set partSet
			if err := json.Unmarshal([]byte(text), &set); err != nil {
				t.Fatal(err)
			}
			n += set.Records
		}
	}
	return n
}
