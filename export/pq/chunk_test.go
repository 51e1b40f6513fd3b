package pq

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go/format"
)

// column writes one scalar column of the vectors and returns its chunk's metadata, page index and entries, as parquet-go reads them.
func column(t *testing.T, field Field, opt Options, vectors ...*Vector) (*format.ColumnMetaData, format.ColumnIndex, format.OffsetIndex, []entry) {
	t.Helper()
	if field.Name == "" {
		field.Name = "x"
	}
	entries, f := readEntries(t, writeFile(t, mustSchema(t, field), opt, [][][]*Vector{{vectors}}))
	var index format.ColumnIndex
	if len(f.ColumnIndexes()) > 0 {
		index = f.ColumnIndexes()[0]
	}
	return &f.Metadata().RowGroups[0].Columns[0].MetaData, index, f.OffsetIndexes()[0], entries[0]
}

func TestNarrowEncodings(t *testing.T) {
	const rows = 50_000
	all := func(add func(v *Vector, i int)) *Vector {
		v := new(Vector)
		for i := range rows {
			add(v, i)
		}
		return v
	}
	for _, test := range []struct {
		name     string
		field    Field
		vector   *Vector
		encoding format.Encoding
		order    format.BoundaryOrder
	}{
		{"positions by difference", Field{Type: "bigint", Delta: true}, all(func(v *Vector, i int) { v.AddInt64(int64(10_000 + 3*i)) }),
			format.DeltaBinaryPacked, format.Ascending},
		{"int by difference", Field{Type: "int", Delta: true}, all(func(v *Vector, i int) { v.AddInt32(int32(-i)) }),
			format.DeltaBinaryPacked, format.Descending},
		{"few strings", Field{Type: "string"}, all(func(v *Vector, i int) { v.AddString([]string{"PASS", "LowQual"}[i%2]) }),
			format.RLEDictionary, format.Ascending},
		{"different strings", Field{Type: "string"}, all(func(v *Vector, i int) { v.AddBytes(fmt.Append(nil, "rs", i*7919%rows)) }),
			format.Plain, format.Unordered},
		{"few doubles", Field{Type: "double"}, all(func(v *Vector, i int) { v.AddDouble(float64(i%100) / 4) }),
			format.RLEDictionary, format.Ascending},
		{"different doubles", Field{Type: "double"}, all(func(v *Vector, i int) { v.AddDouble(1 / float64(i+1)) }),
			format.Plain, format.Descending},
		{"flags", Field{Type: "boolean"}, all(func(v *Vector, i int) { v.AddBool(i%3 == 0) }), format.Plain, format.Ascending},
		{"NULL alone", Field{Type: "string"}, all(func(v *Vector, _ int) { v.AddNulls(1) }), format.Plain, format.Ascending},
	} {
		t.Run(test.name, func(t *testing.T) {
			meta, index, offsets, entries := column(t, test.field, Options{Codec: mustCodec(t)}, test.vector)
			stats := meta.EncodingStats[len(meta.EncodingStats)-1]
			if stats.PageType != format.DataPage || stats.Encoding != test.encoding {
				t.Errorf("pages are %v, want %v", stats.Encoding, test.encoding)
			}
			if hasDict := meta.DictionaryPageOffset != 0; hasDict != (test.encoding == format.RLEDictionary) {
				t.Errorf("dictionary at %d with pages %v", meta.DictionaryPageOffset, test.encoding)
			}
			if n := len(offsets.PageLocations); n < 3 || int(stats.Count) != n {
				t.Errorf("%d pages, %d counted, want 3 or more", n, stats.Count)
			}
			if index.BoundaryOrder != test.order {
				t.Errorf("order is %v, want %v", index.BoundaryOrder, test.order)
			}
			if len(entries) != rows {
				t.Fatalf("%d rows, want %d", len(entries), rows)
			}
			want := test.vector.Values.textOf(test.field.Type)
			for i, s := range want {
				if entries[i].value != s {
					t.Fatalf("row %d is %q, want %q", i, entries[i].value, s)
				}
			}
		})
	}
}

func (v *Values) textOf(t Type) (texts []string) {
	k, _ := scalarKind(t)
	for i := range v.count(k) {
		switch k {
		case Boolean:
			texts = append(texts, scalar{v.Bool[i]}.text())
		case Int32:
			texts = append(texts, scalar{v.Int32[i]}.text())
		case Int64:
			texts = append(texts, scalar{v.Int64[i]}.text())
		case Double:
			texts = append(texts, scalar{v.Double[i]}.text())
		default:
			texts = append(texts, string(v.At(i)))
		}
	}
	return texts
}

