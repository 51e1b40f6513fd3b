package pq

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

// writeFile writes a file of row groups, each with some vectors for every leaf.
func writeFile(t fataler, s *Schema, opt Options, groups [][][]*Vector) []byte {
	t.Helper()
	var out bytes.Buffer
	f := NewFile(&out, s, []KeyValue{{Key: "varlake.schema", Value: "1"}}, nil)
	chunks := make([]*Chunk, len(s.Leaves()))
	for i, leaf := range s.Leaves() {
		chunks[i] = NewChunk(leaf, opt)
	}
	for _, group := range groups {
		var rows int64
		for i, vectors := range group {
			rows = 0
			chunks[i].Reset()
			var pages []Work
			for _, v := range vectors {
				rows += int64(v.Rows)
				if p := chunks[i].Append(v); p != nil {
					pages = append(pages, p)
				}
			}
			slices.Reverse(pages) // any order will do
			for _, p := range pages {
				if err := p.Encode(); err != nil {
					t.Fatal(err)
				}
			}
			if err := chunks[i].Finish(); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.WriteRowGroup(rows, chunks); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f.Size() != int64(out.Len()) {
		t.Fatalf("Size is %d, file has %d bytes", f.Size(), out.Len())
	}
	return out.Bytes()
}

func mustSchema(t fataler, fields ...Field) *Schema {
	t.Helper()
	s, err := NewSchema("variants", fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec(2)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFooter(t *testing.T) {
	var out bytes.Buffer
	s := mustSchema(t, Field{Name: "pos", Type: "bigint", Delta: true}, Field{Name: "info_other", Type: "map<string,string>"})
	f := NewFile(&out, s, []KeyValue{{Key: "varlake.names", Value: "{}"}}, []SortingColumn{{Leaf: 0}})
	chunks := make([]*Chunk, len(s.Leaves()))
	for i, leaf := range s.Leaves() {
		chunks[i] = NewChunk(leaf, Options{Codec: mustCodec(t)})
		v := new(Vector)
		v.AddNulls(3)
		chunks[i].Append(v)
		if err := chunks[i].Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteRowGroup(3, chunks); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, read := readEntries(t, out.Bytes())
	meta := read.Metadata()
	if v, ok := read.Lookup("varlake.names"); !ok || v != "{}" {
		t.Errorf("metadata is %q", v)
	}
	if meta.CreatedBy != "varlake version "+Version {
		t.Errorf("created by %q", meta.CreatedBy)
	}
	if len(meta.ColumnOrders) != 3 {
		t.Errorf("%d column orders", len(meta.ColumnOrders))
	}
	g := meta.RowGroups[0]
	if len(g.SortingColumns) != 1 || g.SortingColumns[0].ColumnIdx != 0 || g.SortingColumns[0].Descending {
		t.Errorf("sorted by %v", g.SortingColumns)
	}
	if g.FileOffset != 4 || g.Columns[0].MetaData.DataPageOffset != 4 || g.NumRows != 3 {
		t.Errorf("row group of %d rows at %d, first page at %d", g.NumRows, g.FileOffset, g.Columns[0].MetaData.DataPageOffset)
	}
	const want = `message variants {
	optional int64 pos (INT(64,true));
	optional group info_other (MAP) {
		repeated group key_value {
			required binary key (STRING);
			optional binary value (STRING);
		}
	}
}`
	if got := read.Schema().String(); got != want {
		t.Errorf("schema is %s", got)
	}
}

func TestNoRows(t *testing.T) {
	s := mustSchema(t, Field{Name: "sample_id", Type: "string"})
	for _, groups := range [][][][]*Vector{nil, {{{}}}, {{{new(Vector)}}}} {
		entries, f := readEntries(t, writeFile(t, s, Options{Codec: mustCodec(t)}, groups))
		if len(entries[0]) != 0 || f.NumRows() != 0 || len(f.RowGroups()) != 0 {
			t.Errorf("%d rows in %d row groups", f.NumRows(), len(f.RowGroups()))
		}
	}
}

func TestSchemaErrors(t *testing.T) {
	for name, fields := range map[string][]Field{
		"no column":       nil,
		"empty name":      {{Name: "", Type: "int"}},
		"repeated name":   {{Name: "a", Type: "int"}, {Name: "a", Type: "int"}},
		"unknown type":    {{Name: "a", Type: "float"}},
		"open bracket":    {{Name: "a", Type: "array<int"}},
		"map of integers": {{Name: "a", Type: "map<int,string>"}},
	} {
		if _, err := NewSchema("t", fields); !errors.Is(err, ErrSchema) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIncompleteRowGroup(t *testing.T) {
	s := mustSchema(t, Field{Name: "a", Type: "int"})
	v := &Vector{Dict: new(Dict)}
	v.AddLevel(0, 1, 8)
	v.AddRun(v.Dict.InternInt32(1), 8)
	f := NewFile(io.Discard, s, nil, nil)
	c := NewChunk(s.Leaves()[0], Options{})
	page := c.Append(v)
	try := func(name string, rows int64, chunks ...*Chunk) {
		if err := f.WriteRowGroup(rows, chunks); !errors.Is(err, ErrRowGroup) {
			t.Errorf("%s: %v", name, err)
		}
	}
	try("no chunk", 8)
	try("not finished", 8, c)
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	try("page not encoded", 8, c)
	if err := page.Encode(); err != nil {
		t.Fatal(err)
	}
	try("other rows", 7, c)
	if err := f.WriteRowGroup(8, []*Chunk{c}); err != nil {
		t.Error(err)
	}
}

func TestWriteError(t *testing.T) {
	full := errors.New("no space")
	f := NewFile(writerFunc(func([]byte) (int, error) { return 0, full }), mustSchema(t, Field{Name: "a", Type: "int"}), nil, nil)
	if err := f.Close(); !errors.Is(err, full) {
		t.Errorf("Close gives %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }
