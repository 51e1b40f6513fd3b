package export

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/store"
)

// slowStore takes its time for what is written to the variants, and knows how much that was.
type slowStore struct {
	store.Store
	slept *time.Duration
}

type slowWriter struct {
	store.Writer
	slow *slowStore
}

func (s *slowStore) Create(name string) (store.Writer, error) {
	w, err := s.Store.Create(name)
	if err != nil || !strings.Contains(name, "/"+Variants+"/") {
		return w, err
	}
	return &slowWriter{w, s}, nil
}

func (w *slowWriter) Write(p []byte) (int, error) {
	began := time.Now()
	time.Sleep(time.Millisecond)
	*w.slow.slept += time.Since(began)
	return w.Writer.Write(p)
}

// Progress ends where the manifest says, and each stage has the time that it took.
func TestProgress(t *testing.T) {
	t.Parallel()
	input := writeInput(t, "in.vcf", []byte(cohort(300)))
	info, err := os.Stat(input)
	if err != nil {
		t.Fatal(err)
	}
	var p Progress
	var slept time.Duration
	open := func(root string) (store.Store, error) { return &slowStore{store.At(root), &slept}, nil }
	if p.Run() != "" {
		t.Errorf("run %q before there is one", p.Run())
	}
	began := time.Now()
	result, err := Run(t.Context(), "test", Options{Inputs: []string{input}, Out: filepath.Join(t.TempDir(), "out"), Stores: open, chunk: 500, PartSize: 1, Quarantine: true, Workers: 1,
		Tables: []string{Variants}, Progress: &p})
	if err != nil {
		t.Fatal(err)
	}
	elapsed := time.Since(began)
	m := result.Manifest
	if done, total := p.Bytes(); done != info.Size() || total != info.Size() || p.Records() != m.Records || p.Rejects() != m.Rejected || m.Rejected == 0 || p.Run() != m.Run {
		t.Errorf("run %s: %d of %d bytes, %d records, %d rejects, and the manifest has run %s with %d and %d", p.Run(), done, total, p.Records(), p.Rejects(), m.Run, m.Records, m.Rejected)
	}
	for _, s := range Stages() {
		if p.Spent(s) <= 0 || p.Spent(s) > elapsed {
			t.Errorf("%v took %v of %v", s, p.Spent(s), elapsed)
		}
	}
	// The last set of parts is ended after the last record.
	if written, ended := p.Spent(StageWrite), p.Spent(StageCommit); written+ended < slept || written < slept/2 {
		t.Errorf("write took %v and commit %v, but the files %v", written, ended, slept)
	}
	if worked := p.Spent(StageDecode) + p.Spent(StageEncode); worked > elapsed {
		t.Errorf("one worker worked %v in %v", worked, elapsed)
	}
	var again Progress
	result, err = Run(t.Context(), "test", Options{Inputs: []string{input}, Out: result.Files().Root(), PartSize: 1, Quarantine: true, Tables: []string{Variants}, Progress: &again})
	if err != nil || !result.Done || again.Run() != m.Run || again.Records() != 0 {
		t.Errorf("again: %v, run %s, %d records", err, again.Run(), again.Records())
	}
}
