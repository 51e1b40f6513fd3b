package vcf_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/realfiles"
	"github.com/varlake/varlake/vcf"
)

const columnLine = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"

// headerOf puts meta lines into an otherwise good header.
func headerOf(meta ...string) []byte {
	lines := append([]string{"##fileformat=VCFv4.3"}, meta...)
	return []byte(strings.Join(append(lines, columnLine), "\n") + "\n")
}

func mustParse(t *testing.T, text []byte) *vcf.Header {
	t.Helper()
	h, err := vcf.ParseHeader(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestParseHeader(t *testing.T) {
	lines := []string{
		"##fileformat=VCFv4.5",
		`##INFO=<ID=AC,Number=A,Type=Integer,Description="Count, of \"ALT\" \\ alleles">`,
		`##INFO=<Description="out of order",Type=Flag,IDX=7,Number=0,ID=DB>`,
		`##FILTER=<ID=PASS,Description="All filters passed">`,
		`##FILTER=<ID=q10,Description="Quality, below 10">`,
		`##FORMAT=<ID=LAD,Number=LR,Type=Integer,Description="Local depths",Source="x",Version="3">`,
		`##contig=<ID=chr1,length=248956422,md5=ab,species="Homo sapiens">`,
		`##contig=<ID=HLA-A*01:01:01:01>`,
		`##ALT=<ID=DEL,Description="Deletion">`,
		`##source=a program with = and <>`,
		columnLine + "\tFORMAT\tHG 00096\tñandú",
	}
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			h := mustParse(t, []byte(strings.Join(lines, end)+end))
			if h.Version != (vcf.Version{Major: 4, Minor: 5}) || h.Columns != 11 {
				t.Errorf("version %v, %d columns", h.Version, h.Columns)
			}
			if !slices.Equal(h.Lines, lines[:len(lines)-1]) {
				t.Errorf("lines %q", h.Lines)
			}
			wantInfos := []vcf.Field{
				{ID: "AC", Number: vcf.Number{Kind: vcf.NumberA}, Type: vcf.Integer, Description: `Count, of "ALT" \ alleles`},
				{ID: "DB", Type: vcf.Flag, Description: "out of order"},
			}
			if !slices.Equal(h.Infos, wantInfos) {
				t.Errorf("INFO %+v", h.Infos)
			}
			wantFormats := []vcf.Field{{ID: "LAD", Number: vcf.Number{Kind: vcf.NumberLR}, Type: vcf.Integer, Description: "Local depths"}}
			if !slices.Equal(h.Formats, wantFormats) {
				t.Errorf("FORMAT %+v", h.Formats)
			}
			if !slices.Equal(h.Filters, []string{"PASS", "q10"}) {
				t.Errorf("FILTER %q", h.Filters)
			}
			if !slices.Equal(h.Contigs, []vcf.Contig{{"chr1", 248956422}, {"HLA-A*01:01:01:01", 0}}) {
				t.Errorf("contigs %v", h.Contigs)
			}
			if !slices.Equal(h.Samples, []string{"HG 00096", "ñandú"}) {
				t.Errorf("samples %q", h.Samples)
			}
			if len(h.Issues) != 0 {
				t.Errorf("issues %+v", h.Issues)
			}
			if f, ok := h.Info("DB"); !ok || f != wantInfos[1] {
				t.Errorf("Info(DB) = %v, %v", f, ok)
			}
			if _, ok := h.Format("AC"); ok {
				t.Error("Format(AC) found an INFO field")
			}
		})
	}
}

