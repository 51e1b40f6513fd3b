package pq

import (
	"fmt"
	"math"
	"testing"
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
