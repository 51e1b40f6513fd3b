package pq

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/rle"
)

// decodeHybrid reads n values by parquet-go's decoder, which pads the last group.
func decodeHybrid(t testing.TB, src []byte, width uint, n int) []uint32 {
	t.Helper()
	decoded, err := (&rle.Encoding{BitWidth: int(width)}).DecodeInt32(nil, src)
	if err != nil {
		t.Fatalf("width %d, %x: %v", width, src, err)
	}
	if len(decoded) < n {
		t.Fatalf("%d values of %d", len(decoded), n)
	}
	values := make([]uint32, n)
	for i := range values {
		values[i] = uint32(decoded[i])
	}
	return values
}

// FuzzHybrid writes runs as they are and their values one by one, and decodes both; without padding nothing may be left over.
func FuzzHybrid(f *testing.F) {
	f.Add([]byte{0, 1, 0, 7, 1, 1, 0, 200, 2, 3, 1, 8}, uint8(2))
	f.Add([]byte{3, 255, 9, 1, 3, 255, 9, 2, 3, 9, 200, 1, 7, 1, 8, 1}, uint8(11))
	f.Add([]byte{1, 9, 0, 9, 1, 9, 0, 1, 1, 1}, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, w uint8) {
		width := uint(w)%24 + 1
		// A table other than the identity, as dictionaries map ids.
		table := make([]uint32, 256)
		for i := range table {
			table[i] = uint32(i*2654435761) & (1<<width - 1)
		}
		runs := newHybrid([]byte{0}, width)
		var ids, want []uint32
		for ; len(data) >= 2; data = data[2:] {
			n := uint32(data[1])
			if n > 250 {
				n *= 100
			}
			runs.add(table[data[0]], n)
			for range n {
				ids = append(ids, uint32(data[0]))
				want = append(want, table[data[0]])
			}
		}
		if got := decodeHybrid(t, runs.finish(true)[1:], width, len(want)); !slices.Equal(got, want) {
			t.Errorf("runs: width %d, got %v, want %v", width, got, want)
		}
		exact := newHybrid(nil, width)
		exact.addIDs(ids, table)
		if all, err := (&rle.Encoding{BitWidth: int(width)}).DecodeInt32(nil, exact.finish(false)); err != nil || len(all) != len(want) {
			t.Errorf("ids without padding: width %d, %d values of %d: %v", width, len(all), len(want), err)
		}
		single := newHybrid([]byte{0}, width)
		single.addIDs(ids, table)
		if got := decodeHybrid(t, single.finish(true)[1:], width, len(want)); !slices.Equal(got, want) {
			t.Errorf("ids: width %d, got %v, want %v", width, got, want)
		}
	})
}

// FuzzLevels compares levels written several at a time with the same written run by run, and reads two pieces without padding as one.
func FuzzLevels(f *testing.F) {
	f.Add([]byte{0, 1, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2}, uint8(2))
	f.Add([]byte{0, 7, 1, 7, 0, 7, 1, 9, 0, 3, 1, 30, 0, 1}, uint8(3))
	f.Add([]byte{1, 1, 0, 1, 1, 200, 5, 1, 0, 2}, uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, highest uint8) {
		highest = max(1, highest%32)
		width := uint(bits.Len8(highest))
		var runs []LevelRun
		var want []uint32
		plain := newHybrid(nil, width)
		for ; len(data) >= 2; data = data[2:] {
			r := LevelRun{data[0] % (highest + 1), uint32(data[1]) + 1}
			runs = append(runs, r)
			want = append(want, slices.Repeat([]uint32{uint32(r.Level)}, int(r.N))...)
			plain.add(uint32(r.Level), r.N)
		}
		if got, want := appendLevels(nil, runs, highest, true), plain.finish(true); !slices.Equal(got, want) {
			t.Fatalf("%v: got %v, want %v", runs, got, want)
		}
		twice := appendLevels(appendLevels(nil, runs, highest, false), runs, highest, false)
		want = append(want, want...)
		if got := decodeHybrid(t, twice, width, len(want)); !slices.Equal(got, want) {
			t.Errorf("%v twice: got %v", runs, got)
		}
		if all, _ := (&rle.Encoding{BitWidth: int(width)}).DecodeInt32(nil, twice); len(all) != len(want) {
			t.Errorf("%v twice: %d values of %d", runs, len(all), len(want))
		}
	})
}

func TestHybridBytes(t *testing.T) {
	for _, test := range []struct {
		name  string
		width uint
		runs  []Run
		want  []byte
	}{
		{"one run", 1, []Run{{1, 100}}, append(binary.AppendUvarint(nil, 200), 1)},
		{"a short run between long ones", 2, []Run{{0, 50}, {1, 1}, {0, 20}}, []byte{100, 0, 2, 1, 40, 0}},
		{"the example of the format: 0 to 7 by 3 bits", 3, []Run{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}, {7, 1}},
			[]byte{3, 0b10001000, 0b11000110, 0b11111010}},
		{"two bytes a value", 9, []Run{{300, 8}}, []byte{16, 44, 1}},
	} {
		h := newHybrid([]byte{0}, test.width)
		for _, r := range test.runs {
			h.add(r.ID, r.N)
		}
		if got := h.finish(true)[1:]; !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestLevelReader(t *testing.T) {
	r := levelReader{runs: []LevelRun{{0, 1}, {1, 4}, {0, 3}, {1, 2}, {0, 1}}}
	var lengths []int
	for range 4 {
		n := r.entriesOf(1)
		r.take(nil, n)
		lengths = append(lengths, n)
	}
	if want := []int{5, 1, 1, 3}; !slices.Equal(lengths, want) {
		t.Errorf("rows have %v entries, want %v", lengths, want)
	}
	if n := r.entriesOf(10); n != 1 {
		t.Errorf("the rest has %d entries, want 1", n)
	}
	r = levelReader{runs: []LevelRun{{0, 1}, {1, 4}, {0, 3}}}
	if got, want := r.take(nil, 6), []LevelRun{{0, 1}, {1, 4}, {0, 1}}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
}
