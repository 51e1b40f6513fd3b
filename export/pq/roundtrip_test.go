package pq

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var allTypes = []Type{"boolean", "int", "bigint", "double", "string", "array<int>", "array<string>", "array<double>",
	"array<array<int>>", "array<array<string>>", "map<string,string>", "map<string,array<string>>"}

// TestRoundTrip writes random tables in random pieces and forms, and reads them by parquet-go.
func TestRoundTrip(t *testing.T) { rapid.Check(t, roundTrip(mustCodec(t))) }

// FuzzRoundTrip is TestRoundTrip by coverage.
func FuzzRoundTrip(f *testing.F) { f.Fuzz(rapid.MakeFuzz(roundTrip(mustCodec(f)))) }

func roundTrip(codec *Codec) func(*rapid.T) {
	return func(t *rapid.T) {
		var fields []Field
		for i, typ := range rapid.SliceOfN(rapid.SampledFrom(allTypes), 1, 4).Draw(t, "types") {
			fields = append(fields, Field{Name: fmt.Sprint("c", i), Type: typ, Delta: rapid.Bool().Draw(t, "delta")})
		}
		s := mustSchema(t, fields...)
		opt := Options{
			Codec:       rapid.SampledFrom([]*Codec{nil, codec}).Draw(t, "codec"),
			DictEntries: rapid.SampledFrom([]int{0, 4, 30}).Draw(t, "dictionary entries"),
			PageRows:    rapid.IntRange(1, 50).Draw(t, "page rows"),
			PageBytes:   rapid.SampledFrom([]int{0, 16, 100, 1000}).Draw(t, "page bytes"),
		}
		want := make([][]entry, len(s.Leaves()))
		groups := make([][][]*Vector, rapid.IntRange(0, 2).Draw(t, "row groups"))
		for g := range groups {
			rows := rapid.IntRange(0, 60).Draw(t, "rows")
			for i := range s.Leaves() {
				leaf := &s.Leaves()[i]
				drawn := drawRows(t, leaf, rows)
				want[i] = append(want[i], entriesOf(drawn)...)
				groups[g] = append(groups[g], drawVectors(t, leaf, drawn))
			}
		}
		file := writeFile(t, s, opt, groups)
		got, _ := readEntries(t, file)
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("leaf %s:\ngot  %v\nwant %v", s.Leaves()[i].Name(), got[i], want[i])
			}
		}
		if again := writeFile(t, s, opt, groups); !bytes.Equal(file, again) {
			t.Fatal("the same vectors gave other bytes")
		}
	}
}

// TestForms writes the same rows plain, by runs and by ids; the tables are equal, and so are the pages of ids.
func TestForms(t *testing.T) {
	s := mustSchema(t, Field{Name: "gt", Type: "array<string>"})
	write := func(form string) []byte {
		v := new(Vector)
		var rows [][]model
		for r := range 200 {
			row := make([]model, 100)
			for i := range row {
				row[i] = model{rep: 1, def: 3, scalar: &scalar{"0|0"}}
				if (r*i)%31 == 7 {
					row[i].scalar = &scalar{fmt.Sprint("0|", r%5)}
				} else if (r+i)%41 == 1 {
					row[i] = model{rep: 1, def: 2}
				}
			}
			row[0].rep = 0
			rows = append(rows, row)
		}
		fill(v, Bytes, rows, form)
		file := writeFile(t, s, Options{Codec: mustCodec(t)}, [][][]*Vector{{{v}}})
		if got, _ := readEntries(t, file); !slices.Equal(got[0], entriesOf(rows)) {
			t.Errorf("%s: other values", form)
		}
		return file
	}
	runs, ids, plain := write("runs"), write("ids"), write("plain")
	if d := len(runs) - len(ids); d > len(ids)/10 || d < -len(ids)/10 {
		t.Errorf("runs take %d bytes, ids %d", len(runs), len(ids))
	}
	if len(plain) > 2*len(ids) {
		t.Errorf("plain takes %d bytes, ids %d", len(plain), len(ids))
	}
}
