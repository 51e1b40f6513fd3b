package store_test

import (
	"io/fs"
	"sync/atomic"
	"testing"

	"github.com/varlake/varlake/internal/store"
)

// What is counted is what then lies in the folder.
func TestCounted(t *testing.T) {
	var written atomic.Int64
	root := t.TempDir()
	s, err := store.Counted(store.Local, &written)(root)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Create("a/file")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := w.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("b", make([]byte, 70)); err != nil {
		t.Fatal(err)
	}
	if err := s.Replace("c", nil, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if s.Put("b", make([]byte, 70)) == nil || s.Replace("c", []byte("other"), make([]byte, 9)) == nil {
		t.Error("a file was written twice")
	}
	var there int64
	err = fs.WalkDir(store.At(root), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		there += info.Size()
		return nil
	})
	if err != nil || written.Load() != there || there != 3075 {
		t.Errorf("%d bytes are counted, %d are there, %v", written.Load(), there, err)
	}
}
