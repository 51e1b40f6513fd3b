package vcf

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	// slotFactor and slotBits spread words over slots so that no two of the
	// common GTs meet in one: those of one or two single-digit alleles and the
	// biallelic ones of up to four. Found by trial; a test holds it to that.
	slotFactor = 0xa803f7ebd818e761
	slotBits   = 11

	// maxWord is the longest text that, with the tab behind it, fits a word.
	maxWord = 7

	// keptCalls is how many calls a table may hold and still keep its memory
	// for the next use.
	keptCalls = 1 << 12
)

// CallTable interns GT texts: a text has the same code for as long as the table
// is not Reset. Codes count from 0 in the order in which texts first appear.
// The zero value is an empty table. A table is for one goroutine.
//
// A table grows with the number of distinct texts: a few dozen in real files,
// but as large as the input in a hostile one. Who reads without end looks at
// len(Calls()) and resets.
type CallTable struct {
	calls []Call
	codes map[string]uint32
	// slots remember the short texts met last in each slot, codes knows all.
	slots [1 << slotBits]slot
}

// slot remembers the code of a text of up to maxWord bytes.
type slot struct {
	// word is the text and the tab behind it as a little-endian number: what a
	// load from the line gives. It has one tab, as its last byte; so a text
	// that ends earlier or later never equals it, and 0 is an empty slot.
	word uint64
	code uint32
}

func slotOf(word uint64) uint64 { return word * slotFactor >> (64 - slotBits) }

// Intern returns the code of the GT text gt, which may be any bytes without a
// tab: the texts of cells. gt is not kept. Only a text not seen before allocates.
func (t *CallTable) Intern(gt []byte) uint32 {
	if len(gt) == 3 {
		word := uint64(gt[0]) | uint64(gt[1])<<8 | uint64(gt[2])<<16 | '\t'<<24
		if s := &t.slots[slotOf(word)]; s.word == word {
			return s.code
		}
	}
	return t.intern(gt)
}

// Known returns the code of a text of three bytes where it is at hand; Intern
// does for the rest. word has the text in its low bytes, the first lowest; the
// highest byte is not looked at.
func (t *CallTable) Known(word uint32) (code uint32, ok bool) {
	w := uint64(word&0xffffff | '\t'<<24)
	s := &t.slots[slotOf(w)]
	return s.code, s.word == w
}

// intern is Intern for texts of any length.
func (t *CallTable) intern(gt []byte) uint32 {
	if len(gt) > maxWord {
		return t.lookUp(gt)
	}
	word := uint64('\t')
	for _, b := range slices.Backward(gt) {
		word = word<<8 | uint64(b)
	}
	if s := &t.slots[slotOf(word)]; s.word == word {
		return s.code
	}
	return t.remember(word)
}

// remember returns the code of the text in word and puts it into its slot, where
// it is not.
func (t *CallTable) remember(word uint64) uint32 {
	var text [8]byte
	binary.LittleEndian.PutUint64(text[:], word)
	code := t.lookUp(text[:bits.Len64(word)/8]) // without the tab, the highest byte
	t.slots[slotOf(word)] = slot{word, code}
	return code
}

// lookUp finds the code of a text, or gives it one.
func (t *CallTable) lookUp(gt []byte) uint32 {
	if code, ok := t.codes[string(gt)]; ok {
		return code
	}
	if t.codes == nil {
		t.codes = make(map[string]uint32)
	}
	call := parseCall(string(gt))
	code := uint32(len(t.calls))
	t.calls = append(t.calls, call)
	t.codes[call.Text] = code
	return code
}

// Calls returns the calls by code. The slice belongs to the table: it may be
// read until Reset, and calls added later may not be in it.
func (t *CallTable) Calls() []Call { return t.calls }

// Reset empties the table: codes count from 0 again. Slices from Calls are no
// longer valid.
func (t *CallTable) Reset() {
	if len(t.calls) > keptCalls {
		*t = CallTable{}
		return
	}
	clear(t.calls)
	t.calls = t.calls[:0]
	clear(t.codes)
	clear(t.slots[:])
}
