package main

import (
	"testing"

	"github.com/varlake/varlake/export"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain, é, 日本":    "plain, é, 日本",
		"\x1b[31mred":     `\x1b[31mred`,
		"a\tb\nc\r\x00d":  `a\tb\nc\r\x00d`,
		"\u009b1m\x7f":    `\u009b1m\x7f`,
		"a\u202egpj":      `a\u202egpj`,
		"bad \xff byte":   `bad \xff byte`,
		"it's \"quoted\"": `it's "quoted"`,
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, not %q", in, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine("first\n  second\r\n\n\x1bthird\n"); got != `first; second; \x1bthird` {
		t.Errorf("got %q", got)
	}
}

func TestGrouped(t *testing.T) {
	for in, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -100: "-100", -1000: "-1,000"} {
		if got := grouped(in); got != want {
			t.Errorf("grouped(%d) = %q, not %q", in, got, want)
		}
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"out/cohort-1": "out/cohort-1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'"} {
		if got := shellWord(in); got != want {
			t.Errorf("shellWord(%q) = %q, not %q", in, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for in, want := range map[string]size{"1": 1, "4096": 4096, "256MiB": 256 << 20, "1GiB": 1 << 30, "1.5 KiB": 1536, "2GB": 2e9, "10kB": 10000, "7B": 7} {
		var got size
		if err := got.UnmarshalText([]byte(in)); err != nil || got != want {
			t.Errorf("%q: %d and %v, not %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "big", "0", "-1", "MiB", "1 XiB", "NaN", "Inf", "1e30"} {
		var got size
		if err := got.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q: %d, not an error", in, got)
		}
	}
	for in, want := range map[size]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 256 << 20: "256.0 MiB", 3 << 40: "3.0 TiB"} {
		if got := in.String(); got != want {
			t.Errorf("%d: %q, not %q", int64(in), got, want)
		}
	}
}

func TestQCLine(t *testing.T) {
	for _, test := range []struct {
		qc   export.QCSummary
		want string
	}{
		{export.QCSummary{}, ""},
		{export.QCSummary{Called: 4, Het: 1, Singletons: 2}, "call rate 100%, 1 heterozygous call, 2 singletons"},
		{export.QCSummary{Called: 999_999, NotCalled: 1, Transitions: 21, Transversions: 10}, "call rate 99.999%, 0 heterozygous calls, 0 singletons, Ti/Tv 2.1"},
	} {
		if got := qcLine(test.qc); got != test.want {
			t.Errorf("%+v: %q, not %q", test.qc, got, test.want)
		}
	}
}
