package vcf_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/vcf"
)

// entries spells out what a cursor yields: K=V, K for a flag.
func entries(info string) []string {
	var found []string
	for c := vcf.NewInfoCursor([]byte(info)); c.Next(); {
		entry := string(c.Key)
		if c.HasValue {
			entry += "=" + string(c.Value)
		}
		found = append(found, entry)
	}
	return found
}

func TestInfoCursor(t *testing.T) {
	tests := []struct {
		info string
		want []string
	}{
		{".", nil},
		{"", nil},
		{"DB", []string{"DB"}},
		{"AC=1,2;DB;AF=0.5", []string{"AC=1,2", "DB", "AF=0.5"}},
		{"K=;L", []string{"K=", "L"}},
		{"K=a=b", []string{"K=a=b"}},
		{"A=1;;B=2;", []string{"A=1", "", "B=2", ""}},
		{"=5", []string{"=5"}},
		{".;A", []string{".", "A"}},
	}
	for _, test := range tests {
		if got := entries(test.info); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.info, got, test.want)
		}
	}
}

func FuzzInfoCursor(f *testing.F) {
	f.Add("AC=1,2;DB;AF=0.5")
	f.Add("A=1;;=;K==;")
	f.Fuzz(func(t *testing.T, info string) {
		joined := strings.Join(entries(info), ";")
		if info != "." && joined != info || info == "." && joined != "" {
			t.Fatalf("%q became %q", info, joined)
		}
		for c := vcf.NewInfoCursor([]byte(info)); c.Next(); {
			if bytes.ContainsAny(c.Key, ";=") || bytes.Contains(c.Value, []byte(";")) || !c.HasValue && c.Value != nil {
				t.Fatalf("%q: key %q, value %q", info, c.Key, c.Value)
			}
		}
	})
}

func TestCut(t *testing.T) {
	for _, list := range []string{"", "a", "a,b", ",", "a,,b,"} {
		var got []string
		rest, more := []byte(list), true
		for more {
			var item []byte
			item, rest, more = vcf.Cut(rest, ',')
			got = append(got, string(item))
		}
		if !slices.Equal(got, strings.Split(list, ",")) {
			t.Errorf("%q: %q", list, got)
		}
	}
}

func TestUnescape(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"plain", "plain"},
		{"%3A%3B%3D%25%2C%0D%0A%09", ":;=%,\r\n\t"},
		{"%3a%3b%2c", ":;,"},
		{"a%2Cb%", "a,b%"},
		{"%253A", "%3A"}, // once, not twice
		{"50%", "50%"},
		{"%3", "%3"},
		{"%41%20", "%41%20"}, // A and space are not reserved
		{"%%3A", "%:"},
		{"%G1%1G", "%G1%1G"},
	}
	for _, test := range tests {
		got, changed := vcf.Unescape([]byte("<"), []byte(test.text))
		if string(got) != "<"+test.want || changed != (test.text != test.want) {
			t.Errorf("%q: %q, %v; want %q", test.text, got, changed, test.want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add([]byte(":;=%,\r\n\t"))
	f.Add([]byte("%3a%253A%%41"))
	f.Add([]byte("\xff%2C"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, special := range []string{vcf.InfoReserved, vcf.FormatReserved} {
			escaped := vcf.Escape(nil, text, special)
			if bytes.ContainsAny(escaped, strings.ReplaceAll(special, "%", "")) {
				t.Fatalf("Escape(%q, %q) = %q", text, special, escaped)
			}
			back, changed := vcf.Unescape(nil, escaped)
			if !bytes.Equal(back, text) || changed == bytes.Equal(escaped, text) {
				t.Fatalf("%q became %q, then %q, %v", text, escaped, back, changed)
			}
		}
		plain, changed := vcf.Unescape(nil, text)
		if changed == bytes.Equal(plain, text) || len(plain) > len(text) {
			t.Fatalf("Unescape(%q) = %q, %v", text, plain, changed)
		}
	})
}

// The encoding of every byte, said by the standard library.
func TestEscapeEachByte(t *testing.T) {
	for _, special := range []string{vcf.InfoReserved, vcf.FormatReserved} {
		for c := range 256 {
			want := string([]byte{byte(c)})
			if strings.Contains(special, want) {
				want = fmt.Sprintf("%%%02X", c)
			}
			if got := vcf.Escape(nil, []byte{byte(c)}, special); string(got) != want {
				t.Errorf("Escape of byte %#x = %q, want %q", c, got, want)
			}
		}
	}
}
