package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func agreed() error { return nil }

func TestDiscard(t *testing.T) {
	d := open(t)
	for _, name := range []string{"runs/a/x", "runs/a/deep/y", "runs/b/x", "file", tempPrefix + "1", "runs/" + tempPrefix + "2/x"} {
		if err := d.Put(name, []byte("text")); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"runs/a", "file", tempPrefix + "1", "runs/" + tempPrefix + "2", "nothing", "no/thing"} {
		if err := d.Discard(name, agreed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, want := files(t, d), []string{"_lock", "runs/b/x"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	for _, name := range []string{"", ".", "..", "../x", "runs/../runs/b"} {
		if err := d.Discard(name, agreed); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Who discards is asked under the lock that those who replace take, and what they don't agree to stays as it is.
func TestDiscardAsks(t *testing.T) {
	d := open(t)
	for _, name := range []string{"runs/a/x", tempPrefix + "1"} {
		if err := d.Put(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	no := errors.New("no")
	for _, name := range []string{"runs/a", tempPrefix + "1"} {
		if err := d.Discard(name, func() error { return no }); err != no {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, want := files(t, d), []string{"_lock", tempPrefix + "1", "runs/a/x"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// Neither a link nor what it leads to may let Discard touch what lies elsewhere.
func TestDiscardFollowsNoLink(t *testing.T) {
	d := open(t)
	outside := t.TempDir()
	precious := filepath.Join(outside, "precious")
	if err := os.WriteFile(precious, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("runs/a/x", nil); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"link", "runs/a/link"} {
		if err := os.Symlink(outside, filepath.Join(d.Root(), link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Discard("link/precious", agreed); err == nil {
		t.Error("a file was deleted through a link")
	}
	for _, name := range []string{"runs/a", "link"} {
		if err := d.Discard(name, agreed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(filepath.Join(d.Root(), name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}
