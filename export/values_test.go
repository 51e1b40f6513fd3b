package export

import (
	"bytes"
	"math"
	"strconv"
	"testing"
)

func TestParseInt(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int32
		ok   bool
	}{
		{"0", 0, true}, {"7", 7, true}, {"-12", -12, true}, {"2147483647", math.MaxInt32, true}, {"-2147483648", math.MinInt32, true},
		{"2147483648", 0, false}, {"-2147483649", 0, false}, {"99999999999", 0, false},
		{"", 0, false}, {"-", 0, false}, {"+5", 0, false}, {"007", 0, false}, {"-0", 0, false}, {"1.0", 0, false}, {"1e3", 0, false}, {"0x1f", 0, false}, {" 1", 0, false},
	} {
		got, ok := parseInt([]byte(tt.text))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("parseInt(%q) = %d, %v, want %d, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseFloat(t *testing.T) {
	for _, tt := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"0", 0, true}, {"0.5", .5, true}, {".5", .5, true}, {"5.", 5, true}, {"-12.25", -12.25, true}, {"1e-5", 1e-5, true}, {"1E+10", 1e10, true}, {"0e0", 0, true},
		{"0.000199681", 0.000199681, true}, {"123456789012345678", 123456789012345678, true}, {"inf", math.Inf(1), true}, {"-Infinity", math.Inf(-1), true},
		{"NaN", math.NaN(), true}, {"nan", math.NaN(), true}, {"0.0000000000000000001", 1e-19, true},
		{"", 0, false}, {".", 0, false}, {"-", 0, false}, {"+5", 0, false}, {"007", 0, false}, {"-00.5", 0, false}, {"0x1p-2", 0, false}, {"1_000", 0, false}, {"0.0_0", 0, false}, {"0e1_0", 0, false},
		{"1e400", 0, false}, {"1e-400", 0, false}, {"1,5", 0, false}, {"n/a", 0, false}, {"1.2.3", 0, false},
	} {
		got, ok := parseFloat([]byte(tt.text))
		if ok != tt.ok || ok && got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("parseFloat(%q) = %v, %v, want %v, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

// FuzzParseInt holds parseInt against the standard library: what it accepts prints as it was read.
func FuzzParseInt(f *testing.F) {
	for _, s := range []string{"0", "-1", "2147483648", "007"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := parseInt(text)
		want, err := strconv.ParseInt(string(text), 10, 32)
		canonical := err == nil && strconv.FormatInt(want, 10) == string(text)
		if ok != canonical || ok && int64(got) != want {
			t.Errorf("parseInt(%q) = %d, %v; strconv says %d, %v", text, got, ok, want, err)
		}
		lead, width := leadingInt(append(text[:len(text):len(text)], ';'))
		if ok != (width == len(text) && width > 0) || ok && lead != got {
			t.Errorf("leadingInt(%q) = %d of %d bytes; parseInt says %d, %v", text, lead, width, got, ok)
		}
	})
}

// FuzzParseFloat holds parseFloat against the standard library.
func FuzzParseFloat(f *testing.F) {
	for _, s := range []string{"0.1", "-1e-5", "123456789.123456", "nan", "1e400", "00.1", "0x1p4", "0.0_0"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := parseFloat(text)
		if !ok {
			return
		}
		want, err := strconv.ParseFloat(string(text), 64)
		if err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("parseFloat(%q) = %v; strconv says %v, %v", text, got, want, err)
		}
		if bytes.ContainsAny(text, "xXpP_") || text[0] == '+' {
			t.Errorf("parseFloat(%q) accepted", text)
		}
	})
}

func BenchmarkParseFloat(b *testing.B) {
	text := []byte("0.000199681")
	b.ReportAllocs()
	for b.Loop() {
		parseFloat(text)
	}
}
