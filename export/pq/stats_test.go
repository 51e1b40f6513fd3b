package pq

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTextBounds(t *testing.T) {
	long := strings.Repeat("a", 100)
	for _, test := range []struct{ name, in, lower, upper string }{
		{"short", "PASS", "PASS", "PASS"},
		{"empty", "", "", ""},
		{"as long as may be", long[:64], long[:64], long[:64]},
		{"cut", long, long[:64], long[:63] + "b"},
		{"cut between characters", strings.Repeat("a", 63) + "éé", strings.Repeat("a", 63), strings.Repeat("a", 62) + "b"},
		{"over the surrogates", strings.Repeat("a", 61) + "\uD7FFbcd", strings.Repeat("a", 61) + "\uD7FF", strings.Repeat("a", 61) + "\uE000"},
		{"the last character has no successor", strings.Repeat("a", 60) + "\U0010FFFF\U0010FFFF",
			strings.Repeat("a", 60) + "\U0010FFFF", strings.Repeat("a", 59) + "b"},
		{"no character has a successor", strings.Repeat("\U0010FFFF", 20), strings.Repeat("\U0010FFFF", 16), strings.Repeat("\U0010FFFF", 20)},
	} {
		if got := string(appendLower(nil, []byte(test.in))); got != test.lower {
			t.Errorf("%s: lower bound %q, want %q", test.name, got, test.lower)
		}
		if got := string(appendUpper(nil, []byte(test.in))); got != test.upper {
			t.Errorf("%s: upper bound %q, want %q", test.name, got, test.upper)
		}
	}
}

// TestTextBoundsHold checks that bounds hold and are text.
func TestTextBoundsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SampledFrom([]rune{'a', 0x7F, 'é', 0x7FF, 0xD7FF, 0xFFFF, utf8.MaxRune})
		s := []byte(rapid.StringOfN(runes, 0, 100, -1).Draw(t, "s"))
		lower, upper := appendLower(nil, s), appendUpper(nil, s)
		if bytes.Compare(lower, s) > 0 || bytes.Compare(s, upper) > 0 {
			t.Fatalf("%q is not between %q and %q", s, lower, upper)
		}
		if !utf8.Valid(lower) || !utf8.Valid(upper) {
			t.Fatalf("%q and %q are not both UTF-8", lower, upper)
		}
	})
}

func TestDoubleBounds(t *testing.T) {
	negative := math.Copysign(0, -1)
	for _, test := range []struct {
		name   string
		values []float64
		lo, hi float64
		none   bool
	}{
		{name: "NaN is passed over", values: []float64{math.NaN(), 3, math.NaN(), -1}, lo: -1, hi: 3},
		{name: "NaN alone", values: []float64{math.NaN()}, none: true},
		{name: "no value", none: true},
		{name: "zero", values: []float64{0}, lo: negative, hi: 0},
		{name: "minus zero", values: []float64{negative}, lo: negative, hi: 0},
		{name: "infinite", values: []float64{math.Inf(1), 0, math.Inf(-1)}, lo: math.Inf(-1), hi: math.Inf(1)},
	} {
		var got, want bounds
		got.of(Double, &Values{Double: test.values}, nil)
		if !test.none {
			lo, hi := Values{Double: []float64{test.lo}}, Values{Double: []float64{test.hi}}
			want = bounds{lo.appendPlain(nil, Double), hi.appendPlain(nil, Double)}
		}
		if !bytes.Equal(got.min, want.min) || !bytes.Equal(got.max, want.max) || (got.min == nil) != test.none {
			t.Errorf("%s: got %x %x, want %x %x", test.name, got.min, got.max, want.min, want.max)
		}
	}
}
