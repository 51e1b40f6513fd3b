package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// row is one row of a table, each cell printed: NULL, 1.5, text, [a NULL], {key=value}.
type row map[string]string

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// mustRun exports into opt.Out and opens what came of it.
func mustRun(t failer, opt Options) (*Result, *Dataset) {
	t.Helper()
	result, err := Run(context.Background(), "test", opt)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	d, err := OpenDataset(opt.Out)
	if err != nil {
		t.Fatalf("OpenDataset: %v", err)
	}
	return result, d
}

// writeInput writes a file into a new directory and returns its name.
func writeInput(t testing.TB, name string, content []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// readRows reads a table with parquet-go, the contig from the folder as readers of Hive tables do, and holds the files against the manifest.
func readRows(t failer, d *Dataset, name string) []row {
	t.Helper()
	table, ok := d.Manifest.Table(name)
	if !ok {
		t.Fatalf("the manifest has no table %s", name)
	}
	var all []row
	for _, f := range table.Files {
		rows := readFile(t, filepath.Join(d.Root, f.Path), f, table.Columns)
		if folder, ok := strings.CutPrefix(path.Base(path.Dir(f.Path)), "chrom="); ok {
			chrom, err := url.PathUnescape(folder)
			if err != nil || chrom != f.Chrom {
				t.Fatalf("%s is said to hold contig %q: %v", f.Path, f.Chrom, err)
			}
			for _, r := range rows {
				r["chrom"] = printText(chrom)
			}
		}
		all = append(all, rows...)
	}
	if int64(len(all)) != table.Rows {
		t.Fatalf("%s has %d rows, the manifest says %d", name, len(all), table.Rows)
	}
	return all
}

func readFile(t failer, name string, want File, columns []Column) []row {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want.SHA256 || int64(len(data)) != want.Bytes {
		t.Fatalf("%s is not the file of the manifest", name)
	}
	file, err := parquet.OpenFile(strings.NewReader(string(data)), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var names []string
	for _, f := range file.Schema().Fields() {
		names = append(names, f.Name())
	}
	if !slices.EqualFunc(names, columns, func(name string, c Column) bool { return name == c.Name }) {
		t.Fatalf("%s has the columns %v", name, names)
	}
	var out []row
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 64)
		for n, err := 1, error(nil); n > 0 && err == nil; {
			n, err = rows.ReadRows(buffer)
			for _, r := range buffer[:n] {
				out = append(out, printRow(r, columns))
			}
		}
		rows.Close()
	}
	if int64(len(out)) != want.Rows {
		t.Fatalf("%s has %d rows, the manifest says %d", name, len(out), want.Rows)
	}
	return out
}

// printRow prints the values of one row: those of each leaf come one leaf after the other, a map has two leaves.
func printRow(values parquet.Row, columns []Column) row {
	leaves := make(map[int][]parquet.Value)
	for _, v := range values {
		leaves[v.Column()] = append(leaves[v.Column()], v)
	}
	out, leaf := make(row), 0
	for _, c := range columns {
		switch {
		case strings.HasPrefix(c.Type, "map<"):
			out[c.Name] = printMap(leaves[leaf], leaves[leaf+1], strings.Contains(c.Type, "array"))
			leaf++
		case strings.HasPrefix(c.Type, "array<array<"):
			out[c.Name] = printLists(leaves[leaf])
		case strings.HasPrefix(c.Type, "array<"):
			out[c.Name] = printList(leaves[leaf], 1)
		default:
			out[c.Name] = printValue(leaves[leaf][0])
		}
		leaf++
	}
	return out
}

// printList prints a list whose own definition level is def.
func printList(values []parquet.Value, def int) string {
	switch values[0].DefinitionLevel() {
	case def - 1:
		return "NULL"
	case def:
		return "[]"
	}
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = printValue(v)
	}
	return printCells(cells)
}

