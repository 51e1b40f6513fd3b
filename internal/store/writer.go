package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"os"
	"path/filepath"
)

// fileWriter is the Writer of a Dir.
type fileWriter struct {
	file   *os.File
	target string
	hash   hash.Hash
	size   int64
	done   bool
}

// Create begins a file of this name, making its folders as needed. The caller
// ends it with Commit or Abort; a deferred Abort does no harm after a Commit.
// Whether the name is taken is for Commit to find out: a writer that comes
// second may still want to compare checksums.
func (d *Dir) Create(name string) (Writer, error) {
	w, err := d.create(name)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (d *Dir) create(name string) (*fileWriter, error) {
	target, err := d.Path(name)
	if err != nil {
		return nil, err
	}
	folder := filepath.Dir(target)
	if err := mkdirs(folder); err != nil {
		return nil, explain("create", target, err)
	}
	// In the folder of the final name, so that the two are on one file system.
	temp := filepath.Join(folder, tempPrefix+rand.Text())
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, explain("create", target, err)
	}
	return &fileWriter{file: file, target: target, hash: sha256.New()}, nil
}

// Write appends to the file.
func (w *fileWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		return n, explain("write", w.target, err)
	}
	return n, nil
}

// Size returns the number of bytes written so far.
func (w *fileWriter) Size() int64 { return w.size }

// SHA256 returns the checksum, in lower-case hex, of what was written so far.
func (w *fileWriter) SHA256() string { return hex.EncodeToString(w.hash.Sum(nil)) }

// Commit makes the file durable and gives it its name, or fails with ErrExists
// and leaves the file of that name as it is. Either way the Writer is done.
func (w *fileWriter) Commit() error { return w.publish(os.Link) }

// replace is Commit over a file that is there.
func (w *fileWriter) replace() error { return w.publish(os.Rename) }

func (w *fileWriter) publish(name func(from, to string) error) error {
	if w.done {
		return explain("commit", w.target, os.ErrClosed)
	}
	defer w.Abort()
	if err := w.file.Sync(); err != nil {
		return explain("sync", w.target, err)
	}
	if err := name(w.file.Name(), w.target); err != nil {
		return explain("commit", w.target, err)
	}
	if err := syncDir(filepath.Dir(w.target)); err != nil {
		return explain("sync the folder of", w.target, err)
	}
	return nil
}

// Abort drops what was written, unless Commit published it.
func (w *fileWriter) Abort() {
	if w.done {
		return
	}
	w.done = true
	// Both are best effort: what stays behind is hidden, and clean removes it.
	w.file.Close()
	os.Remove(w.file.Name())
}
