package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
)

// A store is an fs.FS, whatever its files are called.
func TestReadsAsFileSystem(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		names := []string{"a", "p/a", "p/b", "p/deep/c", "p+q", "p=1/x", "chrom=HLA-A%2A01%3A01/x", "染色体", "a b'\"&?#+"}
		put(t, s, names...)
		if err := fstest.TestFS(s, names...); err != nil {
			t.Error(err)
		}
		if _, err := s.Stat("p/dee"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat of a part of a name: %v", err)
		}
	})
}

func TestReadAt(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		const size = 3*blockSize + 99
		data := pattern(size)
		if err := s.Put("a", data); err != nil {
			t.Fatal(err)
		}
		opened, err := s.Open("a")
		if err != nil {
			t.Fatal(err)
		}
		f := opened.(File)
		for _, at := range []struct{ offset, n int }{{0, 4}, {size - 8, 8}, {blockSize - 1, 2}, {0, size}, {1, 2*blockSize + 5}, {size - 3, 10}, {size, 1}, {size + 5, 1}} {
			p := make([]byte, at.n)
			n, err := f.ReadAt(p, int64(at.offset))
			want := data[min(at.offset, size):min(at.offset+at.n, size)]
			if !bytes.Equal(p[:n], want) || n < at.n && err != io.EOF || n == at.n && err != nil && err != io.EOF {
				t.Errorf("ReadAt(%d bytes, %d) = %d, %v", at.n, at.offset, n, err)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestListsFiles(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		put(t, s, "p/b", "p/a", "p/"+tempPrefix+"1", "p/deep/c", "q")
		for folder, want := range map[string][]string{"p": {"p/a", "p/b"}, ".": {"q"}, "absent": nil} {
			if got, err := s.List(folder); !slices.Equal(got, want) || err != nil {
				t.Errorf("List(%q) = %q, %v; want %q", folder, got, err, want)
			}
		}
		if _, err := s.List("../x"); err == nil {
			t.Error("listed what is outside")
		}
		if _, err := s.ReadFile("absent"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile of nothing: %v", err)
		}
	})
}

// A folder of more files than a page of a listing and a batch of a deletion have.
func TestManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 1,100 files")
	}
	conform(t, func(t *testing.T, s Store) {
		const files = 1100
		var wg sync.WaitGroup
		for worker := range 10 {
			wg.Go(func() {
				for i := worker; i < files; i += 10 {
					if err := s.Put(fmt.Sprintf("runs/r/f%04d", i), nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		names, err := s.List("runs/r")
		if len(names) != files || !slices.IsSorted(names) || err != nil {
			t.Errorf("%d of %d files, %v", len(names), files, err)
		}
		if err := s.Discard("runs", agreed); err != nil {
			t.Error(err)
		}
		if got := stored(t, s); len(got) > 0 {
			t.Errorf("%d files are left", len(got))
		}
	})
}
