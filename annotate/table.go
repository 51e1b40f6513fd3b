package annotate

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrTable is wrapped by every error of [ReadTable]. The message names the file,
// the line where one is to blame, what was found there and what to do.
var ErrTable = errors.New("sample table")

// ErrUnknownColumn is wrapped by errors about a column name, given by the user,
// that the sample table doesn't have. The message lists those it has.
var ErrUnknownColumn = errors.New("no column")

// TableOptions say how a sample table is read. The zero value is ready for use.
type TableOptions struct {
	// Key names the column that holds the sample names of the VCF. Empty: the
	// first column, or in a PED the individual ID.
	Key string
	// Missing lists the texts that mean "no value", in every column. nil: NA and
	// the dot. The empty field is always missing.
	Missing []string
	// Types overrides the inferred type of columns by name. A value that does
	// not read as its type is an error.
	Types map[string]ColumnType
	// MaxBytes bounds the text of the table after inflation. 0: 1 GiB.
	MaxBytes int64
}

func (o TableOptions) isMissing(text string) bool {
	if o.Missing == nil {
		return text == "" || text == "NA" || text == "."
	}
	return text == "" || slices.Contains(o.Missing, text)
}

// Table is a sample table: a row per sample, in the order of the file.
type Table struct {
	Name    string   // of the file, for messages
	Key     string   // name of the key column
	IDs     []string // key of each row: the name of the sample, unique
	Columns []Column // all but the key column, in the order of the file
}

// Column returns the column of that exact name; the key column is not among them.
func (t *Table) Column(name string) (*Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return nil, false
	}
	return &t.Columns[i], true
}

// ReadTable reads a sample table: tab-separated if its header line has a tab,
// else comma-separated, plain or gzip (by content), in UTF-8 with or without a
// byte order mark, lines ending in LF or CRLF. Fields may be quoted as in RFC
// 4180; a quote inside an unquoted field, or in a TSV one that opens a field
// without closing it, is text. Blank lines are skipped, as are lines of ## ahead
// of the header; a # before the first column name is not part of it.
//
// A PED (six columns of family, individual, father, mother, sex, phenotype, by
// tabs or blanks) needs no header line; its columns are then family_id,
// sample_id, paternal_id, maternal_id, sex and phenotype, the ids strings.
//
// name is used in messages alone. Errors wrap [ErrTable], those about names in
// opt also [ErrUnknownColumn], and those of r the error of r.
func ReadTable(r io.Reader, name string, opt TableOptions) (*Table, error) {
	text, err := readText(r, name, opt.MaxBytes)
	if err != nil {
		return nil, err
	}
	raw, err := readCells(text, name, opt)
	if err != nil {
		return nil, err
	}
	return raw.typed(opt)
}

// tableErrorf makes an error of [ReadTable]; line 0 stands for the whole file.
func tableErrorf(name string, line int, format string, args ...any) error {
	where := name
	if line > 0 {
		where = fmt.Sprintf("%s:%d", name, line)
	}
	return fmt.Errorf("%w %s: %w", ErrTable, where, fmt.Errorf(format, args...))
}

// clip keeps a value from the file short enough for a one-line message.
func clip(text string) string {
	const limit = 60
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// list names columns in a message, the first of them if they are many.
func list(names []string) string {
	const limit = 30
	var b strings.Builder
	for i, name := range names {
		if i == limit {
			fmt.Fprintf(&b, " and %d more", len(names)-limit)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(clip(name)))
	}
	return b.String()
}
