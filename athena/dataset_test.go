package athena

import (
	"errors"
	"flag"
	"io"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/export"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// testTable is a table and its rows, the contig first where it has partitions.
type testTable struct {
	export.Table
	rows [][]any
}

func columns(namesAndTypes ...string) []export.Column {
	var list []export.Column
	for i := 0; i < len(namesAndTypes); i += 2 {
		list = append(list, export.Column{Name: namesAndTypes[i], Type: namesAndTypes[i+1]})
	}
	return list
}

func list(values ...any) []any { return append([]any{}, values...) }

// oddContigs have all that partition values and SQL literals can stumble over.
var oddContigs = []string{"22", "HLA-A*01:01", "chr \"x'; --é染\\", "1e5", "007"}

// smallCohort is three samples on five contigs: multi-allelic, haploid and
// half-called genotypes, a record without GT, NULLs at every depth.
func smallCohort() []testTable {
	odd := func(i int) string { return oddContigs[i] }
	return []testTable{
		{export.Table{Name: export.Variants, Partition: "chrom", Columns: columns(
			"input_index", "int", "record_offset", "bigint", "pos", "bigint", "end_pos", "bigint", "id", "string", "ref", "string",
			"alt", "array<string>", "qual", "double", "filter", "array<string>", "format", "string",
			"gt", "array<string>", "n_alt", "array<int>", "fmt_dp", "array<int>", "fmt_ad", "array<array<int>>", "fmt_other", "map<string,array<string>>")},
			[][]any{
				{odd(0), 0, 10, 100, 100, "rs1", "A", list("G"), 29.5, list("PASS"), "GT:DP:AD",
					list("0|0", "0|1", "1|1"), list(0, 1, 2), list(10, 20, nil), list(list(10, 0), list(9, 11), nil), nil},
				{odd(0), 0, 20, 200, 201, nil, "AT", list("A", "*"), nil, nil, "GT:DP:AD",
					list("./.", "1/2", "0/."), list(nil, 2, nil), list(nil, 30, 5), list(nil, list(0, 15, nil), list()), Map{{"XX", list("é", nil, "'")}}},
				{odd(0), 0, 30, 300, 300, "rs3", "C", nil, nil, list("q10", "s50"), "DP",
					nil, list(nil, nil, nil), list(1, 2, 3), nil, nil},
				{odd(1), 0, 40, 5, 5, nil, "G", list("T"), 0.0, nil, "DP:GT",
					list("0", "1", "0"), list(0, 1, 0), list(7, 8, 9), nil, Map{}},
				{odd(2), 0, 50, 1, 1, nil, "G", list("T"), nil, nil, "GT", list("0/0", "0/0", "0/0"), list(0, 0, 0), nil, nil, nil},
				{odd(3), 0, 60, 1, 1, nil, "G", list("T"), nil, nil, "XGT", nil, list(nil, nil, nil), nil, nil, nil},
				{odd(4), 0, 70, 1, 1, nil, "G", list("T"), nil, nil, nil, nil, list(nil, nil, nil), nil, nil, nil},
			}},
		{export.Table{Name: export.VariantAnnotations, Partition: "chrom", Columns: columns(
			"input_index", "int", "record_offset", "bigint", "pos", "bigint", "ref", "string", "alt", "array<string>",
			"info_db", "boolean", "info_af", "array<double>", "info_other", "map<string,string>", "qc_call_rate", "double")},
			[][]any{
				{odd(0), 0, 10, 100, "A", list("G"), true, list(0.5), nil, 1.0},
				{odd(0), 0, 20, 200, "AT", list("A", "*"), false, list(0.25, nil), Map{{"K", "v=1"}, {"FLAG", nil}}, 1.0 / 3},
				{odd(0), 0, 30, 300, "C", nil, false, nil, nil, 0.0},
			}},
		{export.Table{Name: export.SampleAnnotations, Columns: columns(
			"sample_id", "string", "sample_index", "bigint", "super_pop", "string", "note", "string", "date_", "string", "age", "bigint", "qc_call_rate", "double")},
			[][]any{
				{"NA1", 1, "AFR", "it's \"odd\"", "2020-01-01", 7, 0.5},
				{"NA 2'é", 2, "EUR", "", nil, nil, 1.0},
				{"NA3", 3, "EUR", "a\tb\n\\", "x", 1 << 40, nil},
			}},
	}
}

// writeDataset writes the tables below root and returns them as a dataset.
// Files hold two rows at most, in row groups of one.
func writeDataset(t testing.TB, root string, tables []testTable) *export.Dataset {
	t.Helper()
	m := &export.Manifest{Tool: "test", Schema: 1, Run: "r1"}
	for _, table := range tables {
		out := table.Table
		for i := 0; i < len(table.rows); {
			row := table.rows[i]
			folder, chrom, n := path.Join(export.RunPath(m.Run), out.Name), "", 1
			if out.Partition != "" {
				chrom = row[0].(string)
				folder = path.Join(folder, out.Partition+"="+export.EscapePartition(chrom))
			}
			if i+1 < len(table.rows) && (chrom == "" || table.rows[i+1][0] == row[0]) {
				n = 2
			}
			f := export.File{Path: path.Join(folder, "part-"+string(rune('a'+i))+".parquet"), Chrom: chrom, Rows: int64(n)}
			var rows [][]any
			for _, row := range table.rows[i : i+n] {
				rows = append(rows, row[len(row)-len(out.Columns):])
			}
			writeParquet(t, filepath.Join(root, f.Path), out.Columns, rows)
			out.Files = append(out.Files, f)
			i += n
		}
		m.Tables = append(m.Tables, out)
	}
	return &export.Dataset{Root: root, Manifest: m}
}

// writeParquet writes rows with parquet-go, each a row group of its own.
func writeParquet(t testing.TB, name string, columns []export.Column, rows [][]any) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	group := parquet.Group{}
	for _, c := range columns {
		group[c.Name] = node(t, parseType(t, c.Type))
	}
	schema := parquet.NewSchema("test", group)
	w := parquet.NewGenericWriter[any](f, schema, parquet.Compression(&parquet.Zstd))
	for _, row := range rows {
		leaves := make([][]parquet.Value, len(schema.Columns()))
		for i, c := range columns {
			typ := parseType(t, c.Type)
			first := firstLeaf(schema, c.Name)
			shred(typ, row[i], 0, 0, 0, first, leaves)
		}
		var flat parquet.Row
		for _, values := range leaves {
			flat = append(flat, values...)
		}
		if _, err := w.WriteRows([]parquet.Row{flat}); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func parseType(t testing.TB, s string) Type {
	t.Helper()
	typ, err := ParseType(s)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func firstLeaf(s *parquet.Schema, column string) int {
	for i, leaf := range s.Columns() {
		if leaf[0] == column {
			return i
		}
	}
	return -1
}

// node is the Parquet form of a type: all optional but the keys of maps.
func node(t testing.TB, typ Type) parquet.Node {
	switch typ.name {
	case "array":
		return parquet.Optional(parquet.List(node(t, typ.args[0])))
	case "map":
		return parquet.Optional(parquet.Map(parquet.Required(node(t, typ.args[0])), node(t, typ.args[1])))
	case "boolean":
		return parquet.Optional(parquet.Leaf(parquet.BooleanType))
	case "int":
		return parquet.Optional(parquet.Leaf(parquet.Int32Type))
	case "bigint":
		return parquet.Optional(parquet.Leaf(parquet.Int64Type))
	case "double":
		return parquet.Optional(parquet.Leaf(parquet.DoubleType))
	default:
		return parquet.Optional(parquet.String())
	}
}

// shred appends a value to the leaves of its column, the first of which is leaf.
// rep is the repetition level of this value, depth the number of lists around it.
func shred(typ Type, v any, rep, depth, def, leaf int, leaves [][]parquet.Value) {
	null := func() {
		for i := range leafCount(typ) {
			leaves[leaf+i] = append(leaves[leaf+i], parquet.NullValue().Level(rep, def, leaf+i))
		}
	}
	if v == nil {
		null()
		return
	}
	def++
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			null()
		}
		for i, elem := range v {
			if i > 0 {
				rep = depth + 1
			}
			shred(typ.args[0], elem, rep, depth+1, def+1, leaf, leaves)
		}
	case Map:
		if len(v) == 0 {
			null()
		}
		for i, e := range v {
			if i > 0 {
				rep = depth + 1
			}
			// The key is required: it has no level of its own.
			leaves[leaf] = append(leaves[leaf], parquet.ValueOf(e.Key).Level(rep, def+1, leaf))
			shred(typ.args[1], e.Value, rep, depth+1, def+1, leaf+1, leaves)
		}
	case int:
		if typ.name == "int" {
			leaves[leaf] = append(leaves[leaf], parquet.Int32Value(int32(v)).Level(rep, def, leaf))
		} else {
			leaves[leaf] = append(leaves[leaf], parquet.Int64Value(int64(v)).Level(rep, def, leaf))
		}
	default:
		leaves[leaf] = append(leaves[leaf], parquet.ValueOf(v).Level(rep, def, leaf))
	}
}

func leafCount(typ Type) int {
	switch typ.name {
	case "array":
		return leafCount(typ.args[0])
	case "map":
		return 1 + leafCount(typ.args[1])
	default:
		return 1
	}
}

// wide turns the ints of a test's row into the int64 of a result.
func wide(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = wide(v[i])
		}
		return out
	case Map:
		out := make(Map, len(v))
		for i, e := range v {
			out[i] = Entry{e.Key, wide(e.Value)}
		}
		return out
	default:
		return v
	}
}

// collect reads a result to its end and closes it.
func collect(t testing.TB, rows *Rows, err error) [][]any {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all [][]any
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
}

// golden compares with a golden file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", name, got)
	}
}
