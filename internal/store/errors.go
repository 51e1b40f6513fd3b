package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

var (
	// ErrExists is the error of creating a file whose name is taken.
	// It is an fs.ErrExist too.
	ErrExists = fmt.Errorf("already there: %w", fs.ErrExist)
	// ErrChanged is the error of replacing content that is no longer the expected.
	ErrChanged = errors.New("changed meanwhile")
	// ErrNoSpace is the error of a full disk or an exhausted quota.
	ErrNoSpace = errors.New("no space left: free some or choose another place, then run the same command again")
	// ErrPermission is the error of a directory or file that may not be read or
	// written, or a file system that is read-only. It is an fs.ErrPermission too.
	ErrPermission = fmt.Errorf("not allowed here: %w", fs.ErrPermission)
	// ErrName is the error of a file name that leads out of the directory.
	ErrName = errors.New("bad file name")
)

// explain wraps an error of the operating system with what was being done and,
// where callers must tell it apart, with the sentinel it stands for.
func explain(doing, path string, err error) error {
	kind := func() error {
		switch {
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
			return ErrNoSpace
		case errors.Is(err, fs.ErrExist):
			return ErrExists
		case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
			return ErrPermission
		}
		return nil
	}()
	if kind == nil {
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
	return fmt.Errorf("%s %s: %w (%w)", doing, path, kind, cause(err))
}

// cause strips the operation and the paths, which explain says better.
func cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
