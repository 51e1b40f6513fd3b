package restore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/varlake/varlake/bgzf"
)

// Stdout is the Options.Out that stands for Options.Stdout.
const Stdout = "-"

// compresses reports whether a file of this name is to be BGZF.
func compresses(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".bgz")
}

// output is where lines go: a stream, or a file that appears whole.
type output struct {
	io.Writer
	file       *newFile
	compressed *bgzf.Writer
}

func openOutput(opt Options) (*output, error) {
	if opt.Out == Stdout || opt.Out == "" {
		return &output{Writer: opt.Stdout}, nil
	}
	file, err := createFile(opt.Out)
	if err != nil {
		return nil, err
	}
	o := &output{Writer: file, file: file}
	if compresses(opt.Out) {
		o.compressed = bgzf.NewWriter(file, opt.Workers)
		o.Writer = o.compressed
	}
	return o, nil
}

// finish writes what is still to be written; the file has yet to get its name.
func (o *output) finish() error {
	if o.compressed == nil {
		return nil
	}
	return o.compressed.Close()
}

// commit gives the file its name.
func (o *output) commit() error {
	if o.file == nil {
		return nil
	}
	return o.file.commit()
}

// abort leaves nothing, unless the file has its name already.
func (o *output) abort() {
	o.finish() // its error is no news: the output is given up
	if o.file != nil {
		o.file.abort()
	}
}

// newFile is a file that has a hidden name until it is whole. What is there already and is no regular file, as a pipe is, is written to as it is.
type newFile struct {
	*os.File
	path string // the name to be
	temp string // "" where the file has its name from the start
}

func createFile(path string) (*newFile, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: is a directory; give the name of a file", path)
	}
	if err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &newFile{File: f, path: path}, err
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil { // the link stays
		path = target
	}
	var random [8]byte
	rand.Read(random[:])
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+hex.EncodeToString(random[:]))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w; give -o a place that can be written", path, err)
	}
	return &newFile{f, path, temp}, nil
}

func (f *newFile) commit() error {
	if f.temp == "" {
		return f.Close()
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.temp, f.path); err != nil {
		return err
	}
	f.temp = ""
	return nil
}

func (f *newFile) abort() {
	if f.temp != "" {
		f.Close()
		os.Remove(f.temp)
		f.temp = ""
	}
}
