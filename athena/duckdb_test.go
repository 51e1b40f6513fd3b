//go:build cgo

package athena

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/varlake/varlake/export"
)

func query(t testing.TB, ds *export.Dataset, statement string) [][]any {
	t.Helper()
	rows, err := Query(t.Context(), ds, statement)
	if err != nil {
		t.Fatalf("%v\nin %s", err, statement)
	}
	return collect(t, rows, nil)
}

// The two readers of Parquet agree with what was written.
func TestQueryTables(t *testing.T) {
	tables := smallCohort()
	ds := writeDataset(t, t.TempDir(), tables)
	for _, table := range tables {
		got := query(t, ds, "SELECT * FROM "+table.Name)
		want := make(map[string]int)
		for _, row := range table.rows {
			if table.Partition != "" {
				row = append(row[1:len(row):len(row)], row[0]) // as in Athena, the partition column is the last
			}
			want[Text(wide(list(row...)), "")]++
		}
		for _, row := range got {
			want[Text(list(row...), "")]--
		}
		for row, n := range want {
			if n != 0 {
				t.Errorf("%s: %+d times %s", table.Name, -n, row)
			}
		}
	}
}

// genotypesOf computes the view genotypes from the tables, row by row.
func genotypesOf(tables []testTable) (rows [][]any) {
	samples := tables[2].rows
	for _, v := range tables[0].rows {
		calls := v[12].([]any) // n_alt
		for i := range calls {
			row := append([]any{}, v[:10]...) // chrom to filter
			row = append(row, samples[i][1], samples[i][0])
			for _, array := range v[11:15] { // gt, n_alt, fmt_dp, fmt_ad
				if array == nil {
					row = append(row, nil)
				} else {
					row = append(row, array.([]any)[i])
				}
			}
			rows = append(rows, wide(append(row, samples[i][2:]...)).([]any))
		}
	}
	return rows
}

func TestViews(t *testing.T) {
	tables := smallCohort()
	ds := writeDataset(t, t.TempDir(), tables)
	all := genotypesOf(tables)
	got := query(t, ds, "SELECT * FROM genotypes ORDER BY record_offset, sample_index")
	if !reflect.DeepEqual(got, all) {
		t.Errorf("genotypes:\n got %v\nwant %v", got, all)
	}

	var carriers [][]any
	for _, g := range all {
		gt, nAlt := g[12], g[13]
		if gt != nil && nAlt != int64(0) {
			carriers = append(carriers, []any{g[0], g[10], g[11], g[3], g[6], g[7], gt, nAlt, g[14]})
		}
	}
	got = query(t, ds, "SELECT * FROM carriers ORDER BY chrom, pos, sample_index")
	sorted := query(t, ds, "SELECT chrom, sample_index, sample_id, pos, ref, alt, gt, n_alt, fmt_dp FROM carriers ORDER BY chrom, pos, sample_index")
	if !reflect.DeepEqual(got, sorted) {
		t.Errorf("carriers has other columns: %v", got)
	}
	if len(got) != len(carriers) {
		t.Errorf("carriers: %d rows, want %d", len(got), len(carriers))
	}
	for _, want := range carriers {
		found := false
		for _, row := range got {
			found = found || reflect.DeepEqual(row, want)
		}
		if !found {
			t.Errorf("carriers lacks %v", want)
		}
	}
}

