package vcf

import (
	"encoding/binary"
	"slices"
)

// A short cell is a text of three bytes or of one: a diploid or haploid call of
// single-digit alleles. Nearly all cells are short. Here a cell and its tab are
// read as a little-endian number, its word: so the texts of two words are the
// same where the words are.

const (
	// blockSize is how many bytes of cells are looked at together.
	blockSize = 32
	// blockCells is how many cells of three bytes, and tabs, a block has.
	blockCells = blockSize / 4
)

type (
	block = [blockSize]byte
	// blockRuns has room for the run before a block and those of its cells.
	// Until a line is done, Code of a run is a word and N the number of cells
	// up to its end: so a run can be stored without reading what is there.
	blockRuns = [1 + blockCells]Run
)

// appendShort scans the cells of s, block by block and as long as they are
// short. They follow a short cell, word, with which the last of runs ends. It
// returns the runs, what is left of s, and the number of cells scanned.
//
// First the words are gathered in runs, without a branch that depends on them: no
// processor foresees the genotypes of a common variant. Then the words give way
// to codes, run by run.
func (t *CallTable) appendShort(runs []Run, s []byte, word uint32) ([]Run, []byte, int) {
	first := len(runs) - 1
	code, before := runs[first].Code, runs[first].N
	last, end := first, before
	for len(s) >= blockSize {
		b := (*block)(s)
		if pattern, cells := repeat(word); isRepeat(b, pattern) {
			end += cells
			s = s[blockSize:]
			continue
		}
		if len(runs)-last <= blockCells {
			runs = slices.Grow(runs[:last+1], 8*blockCells)
			runs = runs[:cap(runs)]
		}
		gathered := (*blockRuns)(runs[last:])
		gathered[0] = Run{word, end}
		added, cells, width := 0, blockCells, blockSize
		if isThrees(b) {
			added = gatherThrees(gathered, b)
		} else {
			added, cells, width = gatherShort(gathered, b)
		}
		if cells == 0 {
			break
		}
		last += added
		word = runs[last].Code
		end += uint32(cells)
		s = s[width:]
	}
	runs = runs[:last+1]
	runs[last] = Run{word, end}

	runs[first].Code = code
	begin := runs[first].N
	for i := first + 1; i < len(runs); i++ {
		run := &runs[i]
		word := uint64(run.Code)
		if slot := &t.slots[slotOf(word)]; slot.word == word {
			run.Code = slot.code
		} else {
			run.Code = t.remember(word)
		}
		run.N, begin = run.N-begin, run.N
	}
	return runs, s, int(end - before)
}

// gatherThrees adds a block of three-byte texts to runs and returns the number
// of runs added. The first of runs is the one before the block.
func gatherThrees(runs *blockRuns, b *block) (added int) {
	word, end := runs[0].Code, runs[0].N
	for i := 0; i < blockSize; i += 8 {
		pair := binary.LittleEndian.Uint64(b[i:])
		one, two := uint32(pair), uint32(pair>>32)
		if one != word {
			added++
		}
		runs[added] = Run{one, end + 1}
		if two != one {
			added++
		}
		runs[added] = Run{two, end + 2}
		word = two
		end += 2
	}
	return added
}

// gatherShort is gatherThrees for a block with other texts, too. It stops before
// a cell that is not short, and after blockCells, and returns also the number of
// cells that it has added and their width.
func gatherShort(runs *blockRuns, b *block) (added, cells, width int) {
	word, end := runs[0].Code, runs[0].N
	for cells < blockCells {
		next, step := binary.LittleEndian.Uint32(b[width:]), 4
		check := next
		if next&0xff00 == '\t'<<8 {
			next, step = next&0xffff, 2
			check = next<<16 | 0x2020
		}
		if (check^three)&threeMask != 0 {
			break
		}
		if next != word {
			added++
		}
		cells++
		width += step
		runs[added] = Run{next, end + uint32(cells)}
		word = next
	}
	return added, cells, width
}

// A word has a text of three bytes where the bits of threeMask are those of
// three: it ends with a tab. The other bytes are none, as they have the bit 0x20,
// which all bytes of a GT have; cells of other bytes are not scanned here.
const (
	three     = '\t'<<24 | 0x202020
	threeMask = 0xff<<24 | 0x202020
)

func isThrees(b *block) bool {
	const pair, mask = three<<32 | three, threeMask<<32 | threeMask
	w0, w1, w2, w3 := numbers(b)
	return ((w0^pair)|(w1^pair)|(w2^pair)|(w3^pair))&mask == 0
}

// repeat returns eight bytes of a short cell over and over, and how many such
// cells are in a block.
func repeat(word uint32) (pattern uint64, cells uint32) {
	if word < 1<<16 {
		return uint64(word) * 0x0001_0001_0001_0001, 2 * blockCells
	}
	return uint64(word) * 0x00000001_00000001, blockCells
}

func isRepeat(b *block, pattern uint64) bool {
	w0, w1, w2, w3 := numbers(b)
	return (w0^pattern)|(w1^pattern)|(w2^pattern)|(w3^pattern) == 0
}

func numbers(b *block) (w0, w1, w2, w3 uint64) {
	return binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
}
