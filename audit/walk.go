package audit

import (
	"errors"
	"fmt"
	"io/fs"
)

// entries lists a folder of the dataset; none if it is not there.
func (s *Survey) entries(folder string) ([]fs.DirEntry, error) {
	switch info, err := fs.Lstat(s.files, folder); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%w: %s is no folder", errLink, folder)
	}
	return fs.ReadDir(s.files, folder)
}

// walk visits all that is below a name and the name itself, following no links. What vanishes meanwhile is left out.
func (s *Survey) walk(name string, visit func(name string, info fs.FileInfo)) error {
	return fs.WalkDir(s.files, name, func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				visit(name, info)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// measure adds up what is below a name.
func (s *Survey) measure(kind Kind, name string) (Leftover, error) {
	l := Leftover{Kind: kind, Path: name}
	err := s.walk(name, func(_ string, info fs.FileInfo) {
		l.count(info)
	})
	return l, err
}

// count adds a file or folder.
func (l *Leftover) count(info fs.FileInfo) {
	if info.ModTime().After(l.Newest) {
		l.Newest = info.ModTime()
	}
	if !info.IsDir() {
		l.Files++
		l.Bytes += info.Size()
	}
}
