package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "new", "dataset"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// content reads a file past the package under test.
func content(t *testing.T, d *Dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.Root(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// files lists all files below the directory, temporaries and lock included.
func files(t *testing.T, d *Dir) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(d.Root()), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestCommitPublishesWhole(t *testing.T) {
	d := open(t)
	w, err := d.Create("runs/r/variants/chrom=X/part-0.parquet")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "ab")
	fmt.Fprint(w, "c")
	if got := files(t, d); len(got) != 1 || !IsTemp(got[0]) {
		t.Errorf("before Commit: files %q, want one temporary", got)
	}
	if names, err := d.List("runs/r/variants/chrom=X"); err != nil || len(names) > 0 {
		t.Errorf("before Commit: List = %q, %v; want nothing", names, err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if got, want := files(t, d), []string{"runs/r/variants/chrom=X/part-0.parquet"}; !slices.Equal(got, want) {
		t.Errorf("after Commit: files %q, want %q", got, want)
	}
	// The checksum of "abc" is the example of FIPS 180-2, appendix B.1.
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if w.SHA256() != abc || w.Size() != 3 {
		t.Errorf("writer: %s, %d bytes", w.SHA256(), w.Size())
	}
	sum, size, err := d.SHA256("runs/r/variants/chrom=X/part-0.parquet")
	if sum != abc || size != 3 || err != nil {
		t.Errorf("SHA256 = %s, %d, %v", sum, size, err)
	}
	if err := w.Commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("second Commit: %v", err)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	d := open(t)
	w, err := d.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "text")
	w.Abort()
	if got := files(t, d); len(got) > 0 {
		t.Errorf("files %q", got)
	}
	if ok, err := d.Exists("a"); ok || err != nil {
		t.Errorf("Exists = %v, %v", ok, err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	d := open(t)
	if err := d.Put("a", []byte("first")); err != nil {
		t.Fatal(err)
	}
	err := d.Put("a", []byte("second"))
	if !errors.Is(err, ErrExists) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Put: %v", err)
	}
	if got := content(t, d, "a"); got != "first" {
		t.Errorf("content %q", got)
	}
	// Neither is a symbolic link, even one that leads nowhere.
	if err := os.Symlink("nowhere", filepath.Join(d.Root(), "link")); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("link", nil); !errors.Is(err, ErrExists) {
		t.Errorf("Put over a link: %v", err)
	}
}

func TestOneOfManyCreatorsWins(t *testing.T) {
	d := open(t)
	const writers = 16
	var start, done sync.WaitGroup
	start.Add(1)
	errs := make([]error, writers)
	for i := range writers {
		done.Go(func() {
			start.Wait()
			errs[i] = d.Put("sub/file", bytes.Repeat([]byte{byte('a' + i)}, 10_000))
		})
	}
	start.Done()
	done.Wait()

	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			t.Errorf("writers %d and %d both won", winner, i)
		case !errors.Is(err, ErrExists):
			t.Errorf("writer %d: %v", i, err)
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	if got := content(t, d, "sub/file"); got != strings.Repeat(string(rune('a'+winner)), 10_000) {
		t.Errorf("the content is not the winner's")
	}
	if got := files(t, d); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
}

func TestReplace(t *testing.T) {
	d := open(t)
	steps := []struct {
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
	}
	for i, s := range steps {
		if err := d.Replace("_current.json", s.old, s.new); !errors.Is(err, s.want) {
			t.Fatalf("step %d: %v, want %v", i, err, s.want)
		}
		if got, err := d.Get("_current.json"); string(got) != s.content || err != nil && i > 0 {
			t.Fatalf("step %d: content %q, %v", i, got, err)
		}
	}
	if got, want := files(t, d), []string{"_current.json", "_lock"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// Every increment that reports success must be in the final count.
func TestConcurrentReplaceLosesNothing(t *testing.T) {
	d := open(t)
	if err := d.Put("n", []byte("0")); err != nil {
		t.Fatal(err)
	}
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				old, err := d.Get("n")
				if err != nil {
					t.Error(err)
					return
				}
				n, err := strconv.Atoi(string(old))
				if err != nil {
					t.Error(err) // a reader saw a part
					return
				}
				switch err := d.Replace("n", old, []byte(strconv.Itoa(n+1))); {
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
	if got := content(t, d, "n"); got != strconv.Itoa(writers*each) {
		t.Errorf("count %s, want %d", got, writers*each)
	}
}

func TestNames(t *testing.T) {
	d := open(t)
	for _, name := range []string{"", ".", "..", "../a", "/a", "a/../b", "a//b", "a/"} {
		if err := d.Put(name, nil); !errors.Is(err, ErrName) {
			t.Errorf("Put(%q): %v", name, err)
		}
		if _, err := d.Get(name); !errors.Is(err, ErrName) {
			t.Errorf("Get(%q): %v", name, err)
		}
	}
	for _, name := range []string{"chrom=HLA-A%2A01%3A01", "染色体", "a b'\"\n"} {
		if err := d.Put(name, []byte("x")); err != nil {
			t.Errorf("Put(%q): %v", name, err)
		}
	}
}

func TestList(t *testing.T) {
	d := open(t)
	for _, name := range []string{"p/b", "p/a", "p/deep/c", "q"} {
		if err := d.Put(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	for folder, want := range map[string][]string{"p": {"p/a", "p/b"}, ".": {"q"}, "absent": nil} {
		if got, err := d.List(folder); !slices.Equal(got, want) || err != nil {
			t.Errorf("List(%q) = %q, %v; want %q", folder, got, err, want)
		}
	}
	if _, err := d.Get("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of nothing: %v", err)
	}
	if _, _, err := d.SHA256("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SHA256 of nothing: %v", err)
	}
}

func TestErrorsAreToldApart(t *testing.T) {
	for errno, want := range map[syscall.Errno]error{
		syscall.ENOSPC: ErrNoSpace,
		syscall.EDQUOT: ErrNoSpace,
		syscall.EACCES: ErrPermission,
		syscall.EPERM:  ErrPermission,
		syscall.EROFS:  ErrPermission,
		syscall.EEXIST: ErrExists,
	} {
		err := explain("write", "/data/x", &fs.PathError{Op: "write", Path: "/data/x", Err: errno})
		if !errors.Is(err, want) || !errors.Is(err, errno) {
			t.Errorf("%v: %v is not %v", errno, err, want)
		}
		if n := strings.Count(err.Error(), "/data/x"); n != 1 {
			t.Errorf("%v names the path %d times", err, n)
		}
	}
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	d := open(t)
	w, err := d.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	w.Abort() // from here on: nothing may remove the device
	w.file = full
	if _, err := w.Write([]byte("x")); !errors.Is(err, ErrNoSpace) {
		t.Errorf("write to a full device: %v", err)
	}
}

func TestNoPermission(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		folder = "/sys" // not even root may create files there
		if _, err := os.Stat(folder); err != nil {
			t.Skip("root may write everywhere")
		}
	}
	if _, err := Open(filepath.Join(folder, "dataset")); !errors.Is(err, ErrPermission) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Open: %v", err)
	}
	d, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Put("a", nil); !errors.Is(err, ErrPermission) {
		t.Errorf("Put: %v", err)
	}
	if err := d.Replace("a", nil, nil); !errors.Is(err, ErrPermission) {
		t.Errorf("Replace: %v", err)
	}
}

func TestOpenOnFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("Open: %v", err)
	}
}
