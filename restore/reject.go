package restore

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// rejects reads the lines that were set aside, in the order of the inputs.
type rejects struct {
	dataset *export.Dataset
	files   []string // not yet opened
	file    store.File
	path    string // of file
	lines   *json.Decoder

	there bool // next is one
	next  place
	text  []byte // the line as the input had it
	count int64
}

// openRejects goes to the first line that was set aside.
func openRejects(ds *export.Dataset) (*rejects, error) {
	r := &rejects{dataset: ds}
	names, err := ds.Files().List(runFile(ds, "_rejects"))
	if err != nil {
		return nil, err
	}
	r.files = slices.DeleteFunc(names, func(name string) bool { return path.Ext(name) != ".jsonl" })
	return r, r.advance()
}

// advance goes to the next line.
func (r *rejects) advance() error {
	r.there = false
	for {
		if r.file == nil {
			if len(r.files) == 0 {
				return nil
			}
			file, _, err := r.dataset.OpenFile(r.files[0])
			if err != nil {
				return fmt.Errorf("rejected lines: %w", err)
			}
			r.file, r.path = file, r.dataset.Root+"/"+r.files[0]
			r.files = r.files[1:]
			r.lines = json.NewDecoder(bufio.NewReader(r.file))
		}
		var line export.Reject
		err := r.lines.Decode(&line)
		if errors.Is(err, io.EOF) {
			r.close()
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.path, err)
		}
		at := place{int64(line.Index), line.Offset}
		if r.count > 0 && !r.next.before(at) {
			return fmt.Errorf("%s: %w", r.path, damaged("line %d of %s is out of order", line.Line, line.Input))
		}
		r.next, r.there = at, true
		r.text = export.AppendRaw(r.text[:0], []byte(line.Record))
		r.count++
		return nil
	}
}

func (r *rejects) close() {
	if r.file != nil {
		r.file.Close() // it was only read
		r.file = nil
	}
}