// A table of carriers takes the place of the view.
func TestCarriersTable(t *testing.T) {
	tables := append(smallCohort(), testTable{
		export.Table{Name: Carriers, Partition: "chrom", Columns: columns("sample_index", "bigint", "gt", "string")},
		[][]any{{"22", 9, "from the table"}},
	})
	ds := writeDataset(t, t.TempDir(), tables)
	got := query(t, ds, "SELECT * FROM carriers")
	if want := [][]any{{int64(9), "from the table", "22"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestQueryOfNothing(t *testing.T) {
	tables := smallCohort()
	for i := range tables {
		tables[i].rows = nil
	}
	ds := writeDataset(t, t.TempDir(), tables)
	for _, name := range []string{export.Variants, export.VariantAnnotations, export.SampleAnnotations, Genotypes, Carriers} {
		rows, err := Query(t.Context(), ds, "SELECT * FROM "+name)
		if err == nil && len(rows.Columns) == 0 {
			t.Errorf("%s has no columns", name)
		}
		if got := collect(t, rows, err); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	types := query(t, ds, "SELECT typeof(gt), typeof(fmt_ad), typeof(fmt_other), typeof(chrom) FROM (SELECT 1) LEFT JOIN variants ON true")
	if want := [][]any{{"VARCHAR[]", "INTEGER[][]", "MAP(VARCHAR, VARCHAR[])", "VARCHAR"}}; !reflect.DeepEqual(types, want) {
		t.Errorf("types %v, want %v", types, want)
	}
}

// DuckDB would take such folders for patterns and partitions.
func TestQueryOddRoots(t *testing.T) {
	for _, name := range []string{"chrom=9", "my[1]", "a*b?", "{x}", "it's \"here\" é", "a,b c"} {
		parent := t.TempDir()
		root := filepath.Join(parent, name, "dataset")
		ds := writeDataset(t, root, smallCohort())
		decoy := filepath.Join(parent, "my1", "dataset")
		writeDataset(t, decoy, smallCohort()[:1])
		got := query(t, ds, "SELECT count(*), min(chrom), count(DISTINCT chrom) FROM variants WHERE chrom <> '9'")
		if want := [][]any{{int64(7), "007", int64(5)}}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		if _, err := os.Stat(filepath.Join(root, "runs")); err != nil {
			t.Errorf("%s: after the query: %v", name, err)
		}
	}
}

// Each example of testdata/examples.sql, which are written for Athena, runs in
// DuckDB too. Their results were compared with those of Trino 476.
func TestExamples(t *testing.T) {
	ds := writeDataset(t, t.TempDir(), smallCohort())
	script, err := os.ReadFile("testdata/examples.sql")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, statement := range strings.Split(strings.TrimSpace(string(script)), ";\n") {
		statement = strings.TrimSuffix(statement, ";")
		fmt.Fprintf(&b, "%s;\n", strings.TrimSpace(statement))
		for _, row := range query(t, ds, statement) {
			b.WriteString("--> " + strings.ReplaceAll(Text(row, ""), "\n", "⏎") + "\n")
		}
		b.WriteByte('\n')
	}
	golden(t, "testdata/examples.golden", b.String())
}

// The answers are those that Trino's documentation gives for its functions.
func TestMacros(t *testing.T) {
	ds := writeDataset(t, t.TempDir(), smallCohort()[2:])
	for expression, want := range map[string]any{
		"cardinality(ARRAY[1, NULL])":                                       int64(2),
		"cardinality(CAST(NULL AS int[]))":                                  nil,
		"element_at(ARRAY[5, 6], 2)":                                        int64(6),
		"element_at(ARRAY[5, 6], -1)":                                       int64(6),
		"element_at(ARRAY[5, 6], 3)":                                        nil,
		"element_at(CAST(NULL AS int[]), 1)":                                nil,
		"element_at(MAP {'a': 'x'}, 'a')":                                   "x",
		"element_at(MAP {'a': 'x'}, 'b')":                                   nil,
		"any_match(ARRAY[1, 2], x -> x > 1)":                                true,
		"any_match(ARRAY[1, NULL], x -> x > 1)":                             nil,
		"any_match(ARRAY[2, NULL], x -> x > 1)":                             true,
		"any_match(ARRAY[1], x -> x > 1)":                                   false,
		"any_match(CAST(ARRAY[] AS int[]), x -> x > 1)":                     false,
		"any_match(CAST(NULL AS int[]), x -> x > 1)":                        nil,
		"any_match(ARRAY['a'], x -> x = 'a')":                               true,
		"all_match(ARRAY[1, 2], x -> x > 0)":                                true,
		"all_match(ARRAY[1, NULL], x -> x > 0)":                             nil,
		"all_match(ARRAY[0, NULL], x -> x > 0)":                             false,
		"all_match(CAST(ARRAY[] AS int[]), x -> x > 1)":                     true,
		"none_match(ARRAY[1, 2], x -> x > 5)":                               true,
		"none_match(ARRAY[1, 2], x -> x > 1)":                               false,
		"transform(ARRAY[1, NULL], x -> x + 1)":                             list(int64(2), nil),
		"transform(ARRAY[ARRAY[1], ARRAY[2, 3]], x -> cardinality(x))":      list(int64(1), int64(2)),
		"transform(ARRAY[ARRAY[1], ARRAY[3]], a -> any_match(a, x -> x>2))": list(false, true),
		"filter(ARRAY[1, 2, 3], x -> x > 1)":                                list(int64(2), int64(3)),
		"contains(ARRAY['a', 'b'], 'b')":                                    true,
		"array_join(ARRAY['a', NULL, 'b'], ',')":                            "a,b",
		"arrays_overlap(ARRAY[1, 2], ARRAY[2])":                             true,
		"sequence(2, 4)":                                                    list(int64(2), int64(3), int64(4)),
		"7 / 2":                                                             int64(3),
		"element_at(split('a:b', ':'), 2)":                                  "b",
	} {
		if got := query(t, ds, "SELECT "+expression); !reflect.DeepEqual(got, [][]any{{want}}) {
			t.Errorf("%s = %v, want %v", expression, got, want)
		}
	}
}

func TestQueryValues(t *testing.T) {
	ds := writeDataset(t, t.TempDir(), smallCohort()[2:])
	got := query(t, ds, `SELECT sum(x), 1.50, 170141183460469231731687303715884105727, '\xFF\x00'::blob, {'a': 1::tinyint},
		MAP {1: [NULL]}, DATE '2020-02-29', 1::float, true FROM (SELECT 5 AS x)`)
	want := "[5, 1.5, 170141183460469231731687303715884105727, ff00, map[a:1], {1=[NULL]}, 2020-02-29 00:00:00, 1, true]"
	if len(got) != 1 || Text(got[0], "") != want {
		t.Errorf("got %s, want %s", Text(got[0], ""), want)
	}
}

func TestQueryErrors(t *testing.T) {
	before := tempDirs(t)
	ds := writeDataset(t, t.TempDir(), smallCohort())
	for statement, says := range map[string]string{
		"SELEKT":                  "syntax error",
		"SELECT nosuch FROM t":    "t does not exist",
		"SELECT xx FROM variants": "xx",
		"SELECT * FROM read_parquet('https://127.0.0.1:1/x')": "httpfs",
		"INSTALL httpfs":                       "/nonexistent",
		"SET autoload_known_extensions = true": "locked",
	} {
		if _, err := Query(t.Context(), ds, statement); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", statement, err)
		}
	}
	ds.Manifest.Tables[0].Columns = columns("a", "struct<b:int>")
	if _, err := Query(t.Context(), ds, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "struct<b:int>") {
		t.Errorf("bad type: %v", err)
	}
	if after := tempDirs(t); after > before {
		t.Errorf("%d temporary directories left behind", after-before)
	}
}

func tempDirs(t *testing.T) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "varlake-query-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestQueryCancelled(t *testing.T) {
	ds := writeDataset(t, t.TempDir(), smallCohort())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	rows, err := Query(ctx, ds, "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range + b.range) = 1")
	if err == nil {
		_, err = rows.Next()
		rows.Close()
	}
	if err == nil || err == io.EOF {
		t.Errorf("finished: %v", err)
	}
	if waited := time.Since(start); waited > 20*time.Second {
		t.Errorf("cancelled only after %v", waited)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range append(oddContigs, "", "'", "''", "\\'", "a\x00b", "\x00", "\r\n\t\x01\x7f", "$$", "--", "/*", "\u2028", "😀", "%s {x}") {
		f.Add(s)
	}
	e, err := newEngine(f.Context(), &export.Dataset{Manifest: &export.Manifest{}})
	if err != nil {
		f.Fatal(err)
	}
	defer e.close()
	f.Fuzz(func(t *testing.T, s string) {
		if s != strings.ToValidUTF8(s, "") {
			t.Skip("not UTF-8")
		}
		var got string
		if err := e.db.QueryRow("SELECT " + DuckDB.Text(s)).Scan(&got); err != nil || got != s {
			t.Errorf("%q comes back as %q, %v", s, got, err)
		}
		// Trino has the same rules but for NUL, which it takes as it is.
		if sql := AthenaSQL.Text(s); !strings.Contains(s, "\x00") && sql != DuckDB.Text(s) {
			t.Errorf("%q is %s for Athena", s, sql)
		}
		if got := unescapeHive(AthenaDDL.Text(s)); got != s {
			t.Errorf("%q comes back from Hive as %q", s, got)
		}
		if s == "" || strings.Contains(s, "\x00") {
			return
		}
		rows, err := e.db.Query("SELECT 1 AS " + DuckDB.Name(s))
		if err != nil {
			t.Fatalf("name %q: %v", s, err)
		}
		defer rows.Close()
		if names, err := rows.Columns(); err != nil || names[0] != s {
			t.Errorf("name %q comes back as %q, %v", s, names, err)
		}
	})
}
