// Package source finds the inputs of a command and opens them: files, directories, globs, standard input, and the same in S3.
//
// The inputs are listed once, before any work, with what identifies their content (size and modification time, or ETag), so that a
// dataset can name what it was made from and a second run can tell that nothing has changed.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/internal/bucket"
)

// ErrNoInput is wrapped by errors that say that an argument names nothing to read.
var ErrNoInput = errors.New("no input")

// ErrDuplicate is wrapped by the error for a file that is named twice.
var ErrDuplicate = errors.New("input named twice")

// Stdin is the argument that stands for standard input.
const Stdin = "-"

// maxLookups is how many arguments are resolved at once.
const maxLookups = 8

// extensions are the endings of file names that a directory is searched for.
var extensions = []string{".vcf", ".vcf.gz", ".vcf.bgz"}

// Input is one file to read, or standard input.
type Input struct {
	Name string // as messages show it: the path as the user gave it or found by listing, "-" for standard input
	URI  string // file:// and the absolute path; s3://bucket/key; "-" for standard input
	Size int64  // bytes; -1 where unknown
	// ModTime is when the file last changed; zero for standard input and in S3.
	ModTime time.Time
	ETag    string // of an object in S3

	bucket *bucket.Bucket          // of an object in S3
	first  *atomic.Pointer[[]byte] // its first bytes, until it is opened; nil where they are not at hand
}

// Finder finds inputs and opens them. The zero value knows those of this machine.
type Finder struct {
	// Bucket gives access to a bucket; nil: there is no S3.
	Bucket func(ctx context.Context, name string) (*bucket.Bucket, error)
	// First says how many bytes of an object are to come along when it is looked up and is the only input; 0: none. It is asked just before. nil: as many as most headers take.
	First func() int
}

// Listing is what a list of arguments names.
type Listing struct {
	Inputs  []Input  // in the order of the arguments; within a directory or glob in natural order of names
	Skipped []string // files of a directory that are no VCF by name
}

// List resolves arguments in order. A directory or prefix is not searched recursively and gives its *.vcf, *.vcf.gz and *.vcf.bgz files.
// It returns an error that wraps ErrNoInput for what names nothing, and one that wraps ErrDuplicate for a file named twice.
func (f *Finder) List(ctx context.Context, args []string) (*Listing, error) {
	parts := make([]Listing, len(args))
	errs := make([]error, len(args))
	var group errgroup.Group // for the sake of stores that are far away
	group.SetLimit(maxLookups)
	for i, arg := range args {
		group.Go(func() error {
			if bucket.Is(arg) {
				errs[i] = f.addS3(ctx, &parts[i], arg, len(args) == 1)
			} else {
				errs[i] = parts[i].add(arg)
			}
			return nil // which error is told must not depend on whose answer was first
		})
	}
	_ = group.Wait()
	list := &Listing{}
	for i, part := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		list.Inputs = append(list.Inputs, part.Inputs...)
		list.Skipped = append(list.Skipped, part.Skipped...)
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
		if IsVCF(e.Name()) {
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

// IsVCF tells by its name whether a directory or prefix gives a file.
func IsVCF(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(extensions, func(ext string) bool { return strings.HasSuffix(lower, ext) })
}

// Rereadable reports whether the input can be opened more than once and identified by size and time: standard input and pipes can't.
func (in Input) Rereadable() bool { return in.Size >= 0 }

// Version tells one content of the input from another, together with its size: the ETag or the modification time; "" for what can be read only once.
func (in Input) Version() string {
	switch {
	case in.ETag != "":
		return in.ETag
	case in.Rereadable():
		return in.ModTime.UTC().Format(time.RFC3339Nano)
	}
	return ""
}

// Open opens the input for reading from its start. Standard input is not closed by the returned reader. An object in S3 must be the one that was listed: reading
// another fails with an error that wraps bucket.ErrChanged.
func (in Input) Open(ctx context.Context) (io.ReadCloser, error) {
	if in.URI == Stdin {
		return io.NopCloser(os.Stdin), nil
	}
	if in.bucket != nil {
		_, key, err := bucket.Split(in.URI)
		if err != nil {
			return nil, err
		}
		if in.first != nil {
			if first := in.first.Swap(nil); first != nil {
				return in.bucket.NewReaderAfter(ctx, key, in.ETag, in.Size, *first), nil
			}
		}
		return in.bucket.NewReader(ctx, key, in.ETag, in.Size), nil
	}
	return in.openFile()
}

// OpenAt opens the input for reading from a byte on; it must be Rereadable. Of an object in S3, what lies at until and behind it is not read ahead.
func (in Input) OpenAt(ctx context.Context, from, until int64) (io.ReadCloser, error) {
	if in.bucket != nil {
		_, key, err := bucket.Split(in.URI)
		if err != nil {
			return nil, err
		}
		return in.bucket.NewReaderAt(ctx, key, in.ETag, in.Size, from, until), nil
	}
	f, err := in.openFile()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("input %s: %w", in.Name, err), f.Close())
	}
	return f, nil
}

// RandomAccess is an input that is read here and there.
type RandomAccess interface {
	io.ReaderAt
	io.Closer
}

// OpenRandom opens the input, which must be Rereadable, for reading here and there. The end of ctx ends the reading of an object in S3.
func (in Input) OpenRandom(ctx context.Context) (RandomAccess, error) {
	if in.bucket != nil {
		_, key, err := bucket.Split(in.URI)
		return &object{ctx, in.bucket, key, in}, err
	}
	return in.openFile()
}

func (in Input) openFile() (*os.File, error) {
	f, err := os.Open(filepath.FromSlash(strings.TrimPrefix(in.URI, "file://")))
	if err != nil {
		return nil, fmt.Errorf("input %s: %w", in.Name, err)
	}
	return f, nil
}

// object is the RandomAccess of S3.
type object struct {
	ctx    context.Context
	bucket *bucket.Bucket
	key    string
	in     Input
}

func (o *object) ReadAt(p []byte, offset int64) (int, error) {
	n := int(max(0, min(int64(len(p)), o.in.Size-offset)))
	if err := o.bucket.ReadAt(o.ctx, o.key, o.in.ETag, p[:n], offset); err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (o *object) Close() error { return nil }
