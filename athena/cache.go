package athena

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The cache has a folder for each dataset, and in it the runs as they are in the dataset: CACHE/DATASET/runs/RUN. Who reads a run, or copies into it, holds a shared lock on a
// file in it, whose modification time says when that was last. Who deletes a run holds the same lock alone.
const (
	useName     = "_use"
	runsFolder  = "runs"
	trashPrefix = "_deleted-" // of what is being deleted, right in CACHE
)

// keptFor is how long a copy is kept that nobody uses.
const keptFor = 30 * 24 * time.Hour

// cacheOf returns the folder for the copy of a dataset.
func cacheOf(cache, dataset string) string {
	sum := sha256.Sum256([]byte(dataset))
	return filepath.Join(cache, hex.EncodeToString(sum[:8]))
}

// use is a run of the cache that is being read.
type use struct {
	run  string // its folder
	lock *os.File
}

// beginUse makes the folder of a run where it is missing, and keeps it from being deleted.
func beginUse(run string) (*use, error) {
	name := filepath.Join(run, useName)
	for {
		if err := os.MkdirAll(run, 0o777); err != nil {
			return nil, err
		}
		f, err := lockFile(name, syscall.LOCK_SH)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the folder was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		if !isAt(f, name) {
			f.Close() // it was deleted before the lock was there
			continue
		}
		now := time.Now()
		if err := os.Chtimes(name, now, now); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &use{run, f}, nil
	}
}

func (u *use) end() error { return u.lock.Close() }

// lockFile opens a file, creating it, and takes flock(2) on it. The kernel lets go of the lock when the file is closed, or its process ends.
func lockFile(name string, how int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, err
		}
	}
}

// isAt tells whether a name still leads to an open file.
func isAt(f *os.File, name string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(held, there)
}

// Tidy deletes from the cache the other runs of this dataset, which nobody will ask for again, and all that was not used for 30 days. What is being read stays.
func (c *Copy) Tidy() error {
	datasets, err := os.ReadDir(c.folder)
	errs := []error{err}
	for _, d := range datasets {
		name := filepath.Join(c.folder, d.Name())
		switch {
		case strings.HasPrefix(d.Name(), trashPrefix): // of someone who was killed
			errs = append(errs, os.RemoveAll(name))
		case d.IsDir():
			errs = append(errs, c.tidyDataset(name))
		}
	}
	return errors.Join(errs...)
}

func (c *Copy) tidyDataset(dataset string) error {
	folder := filepath.Join(dataset, runsFolder)
	runs, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, r := range runs {
		run := filepath.Join(folder, r.Name())
		old := dataset == c.cache.Root() || time.Since(lastUse(run)) > keptFor
		if r.IsDir() && old && run != c.use.run { // on NFS its lock would not keep this process out
			errs = append(errs, c.drop(run))
		}
	}
	os.Remove(folder) // it fails where there are runs left
	os.Remove(dataset)
	return errors.Join(errs...)
}

// lastUse returns when a run was last read or written.
func lastUse(run string) time.Time {
	info, err := os.Stat(filepath.Join(run, useName))
	if err != nil {
		info, err = os.Stat(run) // it has none yet
	}
	if err != nil {
		return time.Now()
	}
	return info.ModTime()
}

// drop deletes a run unless it is in use. It gets another name first, so that nobody finds a part of it.
func (c *Copy) drop(run string) error {
	name := filepath.Join(run, useName)
	lock, err := lockFile(name, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
		return nil // in use, or gone
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if !isAt(lock, name) {
		return nil
	}
	trash := filepath.Join(c.folder, trashPrefix+rand.Text())
	if err := os.Rename(run, trash); err != nil {
		return err
	}
	lock.Close() // NFS keeps open files
	return os.RemoveAll(trash)
}
