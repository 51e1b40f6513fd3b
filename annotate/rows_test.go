package annotate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/realfiles"
)

// What encoding/csv reads strictly, rowScanner reads alike.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\"a,\"\"b\",c\r\n", "a,\"b\nc\",d", ",\n,,\n", "a\r\nb\r", "\n\na\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reader := csv.NewReader(strings.NewReader(text))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		if err != nil {
			t.Skip()
		}
		rows := newRowScanner(text)
		rows.separator = ','
		for i := 0; ; i++ {
			row, _, err := rows.next(nil)
			if err == io.EOF && i == len(want) {
				return
			}
			if err != nil || i >= len(want) {
				t.Fatalf("row %d of %d: %q, %v", i, len(want), row, err)
			}
			for j := range row { // encoding/csv turns CRLF into LF inside quotes
				row[j] = strings.ReplaceAll(row[j], "\r\n", "\n")
			}
			if !slices.Equal(row, want[i]) {
				t.Fatalf("row %d: got %q, want %q", i, row, want[i])
			}
		}
	})
}

// No input breaks ReadTable, and what it returns is consistent.
func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		"sample\tpop\nHG1\tGBR\n", "s,x\nHG1,\"a,b\"\n", "F I1 0 0 1 2\n", "#FID IID\nF I\n", "##x\n#s\n1\n",
		"\ufeffs\tx\r\nHG1\t007\r\n", "\x1f\x8b\x08", "s\tx\nHG1\t\"a\n", "s;x\n", "\"\n\"\n", "a,a\n", "\t\n\t\n",
	} {
		f.Add(seed, "")
	}
	for _, file := range realfiles.Small("annotations/*/*", 4<<10) {
		f.Add(string(file), "")
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		table, err := readTableString(text, TableOptions{Key: key, MaxBytes: 1 << 20})
		if err != nil {
			if !errors.Is(err, ErrTable) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, id := range table.IDs {
			if id == "" || seen[id] {
				t.Fatalf("key %q", id)
			}
			seen[id] = true
		}
		for _, c := range table.Columns {
			values := len(c.Bools) + len(c.Ints) + len(c.Doubles) + len(c.Strings)
			if len(c.Valid) != len(table.IDs) || values != len(table.IDs) {
				t.Fatalf("column %q: %d valid, %d values, %d rows", c.Name, len(c.Valid), values, len(table.IDs))
			}
		}
		rows, notInTable, notInVCF := table.Join(table.IDs)
		if !slices.Equal(rows, seq(len(rows))) || notInTable != nil || notInVCF != nil {
			t.Fatal("does not join with itself")
		}
	})
}

func BenchmarkReadTable(b *testing.B) {
	var text strings.Builder
	text.WriteString("sample\tpop\tsuper_pop\tage\tscore\tcase\tnote\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "HG%05d\tGBR\tEUR\t%d\t%g\ttrue\t\"free text, %d\"\n", i, i%90, float64(i)/7, i)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		mustReadTable(b, text.String(), TableOptions{})
	}
}
