package vcf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Run is a stretch of N neighbouring samples with the same GT text, the one that
// has this Code in a CallTable.
type Run struct{ Code, N uint32 }

// AppendRun appends n samples of one code to runs; where the last run has the
// same code it grows instead. n 0 appends nothing.
func AppendRun(runs []Run, code, n uint32) []Run {
	if n == 0 {
		return runs
	}
	if last := len(runs) - 1; last >= 0 && runs[last].Code == code {
		runs[last].N += n
		return runs
	}
	return append(runs, Run{code, n})
}

// AppendCodes appends the runs of samples with these codes, one each. A run that
// was there before is left as it is.
func AppendCodes(runs []Run, codes []uint32) []Run {
	if len(codes) == 0 {
		return runs
	}
	runs = slices.Grow(runs, len(codes))
	// N is the number of samples up to the end of a run at first: so each can be
	// stored without a branch on its code, which no processor foresees.
	added := runs[len(runs) : len(runs)+len(codes)]
	last, code := 0, codes[0]
	for i, next := range codes {
		at := last + 1
		if next == code {
			at = last
		}
		added[at] = Run{next, uint32(i + 1)}
		last, code = at, next
	}
	begin := uint32(0)
	for i := range added[:last+1] {
		added[i].N, begin = added[i].N-begin, added[i].N
	}
	return runs[:len(runs)+last+1]
}

// AppendRuns scans the samples of a record whose FORMAT is GT alone: cells with
// tabs between them and none behind the last. It appends their runs to runs in
// sample order, and returns them with the number of cells, which is the sum of
// their N. Neighbouring runs differ in their code, but a run that was there
// before is left as it is. Without samples (no bytes) there are no cells.
//
// A cell is any bytes: whether it is a GT is for the table's Calls to say. Only
// texts not seen before, and runs when it is full, allocate.
func (t *CallTable) AppendRuns(runs []Run, samples []byte) ([]Run, int) {
	if len(samples) == 0 {
		return runs, 0
	}
	if !fast {
		return t.appendPlain(runs, samples)
	}
	before, cells := len(runs), 0
	for s := samples; ; {
		code, word, width := t.cell(s)
		if len(runs) == before || runs[len(runs)-1].Code != code {
			runs = append(runs, Run{Code: code})
		}
		runs[len(runs)-1].N++
		cells++
		if width > len(s) {
			return runs, cells
		}
		s = s[width:]
		n := 0
		if width == 2 || width == 4 {
			runs, s, n = t.appendShort(runs, s, uint32(word))
		} else {
			s, n = trimRepeats(s, word, width)
			runs[len(runs)-1].N += uint32(n)
		}
		cells += n
	}
}

// appendPlain is AppendRuns cell by cell.
func (t *CallTable) appendPlain(runs []Run, samples []byte) ([]Run, int) {
	before, cells := len(runs), 0
	for more := true; more; cells++ {
		var text []byte
		text, samples, more = Cut(samples, '\t')
		if code := t.Intern(text); len(runs) == before {
			runs = append(runs, Run{code, 1})
		} else {
			runs = AppendRun(runs, code, 1)
		}
	}
	return runs, cells
}

// cell reads the first cell of s. It returns the code of its text and its width
// with the tab behind it, which is counted even where the line ends instead: then
// width > len(s). word is the cell and its tab as in slot; 0 where they don't fit
// or the end of the line is near.
func (t *CallTable) cell(s []byte) (code uint32, word uint64, width int) {
	if len(s) >= 8 {
		word = binary.LittleEndian.Uint64(s)
		if tabs := zeroBytes(word ^ tabs8); tabs != 0 {
			used := uint(bits.TrailingZeros64(tabs)) + 1
			word = word << (64 - used) >> (64 - used)
			width = int(used / 8)
			if slot := &t.slots[slotOf(word)]; slot.word == word {
				return slot.code, word, width
			}
			return t.remember(word), word, width
		}
	}
	end := bytes.IndexByte(s, '\t')
	if end < 0 {
		end = len(s)
	}
	return t.Intern(s[:end]), 0, end + 1
}

// trimRepeats returns s without the cells at its start that are word again, and
// their number.
func trimRepeats(s []byte, word uint64, width int) ([]byte, int) {
	n := 0
	if width <= 8 {
		unused := 64 - 8*uint(width)
		for len(s) >= 8 && (binary.LittleEndian.Uint64(s)^word)<<unused == 0 {
			s = s[width:]
			n++
		}
	}
	return s, n
}

const tabs8 = '\t' * 0x0101010101010101

// zeroBytes returns a number whose lowest set bit is the highest bit of the first
// zero byte of w; 0 where w has none.
func zeroBytes(w uint64) uint64 { return (w - 0x0101010101010101) &^ w & 0x8080808080808080 }
