package store

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Discard deletes a file, or a folder with all that is in it. Whoever looks finds all of it or nothing: it is given a temporary name before anything in it is
// deleted. agreed is asked under the lock of Replace, and its error, if any, returned: what made the caller discard may have changed. A symbolic link is deleted, not
// followed, and a name that leads out of the directory through one is an error. What is not there is discarded already.
func (d *Dir) Discard(name string, agreed func() error) error {
	target, err := d.Path(name)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return explain("delete", target, err)
	}
	defer root.Close()
	hidden := name
	if !IsTemp(name) {
		hidden = path.Join(path.Dir(name), tempPrefix+rand.Text())
		switch err := d.hide(root, name, hidden, agreed); {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
	} else if err := agreed(); err != nil {
		return err
	}
	if err := root.RemoveAll(hidden); err != nil {
		return explain("delete", target, err)
	}
	return nil
}

// hide gives a file a temporary name if all agree.
func (d *Dir) hide(root *os.Root, name, hidden string, agreed func() error) error {
	unlock, err := lock(filepath.Join(d.root, lockName))
	if err != nil {
		return explain("lock", filepath.Join(d.root, lockName), err)
	}
	defer unlock()
	if err := agreed(); err != nil {
		return err
	}
	if err := root.Rename(name, hidden); err != nil {
		return explain("delete", filepath.Join(d.root, filepath.FromSlash(name)), err)
	}
	return nil
}