func TestPageIndex(t *testing.T) {
	rows := func(values ...float64) *Vector {
		v := new(Vector)
		for _, x := range values {
			v.AddDouble(x)
		}
		v.AddNulls(2)
		return v
	}
	nulls := new(Vector)
	nulls.AddNulls(3)
	opt := Options{PageBytes: 1} // every vector is a page
	meta, index, offsets, _ := column(t, Field{Type: "double"}, opt, rows(1, 5), nulls, rows(3, math.NaN(), 9))
	if want := []bool{false, true, false}; !slices.Equal(index.NullPages, want) {
		t.Errorf("null pages %v, want %v", index.NullPages, want)
	}
	if want := []int64{2, 3, 2}; !slices.Equal(index.NullCounts, want) {
		t.Errorf("null counts %v, want %v", index.NullCounts, want)
	}
	if index.BoundaryOrder != format.Ascending {
		t.Errorf("order is %v", index.BoundaryOrder)
	}
	if meta.Statistics.NullCount != 7 {
		t.Errorf("null count of the chunk is %d", meta.Statistics.NullCount)
	}
	var first []int64
	for _, p := range offsets.PageLocations {
		first = append(first, p.FirstRowIndex)
	}
	if want := []int64{0, 4, 7}; !slices.Equal(first, want) {
		t.Errorf("pages begin at rows %v, want %v", first, want)
	}
	bounds := Values{Double: []float64{1, 9}}
	if want := bounds.appendPlain(nil, Double); !bytes.Equal(slices.Concat(meta.Statistics.MinValue, meta.Statistics.MaxValue), want) {
		t.Errorf("bounds of the chunk are %x %x", meta.Statistics.MinValue, meta.Statistics.MaxValue)
	}

	// A page of NaN has no bounds but is no null page: the format has no column index for that.
	_, f := readEntries(t, writeFile(t, mustSchema(t, Field{Name: "x", Type: "double"}), opt,
		[][][]*Vector{{{rows(1), rows(math.NaN())}}}))
	if c := f.Metadata().RowGroups[0].Columns[0]; c.ColumnIndexOffset != 0 || c.OffsetIndexOffset == 0 {
		t.Errorf("column index at %d, offset index at %d", c.ColumnIndexOffset, c.OffsetIndexOffset)
	}
}

// TestDictionaryFull checks that vectors after the dictionary is full come in a PLAIN page, those before by the width of their ids, and what the metadata says of that.
func TestDictionaryFull(t *testing.T) {
	page := func(from int) *Vector {
		v := &Vector{Dict: new(Dict)}
		for i := range 40 {
			v.AddLevel(0, 1, 1)
			v.IDs = append(v.IDs, v.Dict.InternInt32(int32(from+i%10)))
		}
		return v
	}
	meta, _, _, entries := column(t, Field{Type: "int"}, Options{DictEntries: 15}, page(0), page(10), page(20), page(30))
	want := []format.PageEncodingStats{
		{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1},
		{PageType: format.DataPage, Encoding: format.RLEDictionary, Count: 2},
		{PageType: format.DataPage, Encoding: format.Plain, Count: 1},
	}
	if !slices.Equal(meta.EncodingStats, want) {
		t.Errorf("encodings %v, want %v", meta.EncodingStats, want)
	}
	for i, e := range entries {
		if want := fmt.Sprint(i/40*10 + i%10); e.value != want {
			t.Fatalf("row %d is %s, want %s", i, e.value, want)
		}
	}
}

// TestAlwaysDict checks that a long value that many rows repeat is written once, among values that all differ and beyond a full dictionary.
func TestAlwaysDict(t *testing.T) {
	long := strings.Repeat("ACGT", 1<<18)
	page := func(from int) *Vector {
		v := &Vector{Dict: new(Dict)}
		for i := range 60 {
			v.AddLevel(0, 1, 1)
			text := long
			if i%3 != 0 {
				text = fmt.Sprint(from + i)
			}
			v.IDs = append(v.IDs, v.Dict.InternBytes([]byte(text)))
		}
		return v
	}
	meta, _, _, entries := column(t, Field{Type: "string"}, Options{DictEntries: 15, AlwaysDict: true}, page(0), page(100))
	if meta.TotalUncompressedSize > int64(2*len(long)) {
		t.Errorf("%d bytes, %v", meta.TotalUncompressedSize, meta.EncodingStats)
	}
	for i, e := range entries {
		if n, err := strconv.Atoi(strings.Trim(e.value, `"`)); i%3 != 0 && (err != nil || n != i/60*100+i%60) {
			t.Fatalf("row %d is %s", i, e.value)
		}
	}
}

