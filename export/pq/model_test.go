package pq

import (
	"fmt"
	"math"
	"strings"

	"pgregory.net/rapid"
)

// scalar is a value in a form that equals only equal values, with what to put into a vector.
type scalar struct {
	value any // bool, int32, int64, float64, string
}

func (s scalar) text() string {
	if x, ok := s.value.(float64); ok {
		return fmt.Sprintf("%x", math.Float64bits(x))
	}
	return fmt.Sprint(s.value)
}

// model is a row's value of one leaf, written out: every entry with its levels and, where there is one, its value.
type model struct {
	rep, def uint8
	scalar   *scalar
}

func drawScalar(t *rapid.T, k Kind) *scalar {
	switch k {
	case Boolean:
		return &scalar{rapid.Bool().Draw(t, "bool")}
	case Int32:
		return &scalar{rapid.OneOf(rapid.Int32Range(-2, 120), rapid.Int32()).Draw(t, "int")}
	case Int64:
		return &scalar{rapid.OneOf(rapid.Int64Range(0, 300), rapid.Int64()).Draw(t, "bigint")}
	case Double:
		odd := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0.5, 1}
		return &scalar{rapid.OneOf(rapid.SampledFrom(odd), rapid.Float64()).Draw(t, "double")}
	default:
		common := []string{"", "0|0", "0|1", "PASS", strings.Repeat("é", 50), strings.Repeat("\U0010FFFF", 40)}
		return &scalar{rapid.OneOf(rapid.SampledFrom(common), rapid.String()).Draw(t, "string")}
	}
}

// drawRow draws the entries of one row of a leaf: any list lengths, with NULL at any level.
func drawRow(t *rapid.T, l *Leaf) []model {
	if l.MaxRep == 0 {
		def := rapid.Uint8Range(0, 1).Draw(t, "def")
		return []model{withValue(t, l, 0, def)}
	}
	reps := append([]uint8{0}, rapid.SliceOfN(rapid.Uint8Range(1, l.MaxRep), 0, 20).Draw(t, "reps")...)
	row := make([]model, len(reps))
	for i, rep := range reps {
		// A row of one entry may be NULL or empty at any level; a list that goes on has elements, if NULL ones.
		lowest := uint8(0)
		switch {
		case rep == 2, i+1 < len(reps) && reps[i+1] == 2:
			lowest = 4
		case len(reps) > 1:
			lowest = 2
		}
		row[i] = withValue(t, l, rep, rapid.Uint8Range(lowest, l.MaxDef).Draw(t, "def"))
	}
	return row
}

// drawRows draws rows of a leaf; many repeat the one before, as real ones do.
func drawRows(t *rapid.T, l *Leaf, n int) [][]model {
	rows := make([][]model, n)
	for r := range rows {
		if r > 0 && rapid.IntRange(0, 2).Draw(t, "repeat") > 0 {
			rows[r] = rows[r-1]
		} else {
			rows[r] = drawRow(t, l)
		}
	}
	return rows
}

// drawVectors cuts rows into vectors anywhere, each in any form.
func drawVectors(t *rapid.T, l *Leaf, rows [][]model) (vectors []*Vector) {
	for len(rows) > 0 {
		n := rapid.IntRange(1, len(rows)).Draw(t, "vector rows")
		v := new(Vector)
		fill(v, l.Physical, rows[:n], rapid.SampledFrom([]string{"plain", "runs", "ids"}).Draw(t, "form"))
		vectors, rows = append(vectors, v), rows[n:]
	}
	return vectors
}

func withValue(t *rapid.T, l *Leaf, rep, def uint8) model {
	m := model{rep: rep, def: def}
	if def == l.MaxDef {
		m.scalar = drawScalar(t, l.Physical)
	}
	return m
}

// fill adds rows to a vector, in one of the three forms.
func fill(v *Vector, k Kind, rows [][]model, form string) {
	if form != "plain" && k != Boolean {
		v.Dict = new(Dict)
	}
	for _, row := range rows {
		for _, m := range row {
			v.AddLevel(m.rep, m.def, 1)
			if m.scalar == nil {
				continue
			}
			switch {
			case v.Dict == nil:
				appendValue(&v.Values, m.scalar)
			case form == "runs":
				v.AddRun(internValue(v.Dict, m.scalar), 1)
			default:
				v.IDs = append(v.IDs, internValue(v.Dict, m.scalar))
			}
		}
	}
}

func appendValue(v *Values, s *scalar) {
	switch x := s.value.(type) {
	case bool:
		v.Bool = append(v.Bool, x)
	case int32:
		v.Int32 = append(v.Int32, x)
	case int64:
		v.Int64 = append(v.Int64, x)
	case float64:
		v.Double = append(v.Double, x)
	case string:
		v.AppendString(x)
	}
}

func internValue(d *Dict, s *scalar) uint32 {
	switch x := s.value.(type) {
	case int32:
		return d.InternInt32(x)
	case int64:
		return d.InternInt64(x)
	case float64:
		return d.InternDouble(x)
	default:
		return d.InternBytes([]byte(x.(string)))
	}
}

func entriesOf(rows [][]model) []entry {
	var all []entry
	for _, row := range rows {
		for _, m := range row {
			e := entry{rep: m.rep, def: m.def}
			if m.scalar != nil {
				e.value = m.scalar.text()
			}
			all = append(all, e)
		}
	}
	return all
}
