package vcf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

func TestInternCodes(t *testing.T) {
	var table CallTable
	texts := []string{"0|0", "0|1", "", "0", "0/0/0/1", "0|0", "0/0/0/0/0/0", "1", "0/0/0/1", "", "0\x00", "0\x00\x00"}
	want := []uint32{0, 1, 2, 3, 4, 0, 5, 6, 4, 2, 7, 8}
	for i, text := range texts {
		if code := table.Intern([]byte(text)); code != want[i] {
			t.Errorf("%q has code %d, want %d", text, code, want[i])
		}
	}
	if len(table.Calls()) != 9 {
		t.Fatalf("%d calls, want 9", len(table.Calls()))
	}
	for i, text := range texts {
		wantEqual(t, table.Calls()[want[i]], plainCall(text))
	}
}

// Known knows the texts of three bytes that are interned, whatever comes behind, and no others.
func TestKnown(t *testing.T) {
	var table CallTable
	for _, text := range []string{"0", "0/1", ".|.", "0/0/1", "0\x00\x00"} {
		table.Intern([]byte(text))
	}
	for _, text := range []string{"0/1\t", "0/1:", ".|.\x00", "0\x00\x00\xff", "0/0/", "0/0\t", "0\t\t\t", "0\t1\t", "\x00\x00\x00\x00"} {
		code, ok := table.Known(binary.LittleEndian.Uint32([]byte(text)))
		want, interned := table.codes[text[:3]]
		if ok != interned || ok && code != want {
			t.Errorf("%q: code %d, %v, want %d, %v", text, code, ok, want, interned)
		}
	}
}

func TestInternKeepsNothingOfItsArgument(t *testing.T) {
	var table CallTable
	gt := []byte("0|1")
	table.Intern(gt)
	copy(gt, "9|9")
	if text := table.Calls()[0].Text; text != "0|1" {
		t.Errorf("text is %q, want 0|1", text)
	}
}

// More texts than there are slots: all keep their codes.
func TestInternManyTexts(t *testing.T) {
	var table CallTable
	for range 2 {
		for i := range 3 * len(table.slots) {
			if code := table.Intern(fmt.Appendf(nil, "%d", i)); code != uint32(i) {
				t.Fatalf("%d has code %d", i, code)
			}
		}
	}
}

func TestReset(t *testing.T) {
	for _, before := range []int{1, keptCalls, keptCalls + 1} {
		var table CallTable
		for i := range before {
			table.Intern(fmt.Appendf(nil, "%d/%d", i, i))
		}
		table.Reset()
		if n := len(table.Calls()); n != 0 {
			t.Errorf("%d calls after Reset", n)
		}
		for want, text := range []string{"1/1", "0/0", "."} {
			if code := table.Intern([]byte(text)); code != uint32(want) {
				t.Errorf("%q has code %d after Reset, want %d", text, code, want)
			}
			wantEqual(t, table.Calls()[want], plainCall(text))
		}
		runs, _ := table.AppendRuns(nil, []byte("0/0\t."))
		if len(runs) != 2 || runs[0] != (Run{1, 1}) || runs[1] != (Run{2, 1}) {
			t.Errorf("runs %v after Reset", runs)
		}
	}
}

// What slotFactor is chosen for.
func TestCommonTextsHaveTheirOwnSlots(t *testing.T) {
	taken := map[uint64]string{}
	check := func(text string) {
		var word uint64
		for i, b := range []byte(text + "\t") {
			word |= uint64(b) << (8 * i)
		}
		slot := slotOf(word)
		if other, ok := taken[slot]; ok && other != text {
			t.Errorf("%s and %s meet in slot %d", other, text, slot)
		}
		taken[slot] = text
	}
	for _, separator := range []string{"/", "|"} {
		for _, alphabet := range []struct {
			alleles string
			ploidy  int
		}{{".0123456789", 1}, {".0123456789", 2}, {".01", 3}, {".01", 4}} {
			alleles := make([]byte, alphabet.ploidy)
			eachText([]byte(alphabet.alleles), alleles, func() {
				check(strings.Join(strings.Split(string(alleles), ""), separator))
			})
		}
	}
}

func TestInternDoesNotAllocate(t *testing.T) {
	var table CallTable
	texts := bytes.Fields([]byte("0|0 0/1 1 . 0/0/0/1 10|11 0/0/0/0/0/1 rubbish:1,2,3"))
	if n := testing.AllocsPerRun(100, func() {
		for _, text := range texts {
			table.Intern(text)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkIntern(b *testing.B) {
	for _, bench := range []struct{ name, texts string }{
		{"diploid", "0|0 0|0 0|1 0|0 1|0 1|1 0|0 0/0"},
		{"haploid", "0 0 1 0 . 1 1 0"},
		{"tetraploid", "0/0/0/0 0/0/0/1 0/0/1/1 0/0/0/0 ./././. 0/1/1/1 1/1/1/1 0/0/0/0"},
		{"hexaploid", "0/0/0/0/0/0 0/0/0/0/0/1 0/0/0/0/1/1 0/0/0/0/0/0 0/0/0/0/0/0 0/1/1/1/1/1 1/1/1/1/1/1 0/0/0/0/0/0"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var table CallTable
			texts := bytes.Fields([]byte(bench.texts))
			b.SetBytes(int64(len(texts[0])))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				table.Intern(texts[i&7])
				i++
			}
		})
	}
}
