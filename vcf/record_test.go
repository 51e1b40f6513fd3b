package vcf_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/varlake/varlake/internal/realfiles"
	"github.com/varlake/varlake/vcf"
)

func TestRecord(t *testing.T) {
	line := "chr1\t1234567\trs1;rs2\tACG\tA,<DEL>\t29.5\tq10;s50\tDB;AF=0.5\tGT:DP\t0|1:3\t.\t"
	var r vcf.Record
	if err := r.Parse([]byte(line), 12); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s|%d|%s|%s|%s|%s|%s|%s|%s|%q|%d", r.Chrom(), r.Pos(), r.ID(), r.Ref(), r.Alt(), r.QualText(), r.Filter(), r.Info(), r.Format(), r.Samples(), r.NAlt())
	if want := `chr1|1234567|rs1;rs2|ACG|A,<DEL>|29.5|q10;s50|DB;AF=0.5|GT:DP|"0|1:3\t.\t"|2`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if q, ok := r.Qual(); !ok || q != 29.5 {
		t.Errorf("Qual() = %v, %v", q, ok)
	}
	// Nothing of the line before may be left.
	if err := r.Parse([]byte("1\t0\t.\tN\t.\t.\t.\t."), 8); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Qual(); ok || r.NAlt() != 0 || r.Pos() != 0 || r.Format() != nil || r.Samples() != nil {
		t.Errorf("left over from the last record: %+v", r)
	}
}

func TestRecordQual(t *testing.T) {
	var r vcf.Record
	for text, want := range map[string]float64{
		"0": 0, "-10": -10, "1e3": 1000, "3.": 3, ".5": .5, "Inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(), "12345678901234567890123456789012345": 12345678901234567890123456789012345,
	} {
		if err := r.Parse([]byte("1\t1\t.\tA\tC\t"+text+"\t.\t."), 8); err != nil {
			t.Error(err)
		}
		if q, ok := r.Qual(); !ok || q != want && !(math.IsNaN(q) && math.IsNaN(want)) {
			t.Errorf("QUAL %s: %v, %v", text, q, ok)
		}
	}
}

func TestRecordRefuses(t *testing.T) {
	const good = "1\t5\t.\tA\tC\t.\t.\t."
	with := func(column int, text string) string {
		fields := strings.Split(good, "\t")
		fields[column] = text
		return strings.Join(fields, "\t")
	}
	tests := []struct {
		line    string
		columns int
		want    string
	}{
		{"", 8, "blank line"},
		{"1", 8, "1 columns where the header has 8: POS is missing"},
		{"1\t5\t.\tA", 8, "4 columns where the header has 8: ALT is missing"},
		{good, 9, "FORMAT is missing"},
		{good + "\tGT", 8, "9 columns where the header has 8"},
		{good + "\tGT\t0/0", 9, "10 columns where the header has 9"},
		{good + "\tGT", 10, "no samples"},
		{good + "\t\t0/0", 10, "FORMAT is empty"},
		{good + "\t", 9, "FORMAT is empty"},
		{with(0, ""), 8, "CHROM is empty"},
		{with(1, ""), 8, "POS is empty"},
		{with(2, ""), 8, "ID is empty"},
		{with(3, ""), 8, "REF is empty"},
		{with(4, ""), 8, "ALT is empty"},
		{with(5, ""), 8, "QUAL is empty"},
		{with(6, ""), 8, "FILTER is empty"},
		{with(7, ""), 8, "INFO is empty"},
		{with(1, "x"), 8, `POS is "x"`},
		{with(1, "-1"), 8, "POS"},
		{with(1, "+1"), 8, "POS"},
		{with(1, "1.0"), 8, "POS"},
		{with(1, " 1"), 8, "POS"},
		{with(1, "9223372036854775808"), 8, "POS"},
		{with(5, "high"), 8, `QUAL is "high"`},
		{with(5, "0x1p4"), 8, "QUAL"},
		{with(5, "1e999"), 8, "QUAL"},
		{with(5, "1e-999"), 8, "QUAL"},
		{with(5, "1_0"), 8, "QUAL"},
		{with(0, "\xff"), 8, "UTF-8"},
		{with(6, "\xff"), 8, "UTF-8"},
		{good + "\t\xff\t0", 10, "UTF-8"},
	}
	for _, test := range tests {
		var r vcf.Record
		err := r.Parse([]byte(test.line), test.columns)
		var bad *vcf.RecordError
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, test.want) {
			t.Errorf("%q: %v; want %q", test.line, err, test.want)
		}
	}
	var r vcf.Record
	for _, line := range []string{with(1, "9223372036854775807"), with(7, "\xff"), with(3, "."), with(2, "é")} {
		if err := r.Parse([]byte(line), 8); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte("1\t5\trs1\tA\tC,G\t29.5\tPASS\tDB;AF=0.5\tGT:DP\t0|1:3\t1|1"), 11)
	f.Add([]byte("1\t5\t.\tA\t.\t.\t.\t."), 8)
	f.Add([]byte("\t\t\t\t\t\t\t\t"), 9)
	for _, pattern := range []string{"real/*/*.vcf", "bad/*/*.vcf"} {
		for _, file := range realfiles.Small(pattern, 4<<10) {
			line, _, _ := bytes.Cut(file[endOfHeader(file):], []byte{'\n'})
			f.Add(line, bytes.Count(line, []byte{'\t'})+1)
		}
	}
	f.Fuzz(func(t *testing.T, line []byte, columns int) {
		columns = 8 + int(uint(columns)%8)
		var r vcf.Record
		if err := r.Parse(line, columns); err != nil {
			var bad *vcf.RecordError
			if !errors.As(err, &bad) || bad.Reason == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		want := strings.SplitN(string(line), "\t", 10)
		got := []string{string(r.Chrom()), want[1], string(r.ID()), string(r.Ref()), string(r.Alt()), string(r.QualText()), string(r.Filter()), string(r.Info())}
		if columns > 8 {
			got = append(got, string(r.Format()))
		}
		if columns > 9 {
			got = append(got, string(r.Samples()))
		}
		if strings.Join(got, "\t") != string(line) {
			t.Fatalf("columns %q of %q", got, line)
		}
		if pos := strings.TrimLeft(want[1], "0"); pos != "" && fmt.Sprint(r.Pos()) != pos || r.Pos() < 0 {
			t.Fatalf("POS %d of %q", r.Pos(), want[1])
		}
		if !utf8.ValidString(want[3]) {
			t.Fatalf("REF %q", want[3])
		}
	})
}
