// Package store keeps a dataset in a directory or in S3, with the two guarantees
// that exactly-once output rests on: a file appears whole or not at all, and
// nothing that is there is ever overwritten, except by a caller who names what
// it replaces.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Store is where a dataset lies. Names of files are slash-separated, relative
// and free of "." and ".." (fs.ValidPath); others have the error ErrName, or
// that of fs.ErrInvalid where they are only read. Reading is that of io/fs, and
// the error of what is not there wraps fs.ErrNotExist, of what is not allowed
// fs.ErrPermission. Folders come and go with the files in them. Any number of
// goroutines and processes may use one store.
type Store interface {
	// Open opens a file, which is a File then, or a folder.
	fs.FS
	fs.StatFS
	fs.ReadDirFS
	fs.ReadFileFS

	// Root names the store: the path of a directory as it was given, or s3://bucket/prefix.
	Root() string

	// Prepare makes ready for the first file: a directory is created, and found out whether it may be.
	Prepare() error

	// MayAbort finds out whether a Writer that is aborted is allowed to drop what it wrote. Nothing else shows that before one is.
	MayAbort() error

	// Create begins a file. Whether its name is taken is for Commit to find out: a writer that comes second may still want to compare checksums.
	Create(name string) (Writer, error)

	// Put creates a file with the given content, atomically as Commit does.
	Put(name string, data []byte) error

	// Replace gives a file new content if its content is still old, and otherwise fails with ErrChanged. With old nil the file must not exist yet.
	// Readers see the old content or the new, never a part. Of any number of callers with the same old, one wins.
	Replace(name string, old, new []byte) error

	// List returns the names, in order, of the files right in a folder ("." is the root), without folders and temporary files. A folder that is not there
	// has none.
	List(folder string) ([]string, error)

	// SHA256 reads a file and returns its checksum in lower-case hex and its size.
	SHA256(name string) (sum string, size int64, err error)

	// AbortUploads drops what writers that were killed had sent of files below a folder of runs, of those whose names without folders begin with prefix. The writers must
	// be dead: one that lives fails at Commit. In a directory, where nothing tells whose a temporary file is, it does nothing.
	AbortUploads(run, prefix string) error

	// Discard deletes a file, or a folder with all that is in it. agreed is asked first, and its error, if any, returned: what made the caller discard may
	// have changed. What is not there is discarded already. In a directory agreed is asked under the lock of Replace, and a folder vanishes at once; in S3,
	// which has neither, a folder vanishes file by file, those that name the others first, and agreed is asked before every thousand.
	Discard(name string, agreed func() error) error
}

// Writer writes one new file, which nobody sees before Commit. For one goroutine.
type Writer interface {
	// Write appends to the file.
	io.Writer
	// Size returns the number of bytes written so far.
	Size() int64
	// SHA256 returns the checksum, in lower-case hex, of what was written so far.
	SHA256() string
	// Commit makes the file durable and gives it its name, or fails with ErrExists and leaves the file of that name as it is. Either way the Writer is done.
	Commit() error
	// Abort drops what was written. After a Commit it does nothing, so that it can be deferred.
	Abort()
}

// File is an open file of a Store.
type File interface {
	fs.File
	io.ReaderAt
}

// Prefetcher is a File that is far away and can be told what is going to be read of it, so that the requests are under way together.
type Prefetcher interface {
	// Prefetch begins to fetch length bytes at an offset, and does not wait for them. It may fetch less.
	Prefetch(offset, length int64)
}

// Opener opens a store by the name that its Root has.
type Opener func(root string) (Store, error)

// Local is the Opener that knows directories only.
func Local(root string) (Store, error) { return At(root), nil }

// tempPrefix begins the name of every file that is being written.
const tempPrefix = "_tmp-"

// UploadsFolder is the folder of a run that holds notes of the uploads to S3 that were begun.
const UploadsFolder = "_uploads"

// IsTemp tells whether a name is that of a file still being written, or left
// behind by a writer that was killed; or of the note of an upload.
func IsTemp(name string) bool {
	return strings.HasPrefix(path.Base(name), tempPrefix) || path.Base(path.Dir(name)) == UploadsFolder
}

// fileNames returns the names that List has of the entries of a folder.
func fileNames(folder string, entries []fs.DirEntry) []string {
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !IsTemp(e.Name()) {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	return names
}

// digest reads r to its end and returns the SHA-256 in lower-case hex, and the number of bytes.
func digest(r io.Reader) (sum string, size int64, err error) {
	h := sha256.New()
	if size, err = io.Copy(h, r); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
