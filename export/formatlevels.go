package export

import (
	"slices"

	"github.com/varlake/varlake/export/pq"
)

// Cells of numbers that the scan has put into a column wait for their levels, as those of many cells are appended at the cost of one.

// endRow ends a record. Cells of numbers wait on: the next record mostly has such cells again.
func (c *formatColumn) endRow() {
	switch {
	case !c.list: // beginRow has appended the repetition levels
	case int(c.full) == c.samples:
		c.full = 0
		c.wait++
	default:
		c.flush()
	}
}

// flush gives the cells that wait their levels, and ids instead of numbers. All that appends to the column by another way does it first.
func (c *formatColumn) flush() {
	if c.full == 0 && c.wait == 0 {
		return
	}
	v, full := c.vector, int(c.full)
	c.full = 0
	if !c.list {
		v.Dict.InternInt32s(v.IDs[len(v.IDs)-full:])
		v.AddDef(defElem, uint32(full))
		return
	}
	cells := c.wait*c.samples + full
	v.Dict.InternInt32s(v.IDs[len(v.IDs)-cells*c.size:])
	v.AddDef(defItem, uint32(cells*c.size))
	c.flushRows()
	if full > 0 {
		first := uint8(1)
		if v.Rows == c.rows {
			first = 0
		}
		c.addCells(first, full)
	}
}

// flushRows gives the rows that wait their repetition levels.
func (c *formatColumn) flushRows() {
	if c.wait > 0 && c.samples == 1 && c.size > 1 {
		c.addCells(0, 1) // it may go on a run that is there
		c.repeat(c.wait-1, 0)
		c.vector.Rows += c.wait - 1
		c.wait = 0
	}
	for ; c.wait > 0; c.wait-- {
		c.addCells(0, c.samples)
	}
}

// addCells appends the repetition levels of some cells, of which the first has the level first.
func (c *formatColumn) addCells(first uint8, cells int) {
	v := c.vector
	v.AddRep(first, 1)
	if c.size == 1 {
		v.AddRep(1, uint32(cells-1))
		return
	}
	v.AddRep(2, uint32(c.size-1))
	c.repeat(cells-1, 1)
}

// repeat appends the repetition levels of some cells of more than one number, each beginning with first.
func (c *formatColumn) repeat(cells int, first uint8) {
	v := c.vector
	n := len(v.Rep)
	v.Rep = slices.Grow(v.Rep, 2*cells)[:n+2*cells]
	repeat(v.Rep[n:], pq.LevelRun{Level: first, N: 1}, pq.LevelRun{Level: 2, N: uint32(c.size - 1)})
}

// repeat fills runs with one and two in turn.
func repeat(runs []pq.LevelRun, one, two pq.LevelRun) {
	for n := copy(runs, []pq.LevelRun{one, two}); n < len(runs); n *= 2 {
		copy(runs[n:], runs[:n])
	}
}
