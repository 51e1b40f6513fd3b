package vcf_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/varlake/varlake/vcf"
)

func TestLeadingDecimal(t *testing.T) {
	for _, tt := range []struct {
		text  string
		value float64
		width int
	}{
		{"0", 0, 1}, {"0.5;", .5, 3}, {".5", .5, 2}, {"5.,", 5, 2}, {"-12.25", -12.25, 6}, {"100\t", 100, 3}, {"1,2", 1, 1},
		{"2.60163e-05;AN=1", 2.60163e-05, 11}, {"1E+10", 1e10, 5}, {"1e22", 1e22, 4}, {"0.00000e+00", 0, 11}, {"9007199254740992", 1 << 53, 16},
		{"-0", math.Copysign(0, -1), 2}, {"1.5.3", 1.5, 3}, {"3x", 3, 1}, {"0x1p4", 0, 1}, {"1_0", 1, 1},
		{"", 0, 0}, {"-", 0, 0}, {".", 0, 0}, {"-.", 0, 0}, {"+5", 0, 0}, {"007", 0, 0}, {"-00.5", 0, 0}, {"nan", 0, 0}, {"inf", 0, 0}, {";", 0, 0},
		{"1e", 0, 0}, {"1e-", 0, 0}, {"1e;", 0, 0}, {"1e23", 0, 0}, {"1e0001", 0, 0}, {"0e-400", 0, 0}, {"9007199254740993", 0, 0}, {"10000000000000000000", 0, 0},
	} {
		value, width := vcf.LeadingDecimal([]byte(tt.text))
		if width != tt.width || math.Float64bits(value) != math.Float64bits(tt.value) {
			t.Errorf("LeadingDecimal(%q) = %v, %d, want %v, %d", tt.text, value, width, tt.value, tt.width)
		}
	}
}

// What is read is what the standard library reads, to the bit.
func FuzzLeadingDecimal(f *testing.F) {
	for _, s := range []string{"0.1", "-1e-5", "123456789.123456", "9007199254740993", "1.7976931348623157e308", "00.1", "5.e+3;x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, width := vcf.LeadingDecimal(text)
		if width == 0 {
			return
		}
		want, err := strconv.ParseFloat(string(text[:width]), 64)
		if err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("LeadingDecimal(%q) = %v of %d bytes; strconv says %v, %v", text, got, width, want, err)
		}
	})
}

func BenchmarkLeadingDecimal(b *testing.B) {
	for _, text := range []string{"0.591", "0.000199681", "2.60163e-05"} {
		b.Run(text, func(b *testing.B) {
			s := []byte(text + ";")
			b.ReportAllocs()
			for b.Loop() {
				vcf.LeadingDecimal(s)
			}
		})
	}
}
