package vcf

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCall(t *testing.T) {
	type alleles = []int32
	const valid, called, phased = "valid", "valid called", "valid called phased"
	tests := []struct {
		text    string
		is      string
		alleles alleles
		nAlt    int32
	}{
		// VCF 4.5 section 1.6.2, its own examples
		{"0/1", called, alleles{0, 1}, 1},
		{"1|0", phased, alleles{1, 0}, 1},
		{"/0/1", called, alleles{0, 1}, 1},
		{"1/2", called, alleles{1, 2}, 2},
		{"0/0/1", called, alleles{0, 0, 1}, 1},
		{"|0/1/2", called, alleles{0, 1, 2}, 2},
		{"./.", valid, alleles{-1, -1}, 0},
		{".", valid, alleles{-1}, 0},

		{"0|0", phased, alleles{0, 0}, 0},
		{"1/1", called, alleles{1, 1}, 2},
		{"10|2", phased, alleles{10, 2}, 2},
		{"0", called, alleles{0}, 0},
		{"1", called, alleles{1}, 1},
		{"|1", phased, alleles{1}, 1},
		{"/1", called, alleles{1}, 1},
		{"|.", "valid phased", alleles{-1}, 0},
		{".|.", "valid phased", alleles{-1, -1}, 0},
		{"0/.", valid, alleles{0, -1}, 0},
		{".|1", "valid phased", alleles{-1, 1}, 1},
		{"|0|1", phased, alleles{0, 1}, 1},
		{"/0|1", called, alleles{0, 1}, 1},
		{"0/1|1", called, alleles{0, 1, 1}, 2},
		{"0|1|2|1", phased, alleles{0, 1, 2, 1}, 3},
		{"2147483647/0", called, alleles{2147483647, 0}, 1},

		{text: ""}, {text: "/"}, {text: "|"}, {text: "0/"}, {text: "0|1|"}, {text: "0//1"}, {text: "//0"},
		{text: "||0"}, {text: "00"}, {text: "01/0"}, {text: "0/01"}, {text: "-1/0"}, {text: "+1/0"},
		{text: "1.0/0"}, {text: ".."}, {text: ".1"}, {text: "0 |1"}, {text: "0\\1"}, {text: "A/G"},
		{text: "*/1"}, {text: "0|0:12"}, {text: "0,1"}, {text: "0|1\r"}, {text: "0|1\n"}, {text: "0\x00"},
		{text: "2147483648"}, {text: "0/99999999999999999999"}, {text: "٠/١"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			highest := int32(-1)
			for _, allele := range test.alleles {
				highest = max(highest, allele)
			}
			want := Call{
				Text:      test.text,
				Alleles:   test.alleles,
				Valid:     strings.Contains(test.is, "valid"),
				Called:    strings.Contains(test.is, "called"),
				Phased:    strings.Contains(test.is, "phased"),
				NAlt:      test.nAlt,
				MaxAllele: highest,
			}
			got := parseCall(test.text)
			wantEqual(t, got, want)
			wantEqual(t, plainCall(test.text), want)
			if got.Ploidy() != len(test.alleles) {
				t.Errorf("ploidy %d, want %d", got.Ploidy(), len(test.alleles))
			}
		})
	}
}

// TestCallExhaustive compares all texts of up to five of the bytes that matter.
func TestCallExhaustive(t *testing.T) {
	alphabet := []byte("012./|\t")
	for length := range 6 {
		text := make([]byte, length)
		eachText(alphabet, text, func() { wantEqual(t, parseCall(string(text)), plainCall(string(text))) })
	}
}

func TestCallProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alleles := rapid.SliceOfN(rapid.Int32Min(-1), 1, 12).Draw(t, "alleles")
		separator := rapid.SampledFrom([]string{"/", "|"})
		var text strings.Builder
		phased, missing := true, false
		for i, allele := range alleles {
			if i > 0 || rapid.Bool().Draw(t, "leading") {
				s := separator.Draw(t, "separator")
				phased = phased && s == "|"
				text.WriteString(s)
			}
			if allele < 0 {
				missing = true
				text.WriteByte('.')
			} else {
				text.WriteString(strconv.Itoa(int(allele)))
			}
		}
		call := parseCall(text.String())
		if !call.Valid || !reflect.DeepEqual(call.Alleles, alleles) || call.Called == missing {
			t.Fatalf("%q: %+v, want alleles %d", text.String(), call, alleles)
		}
		if lone := text.Len() > 0 && !strings.ContainsAny(text.String(), "/|"); call.Phased != (phased && !lone) {
			t.Fatalf("%q: phased %t", text.String(), call.Phased)
		}
	})
}

func FuzzGT(f *testing.F) {
	for _, seed := range []string{"0|1", "./.", "/0|1", "1", "", "|0/10/.", "2147483648/0", "01"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wantEqual(t, parseCall(text), plainCall(text))
	})
}

func wantEqual(t *testing.T, got, want Call) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q:\n got %+v\nwant %+v", want.Text, got, want)
	}
}

// eachText fills text with every combination of the alphabet's bytes.
func eachText(alphabet, text []byte, visit func()) {
	var fill func(i int)
	fill = func(i int) {
		if i == len(text) {
			visit()
			return
		}
		for _, b := range alphabet {
			text[i] = b
			fill(i + 1)
		}
	}
	fill(0)
}
