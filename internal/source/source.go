// Package source finds the inputs of a command and opens them: files, directories, globs and standard input.
//
// The inputs are listed once, before any work, with what identifies their content (size and modification time), so that a
// dataset can name what it was made from and a second run can tell that nothing has changed.
package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNoInput is wrapped by errors that say that an argument names nothing to read.
var ErrNoInput = errors.New("no input")

// ErrDuplicate is wrapped by the error for a file that is named twice.
var ErrDuplicate = errors.New("input named twice")

// Stdin is the argument that stands for standard input.
const Stdin = "-"

// extensions are the endings of file names that a directory is searched for.
var extensions = []string{".vcf", ".vcf.gz", ".vcf.bgz"}

// Input is one file to read, or standard input.
type Input struct {
	Name string // as messages show it: the path as the user gave it or found by listing, "-" for standard input
	URI  string // file:// and the absolute path; "-" for standard input
	Size int64  // bytes; -1 where unknown
	// ModTime is when the file last changed; zero for standard input.
	ModTime time.Time
}

// Listing is what a list of arguments names.
type Listing struct {
	Inputs  []Input  // in the order of the arguments; within a directory or glob in natural order of names
	Skipped []string // files of a directory that are no VCF by name
}

// List resolves arguments in order. A directory is not searched recursively and gives its *.vcf, *.vcf.gz and *.vcf.bgz files.
// It returns an error that wraps ErrNoInput for what names nothing, and one that wraps ErrDuplicate for a file named twice.
func List(args []string) (*Listing, error) {
	list := &Listing{}
	for _, arg := range args {
		if err := list.add(arg); err != nil {
			return nil, err
		}
	}
	seen := make(map[string]string, len(list.Inputs))
	for _, in := range list.Inputs {
		if first, ok := seen[in.URI]; ok {
			return nil, fmt.Errorf("%w: %s and %s are the same file; name it once", ErrDuplicate, first, in.Name)
		}
		seen[in.URI] = in.Name
	}
	return list, nil
}

func (l *Listing) add(arg string) error {
	if arg == Stdin {
		l.Inputs = append(l.Inputs, Input{Name: Stdin, URI: Stdin, Size: -1})
		return nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return l.addDirectory(arg)
	case err == nil:
		return l.addFile(arg)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("input %s: %w", arg, err)
	case strings.ContainsAny(arg, "*?["):
		return l.addGlob(arg)
	}
	return fmt.Errorf("%w: %s does not exist; give a file, a directory, a glob or - for standard input", ErrNoInput, arg)
}

func (l *Listing) addDirectory(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("input %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			continue
		}
		if isVCF(e.Name()) {
			names = append(names, path)
		} else {
			l.Skipped = append(l.Skipped, path)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: %s holds no *.vcf, *.vcf.gz or *.vcf.bgz (directories are not searched recursively)", ErrNoInput, dir)
	}
	return l.addFiles(names)
}

func (l *Listing) addGlob(pattern string) error {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("input %s: %w", pattern, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.IsDir()
	})
	if len(names) == 0 {
		return fmt.Errorf("%w: nothing matches %s", ErrNoInput, pattern)
	}
	return l.addFiles(names)
}

func (l *Listing) addFiles(names []string) error {
	slices.SortFunc(names, CompareNatural)
	for _, name := range names {
		if err := l.addFile(name); err != nil {
			return err
		}
	}
	return nil
}

func (l *Listing) addFile(name string) error {
	abs, err := filepath.Abs(name)
	if err != nil {
		return fmt.Errorf("input %s: %w", name, err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("input %s: %w", name, err)
	}
	in := Input{Name: name, URI: "file://" + filepath.ToSlash(abs), Size: info.Size(), ModTime: info.ModTime()}
	if !info.Mode().IsRegular() { // a named pipe, /dev/stdin: read once, of no known size
		in.Size, in.ModTime = -1, time.Time{}
	}
	l.Inputs = append(l.Inputs, in)
	return nil
}

func isVCF(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(extensions, func(ext string) bool { return strings.HasSuffix(lower, ext) })
}

// Rereadable reports whether the input can be opened more than once and identified by size and time: standard input and pipes can't.
func (in Input) Rereadable() bool { return in.Size >= 0 }

// Open opens the input for reading from its start. Standard input is not closed by the returned reader.
func (in Input) Open() (io.ReadCloser, error) {
	if in.URI == Stdin {
		return io.NopCloser(os.Stdin), nil
	}
	f, err := os.Open(filepath.FromSlash(strings.TrimPrefix(in.URI, "file://")))
	if err != nil {
		return nil, fmt.Errorf("input %s: %w", in.Name, err)
	}
	return f, nil
}
