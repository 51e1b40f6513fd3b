package pq

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Version is the version of the encoder. It changes when the same values would be written as other bytes.
const Version = "1.2.0"

const magic = "PAR1"

// ErrRowGroup is wrapped by errors about chunks that do not make up a row group: one too few, of other rows, not all encoded.
var ErrRowGroup = errors.New("pq: incomplete row group")

// KeyValue is an entry of a file's metadata.
type KeyValue = format.KeyValue

// SortingColumn says that the rows of every row group are sorted by a leaf.
type SortingColumn struct {
	Leaf       int // index into Schema.Leaves
	Descending bool
	NullsFirst bool
}

// File writes a Parquet file: row groups in order, then page indexes and footer.
type File struct {
	// Metadata and Sorting go into the footer and may be changed until Close: whether rows were sorted may show late.
	Metadata []KeyValue
	Sorting  []SortingColumn

	w       *bufio.Writer
	schema  *Schema
	size    int64
	rows    int64
	groups  []format.RowGroup
	indexes []pageIndex // of every column chunk, in order
	err     error
}

// NewFile returns a file that is written to w. The caller closes w after File.Close.
func NewFile(w io.Writer, s *Schema, meta []KeyValue, sorting []SortingColumn) *File {
	f := &File{Metadata: meta, Sorting: sorting, w: bufio.NewWriterSize(w, 1<<16), schema: s}
	f.write([]byte(magic))
	return f
}

// Size returns how many bytes were written, without indexes and footer until Close.
func (f *File) Size() int64 { return f.size }

// Rows returns how many rows were written.
func (f *File) Rows() int64 { return f.rows }

// WriteRowGroup writes the chunks of all leaves, in order. All pages must be encoded and all chunks finished. No rows make no row group.
// Errors are those of the writer, or wrap ErrRowGroup.
func (f *File) WriteRowGroup(rows int64, chunks []*Chunk) error {
	if len(chunks) != len(f.schema.leaves) {
		return fmt.Errorf("%w: %d chunks for %d columns", ErrRowGroup, len(chunks), len(f.schema.leaves))
	}
	for _, c := range chunks {
		if err := c.complete(rows); err != nil {
			return err
		}
	}
	if rows == 0 {
		return f.err
	}
	if len(f.groups) > math.MaxInt16 {
		return fmt.Errorf("%w: more than %d row groups", ErrTooLarge, math.MaxInt16+1)
	}
	group := format.RowGroup{NumRows: rows, FileOffset: f.size, Ordinal: int16(len(f.groups))}
	for _, c := range chunks {
		column := format.ColumnChunk{FileOffset: f.size, MetaData: c.metadata(f.size)}
		index, err := c.index(column.MetaData.DataPageOffset)
		if err != nil {
			return err
		}
		f.write(c.dictPage.header, c.dictPage.data)
		for _, p := range c.pages {
			f.write(p.stored.header, p.stored.data)
		}
		group.Columns = append(group.Columns, column)
		group.TotalByteSize += column.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += column.MetaData.TotalCompressedSize
		f.indexes = append(f.indexes, index)
	}
	f.groups = append(f.groups, group)
	f.rows += rows
	return f.err
}

// complete tells whether the chunk is ready to be written with so many rows.
func (c *Chunk) complete(rows int64) error {
	switch {
	case c.err != nil:
		return c.err
	case c.rows != rows:
		return fmt.Errorf("%w: column %s has %d rows of %d", ErrRowGroup, c.leaf.Name(), c.rows, rows)
	case !c.finished:
		return fmt.Errorf("%w: column %s is not finished", ErrRowGroup, c.leaf.Name())
	}
	for i, p := range c.pages {
		if len(p.stored.header) == 0 {
			return fmt.Errorf("%w: page %d of column %s is not encoded", ErrRowGroup, i, c.leaf.Name())
		}
	}
	return nil
}

// Close writes page indexes and footer. It does not close the writer. The file is whole only if the error is nil.
func (f *File) Close() error {
	f.writeIndexes()
	meta := format.FileMetaData{
		Version:          2,
		Schema:           f.schema.elements,
		NumRows:          f.rows,
		RowGroups:        f.groups,
		KeyValueMetadata: f.Metadata,
		CreatedBy:        "varlake version " + Version,
	}
	if meta.RowGroups == nil {
		meta.RowGroups = []format.RowGroup{}
	}
	for range f.schema.leaves {
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: new(format.TypeDefinedOrder)})
	}
	for i := range f.groups {
		for _, s := range f.Sorting {
			f.groups[i].SortingColumns = append(f.groups[i].SortingColumns, format.SortingColumn{
				ColumnIdx: int32(s.Leaf), Descending: s.Descending, NullsFirst: s.NullsFirst,
			})
		}
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return fmt.Errorf("pq: footer: %w", err)
	}
	f.write(footer, binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), []byte(magic))
	if f.err == nil {
		f.err = f.w.Flush()
	}
	return f.err
}

// writeIndexes writes all column indexes, then all offset indexes, and notes where they are.
func (f *File) writeIndexes() {
	column := func(i int) *format.ColumnChunk {
		n := len(f.schema.leaves)
		return &f.groups[i/n].Columns[i%n]
	}
	for i, index := range f.indexes {
		if len(index.column) > 0 {
			column(i).ColumnIndexOffset, column(i).ColumnIndexLength = f.size, int32(len(index.column))
			f.write(index.column)
		}
	}
	for i, index := range f.indexes {
		column(i).OffsetIndexOffset, column(i).OffsetIndexLength = f.size, int32(len(index.offset))
		f.write(index.offset)
	}
}

// write writes the parts; after an error it does nothing.
func (f *File) write(parts ...[]byte) {
	for _, part := range parts {
		if f.err != nil {
			return
		}
		n, err := f.w.Write(part)
		f.size += int64(n)
		if err != nil {
			f.err = fmt.Errorf("pq: write: %w", err)
		}
	}
}