func TestHeaderColumns(t *testing.T) {
	for suffix, want := range map[string]int{"": 8, "\tFORMAT": 9, "\tFORMAT\tA": 10} {
		h := mustParse(t, []byte("##fileformat=VCFv4.2\n"+columnLine+suffix))
		if h.Columns != want || len(h.Samples) != max(0, want-9) {
			t.Errorf("%q: %d columns, samples %q", suffix, h.Columns, h.Samples)
		}
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "#CHROM"},
		{"no fileformat", columnLine + "\n", "line 1: found \"#CHROM"},
		{"fileformat is not first", "##source=x\n##fileformat=VCFv4.2\n" + columnLine, "line 1"},
		{"version 3", "##fileformat=VCFv3.3\n" + columnLine, `"VCFv3.3"`},
		{"version 5", "##fileformat=VCFv5.0\n" + columnLine, `"VCFv5.0"`},
		{"no minor version", "##fileformat=VCFv4\n" + columnLine, `"VCFv4"`},
		{"no column line", "##fileformat=VCFv4.2\n##source=x\n", "#CHROM"},
		{"bare text", "##fileformat=VCFv4.2\nlinebreak\">\n" + columnLine, "line 2"},
		{"record before the column line", "##fileformat=VCFv4.2\n1\t1\t.\tA\tC\t.\t.\t.\n", "line 2"},
		{"spaces for tabs", "##fileformat=VCFv4.2\n" + strings.ReplaceAll(columnLine, "\t", " "), "tabs"},
		{"wrong name", "##fileformat=VCFv4.2\n" + strings.Replace(columnLine, "POS", "POSITION", 1), `"POSITION" as column 2; it must be POS`},
		{"too few columns", "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\n", "column 4 must be REF"},
		{"ninth column", "##fileformat=VCFv4.2\n" + columnLine + "\tHG00096", "FORMAT"},
		{"empty sample", "##fileformat=VCFv4.2\n" + columnLine + "\tFORMAT\tA\t\tB", "column 11"},
		{"tab at the end", "##fileformat=VCFv4.2\n" + columnLine + "\tFORMAT\tA\t\n", "column 11"},
		{"repeated sample", "##fileformat=VCFv4.2\n" + columnLine + "\tFORMAT\tA\tB\tA\n", `"A" in columns 10 and 12`},
		{"sample not UTF-8", "##fileformat=VCFv4.2\n" + columnLine + "\tFORMAT\tA\xff\n", "line 2: found bytes that are not UTF-8"},
		{"meta line not UTF-8", "##fileformat=VCFv4.2\n##source=\xff\n" + columnLine, "line 2"},
		{"text after the column line", "##fileformat=VCFv4.2\n" + columnLine + "\n1\t1\n", "line 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := vcf.ParseHeader([]byte(test.text))
			if !errors.Is(err, vcf.ErrHeader) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want ErrHeader with %q", err, test.want)
			}
		})
	}
}

