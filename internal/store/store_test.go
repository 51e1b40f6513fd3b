package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

func TestNames(t *testing.T) {
	d := open(t)
	for _, name := range []string{"chrom=HLA-A%2A01%3A01", "染色体", "a b'\"\n"} {
		if err := d.Put(name, []byte("x")); err != nil {
			t.Errorf("Put(%q): %v", name, err)
		}
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
	w, err := d.create("a")
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
