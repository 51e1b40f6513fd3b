package pq

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// fataler is what testing.TB and rapid.T have in common.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// entry is one entry of a leaf: its levels and, where there is one, its value as text that is equal only for equal values.
type entry struct {
	rep, def uint8
	value    string
}

// readEntries reads all entries of all leaves by parquet-go, an implementation that shares no page code with this package.
func readEntries(t fataler, file []byte) (leaves [][]entry, opened *parquet.File) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	leaves = make([][]entry, len(f.Schema().Columns()))
	buffer := make([]parquet.Value, 100)
	for g, group := range f.RowGroups() {
		for i, chunk := range group.ColumnChunks() {
			leaf, _ := f.Schema().Lookup(f.Schema().Columns()[i]...)
			check := statsCheck{t: t, leaf: leaf.Node.Type(), path: f.Schema().Columns()[i]}
			meta := &f.Metadata().RowGroups[g].Columns[i]
			check.chunk = meta.MetaData.Statistics
			// parquet-go itself reads no index at all where the first column has none.
			if from := meta.ColumnIndexOffset; from > 0 {
				index := file[from : from+int64(meta.ColumnIndexLength)]
				if err := thrift.Unmarshal(new(thrift.CompactProtocol), index, &check.pages); err != nil {
					t.Fatal(err)
				}
			}
			pages := chunk.Pages()
			for {
				page, err := pages.ReadPage()
				if err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("leaf %d: %v", i, err)
				}
				for values, err := page.Values(), error(nil); err == nil; {
					var n int
					n, err = values.ReadValues(buffer)
					for _, v := range buffer[:n] {
						leaves[i] = append(leaves[i], entryOf(v, leaf.MaxDefinitionLevel))
						check.value(v)
					}
					if err != nil && err != io.EOF {
						t.Fatalf("leaf %d: %v", i, err)
					}
				}
				parquet.Release(page)
				check.endPage()
			}
			check.end()
			if err := pages.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return leaves, f
}

// statsCheck compares statistics and column index of a chunk with its values.
type statsCheck struct {
	t     fataler
	path  []string
	leaf  parquet.Type
	chunk format.Statistics
	pages format.ColumnIndex

	page, values          int
	nulls, nullsOfChunk   int64
	unbounded, hasNumbers bool
}

func (c *statsCheck) value(v parquet.Value) {
	if v.IsNull() {
		c.nulls++
		return
	}
	c.values++
	if v.Kind() == parquet.Double && math.IsNaN(v.Double()) {
		return
	}
	c.hasNumbers = true
	c.within(v, "chunk", c.chunk.MinValue, c.chunk.MaxValue)
	if len(c.pages.NullPages) > 0 {
		c.within(v, "page", c.pages.MinValues[c.page], c.pages.MaxValues[c.page])
	}
}

func (c *statsCheck) within(v parquet.Value, of string, lo, hi []byte) {
	kind := c.leaf.Kind()
	if len(lo) == 0 && kind != parquet.ByteArray || lo == nil && of == "chunk" {
		c.t.Fatalf("%v: %s %d has no bounds", c.path, of, c.page)
	}
	if c.leaf.Compare(v, kind.Value(lo)) < 0 || c.leaf.Compare(v, kind.Value(hi)) > 0 {
		c.t.Fatalf("%v: %v is outside of %s %d: %x to %x", c.path, v, of, c.page, lo, hi)
	}
}

func (c *statsCheck) endPage() {
	if len(c.pages.NullPages) > 0 {
		if c.pages.NullCounts[c.page] != c.nulls || c.pages.NullPages[c.page] != (c.values == 0) {
			c.t.Fatalf("%v: page %d has %d nulls and %d values, index says %d", c.path, c.page, c.nulls, c.values, c.pages.NullCounts[c.page])
		}
	} else if c.values > 0 && !c.hasNumbers {
		c.unbounded = true
	}
	c.nullsOfChunk += c.nulls
	c.page, c.values, c.nulls, c.hasNumbers = c.page+1, 0, 0, false
}

func (c *statsCheck) end() {
	if c.chunk.NullCount != c.nullsOfChunk {
		c.t.Fatalf("%v: %d nulls, statistics say %d", c.path, c.nullsOfChunk, c.chunk.NullCount)
	}
	if len(c.pages.NullPages) == 0 && !c.unbounded {
		c.t.Fatalf("%v: no column index", c.path)
	}
}

func entryOf(v parquet.Value, maxDef int) entry {
	e := entry{rep: uint8(v.RepetitionLevel()), def: uint8(v.DefinitionLevel())}
	if v.DefinitionLevel() < maxDef {
		return e
	}
	switch v.Kind() {
	case parquet.Double:
		e.value = fmt.Sprintf("%x", math.Float64bits(v.Double()))
	case parquet.ByteArray:
		e.value = string(v.ByteArray())
	default:
		e.value = v.String()
	}
	return e
}