// TestSetDict checks a dictionary that is given, and grows from page to page.
func TestSetDict(t *testing.T) {
	s := mustSchema(t, Field{Name: "x", Type: "bigint", Delta: true})
	given := new(Dict)
	c := NewChunk(s.Leaves()[0], Options{PageRows: 100})
	var want []int64
	for round := range 3 {
		if round < 2 { // the last time the chunk makes its own again
			c.SetDict(given)
		}
		for page := range int64(5) {
			v := &Vector{Dict: given}
			for i := range int64(100) {
				x := page*1000 - i%50
				v.AddLevel(0, 1, 1)
				v.IDs = append(v.IDs, given.InternInt64(x))
				want = append(want, x)
			}
			if err := c.Append(v).Encode(); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Finish(); err != nil {
			t.Fatal(err)
		}
		given.Reset() // it is of no use any more
		var out bytes.Buffer
		f := NewFile(&out, s, nil, nil)
		if err := errors.Join(f.WriteRowGroup(500, []*Chunk{c}), f.Close()); err != nil {
			t.Fatal(err)
		}
		if f.Rows() != 500 {
			t.Errorf("%d rows", f.Rows())
		}
		entries, opened := readEntries(t, out.Bytes())
		for i, e := range entries[0] {
			if e.value != fmt.Sprint(want[i]) {
				t.Fatalf("row %d is %s, want %d", i, e.value, want[i])
			}
		}
		if pages := len(opened.OffsetIndexes()[0].PageLocations); len(entries[0]) != 500 || pages != 5 {
			t.Errorf("%d entries in %d pages", len(entries[0]), pages)
		}
		c.Reset()
		want = want[:0]
		given = new(Dict)
		given.InternInt64(7) // which no row has
	}
}

// TestDictionaryHistory checks that what a vector's dictionary held before makes no difference to the bytes.
func TestDictionaryHistory(t *testing.T) {
	s := mustSchema(t, Field{Name: "gt", Type: "string"})
	write := func(history ...string) []byte {
		v := &Vector{Dict: new(Dict)}
		for _, old := range history {
			v.Dict.InternBytes([]byte(old))
		}
		for i := range 100 {
			v.AddLevel(0, 1, 1)
			v.AddRun(v.Dict.InternBytes([]byte{"AB"[i/7%2]}), 1)
		}
		return writeFile(t, s, Options{}, [][][]*Vector{{{v}}})
	}
	if !bytes.Equal(write(), write("Z", "B", strings.Repeat("long", 1<<20))) {
		t.Error("other bytes")
	}
}

func TestLongStrings(t *testing.T) {
	v := new(Vector)
	wide := &Vector{Dict: new(Dict)}
	long := []byte(strings.Repeat("ACGT", 1<<19))
	for i := range 20 {
		v.AddBytes(long[i:])
		wide.AddLevel(0, 1, 1)
		wide.AddRun(wide.Dict.InternBytes(long[i%2:]), 1)
	}
	small := new(Vector)
	small.AddString("T")
	meta, index, _, entries := column(t, Field{Type: "string"}, Options{Codec: mustCodec(t)}, small, v, small, wide)
	if len(entries) != 42 {
		t.Fatalf("%d rows", len(entries))
	}
	for i := range 20 {
		if entries[1+i].value != string(long[i:]) || entries[22+i].value != string(long[i%2:]) {
			t.Fatalf("row %d differs", i)
		}
	}
	for _, bound := range slices.Concat(index.MinValues, index.MaxValues, [][]byte{meta.Statistics.MaxValue}) {
		if len(bound) > maxBound {
			t.Errorf("a bound has %d bytes", len(bound))
		}
	}
}

func TestBadVectors(t *testing.T) {
	leaf := mustSchema(t, Field{Name: "gt", Type: "array<int>"}).Leaves()[0]
	for name, v := range map[string]*Vector{
		"no values":           {Rows: 1, Rep: []LevelRun{{0, 1}}, Def: []LevelRun{{3, 1}}},
		"levels differ":       {Rows: 1, Rep: []LevelRun{{0, 1}, {1, 1}}, Def: []LevelRun{{3, 1}}, Values: Values{Int32: []int32{1}}},
		"rows differ":         {Rows: 2, Rep: []LevelRun{{0, 1}}, Def: []LevelRun{{2, 1}}},
		"ids without a value": {Rows: 1, Rep: []LevelRun{{0, 1}}, Def: []LevelRun{{3, 1}}, Dict: new(Dict)},
	} {
		c := NewChunk(leaf, Options{})
		var err error
		if p := c.Append(v); p != nil {
			err = p.Encode()
		} else {
			err = c.Finish()
		}
		if !errors.Is(err, ErrVector) || !strings.Contains(err.Error(), "gt.list.element") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParallel encodes all pages of a row group at once and compares the file with one made page by page.
func TestParallel(t *testing.T) {
	s := mustSchema(t, Field{Name: "gt", Type: "array<string>"})
	var vectors []*Vector
	for seed := range uint64(6) {
		vectors = append(vectors, sparsePage(seed))
	}
	want := writeFile(t, s, Options{Codec: mustCodec(t)}, [][][]*Vector{{vectors}})

	chunk := NewChunk(s.Leaves()[0], Options{Codec: mustCodec(t)})
	var wg sync.WaitGroup
	for _, v := range vectors {
		page := chunk.Append(v)
		wg.Go(func() {
			if err := page.Encode(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if err := chunk.Finish(); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	var got bytes.Buffer
	f := NewFile(&got, s, []KeyValue{{Key: "varlake.schema", Value: "1"}}, nil)
	if err := f.WriteRowGroup(int64(len(vectors)*benchRows), []*Chunk{chunk}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("other bytes")
	}
}
