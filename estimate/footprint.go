package estimate

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/export"
)

// footprint is what a table takes, as its footers say.
type footprint struct {
	rows    int64
	columns map[string]int64 // bytes of the chunks, by column
	raw     float64          // bytes by which export cuts row groups, about
	rest    int64            // bytes of the files beside the chunks: page indexes and footers
	groups  int64            // row groups
	footers int64            // bytes
}

func footprintOf(d *export.Dataset, t *export.Table) (*footprint, error) {
	f := &footprint{rows: t.Rows, columns: make(map[string]int64)}
	for _, file := range t.Files {
		if err := f.add(d, t.Name, file); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return f, nil
}

// add adds a file.
func (f *footprint) add(d *export.Dataset, t string, file export.File) error {
	in, size, err := d.OpenFile(file.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	parsed, err := parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	f.rest += size
	for _, group := range parsed.Metadata().RowGroups {
		f.groups++
		for _, c := range group.Columns {
			column := c.MetaData.PathInSchema[0]
			f.columns[column] += c.MetaData.TotalCompressedSize
			f.raw += float64(c.MetaData.TotalUncompressedSize) * rawOf(t, column)
			f.rest -= c.MetaData.TotalCompressedSize
		}
	}
	var length [4]byte // of the footer: https://parquet.apache.org/docs/file-format/
	if _, err := in.ReadAt(length[:], size-8); err != nil {
		return err
	}
	f.footers += int64(binary.LittleEndian.Uint32(length[:]))
	return nil
}

// column returns the bytes of a column; nil has none of anything.
func (f *footprint) column(name string) int64 {
	if f == nil {
		return 0
	}
	return f.columns[name]
}

func (f *footprint) countRows() int64 {
	if f == nil {
		return 0
	}
	return f.rows
}

// rawOf is how many bytes export counts for a byte of a column's pages before compression, when it foresees the size of a row group: of calls, runs of three bytes are counted, of which pages have less (a third, as cohorts
// show); and a quarter of all in the wide tables, which compress.
func rawOf(table, column string) float64 {
	switch {
	case table != export.Variants && table != export.Carriers:
		return 1
	case column == "gt" || column == "n_alt":
		return 3.4 / 4
	}
	return 1.0 / 4
}
