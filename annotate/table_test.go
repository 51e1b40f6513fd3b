package annotate

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// show writes a table as lines: "key: ids", then "name type: values", with ~ for
// a missing value.
func show(t *Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", t.Key, strings.Join(t.IDs, "|"))
	for i := range t.Columns {
		c := &t.Columns[i]
		fmt.Fprintf(&b, "%s %s:", c.Name, c.Type)
		for row := range t.IDs {
			text := "~"
			if c.Valid[row] {
				text = c.Text(row)
			}
			sep := "|"
			if row == 0 {
				sep = " "
			}
			b.WriteString(sep + text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func readTableString(text string, opt TableOptions) (*Table, error) {
	return ReadTable(strings.NewReader(text), "samples.tsv", opt)
}

func mustReadTable(t testing.TB, text string, opt TableOptions) *Table {
	t.Helper()
	table, err := readTableString(text, opt)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadTable(t *testing.T) {
	const want = "sample: HG1|HG2\npop string: GBR|~\nage int: 41|~\n"
	const plain = "sample\tpop\tage\nHG1\tGBR\t41\nHG2\tNA\t.\n"
	tests := map[string]struct {
		text string
		opt  TableOptions
		want string
	}{
		"TSV":                        {text: plain, want: want},
		"no newline at the end":      {text: strings.TrimSuffix(plain, "\n"), want: want},
		"CSV":                        {text: strings.ReplaceAll(plain, "\t", ","), want: want},
		"CRLF":                       {text: strings.ReplaceAll(plain, "\n", "\r\n"), want: want},
		"CR at the end":              {text: strings.TrimSuffix(plain, "\n") + "\r", want: want},
		"byte order mark":            {text: "\ufeff" + plain, want: want},
		"hash":                       {text: "#" + plain, want: want},
		"hash and blank":             {text: "# " + plain, want: want},
		"comments of PLINK 2":        {text: "##source=x\n##\n#" + plain, want: want},
		"blank lines":                {text: "\n\r\n" + strings.ReplaceAll(plain, "\n", "\n\n"), want: want},
		"gzip":                       {text: gzipped(t, plain), want: want},
		"gzip in two members":        {text: gzipped(t, plain[:20]) + gzipped(t, plain[20:]), want: want},
		"gzip with a BOM and CRLF":   {text: gzipped(t, "\ufeff"+strings.ReplaceAll(plain, "\n", "\r\n")), want: want},
		"everything quoted":          {text: "\"sample\",\"pop\",\"age\"\n\"HG1\",\"GBR\",\"41\"\n\"HG2\",\"\",\"\"\r\n", want: want},
		"quoted hash":                {text: "\"#sample\",pop\nHG1,GBR\n", want: "sample: HG1\npop string: GBR\n"},
		"header alone":               {text: "sample\tpop\n", want: "sample:\npop string:\n"},
		"a single column":            {text: "sample\nHG1\nHG2\n", want: "sample: HG1|HG2\n"},
		"a single column with blank": {text: "Sample name\nNA 1\n", want: "Sample name: NA 1\n"},
		"row equal to the header":    {text: "s\tx\nHG1\t1\ns\tx\n", want: "s: HG1|s\nx string: 1|x\n"},
		"comma in a TSV":             {text: "s\tx\nHG1\t1,5\n", want: "s: HG1\nx string: 1,5\n"},
		"empty column names":         {text: "\ts\t\nHG1\ta\tb\n", want: ": HG1\ns string: a\n string: b\n"},
		"names that differ in case":  {text: "s\tX\tx\nHG1\t1\ta\n", want: "s: HG1\nX int: 1\nx string: a\n"},
		"blanks are text":            {text: "s, x\nHG1, 5\n", want: "s: HG1\n x string:  5\n"},
		"key in mid-table":           {text: plain, opt: TableOptions{Key: "age", Missing: []string{}}, want: "age: 41|.\nsample string: HG1|HG2\npop string: GBR|NA\n"},
		"own missing texts":          {text: "s\tx\ta\nHG1\t-9\tNA\nHG2\t3\t-\n", opt: TableOptions{Missing: []string{"-9", "-"}}, want: "s: HG1|HG2\nx int: ~|3\na string: NA|~\n"},
		"missing in an override":     {text: "s\tx\nHG1\tNA\nHG2\t007\n", opt: TableOptions{Types: map[string]ColumnType{"x": Int}}, want: "s: HG1|HG2\nx int: ~|7\n"},
		"override to string":         {text: "s\tx\nHG1\t1\nHG2\t1.0\n", opt: TableOptions{Types: map[string]ColumnType{"x": String, "s": String}}, want: "s: HG1|HG2\nx string: 1|1.0\n"},
		"override to double":         {text: "s\tx\nHG1\t1\n", opt: TableOptions{Types: map[string]ColumnType{"x": Double}}, want: "s: HG1\nx double: 1\n"},
		"samples of digits":          {text: "s\tx\n007\t1\n7\t2\n", want: "s: 007|7\nx int: 1|2\n"},

		"comma in quotes":            {text: "s,x\nHG1,\"a,b\"\n", want: "s: HG1\nx string: a,b\n"},
		"tab in quotes":              {text: "s\tx\nHG1\t\"a\tb\"\n", want: "s: HG1\nx string: a\tb\n"},
		"doubled quotes":             {text: "s,x\nHG1,\"5\"\" \"\"a\"\"\"\n", want: "s: HG1\nx string: 5\" \"a\"\n"},
		"line break in quotes":       {text: "s,x,y\nHG1,\"a\nb\",1\n", want: "s: HG1\nx string: a\nb\ny int: 1\n"},
		"quote in mid-field":         {text: "s\tx\nHG1\t5\" pipe\nHG2\ta\"b\"\n", want: "s: HG1|HG2\nx string: 5\" pipe|a\"b\"\n"},
		"quote in mid-field, CSV":    {text: "s,x\nHG1,5\" pipe\n", want: "s: HG1\nx string: 5\" pipe\n"},
		"quote that ends too early":  {text: "s\tx\ty\nHG1\t\"O\" type\t2\n", want: "s: HG1\nx string: \"O\" type\ny int: 2\n"},
		"quote never closed":         {text: "s\tx\ty\nHG1\t\"odd\t2\nHG2\teven\t3\n", want: "s: HG1|HG2\nx string: \"odd|even\ny int: 2|3\n"},
		"quote before CR at the end": {text: "s,x\nHG1,\"a\"\r", want: "s: HG1\nx string: a\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			table, err := readTableString(test.text, test.opt)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(test.want, ":\n", ": \n", 1) // a key without rows
			if got := show(table); got != test.want && got != want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// Whatever a CSV writer can quote comes back as it was.
func TestReadTableRoundTrip(t *testing.T) {
	field := rapid.StringMatching(`[a-z",\t\n #é0-9]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		records := [][]string{{"sample"}}
		types := map[string]ColumnType{}
		for i := range columns {
			name := fmt.Sprintf("column %d", i)
			records[0] = append(records[0], name)
			types[name] = String
		}
		for row := range rapid.IntRange(0, 5).Draw(t, "rows") {
			records = append(records, append([]string{fmt.Sprintf("HG%d", row)}, rapid.SliceOfN(field, columns, columns).Draw(t, "fields")...))
		}
		var text strings.Builder
		w := csv.NewWriter(&text)
		w.Comma = rapid.SampledFrom([]rune{',', '\t'}).Draw(t, "separator")
		if err := w.WriteAll(records); err != nil {
			t.Fatal(err)
		}
		table, err := readTableString(text.String(), TableOptions{Types: types, Missing: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		got := [][]string{records[0]}
		for row, id := range table.IDs {
			record := []string{id}
			for i := range table.Columns {
				record = append(record, table.Columns[i].Text(row))
			}
			got = append(got, record)
		}
		if !slices.EqualFunc(got, records, slices.Equal) {
			t.Errorf("got %q, want %q", got, records)
		}
	})
}

func TestReadTableErrors(t *testing.T) {
	tests := map[string]struct {
		text string
		opt  TableOptions
		want string // after "sample table samples.tsv"
	}{
		"empty":             {text: "", want: `: the file is empty; is it the right one?`},
		"blank":             {text: "\n\n", want: `:3: no header line; the first line must name the columns`},
		"lone CR":           {text: "s\tx\rHG1\t1\r", want: `:1: lines end in CR alone; save the file with LF or CRLF`},
		"semicolons":        {text: "s;x\nHG1;1\n", want: `:1: columns seem to be separated by semicolons; save the file as TSV, or as CSV with commas`},
		"duplicate column":  {text: "\ns\tpop\tpop\n", want: `:2: two columns are named "pop"; rename one`},
		"duplicate key":     {text: "s\tx\nHG1\t1\nHG2\t2\nHG1\t1\n", want: `:4: sample "HG1" is in line 2 already; keep one row per sample, or name another key column`},
		"empty key":         {text: "s\tx\nHG1\t1\n\t2\n", want: `:3: "" in key column "s" means a missing value; fill in the sample or delete the row`},
		"missing key":       {text: "s\tx\nNA\t1\n", want: `:2: "NA" in key column "s" means a missing value; fill in the sample or delete the row`},
		"short row":         {text: "s,x,y\nHG1,1,2\nHG2,1\n", want: `:3: 2 fields, but the header has 3; complete the row, or quote the field that holds a separator or line break`},
		"long row":          {text: "s,x\nHG1,1\n\nHG2,1,2,3\n", want: `:4: 4 fields, but the header has 2; complete the row, or quote the field that holds a separator or line break`},
		"row names of R":    {text: "sample\tx\n1\tHG1\t1\n", want: `:2: 3 fields, but the header has 2; name the first column too (R: write.table with col.names=NA)`},
		"after line breaks": {text: "s,x\nHG1,\"a\n\nb\"\nHG2\n", want: `:5: 1 fields, but the header has 2; complete the row, or quote the field that holds a separator or line break`},
		"short PED row":     {text: "F\tI1\t0\t0\t1\t2\nF\tI2\t0\t0\t1\n", want: `:2: 5 fields, where a PED has 6; complete the row, or add a header line`},
		"unclosed quote":    {text: "s,x,y\nHG1,\"a\n\",\"b\n", want: `:3: a field opens with a quote and does not end with one; close it, and double the quotes inside ("")`},
		"text after quotes": {text: "s,x\nHG1,\"a\"b\n", want: `:2: a field opens with a quote and does not end with one; close it, and double the quotes inside ("")`},
		"unknown key":       {text: "s\tx y\n", opt: TableOptions{Key: "id"}, want: `:1: no column "id" to be the key; there are "s", "x y"`},
		"unknown key, PED":  {text: "F I 0 0 1 2\n", opt: TableOptions{Key: "id"}, want: `: no column "id" to be the key; there are "family_id", "sample_id", "paternal_id", "maternal_id", "sex", "phenotype"`},
		"unknown type":      {text: "s\tx\n", opt: TableOptions{Types: map[string]ColumnType{"z": Int, "y": Int}}, want: `:1: no column "y" to be of type int; there are "s", "x"`},
		"type of the key":   {text: "s\tx\n", opt: TableOptions{Types: map[string]ColumnType{"s": BigInt}}, want: `:1: column "s" is the key, which is always a string, not bigint; leave its type out`},
		"misfit boolean":    {text: "s\tx\nHG1\tyes\n", opt: TableOptions{Types: map[string]ColumnType{"x": Boolean}}, want: `:2: "yes" in column "x" is no boolean; correct it, list it as missing, or make the column a string`},
		"misfit int":        {text: "s\tx\nHG1\t1\n\nHG2\t2147483648\n", opt: TableOptions{Types: map[string]ColumnType{"x": Int}}, want: `:4: "2147483648" in column "x" is no int; correct it, list it as missing, or make the column a string`},
		"misfit bigint":     {text: "s\tx\nHG1\t1e5\n", opt: TableOptions{Types: map[string]ColumnType{"x": BigInt}}, want: `:2: "1e5" in column "x" is no bigint; correct it, list it as missing, or make the column a string`},
		"misfit double":     {text: "s\tx\nHG1\t0x1p4\n", opt: TableOptions{Types: map[string]ColumnType{"x": Double}}, want: `:2: "0x1p4" in column "x" is no double; correct it, list it as missing, or make the column a string`},
		"long value":        {text: "s\tx\nHG1\t" + strings.Repeat("é", 100) + "\n", opt: TableOptions{Types: map[string]ColumnType{"x": Int}}, want: `:2: "` + strings.Repeat("é", 30) + `…" in column "x" is no int; correct it, list it as missing, or make the column a string`},
		"control character": {text: "s\tx\nHG1\t\x1b[2J\n", opt: TableOptions{Types: map[string]ColumnType{"x": Int}}, want: `:2: "\x1b[2J" in column "x" is no int; correct it, list it as missing, or make the column a string`},
		"too long":          {text: "s\tx\nHG1\t1\n", opt: TableOptions{MaxBytes: 9}, want: `: more than 9 bytes of text; is it a sample table, a row per sample?`},
		"cut gzip":          {text: gzipped(t, "s\tx\n")[:20], want: `: gzip data is cut short after 4 bytes of text: unexpected EOF; copy the file again`},
		"Latin-1":           {text: "s\tx\nHG1\tcaf\xe9\n", want: `:2: byte 0xE9 is not UTF-8; save the table as UTF-8 (iconv -f latin1 -t utf8)`},
		"NUL":               {text: "s\tx\nHG1\t\x00\n", want: `:2: a NUL byte; save the table as UTF-8 text, TSV or CSV`},
		"UTF-16":            {text: "\xff\xfes\x00\n\x00", want: `: UTF-16 text; save the table as UTF-8 (iconv -f utf-16 -t utf-8)`},
		"XLSX":              {text: "PK\x03\x04\x14", want: `: an Excel workbook or ZIP archive; save the table as TSV or CSV`},
		"xz":                {text: "\xfd7zXZ\x00", want: `: compressed with bzip2, xz or zstd; give it plain or gzipped`},
		"bzip2":             {text: "BZh91AY&SY", want: `: compressed with bzip2, xz or zstd; give it plain or gzipped`},
		"Parquet":           {text: "PAR1\x15", want: `: a Parquet file; save the table as TSV or CSV`},
		"VCF":               {text: gzipped(t, "##fileformat=VCFv4.2\n"), want: `: a VCF; the sample table has a row per sample and a header line`},
		"HTML":              {text: "<!DOCTYPE html>\n", want: `: an HTML or XML page, often what a failed download leaves; download the table again`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			table, err := readTableString(test.text, test.opt)
			if err == nil {
				t.Fatalf("no error, but\n%s", show(table))
			}
			if want := "sample table samples.tsv" + test.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			if !errors.Is(err, ErrTable) {
				t.Error("is not ErrTable")
			}
			if unknown := strings.Contains(test.want, "no column"); errors.Is(err, ErrUnknownColumn) != unknown {
				t.Errorf("ErrUnknownColumn: %t", !unknown)
			}
		})
	}
}

func TestReadTableKeepsReadError(t *testing.T) {
	broken := errors.New("connection reset")
	for _, before := range []string{"", "s\tx\nHG1", gzipped(t, "s\tx\n")[:15]} {
		r := io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken))
		if _, err := ReadTable(r, "s3://b/k", TableOptions{}); !errors.Is(err, broken) || !errors.Is(err, ErrTable) {
			t.Errorf("after %q: %v", before, err)
		}
	}
}

func TestListOfManyColumns(t *testing.T) {
	names := slices.Sorted(maps.Keys(map[string]bool{"a": true}))
	for i := range 40 {
		names = append(names, fmt.Sprint(i))
	}
	if got := list(names); !strings.HasSuffix(got, ` and 11 more`) {
		t.Error(got)
	}
}