func printLists(values []parquet.Value) string {
	if values[0].DefinitionLevel() < 2 {
		return printList(values, 1)
	}
	var cells []string
	for _, cell := range splitAt(values, 1) {
		cells = append(cells, printList(cell, 3))
	}
	return printCells(cells)
}

func printMap(keys, values []parquet.Value, lists bool) string {
	switch keys[0].DefinitionLevel() {
	case 0:
		return "NULL"
	case 1:
		return "{}"
	}
	entries := make(map[string]string)
	for i, entry := range splitAt(values, 1) {
		value := printValue(entry[0])
		if lists {
			value = printList(entry, 3)
		}
		entries[string(keys[i].ByteArray())] = value
	}
	if len(entries) != len(keys) {
		return "map with a key twice"
	}
	return printEntries(entries)
}

// splitAt cuts values where one has at most the repetition level.
func splitAt(values []parquet.Value, level int) (parts [][]parquet.Value) {
	start := 0
	for i := 1; i <= len(values); i++ {
		if i == len(values) || values[i].RepetitionLevel() <= level {
			parts = append(parts, values[start:i])
			start = i
		}
	}
	return parts
}

func printValue(v parquet.Value) string {
	switch {
	case v.IsNull():
		return "NULL"
	case v.Kind() == parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	case v.Kind() == parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case v.Kind() == parquet.Double:
		return printDouble(v.Double())
	case v.Kind() == parquet.ByteArray:
		return printText(string(v.ByteArray()))
	}
	return strconv.FormatInt(v.Int64(), 10)
}

func printDouble(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func printCells(cells []string) string { return "[" + strings.Join(cells, " ") + "]" }

// printEntries prints a map whose values are printed already, by key.
func printEntries(entries map[string]string) string {
	if len(entries) == 0 {
		return "NULL"
	}
	var cells []string
	for key, value := range entries {
		cells = append(cells, printText(key)+"="+value)
	}
	slices.Sort(cells)
	return "{" + strings.Join(cells, " ") + "}"
}

// printText quotes text that could be mistaken for something else.
func printText(s string) string {
	if s == "" || s == "NULL" || strings.ContainsAny(s, " []{}=\"\\") || strconv.Quote(s) != `"`+s+`"` {
		return strconv.Quote(s)
	}
	return s
}

// sameCell compares a printed cell with what it should be; 0.6~ stands for what rounds to it.
func sameCell(have, want string) bool {
	about, ok := strings.CutSuffix(want, "~")
	if !ok {
		return have == want
	}
	x, err := strconv.ParseFloat(have, 64)
	y, wrong := strconv.ParseFloat(about, 64)
	return err == nil && wrong == nil && math.Abs(x-y) < 1e-12
}

// differences lists the cells of got that are not as in want, which may have fewer columns.
func differences(got, want []row) (diff []string) {
	if len(got) != len(want) {
		diff = append(diff, fmt.Sprintf("%d rows, want %d", len(got), len(want)))
	}
	for i := range min(len(got), len(want)) {
		for name, cell := range want[i] {
			if have, ok := got[i][name]; !ok {
				diff = append(diff, fmt.Sprintf("row %d: no column %s", i+1, name))
			} else if !sameCell(have, cell) {
				diff = append(diff, fmt.Sprintf("row %d: %s is\n\t%s, want\n\t%s", i+1, name, have, cell))
			}
		}
	}
	slices.Sort(diff)
	return diff
}

// sortedBy returns the column that a file says all its row groups are sorted by.
func sortedBy(t failer, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	file, err := parquet.OpenFile(strings.NewReader(string(data)), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	by := "NULL"
	for i, group := range file.RowGroups() {
		column := "NULL"
		for _, c := range group.SortingColumns() {
			column = strings.Join(c.Path(), ".")
		}
		if i > 0 && column != by {
			t.Fatalf("%s: row groups sorted by %s and by %s", name, by, column)
		}
		by = column
	}
	return by
}
