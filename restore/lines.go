package restore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/varlake/varlake/export"
)

// lines gives the lines of a dataset in the order of their keys: the records, and where they are wanted those that were set aside.
type lines struct {
	headers *headers
	records *recordReader
	rejects *rejects // nil: not wanted
	ahead   bool     // records stands at one that was not given yet
	ended   bool     // there are no more records
}

func openLines(ds *export.Dataset, withRejects bool) (*lines, error) {
	tables := make(map[string]*export.Table)
	for _, name := range []string{export.Variants, export.VariantAnnotations} {
		t, ok := ds.Manifest.Table(name)
		if !ok {
			return nil, fmt.Errorf("%w: %s was made without %s, and to have its records again takes %s and %s; export it again with all tables",
				ErrTables, ds.Root, name, export.Variants, export.VariantAnnotations)
		}
		tables[name] = t
	}
	l := new(lines)
	var err error
	if l.headers, err = readHeaders(ds); err != nil {
		return nil, err
	}
	if l.records, err = newRecordReader(ds, tables[export.Variants], tables[export.VariantAnnotations], l.headers); err != nil {
		return nil, err
	}
	if withRejects {
		l.rejects, err = openRejects(ds)
	}
	return l, err
}

// next appends the next line, without line end, and tells where it is from and whether it is a record, of which l.records then knows more. The error is io.EOF
// after the last.
func (l *lines) next(dst []byte) (_ []byte, at place, isRecord bool, err error) {
	if !l.ahead && !l.ended {
		if l.ahead, err = l.records.next(); err != nil {
			return dst, place{}, false, err
		}
		l.ended = !l.ahead
	}
	if r := l.rejects; r != nil && r.there && (l.ended || r.next.before(l.records.last)) {
		dst, at = append(dst, r.text...), r.next
		return dst, at, false, r.advance()
	}
	if l.ended {
		return dst, place{}, false, io.EOF
	}
	l.ahead = false
	dst, err = l.records.append(dst)
	return dst, l.records.last, true, err
}

func (l *lines) close() {
	l.records.close()
	if l.rejects != nil {
		l.rejects.close()
	}
}

// Lines is the export.Lines that reads a dataset through this package.
func Lines(ctx context.Context, ds *export.Dataset, yield func(input int, offset int64, line []byte) error) error {
	l, err := openLines(ds, true)
	if err != nil {
		return err
	}
	defer l.close()
	var line []byte
	for rows := int64(0); ; {
		var at place
		var isRecord bool
		if line, at, isRecord, err = l.next(line[:0]); err != nil {
			if errors.Is(err, io.EOF) {
				return complete(ds.Manifest, rows, l.rejects.count)
			}
			return err
		}
		if isRecord {
			rows++
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := yield(int(at.input), at.offset, line); err != nil {
			return err
		}
	}
}

// complete makes sure that no line was missing.
func complete(m *export.Manifest, rows, rejected int64) error {
	if rows != m.Rows || rejected != m.Rejected {
		return damaged("%d records and %d lines set aside, where the manifest has %d and %d", rows, rejected, m.Rows, m.Rejected)
	}
	return nil
}
