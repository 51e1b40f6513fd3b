// Package restore makes the VCF again from a dataset: the header, and the records in the order of the inputs, with every field.
//
// What it writes equals what was read: numbers by value, in their shortest form; lines end in LF; FORMAT fields that are missing at the end of a sample's column
// are dropped; all other text is as it was.
package restore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/varlake/varlake/export"
)

var (
	// ErrTables is wrapped by the error for a dataset without a table that restoring needs.
	ErrTables = errors.New("table is missing")
	// ErrUsage is wrapped by errors about options that do not go together.
	ErrUsage = errors.New("wrong usage")
)

// Options say what to write and where.
type Options struct {
	Out     string    // file, compressed with BGZF where its name ends in .gz or .bgz; Stdout or "" for Stdout
	Stdout  io.Writer // for plain text
	Index   IndexKind // NoIndex, or what to write beside Out
	Rejects bool      // put lines that were set aside back in their place
	Workers int       // goroutines that compress
}

// Result is what was written.
type Result struct {
	Records int64 // rows of the dataset
	Put     int64 // lines that had been set aside and are back in their place
	Missing int64 // lines that had been set aside and are not
}

// flushSize is how much text is gathered before it is written, in bytes.
const flushSize = 256 << 10

// Run writes the VCF of a dataset. A file appears whole or not at all. The error wraps ErrTables, ErrUsage or ErrUnsorted, export.ErrManifest where the dataset
// is damaged, or is the cause of ctx's end.
func Run(ctx context.Context, ds *export.Dataset, opt Options) (*Result, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	w := &lineWriter{ctx: ctx}
	if err := w.open(ds, opt); err != nil {
		return nil, err
	}
	defer w.close()
	if opt.Index != NoIndex {
		w.index = newIndex(opt.Index)
	}
	if err := w.writeAll(); err != nil {
		return nil, err
	}
	return w.finish(ds.Manifest, opt)
}

func (o *Options) check() error {
	if o.Index != NoIndex && !compresses(o.Out) {
		return fmt.Errorf("%w: an index needs a compressed file; give -o a name that ends in .gz or .bgz", ErrUsage)
	}
	return nil
}

// lineWriter writes header, records and, where they are wanted, the lines that were set aside.
type lineWriter struct {
	ctx   context.Context
	lines *lines
	index *index // nil: not wanted
	out   *output

	buffer  []byte
	flushed int64 // bytes of text
	rows    int64
}

func (w *lineWriter) open(ds *export.Dataset, opt Options) (err error) {
	if w.lines, err = openLines(ds, opt.Rejects); err != nil {
		return err
	}
	if w.out, err = openOutput(opt); err != nil {
		w.lines.close()
	}
	return err
}

func (w *lineWriter) writeAll() error {
	w.buffer = append(w.buffer, w.lines.headers.text...)
	for {
		start := w.textSize()
		buffer, _, isRecord, err := w.lines.next(w.buffer)
		if errors.Is(err, io.EOF) {
			return w.flush()
		}
		if err != nil {
			return err
		}
		w.buffer = append(buffer, '\n')
		if isRecord {
			w.rows++
		}
		if isRecord && w.index != nil {
			if err := w.index.add(w.lines.records.position(), start, w.textSize()); err != nil {
				return err
			}
		}
		if len(w.buffer) >= flushSize {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
}

// textSize returns how much text there is so far.
func (w *lineWriter) textSize() int64 { return w.flushed + int64(len(w.buffer)) }

func (w *lineWriter) flush() error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if _, err := w.out.Write(w.buffer); err != nil {
		return fmt.Errorf("write the VCF: %w", err)
	}
	w.flushed += int64(len(w.buffer))
	w.buffer = w.buffer[:0]
	return nil
}

// finish makes sure that all was there, and gives the files their names.
func (w *lineWriter) finish(m *export.Manifest, opt Options) (*Result, error) {
	result := &Result{Records: w.rows, Missing: m.Rejected}
	if w.lines.rejects != nil {
		result.Put, result.Missing = w.lines.rejects.count, 0
	}
	if err := complete(m, w.rows, result.Put+result.Missing); err != nil {
		return nil, err
	}
	if err := w.out.finish(); err != nil {
		return nil, fmt.Errorf("write the VCF: %w", err)
	}
	var indexFile *newFile
	if w.index != nil {
		var err error
		if indexFile, err = createFile(opt.Out + "." + string(opt.Index)); err != nil {
			return nil, err
		}
		defer indexFile.abort()
		if err := w.index.write(indexFile, w.out.compressed.VirtualOffset); err != nil {
			return nil, fmt.Errorf("write the index: %w", err)
		}
	}
	if err := w.out.commit(); err != nil {
		return nil, fmt.Errorf("write the VCF: %w", err)
	}
	if indexFile != nil {
		if err := indexFile.commit(); err != nil {
			return nil, fmt.Errorf("write the index: %w", err)
		}
	}
	return result, nil
}

func (w *lineWriter) close() {
	w.lines.close()
	w.out.abort()
}

// damaged returns an error about files that do not hold what they should.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{export.ErrManifest}, args...)...)
}
