package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lock takes flock(2) on a file, waiting for whoever holds it. The kernel lets
// go of it when its process ends, however it ends, so no lock is ever stale.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, err
		}
	}
}

// mkdirs is os.MkdirAll that also makes the new folders durable: a synced file
// in a folder whose own entry is lost in a power cut would be lost with it.
func mkdirs(folder string) error {
	err := os.Mkdir(folder, 0o777)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(folder) != folder {
		if err := mkdirs(filepath.Dir(folder)); err != nil {
			return err
		}
		err = os.Mkdir(folder, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		if info, err := os.Stat(folder); err != nil || info.IsDir() {
			return err
		}
		return &fs.PathError{Op: "mkdir", Path: folder, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(folder))
}

func syncDir(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
