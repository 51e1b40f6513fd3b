package pq

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// list is a list of scalars, nil (NULL) or lists; pairs is a map in order.
type (
	list  []any
	pair  struct{ key, value any }
	pairs []pair
)

// shred adds a row to the vectors of a field, given as the format describes it: recursively, by the text of the Dremel paper.
func shred(vectors []*Vector, leaves []Leaf, value any) {
	var walk func(v *Vector, keys bool, value any, rep, def, depth uint8)
	walk = func(v *Vector, keys bool, value any, rep, def, depth uint8) {
		switch x := value.(type) {
		case nil:
			v.AddLevel(rep, def, 1)
		case list:
			if len(x) == 0 {
				v.AddLevel(rep, def+1, 1)
			}
			for i, item := range x {
				if i > 0 {
					rep = depth + 1
				}
				walk(v, keys, item, rep, def+2, depth+1)
			}
		case pairs:
			if len(x) == 0 {
				v.AddLevel(rep, def+1, 1)
			}
			for i, p := range x {
				if i > 0 {
					rep = depth + 1
				}
				if keys {
					v.AddLevel(rep, def+2, 1) // a key is required
					v.AppendString(p.key.(string))
				} else {
					walk(v, keys, p.value, rep, def+2, depth+1)
				}
			}
		default:
			v.AddLevel(rep, def+1, 1)
			appendValue(&v.Values, &scalar{x})
		}
	}
	for i, v := range vectors {
		walk(v, len(leaves) == 2 && i == 0, value, 0, 0, 0)
	}
}

// jsonOf writes a value as Python's json reads it: NaN and infinities by name, maps as lists of pairs.
func jsonOf(value any) string {
	switch x := value.(type) {
	case nil:
		return "null"
	case list:
		items := make([]string, len(x))
		for i, item := range x {
			items[i] = jsonOf(item)
		}
		return "[" + strings.Join(items, ",") + "]"
	case pairs:
		items := make(list, len(x))
		for i, p := range x {
			items[i] = list{p.key, p.value}
		}
		return jsonOf(items)
	case string:
		return strconv.Quote(x)
	case float64:
		switch {
		case math.IsNaN(x):
			return "NaN"
		case math.IsInf(x, 0):
			return strings.TrimPrefix(fmt.Sprintf("%+f", x), "+") + "inity"
		}
		return strconv.FormatFloat(x, 'e', -1, 64)
	default:
		return fmt.Sprint(x)
	}
}

// draw returns a random value of a type, NULL now and then at every level.
func draw(rng *rand.Rand, t Type) any {
	if rng.IntN(8) == 0 {
		return nil
	}
	if item, ok := typeArgument(t, "array<"); ok {
		x := make(list, rng.IntN(6))
		for i := range x {
			x[i] = draw(rng, item)
		}
		return x
	}
	if item, ok := typeArgument(t, "map<string,"); ok {
		x := make(pairs, rng.IntN(4))
		for i := range x {
			x[i] = pair{fmt.Sprint("KEY", i), draw(rng, item)}
		}
		return x
	}
	switch t {
	case "boolean":
		return rng.IntN(2) == 0
	case "int":
		return int32(rng.IntN(100) - 1)
	case "bigint":
		return rng.Int64()
	case "double":
		return []float64{math.NaN(), 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), 0.5, rng.NormFloat64(), 1e300}[rng.IntN(8)]
	default:
		long := strings.Repeat("ACGT", 40) + fmt.Sprint(rng.IntN(9))
		return []string{"", "0|0", "0|1", "ä\u00DF\U0001F9EC", long, fmt.Sprint("rs", rng.IntN(1e9))}[rng.IntN(6)]
	}
}

// TestReaders has other readers compare a file of all types with its source. It needs a Python that has pyarrow, duckdb and polars.
func TestReaders(t *testing.T) {
	python := os.Getenv("VARLAKE_PYTHON")
	if python == "" {
		t.Skip("VARLAKE_PYTHON names no interpreter")
	}
	fields := []Field{{Name: "pos", Type: "bigint", Delta: true}, {Name: "n", Type: "int", Delta: true}, {Name: "depth", Type: "int"}}
	for i, typ := range allTypes {
		fields = append(fields, Field{Name: fmt.Sprint("c", i), Type: typ})
	}
	s := mustSchema(t, fields...)
	rng := rand.New(rand.NewPCG(1, 2))
	var source bytes.Buffer
	var groups [][][]*Vector
	for group := range 3 {
		vectors := make([][]*Vector, len(s.Leaves()))
		for part := range 4 {
			for i := range vectors {
				vectors[i] = append(vectors[i], new(Vector))
			}
			for row := range 300 {
				values := make([]any, len(fields))
				for f, field := range fields {
					values[f] = draw(rng, field.Type)
				}
				values[0] = int64(group*10_000 + part*1000 + row)
				values[2] = int32(part*1000 + row%140) // a dictionary that needs more than 8 bits
				at := 0
				for f := range fields {
					n := at
					var into []*Vector
					for ; n < len(s.Leaves()) && s.Leaves()[n].Field == f; n++ {
						into = append(into, vectors[n][part])
					}
					shred(into, s.Leaves()[at:n], values[f])
					at = n
				}
				for f, field := range fields {
					fmt.Fprintf(&source, "%s%q:%s", map[bool]string{true: "{", false: ","}[f == 0], field.Name, jsonOf(values[f]))
				}
				source.WriteString("}\n")
			}
			// Every other part by ids, as wide columns come.
			for i := range vectors {
				if leaf := s.Leaves()[i]; part%2 == 1 && leaf.Physical != Boolean && !leaf.Delta {
					internVector(vectors[i][part], leaf.Physical)
				}
			}
		}
		groups = append(groups, vectors)
	}
	path := filepath.Join(t.TempDir(), "all.parquet")
	file := writeFile(t, s, Options{Codec: mustCodec(t), PageRows: 100}, groups)
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".json", source.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "testdata/check_readers.py", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

// internVector gives a plain vector ids.
func internVector(v *Vector, k Kind) {
	v.Dict = new(Dict)
	for i := range v.Values.count(k) {
		v.IDs = append(v.IDs, v.Dict.Intern(k, &v.Values, uint32(i)))
	}
	v.Values.reset()
}
