package store

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/varlake/varlake/internal/bucket"
)

// objectInfo is what is known of an object, or of a folder, which has a name only.
type objectInfo struct {
	name    string
	size    int64
	modTime time.Time
	folder  bool
}

func (i objectInfo) Name() string               { return i.name }
func (i objectInfo) Size() int64                { return i.size }
func (i objectInfo) ModTime() time.Time         { return i.modTime }
func (i objectInfo) IsDir() bool                { return i.folder }
func (i objectInfo) Sys() any                   { return nil }
func (i objectInfo) Type() fs.FileMode          { return i.Mode().Type() }
func (i objectInfo) Info() (fs.FileInfo, error) { return i, nil }
func (i objectInfo) String() string             { return fs.FormatDirEntry(i) }

func (i objectInfo) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o777
	}
	return 0o666
}

// find looks at an object, or at a folder: a prefix that has objects. The root is always there.
func (s *S3) find(op, name string) (objectInfo, bucket.Object, error) {
	fail := func(err error) (objectInfo, bucket.Object, error) {
		return objectInfo{}, bucket.Object{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	if name == "." {
		return objectInfo{name: ".", folder: true}, bucket.Object{}, nil
	}
	object, err := s.bucket.Stat(s.ctx, s.prefix+name)
	if err == nil {
		return objectInfo{name: path.Base(name), size: object.Size, modTime: object.ModTime}, object, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return objectInfo{}, bucket.Object{}, err
	}
	any, err := s.bucket.Check(s.ctx, s.prefix+name+"/")
	switch {
	case err != nil:
		return objectInfo{}, bucket.Object{}, err
	case !any:
		return fail(fs.ErrNotExist)
	}
	return objectInfo{name: path.Base(name), folder: true}, bucket.Object{}, nil
}

// Stat implements fs.StatFS.
func (s *S3) Stat(name string) (fs.FileInfo, error) {
	info, _, err := s.find("stat", name)
	if err != nil {
		return nil, err
	}
	return info, nil
}

// Open implements fs.FS. A file reads the object that was there when it was opened: it fails with bucket.ErrChanged where that was replaced.
func (s *S3) Open(name string) (fs.File, error) {
	info, object, err := s.find("open", name)
	if err != nil {
		return nil, err
	}
	if info.folder {
		return &folder{store: s, name: name, info: info}, nil
	}
	return s.openObject(info, object), nil
}

// ReadFile implements fs.ReadFileFS.
func (s *S3) ReadFile(name string) ([]byte, error) {
	key, err := s.key(name)
	if err != nil {
		return nil, err
	}
	data, _, err := s.bucket.Get(s.ctx, key)
	return data, err
}

// ReadDir implements fs.ReadDirFS.
func (s *S3) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%w: %w: %q must be a relative path of plain names", fs.ErrInvalid, ErrName, name)
	}
	prefix := s.prefix
	if name != "." {
		prefix += name + "/"
	}
	var entries []fs.DirEntry
	there := name == "."
	err := s.bucket.List(s.ctx, prefix, false, func(objects []bucket.Object, folders []string) error {
		there = there || len(objects)+len(folders) > 0
		for _, o := range objects {
			if base := strings.TrimPrefix(o.Key, prefix); isElement(base) { // else what consoles make to show a folder
				entries = append(entries, objectInfo{name: base, size: o.Size, modTime: o.ModTime})
			}
		}
		for _, f := range folders {
			if base := strings.TrimSuffix(strings.TrimPrefix(f, prefix), "/"); isElement(base) {
				entries = append(entries, objectInfo{name: base, folder: true})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// isElement tells whether a part of a key can be an element of a path.
func isElement(base string) bool {
	return base != "." && !strings.Contains(base, "/") && fs.ValidPath(base)
}

// folder is an open folder.
type folder struct {
	store   *S3
	name    string
	info    objectInfo
	entries []fs.DirEntry // not yet given
	listed  bool
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Close() error               { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errors.New("is a folder")}
}

// ReadDir implements fs.ReadDirFile.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.listed {
		entries, err := f.store.ReadDir(f.name)
		if err != nil {
			return nil, err
		}
		f.entries, f.listed = entries, true
	}
	if n <= 0 || n > len(f.entries) {
		if n > 0 && len(f.entries) == 0 {
			return nil, io.EOF
		}
		n = len(f.entries)
	}
	given := f.entries[:n]
	f.entries = f.entries[n:]
	return given, nil
}
