package athena

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// Preview returns the first n rows of a table of a dataset, the partition
// column first. It reads the files without an SQL engine. The error of a table
// that is not there is ErrNoTable.
func Preview(ds *export.Dataset, table string, n int) (*Rows, error) {
	t, ok := ds.Manifest.Table(table)
	if !ok {
		return nil, noTable(ds.Manifest, table)
	}
	p := &preview{dataset: ds, table: t, left: n, files: t.Files}
	rows := &Rows{next: p.next, close: p.close}
	if t.Partition != "" {
		rows.Columns = append(rows.Columns, ResultColumn{Name: t.Partition, Type: "string"})
	}
	for _, c := range t.Columns {
		rows.Columns = append(rows.Columns, ResultColumn{Name: c.Name, Type: c.Type})
	}
	return rows, nil
}

func noTable(m *export.Manifest, table string) error {
	if table == Genotypes || table == Carriers {
		return fmt.Errorf("%w: %s is a view, which takes a query", ErrNoTable, table)
	}
	var names []string
	for _, t := range m.Tables {
		names = append(names, t.Name)
	}
	return fmt.Errorf("%w: %q; there are %s", ErrNoTable, table, strings.Join(names, ", "))
}

// preview reads the rows of a table, file by file.
type preview struct {
	dataset *export.Dataset
	table   *export.Table
	left    int           // rows that are still wanted
	files   []export.File // not yet opened

	chrom   string // of the open file
	path    string // of it
	file    store.File
	columns []assembler // of the table, in its order
	parquet *parquet.File
	group   int // next of it
	rows    parquet.Rows
	row     [1]parquet.Row
}

func (p *preview) next() ([]any, error) {
	for p.left > 0 {
		if p.rows == nil {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		n, err := p.rows.ReadRows(p.row[:])
		if n == 1 {
			p.left--
			return p.values(), nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s: %w", p.path, err)
		}
		err = p.rows.Close()
		p.rows = nil
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", p.path, err)
		}
	}
	return nil, io.EOF
}

// advance goes to the next row group, opening the next file where need be.
func (p *preview) advance() error {
	for p.parquet == nil || p.group == len(p.parquet.RowGroups()) {
		if err := p.close(); err != nil {
			return err
		}
		if len(p.files) == 0 {
			return io.EOF
		}
		if err := p.open(p.files[0]); err != nil {
			return err
		}
		p.files = p.files[1:]
	}
	export.Prefetch(p.file, p.parquet, p.group, nil)
	p.rows = p.parquet.RowGroups()[p.group].Rows()
	p.group++
	return nil
}

func (p *preview) open(f export.File) (err error) {
	p.chrom = f.Chrom
	file, size, err := p.dataset.OpenFile(f.Path)
	if err != nil {
		return err
	}
	p.file, p.path = file, p.dataset.Root+"/"+f.Path
	p.parquet, err = parquet.OpenFile(p.file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("read %s: %w", p.path, err)
	}
	p.group = 0
	p.columns, err = assemblers(p.parquet.Schema(), p.table.Columns)
	if err != nil {
		return fmt.Errorf("read %s: %w", p.path, err)
	}
	return nil
}

func (p *preview) close() error {
	var errs []error
	if p.rows != nil {
		errs = append(errs, p.rows.Close())
		p.rows = nil
	}
	if p.file != nil {
		errs = append(errs, p.file.Close())
		p.file = nil
	}
	return errors.Join(errs...)
}

// values takes the row apart.
func (p *preview) values() []any {
	var leaves [][]parquet.Value
	p.row[0].Range(func(_ int, values []parquet.Value) bool {
		leaves = append(leaves, values)
		return true
	})
	var out []any
	if p.table.Partition != "" {
		out = append(out, p.chrom)
	}
	for _, c := range p.columns {
		out = append(out, c.value(leaves))
	}
	return out
}
