package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/varlake/varlake/internal/s3test"
)

// conform runs a test of what Store promises on an empty store of each kind.
func conform(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("directory", func(t *testing.T) { test(t, open(t)) })
	t.Run("S3", func(t *testing.T) { test(t, openS3(t)) })
	t.Run("S3 bucket", func(t *testing.T) {
		test(t, NewS3(t.Context(), s3test.New(t), "", ""))
	})
}

func openS3(t *testing.T) *S3 {
	t.Helper()
	return NewS3(t.Context(), s3test.New(t), "some/pre fix", "")
}

// stored lists all files of a store, temporaries included, without the lock of a directory and the notes of uploads.
func stored(t *testing.T, s Store) (names []string) {
	t.Helper()
	err := fs.WalkDir(s, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && name != lockName && !strings.Contains(name, UploadsFolder) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func put(t *testing.T, s Store, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := s.Put(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
}

// sizes are of files: nothing, little, and around the size of one and of several parts of an upload.
var sizes = []int{0, 3, partSize - 1, partSize, partSize + 1, 3*partSize + 7}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return data
}

func TestWriterPublishesWhole(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		for _, size := range sizes {
			name := fmt.Sprintf("runs/0123456789abcdef/variants/chrom=X/part-%d.parquet", size)
			data := pattern(size)
			w, err := s.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			for chunk := range slices.Chunk(data, 1<<20+1) {
				if n, err := w.Write(chunk); n != len(chunk) || err != nil {
					t.Fatalf("Write: %d, %v", n, err)
				}
			}
			if _, err := s.Stat(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%d bytes: before Commit: %v", size, err)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			w.Abort()
			if err := w.Commit(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("second Commit: %v", err)
			}
			if got, err := s.ReadFile(name); !bytes.Equal(got, data) || err != nil {
				t.Errorf("%d bytes: read %d, %v", size, len(got), err)
			}
			sum, n, err := s.SHA256(name)
			if sum != w.SHA256() || n != int64(size) || w.Size() != n || err != nil {
				t.Errorf("%d bytes: SHA256 %s of %d bytes, %v; the writer has %s of %d", size, sum, n, err, w.SHA256(), w.Size())
			}
		}
	})
}

// The checksum of "abc" is the example of FIPS 180-2, appendix B.1.
func TestSHA256(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		if err := s.Put("a", []byte("abc")); err != nil {
			t.Fatal(err)
		}
		const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
		if sum, size, err := s.SHA256("a"); sum != want || size != 3 || err != nil {
			t.Errorf("%s, %d, %v", sum, size, err)
		}
		if _, _, err := s.SHA256("b"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("of nothing: %v", err)
		}
	})
}

func TestAbortPublishesNothing(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		for _, size := range sizes {
			w, err := s.Create("runs/r/a")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(pattern(size)); err != nil {
				t.Fatal(err)
			}
			w.Abort()
			if err := w.Commit(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Commit after Abort: %v", err)
			}
			if got := stored(t, s); len(got) > 0 {
				t.Errorf("%d bytes: %q", size, got)
			}
		}
	})
}

func TestCommitOverwritesNothing(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		put(t, s, "a")
		for _, size := range sizes {
			w, err := s.Create("a")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(pattern(size)); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(); !errors.Is(err, ErrExists) || !errors.Is(err, fs.ErrExist) {
				t.Errorf("%d bytes: %v", size, err)
			}
			if got, err := s.ReadFile("a"); string(got) != "a" || err != nil {
				t.Errorf("%d bytes: content %.20q, %v", size, got, err)
			}
		}
		if err := s.Put("a", nil); !errors.Is(err, ErrExists) {
			t.Errorf("Put: %v", err)
		}
	})
}

func TestOneOfManyWriters(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		for _, size := range []int{10_000, partSize + 1} {
			const writers = 8
			name := fmt.Sprintf("sub/%d", size)
			errs := make([]error, writers)
			var start, done sync.WaitGroup
			start.Add(1)
			for i := range writers {
				done.Go(func() {
					w, err := s.Create(name)
					if err == nil {
						_, err = w.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
					}
					start.Wait()
					if errs[i] = err; err == nil {
						errs[i] = w.Commit()
					}
				})
			}
			start.Done()
			done.Wait()
			won := 0
			for i, err := range errs {
				if err != nil && !errors.Is(err, ErrExists) {
					t.Errorf("writer %d: %v", i, err)
				}
				if err != nil {
					continue
				}
				won++
				if got, err := s.ReadFile(name); !bytes.Equal(got, bytes.Repeat([]byte{byte('a' + i)}, size)) || err != nil {
					t.Errorf("the content is not that of writer %d, who won: %v", i, err)
				}
			}
			if won != 1 {
				t.Errorf("%d bytes: %d of %d writers won", size, won, writers)
			}
		}
		if got := stored(t, s); len(got) != 2 {
			t.Errorf("left behind: %q", got)
		}
	})
}

