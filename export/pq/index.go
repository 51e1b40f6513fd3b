package pq

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageIndex is the page index of a column chunk as it will be written, after all row groups.
type pageIndex struct {
	column, offset []byte // column is empty where a page has values but no bounds: NaN alone
}

// index returns the page index of a chunk whose first data page is at offset.
func (c *Chunk) index(offset int64) (pageIndex, error) {
	column := format.ColumnIndex{BoundaryOrder: boundaryOrder(c.leaf.Physical, c.pages)}
	var offsets format.OffsetIndex
	bounded := true
	var row int64
	for _, p := range c.pages {
		offsets.PageLocations = append(offsets.PageLocations, format.PageLocation{
			Offset: offset, CompressedPageSize: int32(p.stored.size()), FirstRowIndex: row,
		})
		offset += int64(p.stored.size())
		row += int64(p.rows)

		null := p.nulls == p.entries
		bounded = bounded && (null || p.bounds.min != nil)
		column.NullPages = append(column.NullPages, null)
		column.MinValues = append(column.MinValues, p.bounds.min)
		column.MaxValues = append(column.MaxValues, p.bounds.max)
		column.NullCounts = append(column.NullCounts, int64(p.nulls))
	}
	var index pageIndex
	var err error
	if index.offset, err = thrift.Marshal(new(thrift.CompactProtocol), &offsets); err != nil {
		return pageIndex{}, fmt.Errorf("pq: offset index: %w", err)
	}
	if bounded {
		if index.column, err = thrift.Marshal(new(thrift.CompactProtocol), &column); err != nil {
			return pageIndex{}, fmt.Errorf("pq: column index: %w", err)
		}
	}
	return index, nil
}

// metadata describes the chunk, which begins at offset.
func (c *Chunk) metadata(offset int64) format.ColumnMetaData {
	m := format.ColumnMetaData{
		Type:         c.leaf.Physical.physical(),
		PathInSchema: c.leaf.Path,
		Codec:        c.opt.Codec.format(),
	}
	count := func(t format.PageType, e format.Encoding) {
		for i := range m.EncodingStats {
			if s := &m.EncodingStats[i]; s.PageType == t && s.Encoding == e {
				s.Count++
				return
			}
		}
		m.EncodingStats = append(m.EncodingStats, format.PageEncodingStats{PageType: t, Encoding: e, Count: 1})
	}
	m.DataPageOffset = offset
	if len(c.dictPage.header) > 0 {
		count(format.DictionaryPage, format.Plain)
		m.DictionaryPageOffset = offset
		m.DataPageOffset += int64(c.dictPage.size())
		m.TotalCompressedSize = int64(c.dictPage.size())
		m.TotalUncompressedSize = int64(c.dictPage.unpacked)
	}
	var all bounds
	for _, p := range c.pages {
		count(format.DataPage, p.encoding)
		m.NumValues += int64(p.entries)
		m.TotalCompressedSize += int64(p.stored.size())
		m.TotalUncompressedSize += int64(p.stored.unpacked)
		m.Statistics.NullCount += int64(p.nulls)
		all.merge(c.leaf.Physical, p.bounds)
	}
	// The footer is written when the pages may be in use for another row group.
	m.Statistics.MinValue, m.Statistics.MaxValue = bytes.Clone(all.min), bytes.Clone(all.max)
	m.Encoding = append(m.Encoding, format.RLE) // the levels
	for _, s := range m.EncodingStats {
		if !slices.Contains(m.Encoding, s.Encoding) {
			m.Encoding = append(m.Encoding, s.Encoding)
		}
	}
	return m
}