func TestParseHeaderForgives(t *testing.T) {
	unknown := vcf.Number{Kind: vcf.NumberUnknown}
	one := vcf.Number{N: 1}
	tests := []struct {
		name, line string
		want       vcf.Field // of INFO; the zero Field: the line defines none
		issue      string    // in the first issue
	}{
		{"not closed", `##INFO=<ID=X,Number=1,Type=Float,Description="d"`, vcf.Field{"X", one, vcf.Float, "d"}, "no >"},
		{"quote not closed", `##INFO=<ID=X,Number=1,Type=Float,Description="d>`, vcf.Field{"X", one, vcf.Float, "d"}, "not closed"},
		{"quotes inside quotes", `##INFO=<ID=X,Number=1,Type=Float,Description="the "real", d",Source="s">`, vcf.Field{"X", one, vcf.Float, `the "real", d`}, "inside quotes"},
		{"backslash before the last quote", `##INFO=<ID=X,Number=1,Type=Float,Description="C:\">`, vcf.Field{"X", one, vcf.Float, `C:"`}, "not closed"},
		{"no quotes", `##INFO=<ID=X,Number=1,Type=Float,Description=raw depth>`, vcf.Field{"X", one, vcf.Float, "raw depth"}, ""},
		{"no quotes, commas", `##INFO=<ID=X,Number=1,Type=Float,Description=a, b>`, vcf.Field{"X", one, vcf.Float, "a"}, `"b" has no value`},
		{"spaces", `##INFO=< ID = X , Number=1, Type=Float, Description = "d" > `, vcf.Field{"X", one, vcf.Float, "d"}, ""},
		{"unknown type", `##INFO=<ID=X,Number=1,Type=Int,Description="d">`, vcf.Field{"X", one, vcf.String, "d"}, `Type "Int"`},
		{"no type", `##INFO=<ID=X,Number=1>`, vcf.Field{"X", one, vcf.String, ""}, `Type ""`},
		{"unknown number", `##INFO=<ID=X,Number=Q,Type=Float>`, vcf.Field{"X", unknown, vcf.Float, ""}, `Number "Q"`},
		{"number of VCF 3", `##INFO=<ID=X,Number=-1,Type=Float>`, vcf.Field{"X", unknown, vcf.Float, ""}, `Number "-1"`},
		{"huge number", `##INFO=<ID=X,Number=9999999999,Type=Float>`, vcf.Field{"X", unknown, vcf.Float, ""}, "taken as ."},
		{"no number", `##INFO=<ID=X,Type=Float>`, vcf.Field{"X", unknown, vcf.Float, ""}, `Number ""`},
		{"flag with a number", `##INFO=<ID=X,Number=1,Type=Flag>`, vcf.Field{"X", vcf.Number{}, vcf.Flag, ""}, "taken as 0"},
		{"number 0 of no flag", `##INFO=<ID=X,Number=0,Type=String>`, vcf.Field{"X", unknown, vcf.String, ""}, "taken as ."},
		{"no ID", `##INFO=<Number=1,Type=Float>`, vcf.Field{}, "no ID"},
		{"no brackets", `##INFO=X`, vcf.Field{}, "defines nothing"},
		{"nothing in brackets", `##INFO=<>`, vcf.Field{}, "no ID"},
		{"no value", `##Some plain text`, vcf.Field{}, "KEY=VALUE"},
		{"blank line", ``, vcf.Field{}, "blank"},
		{"second fileformat", `##fileformat=VCFv4.1`, vcf.Field{}, "repeated"},
		{"unknown kind", `##META=<ID=Assay,Number=N,Values=[a, b]>`, vcf.Field{}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := mustParse(t, headerOf(test.line))
			got, _ := h.Info("X")
			if got != test.want || len(h.Infos) > 1 {
				t.Errorf("got %+v\nwant %+v", h.Infos, test.want)
			}
			switch {
			case test.issue == "" && len(h.Issues) > 0:
				t.Errorf("issues %+v", h.Issues)
			case test.issue != "" && (len(h.Issues) == 0 || !strings.Contains(h.Issues[0].Text, test.issue) || h.Issues[0].Line != 2):
				t.Errorf("issues %+v; want one of line 2 with %q", h.Issues, test.issue)
			}
		})
	}
}

func TestFirstDefinitionHolds(t *testing.T) {
	h := mustParse(t, headerOf(
		"##INFO=<ID=X,Number=1,Type=Float>", "##INFO=<ID=X,Number=2,Type=String>",
		"##FORMAT=<ID=X,Number=3,Type=Integer>", // another kind: no repetition
		"##FILTER=<ID=q>", "##FILTER=<ID=q>",
		"##contig=<ID=1,length=10>", "##contig=<ID=1,length=20>", "##contig=<ID=2,length=x>",
	))
	if f, _ := h.Info("X"); len(h.Infos) != 1 || f.Type != vcf.Float {
		t.Errorf("INFO %+v", h.Infos)
	}
	if f, ok := h.Format("X"); !ok || f.Number.N != 3 {
		t.Errorf("FORMAT %+v", h.Formats)
	}
	if !slices.Equal(h.Filters, []string{"q"}) || !slices.Equal(h.Contigs, []vcf.Contig{{"1", 10}, {"2", 0}}) {
		t.Errorf("FILTER %q, contigs %v", h.Filters, h.Contigs)
	}
	want := []vcf.Issue{
		{3, "INFO", "X", "defined again; line 2 holds"},
		{6, "FILTER", "q", "defined again; line 5 holds"},
		{8, "contig", "1", "defined again; line 7 holds"},
		{9, "contig", "2", `length "x" is not a number; taken as unknown`},
	}
	if !slices.Equal(h.Issues, want) {
		t.Errorf("issues %+v", h.Issues)
	}
}

func TestFormatFlag(t *testing.T) {
	h := mustParse(t, headerOf("##FORMAT=<ID=X,Number=0,Type=Flag>", "##FORMAT=<ID=Y,Number=1,Type=Flag>"))
	want := []vcf.Field{{ID: "X", Number: vcf.Number{Kind: vcf.NumberUnknown}, Type: vcf.String}, {ID: "Y", Number: vcf.Number{N: 1}, Type: vcf.String}}
	if !slices.Equal(h.Formats, want) || len(h.Issues) != 2 {
		t.Errorf("FORMAT %+v, issues %+v", h.Formats, h.Issues)
	}
}

