package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lockName is the file that Replace locks. Its leading underscore hides it from
// Athena, Trino and Spark, as that of tempPrefix does.
const lockName = "_lock"

// Dir is a directory used as storage. It holds no state but its path: any number
// of goroutines and processes may use one directory.
//
// A new file is written under a hidden name, synced, and given its name by
// link(2), which fails where the name is taken: of any number of writers, on
// however many hosts share the directory, one wins. A replacement is compared
// and renamed under a lock. It needs a Unix file system with hard links.
type Dir struct {
	name string // as it was given
	root string // absolute path
}

// At returns root as storage. It need not be there: its files are then none.
func At(root string) *Dir {
	d := &Dir{name: root, root: root}
	if abs, err := filepath.Abs(root); err == nil { // it fails only where there is no working directory
		d.root = abs
	}
	return d
}

// Open returns root as storage, creating the directory if it is not there.
func Open(root string) (*Dir, error) {
	d := At(root)
	return d, d.Prepare()
}

// Prepare creates the directory if it is not there.
func (d *Dir) Prepare() error {
	if err := mkdirs(d.root); err != nil {
		return explain("open directory", d.root, err)
	}
	return nil
}

// MayAbort implements Store: who may write to a directory may delete there.
func (d *Dir) MayAbort() error { return nil }

// AbortUploads implements Store: temporary files are for those to find who know how old they are.
func (d *Dir) AbortUploads(string, string) error { return nil }

// Root returns the path of the directory as it was given.
func (d *Dir) Root() string { return d.name }

// Open opens a file or folder for reading. Symbolic links are followed.
func (d *Dir) Open(name string) (fs.File, error) { return os.DirFS(d.root).Open(name) }

// Stat looks at what a name leads to.
func (d *Dir) Stat(name string) (fs.FileInfo, error) { return fs.Stat(os.DirFS(d.root), name) }

// Lstat looks at what is there by a name, symbolic links too.
func (d *Dir) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(os.DirFS(d.root), name) }

// ReadLink returns where a symbolic link leads to.
func (d *Dir) ReadLink(name string) (string, error) { return fs.ReadLink(os.DirFS(d.root), name) }

// ReadDir lists a folder in order of names.
func (d *Dir) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(os.DirFS(d.root), name) }

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
	w, err := d.create(name)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(new); err != nil {
		return err
	}
	return w.replace()
}

// ReadFile returns the content of a file; the error of one that is not there is
// fs.ErrNotExist.
func (d *Dir) ReadFile(name string) ([]byte, error) {
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
	return fileNames(folder, entries), nil
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
	if sum, size, err = digest(f); err != nil {
		return "", 0, explain("read", target, err)
	}
	return sum, size, nil
}
