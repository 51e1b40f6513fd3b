package restore

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/varlake/varlake/export"
)

// rejects reads the lines that were set aside, in the order of the inputs.
type rejects struct {
	files []string // not yet opened
	file  *os.File
	lines *json.Decoder

	there bool // next is one
	next  place
	text  []byte // the line as the input had it
	count int64
}

// openRejects goes to the first line that was set aside.
func openRejects(ds *export.Dataset) (*rejects, error) {
	r := new(rejects)
	var err error
	if r.files, err = filepath.Glob(filepath.Join(globQuote(runFile(ds, "_rejects")), "*.jsonl")); err != nil {
		return nil, err
	}
	return r, r.advance()
}

// globQuote makes a path a pattern that matches it alone.
func globQuote(path string) string {
	var out []rune
	for _, c := range path {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}

// advance goes to the next line.
func (r *rejects) advance() error {
	r.there = false
	for {
		if r.file == nil {
			if len(r.files) == 0 {
				return nil
			}
			var err error
			if r.file, err = os.Open(r.files[0]); err != nil {
				return fmt.Errorf("rejected lines: %w", err)
			}
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
			return fmt.Errorf("%s: %w", r.file.Name(), err)
		}
		at := place{int64(line.Index), line.Offset}
		if r.count > 0 && !r.next.before(at) {
			return fmt.Errorf("%s: %w", r.file.Name(), damaged("line %d of %s is out of order", line.Line, line.Input))
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
