package athena

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/varlake/varlake/export"
)

func TestPreview(t *testing.T) {
	tables := smallCohort()
	ds := writeDataset(t, t.TempDir(), tables)
	for _, table := range tables {
		for _, n := range []int{0, 1, 3, 100} {
			rows, err := Preview(ds, table.Name, n)
			if err == nil {
				var names []string
				for _, c := range rows.Columns {
					names = append(names, c.Name)
				}
				if want := (table.Partition != ""); (names[0] == "chrom") != want || len(names) != len(table.rows[0]) {
					t.Errorf("%s: columns %q", table.Name, names)
				}
			}
			got := collect(t, rows, err)
			want := table.rows[:min(n, len(table.rows))]
			if len(got) != len(want) {
				t.Fatalf("%s: %d rows of %d", table.Name, len(got), n)
			}
			for i := range want {
				if w := wide(list(want[i]...)); !reflect.DeepEqual(any(got[i]), w) {
					t.Errorf("%s row %d:\n got %v\nwant %v", table.Name, i, got[i], w)
				}
			}
		}
	}
}

func TestPreviewOfNothing(t *testing.T) {
	tables := smallCohort()
	for i := range tables {
		tables[i].rows = nil
	}
	ds := writeDataset(t, t.TempDir(), tables)
	for _, table := range tables {
		rows, err := Preview(ds, table.Name, 10)
		if got := collect(t, rows, err); len(got) > 0 {
			t.Errorf("%s: %v", table.Name, got)
		}
	}
}

func TestPreviewErrors(t *testing.T) {
	ds := writeDataset(t, t.TempDir(), smallCohort())
	if _, err := Preview(ds, "nosuch", 1); !errors.Is(err, ErrNoTable) || !strings.Contains(err.Error(), "variant_annotations") {
		t.Errorf("unknown table: %v", err)
	}
	if _, err := Preview(ds, Genotypes, 1); !errors.Is(err, ErrNoTable) || !strings.Contains(err.Error(), "view") {
		t.Errorf("view: %v", err)
	}
	first := ds.Manifest.Tables[0].Files[0].Path
	if err := os.WriteFile(filepath.Join(ds.Root, first), []byte("PAR1 no more"), 0o666); err != nil {
		t.Fatal(err)
	}
	rows, err := Preview(ds, export.Variants, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := rows.Next(); err == nil || !strings.Contains(err.Error(), "part-a.parquet") {
		t.Errorf("damaged file: %v", err)
	}
	os.Remove(filepath.Join(ds.Root, first))
	if rows, err = Preview(ds, export.Variants, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// A column that the manifest has and the file has not is NULL; the other way
// round it is left out; order is the manifest's.
func TestPreviewByName(t *testing.T) {
	ds := writeDataset(t, t.TempDir(), []testTable{{
		export.Table{Name: "t", Columns: columns("a", "array<int>", "b", "string", "c", "map<string,string>")},
		[][]any{{list(1, nil), "x", Map{{"k", nil}}}},
	}})
	ds.Manifest.Tables[0].Columns = columns("c", "map<string,string>", "new", "int", "b", "string")
	rows, err := Preview(ds, "t", 5)
	if got, want := collect(t, rows, err), [][]any{{Map{{"k", nil}}, nil, "x"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Whatever is written comes back, NULLs and empty lists told apart at any depth.
func TestAssembleProperty(t *testing.T) {
	dir := t.TempDir()
	types := []string{"boolean", "int", "bigint", "double", "string", "array<int>", "array<string>",
		"array<array<int>>", "array<array<double>>", "map<string,string>", "map<string,array<string>>"}
	var cols []string
	for _, typ := range types {
		cols = append(cols, "c"+strings.NewReplacer("<", "_", ">", "", ",", "_").Replace(typ), typ)
	}
	rapid.Check(t, func(r *rapid.T) {
		var rows [][]any
		for range rapid.IntRange(1, 4).Draw(r, "rows") {
			var row []any
			for _, typ := range types {
				row = append(row, drawValue(r, parseType(t, typ)))
			}
			rows = append(rows, row)
		}
		ds := writeDataset(t, dir, []testTable{{export.Table{Name: "t", Columns: columns(cols...)}, rows}})
		result, err := Preview(ds, "t", len(rows))
		for i, got := range collect(t, result, err) {
			if want := wide(list(rows[i]...)); !reflect.DeepEqual(any(got), want) {
				r.Fatalf("row %d:\n got %#v\nwant %#v", i, got, want)
			}
		}
	})
}

func drawValue(r *rapid.T, typ Type) any {
	if rapid.IntRange(0, 3).Draw(r, "null") == 0 {
		return nil
	}
	switch typ.name {
	case "boolean":
		return rapid.Bool().Draw(r, "boolean")
	case "int":
		return int(rapid.Int32().Draw(r, "int"))
	case "bigint":
		return int(rapid.Int64().Draw(r, "bigint"))
	case "double":
		return rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(r, "double")
	case "array":
		out := []any{}
		for range rapid.IntRange(0, 3).Draw(r, "length") {
			out = append(out, drawValue(r, typ.args[0]))
		}
		return out
	case "map":
		out := Map{}
		for i := range rapid.IntRange(0, 3).Draw(r, "entries") {
			key := string(rune('a'+i)) + rapid.StringN(0, 3, -1).Draw(r, "key")
			out = append(out, Entry{key, drawValue(r, typ.args[1])})
		}
		return out
	default:
		return rapid.StringN(0, 5, -1).Draw(r, "string")
	}
}

func TestText(t *testing.T) {
	tests := []struct {
		value any
		want  string
	}{
		{nil, "-"}, {true, "true"}, {int64(-3), "-3"}, {0.1, "0.1"}, {1e21, "1e+21"}, {math.NaN(), "NaN"}, {"a b", "a b"}, {"", ""},
		{list(), "[]"}, {list("0|1", nil), "[0|1, NULL]"}, {list(list(int64(1), nil), nil), "[[1, NULL], NULL]"},
		{Map{}, "{}"}, {Map{{"k", nil}, {"l", list("x")}}, "{k=NULL, l=[x]}"},
	}
	for _, test := range tests {
		if got := Text(test.value, "-"); got != test.want {
			t.Errorf("Text(%v) = %q, want %q", test.value, got, test.want)
		}
	}
	json, err := Map{{"b\"", nil}, {"a", list("x", int64(1))}}.MarshalJSON()
	if want := `{"b\"":null,"a":["x",1]}`; string(json) != want || err != nil {
		t.Errorf("MarshalJSON = %s, %v; want %s", json, err, want)
	}
}
