package pq

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/format"
)

// TestDict interns values of every type many times over, with Reset between, and compares with a map.
func TestDict(t *testing.T) {
	for name, intern := range map[string]func(d *Dict, i int) (any, uint32){
		"int32": func(d *Dict, i int) (any, uint32) { x := int32(i*i*7 - 900); return x, d.InternInt32(x) },
		"int32s": func(d *Dict, i int) (any, uint32) {
			x := uint32(i * i * 7)
			values := []uint32{x, x}
			if d.InternInt32s(values); values[0] != values[1] {
				t.Errorf("%d has ids %v", x, values)
			}
			return x, values[1]
		},
		"int64": func(d *Dict, i int) (any, uint32) { x := int64(i) << 40; return x, d.InternInt64(x) },
		"double": func(d *Dict, i int) (any, uint32) {
			x := 1 / float64(i-50)
			return math.Float64bits(x), d.InternDouble(x)
		},
		"bytes": func(d *Dict, i int) (any, uint32) { x := fmt.Sprint(i % 700); return x, d.InternBytes([]byte(x)) },
	} {
		t.Run(name, func(t *testing.T) {
			var d Dict
			for round := range 3 {
				ids := make(map[any]uint32)
				for i := range 4000 >> (3 * round) { // each round smaller: the table shrinks
					for _, j := range []int{i, i / 3, i} {
						value, id := intern(&d, j)
						want, seen := ids[value]
						if !seen {
							want = uint32(len(ids))
							ids[value] = want
						}
						if id != want {
							t.Fatalf("round %d: %v has id %d, want %d", round, value, id, want)
						}
					}
				}
				if d.Len() != len(ids) {
					t.Fatalf("Len is %d, want %d", d.Len(), len(ids))
				}
				d.Reset()
			}
		})
	}
}

// TestDictTruncate forgets values and finds that those kept have their ids, and the others are new again.
func TestDictTruncate(t *testing.T) {
	for _, kept := range []int{0, 1, 500} {
		var ints, texts Dict
		intern := func(from, to int) {
			for i := from; i < to; i++ {
				if id := ints.InternInt32(int32(i * 17)); id != uint32(i) {
					t.Fatalf("%d kept: int %d has id %d", kept, i, id)
				}
				if id := texts.InternBytes(fmt.Append(nil, i)); id != uint32(i) {
					t.Fatalf("%d kept: string %d has id %d", kept, i, id)
				}
			}
		}
		intern(0, 1000)
		ints.truncate(kept)
		texts.truncate(kept)
		if ints.Len() != kept || texts.Len() != kept || len(texts.Bytes) != len(texts.Values.part(Bytes, 0, kept).Bytes) {
			t.Fatalf("%d and %d values, want %d", ints.Len(), texts.Len(), kept)
		}
		intern(0, 1200)
	}
}

// TestDictionaryEnds checks that the first page whose values mostly differ ends the dictionary of plain vectors, and leaves nothing in it.
func TestDictionaryEnds(t *testing.T) {
	few, many := new(Vector), new(Vector)
	for i := range 2000 {
		few.AddDouble(float64(i % 10))
		many.AddDouble(float64(i))
	}
	meta, _, _, entries := column(t, Field{Type: "double"}, Options{PageRows: 2000}, few, many, few)
	want := []format.PageEncodingStats{
		{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1},
		{PageType: format.DataPage, Encoding: format.RLEDictionary, Count: 1},
		{PageType: format.DataPage, Encoding: format.Plain, Count: 2},
	}
	if !slices.Equal(meta.EncodingStats, want) {
		t.Errorf("encodings %v, want %v", meta.EncodingStats, want)
	}
	if size := meta.DataPageOffset - meta.DictionaryPageOffset; size > 120 {
		t.Errorf("the dictionary of 10 values takes %d bytes", size)
	}
	for i, e := range entries {
		x := float64(i % 10)
		if i/2000 == 1 {
			x = float64(i - 2000)
		}
		if want := (scalar{x}).text(); e.value != want {
			t.Fatalf("row %d is %s, want %s", i, e.value, want)
		}
	}
}

func TestDictKeepsMemory(t *testing.T) {
	var d Dict
	text := []byte("0|1")
	round := func() {
		d.Reset()
		for i := range 1000 {
			d.InternInt32(int32(i * 11))
		}
	}
	round()
	if n := testing.AllocsPerRun(10, round); n > 0 {
		t.Errorf("%v allocations after Reset", n)
	}
	d = Dict{}
	d.InternBytes(text)
	if n := testing.AllocsPerRun(10, func() { d.InternBytes(text) }); n > 0 {
		t.Errorf("%v allocations for a known string", n)
	}
}
