package restore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// readBuffer is how much of a column chunk is read at a time, in bytes.
const readBuffer = 64 << 10

// table reads a record table, file by file, row group by row group, row by row.
type table struct {
	dataset *export.Dataset
	columns map[string]export.Column // by name
	leaves  []*leaf
	file    store.File
	path    string // of file
	parquet *parquet.File
}

func newTable(ds *export.Dataset, t *export.Table) *table {
	out := &table{dataset: ds, columns: make(map[string]export.Column, len(t.Columns))}
	for _, c := range t.Columns {
		out.columns[c.Name] = c
	}
	return out
}

// add has a leaf read along with the others. The methods below say where it is and what of it is wanted.
func (t *table) add(l *leaf) *leaf {
	t.leaves = append(t.leaves, l)
	return l
}

func (t *table) number(name string) *leaf { return t.add(&leaf{path: []string{name}, numeric: true}) }

func (t *table) text(name, reserved string) *leaf {
	return t.add(&leaf{path: []string{name}, reserved: reserved})
}

// list adds the elements of a list, or of lists of lists where depth is 2.
func (t *table) list(name string, depth int, reserved string) *leaf {
	return t.add(&leaf{path: append([]string{name}, elements(depth)...), reserved: reserved})
}

func (t *table) keys(name string) *leaf {
	return t.add(&leaf{path: []string{name, "key_value", "key"}})
}

// values adds the values of a map, lists where depth is 1.
func (t *table) values(name string, depth int) *leaf {
	return t.add(&leaf{path: append([]string{name, "key_value", "value"}, elements(depth)...)})
}

func elements(depth int) (path []string) {
	for range depth {
		path = append(path, "list", "element")
	}
	return path
}

// depth is how many lists are around the values of a column.
func depth(c export.Column) int { return strings.Count(c.Type, "array<") }

// open goes to a file of the table and returns how many row groups it has.
func (t *table) open(f export.File) (groups int, err error) {
	if err := t.close(); err != nil {
		return 0, err
	}
	file, size, err := t.dataset.OpenFile(f.Path)
	if err != nil {
		return 0, err
	}
	t.file, t.path = file, t.dataset.Root+"/"+f.Path
	t.parquet, err = parquet.OpenFile(t.file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBuffer))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", f.Path, err)
	}
	return len(t.parquet.RowGroups()), nil
}

// group goes to a row group of the file and returns how many rows it has.
func (t *table) group(i int) (rows int64, err error) {
	group := t.parquet.RowGroups()[i]
	var columns []int
	for _, l := range t.leaves {
		if column, ok := t.parquet.Schema().Lookup(l.path...); ok {
			columns = append(columns, column.ColumnIndex)
		}
	}
	export.Prefetch(t.file, t.parquet, i, columns)
	for _, l := range t.leaves {
		if err := l.open(t.parquet.Schema(), group); err != nil {
			return 0, err
		}
	}
	return group.NumRows(), nil
}

// next goes to the next row of the row group.
func (t *table) next() error {
	for _, l := range t.leaves {
		if err := l.next(); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) close() error {
	if t.file == nil {
		return nil
	}
	var errs []error
	for _, l := range t.leaves {
		errs = append(errs, l.close())
	}
	errs = append(errs, t.file.Close())
	t.file = nil
	return errors.Join(errs...)
}