func TestVersionIsForgiven(t *testing.T) {
	tests := []struct {
		line   string
		minor  int
		issues int
	}{
		{"##fileformat=VCFv4.0", 0, 0},
		{"##fileformat=VCF v4.3", 3, 1},
		{"##fileformat=VCFv4.2 ", 2, 1},
		{"##fileformat=VCFv4.2\t", 2, 1},
		{"##fileformat=VCFv4.6", 6, 1},
		{"\uFEFF##fileformat=VCFv4.2", 2, 1},
	}
	for _, test := range tests {
		h := mustParse(t, []byte(test.line+"\n"+columnLine))
		if h.Version != (vcf.Version{Major: 4, Minor: test.minor}) || len(h.Issues) != test.issues {
			t.Errorf("%q: version %v, issues %+v", test.line, h.Version, h.Issues)
		}
	}
	if v := (vcf.Version{Major: 4, Minor: 3}); !v.AtLeast(4, 3) || !v.AtLeast(3, 9) || v.AtLeast(4, 4) || v.AtLeast(5, 0) {
		t.Error("Version.AtLeast")
	}
}

func TestSpelling(t *testing.T) {
	for _, number := range []string{"0", "1", "17", ".", "A", "R", "G", "P", "LA", "LR", "LG", "M"} {
		for _, typ := range []string{"Integer", "Float", "String", "Character"} {
			h := mustParse(t, headerOf("##FORMAT=<ID=X,Number="+number+",Type="+typ+">"))
			f := h.Formats[0]
			if f.Type.String() != typ || f.Number.String() != number && number != "0" {
				t.Errorf("Number=%s,Type=%s became %s, %s", number, typ, f.Number, f.Type)
			}
		}
	}
}

// endOfHeader returns where the #CHROM line ends, or the file where it has none.
func endOfHeader(file []byte) int {
	at := bytes.Index(file, []byte("#CHROM"))
	if at < 0 {
		return len(file)
	}
	if n := bytes.IndexByte(file[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(file)
}

func FuzzParseHeader(f *testing.F) {
	f.Add(headerOf(`##INFO=<ID=X,Number=A,Type=Float,Description="a \"b\", c">`))
	f.Add(headerOf(`##INFO=<ID=X,Number=1,Description="the "real", d`, "", "##contig=<ID=1,length=5>"))
	f.Add([]byte("\uFEFF##fileformat=VCF v4.1\r\n" + columnLine + "\tFORMAT\tA\r\n"))
	for _, pattern := range []string{"real/*/*.vcf", "bad/*/*.vcf"} {
		for _, file := range realfiles.Small(pattern, 4<<10) {
			f.Add(file[:endOfHeader(file)])
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := vcf.ParseHeader(text)
		if err != nil {
			if !errors.Is(err, vcf.ErrHeader) {
				t.Fatalf("error %v", err)
			}
			return
		}
		// The lines are kept as they are, so a second reading finds the same
		// (CRLF: a line may end in CR of its own).
		columns := columnLine
		if h.Columns > 8 {
			columns += "\t" + strings.Join(append([]string{"FORMAT"}, h.Samples...), "\t")
		}
		again, err := vcf.ParseHeader([]byte(strings.Join(append(h.Lines, columns), "\r\n") + "\r\n"))
		if err != nil {
			t.Fatalf("second reading: %v", err)
		}
		if !slices.Equal(again.Infos, h.Infos) || !slices.Equal(again.Formats, h.Formats) ||
			!slices.Equal(again.Contigs, h.Contigs) || !slices.Equal(again.Filters, h.Filters) ||
			!slices.Equal(again.Samples, h.Samples) || again.Columns != h.Columns {
			t.Fatalf("second reading differs:\n%+v\n%+v", h, again)
		}
		for _, field := range h.Infos {
			if found, ok := h.Info(field.ID); !ok || found != field {
				t.Fatalf("Info(%q) = %v, %v", field.ID, found, ok)
			}
		}
	})
}
