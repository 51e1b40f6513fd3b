// Package store keeps a dataset in a local directory with the two guarantees
// that exactly-once output rests on: a file appears whole or not at all, and
// nothing that is there is ever overwritten, except by a caller who names what
// it replaces.
//
// A new file is written under a hidden name, synced, and given its name by
// link(2), which fails where the name is taken: of any number of writers, on
// however many hosts share the directory, one wins. A replacement is compared
// and renamed under a lock. It needs a Unix file system with hard links.
package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// lockName is the file that Replace locks. Its leading underscore hides it from
// Athena, Trino and Spark, as that of tempPrefix does.
const lockName = "_lock"

// Dir is a directory used as storage. Names of files in it are slash-separated,
// relative and free of "." and ".." (fs.ValidPath). It holds no state but its
// path: any number of goroutines and processes may use one directory.
type Dir struct{ root string }

// Open returns root as storage, creating the directory if it is not there.
func Open(root string) (*Dir, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	if err := mkdirs(root); err != nil {
		return nil, explain("open directory", root, err)
	}
	return &Dir{root: root}, nil
}

// Root returns the absolute path of the directory.
func (d *Dir) Root() string { return d.root }

// Path returns the path of a file in the file system.
func (d *Dir) Path(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." {
		return "", fmt.Errorf("%w: %q must be a relative path of plain names", ErrName, name)
	}
	return filepath.Join(d.root, filepath.FromSlash(name)), nil
}

// Put creates a file with the given content, or fails with ErrExists.
func (d *Dir) Put(name string, data []byte) error {
	w, err := d.Create(name)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Commit()
}

// Replace gives a file new content if its content is still old, and otherwise
// fails with ErrChanged. With old nil the file must not exist yet. Readers see
// the old content or the new, never a part. Those who replace files of one
// directory take turns by flock(2) on its "_lock".
func (d *Dir) Replace(name string, old, new []byte) error {
	target, err := d.Path(name)
	if err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(d.root, lockName))
	if err != nil {
		return explain("lock", filepath.Join(d.root, lockName), err)
	}
	defer unlock()

	if old == nil {
		if err := d.Put(name, new); !errors.Is(err, ErrExists) {
			return err
		}
		return fmt.Errorf("replace %s: %w: it exists by now", target, ErrChanged)
	}
	switch found, err := os.ReadFile(target); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("replace %s: %w: it is gone", target, ErrChanged)
	case err != nil:
		return explain("replace", target, err)
	case !bytes.Equal(found, old):
		return fmt.Errorf("replace %s: %w: another writer got there first", target, ErrChanged)
	}
	w, err := d.Create(name)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(new); err != nil {
		return err
	}
	return w.replace()
}

// Get returns the content of a file; the error of one that is not there is
// fs.ErrNotExist.
func (d *Dir) Get(name string) ([]byte, error) {
	target, err := d.Path(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(target)
	if err != nil {
		return nil, explain("read", target, err)
	}
	return data, nil
}

// Exists tells whether a file of this name is there.
func (d *Dir) Exists(name string) (bool, error) {
	target, err := d.Path(name)
	if err != nil {
		return false, err
	}
	switch _, err := os.Lstat(target); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, explain("look up", target, err)
	}
}

// List returns the names, in order, of the files right in a folder ("." is the
// directory itself), without folders and temporary files. A folder that is not
// there has none.
func (d *Dir) List(folder string) ([]string, error) {
	if !fs.ValidPath(folder) {
		return nil, fmt.Errorf("%w: %q must be a relative path of plain names", ErrName, folder)
	}
	target := filepath.Join(d.root, filepath.FromSlash(folder))
	entries, err := os.ReadDir(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, explain("list", target, err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !IsTemp(e.Name()) {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	return names, nil
}

// SHA256 reads a file and returns its checksum in lower-case hex and its size.
func (d *Dir) SHA256(name string) (sum string, size int64, err error) {
	target, err := d.Path(name)
	if err != nil {
		return "", 0, err
	}
	f, err := os.Open(target)
	if err != nil {
		return "", 0, explain("read", target, err)
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, explain("read", target, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// IsTemp tells whether the last element of name is that of a file still being
// written, or left behind by a writer that was killed.
func IsTemp(name string) bool { return strings.HasPrefix(path.Base(name), tempPrefix) }