func TestReplaceCompares(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		for i, step := range []struct {
			old, new []byte
			want     error
			content  string
		}{
			{[]byte("x"), []byte("1"), ErrChanged, ""}, // nothing there yet
			{nil, []byte("1"), nil, "1"},
			{nil, []byte("2"), ErrChanged, "1"},
			{[]byte("other"), []byte("2"), ErrChanged, "1"},
			{[]byte("1"), []byte("2"), nil, "2"},
			{[]byte("2"), []byte{}, nil, ""},
			{[]byte{}, []byte("3"), nil, "3"}, // empty is not the same as absent
		} {
			if err := s.Replace("_current.json", step.old, step.new); !errors.Is(err, step.want) {
				t.Fatalf("step %d: %v, want %v", i, err, step.want)
			}
			if got, err := s.ReadFile("_current.json"); string(got) != step.content || err != nil && i > 0 {
				t.Fatalf("step %d: content %q, %v", i, got, err)
			}
		}
	})
}

// Every increment that reports success must be in the final count.
func TestReplaceLosesNothing(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		if err := s.Put("n", []byte("0")); err != nil {
			t.Fatal(err)
		}
		const writers, each = 4, 10
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for done := 0; done < each; {
					old, err := s.ReadFile("n")
					if err != nil {
						t.Error(err)
						return
					}
					n, err := strconv.Atoi(string(old))
					if err != nil {
						t.Error(err) // a reader saw a part
						return
					}
					switch err := s.Replace("n", old, []byte(strconv.Itoa(n+1))); {
					case err == nil:
						done++
					case !errors.Is(err, ErrChanged):
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if got, _ := s.ReadFile("n"); string(got) != strconv.Itoa(writers*each) {
			t.Errorf("count %s, want %d", got, writers*each)
		}
	})
}

func TestBadNames(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		for _, name := range []string{"", ".", "..", "../a", "/a", "a/../b", "a//b", "a/"} {
			if err := s.Put(name, nil); !errors.Is(err, ErrName) {
				t.Errorf("Put(%q): %v", name, err)
			}
			if _, err := s.Create(name); !errors.Is(err, ErrName) {
				t.Errorf("Create(%q): %v", name, err)
			}
			if _, err := s.ReadFile(name); !errors.Is(err, ErrName) {
				t.Errorf("ReadFile(%q): %v", name, err)
			}
			if err := s.Discard(name, agreed); !errors.Is(err, ErrName) {
				t.Errorf("Discard(%q): %v", name, err)
			}
			if name != "." {
				if _, err := s.Open(name); !errors.Is(err, fs.ErrInvalid) {
					t.Errorf("Open(%q): %v", name, err)
				}
			}
		}
	})
}

func TestDiscards(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		put(t, s, "runs/a/x", "runs/a/deep/y", "runs/ab", "runs/b/x", "file", "file2", tempPrefix+"1", "runs/"+tempPrefix+"2/x")
		no := errors.New("no")
		if err := s.Discard("runs/a", func() error { return no }); err != no {
			t.Errorf("not agreed: %v", err)
		}
		if got := stored(t, s); len(got) != 8 {
			t.Errorf("not agreed: files %q", got)
		}
		for _, name := range []string{"runs/a", "file", tempPrefix + "1", "runs/" + tempPrefix + "2", "nothing", "no/thing"} {
			if err := s.Discard(name, agreed); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, want := stored(t, s), []string{"file2", "runs/ab", "runs/b/x"}; !slices.Equal(got, want) {
			t.Errorf("files %q, want %q", got, want)
		}
	})
}

func TestPrepare(t *testing.T) {
	conform(t, func(t *testing.T, s Store) {
		if err := s.Prepare(); err != nil {
			t.Error(err)
		}
		if info, err := s.Stat("."); err != nil || !info.IsDir() {
			t.Errorf("root: %v, %v", info, err)
		}
		if err := s.MayAbort(); err != nil || len(stored(t, s)) > 0 {
			t.Errorf("MayAbort: %v, files %q", err, stored(t, s))
		}
	})
}
