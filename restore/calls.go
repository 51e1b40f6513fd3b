package restore

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// callCells writes the cells of records whose FORMAT is GT alone, which is most of the text of a large cohort: each cell is one store of eight bytes, of
// which the next overwrites what is not its own.
type callCells struct {
	dict  parquet.Dictionary // that cells were made for
	cells []callCell
	ok    bool // every text of the dictionary fits
}

// callCell is a tab and the text of a call.
type callCell struct {
	text uint64 // little-endian
	size int
}

const callSize = 8

// fits reports whether the cells of the row at hand can be written: n calls, none of them NULL, all from a dictionary of short texts.
func (c *callCells) fits(gt *leaf, n int) bool {
	if gt.ids == nil || gt.end-gt.at != n || gt.after-gt.value != n {
		return false
	}
	if gt.dict != c.dict {
		c.set(gt)
	}
	return c.ok
}

func (c *callCells) set(gt *leaf) {
	c.dict, c.cells, c.ok = gt.dict, c.cells[:0], true
	for i := range gt.plain.count() {
		text := gt.plain.at(int32(i))
		if len(text) >= callSize || bytes.IndexByte(text, '\t') >= 0 {
			c.ok = false
			return
		}
		cell := [callSize]byte{'\t'}
		copy(cell[1:], text)
		c.cells = append(c.cells, callCell{binary.LittleEndian.Uint64(cell[:]), 1 + len(text)})
	}
}

// append appends the cells of the row at hand, a tab before each.
func (c *callCells) append(dst []byte, gt *leaf) []byte {
	ids := gt.ids[gt.value:gt.after]
	dst = slices.Grow(dst, callSize*(len(ids)+1))
	out, at := dst[:cap(dst)], len(dst)
	for _, id := range ids {
		cell := &c.cells[id]
		binary.LittleEndian.PutUint64(out[at:], cell.text)
		at += cell.size
	}
	return out[:at]
}
