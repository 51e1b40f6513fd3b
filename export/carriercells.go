package export

import "github.com/varlake/varlake/export/pq"

// cellReader reads the column of a FORMAT field in a batch, an array of scalars a record, at the samples that are carriers. It goes forward only.
type cellReader struct {
	samples uint32
	vector  *pq.Vector
	kind    pq.Kind
	run     int    // of the vector's definition levels
	used    uint32 // entries of the run that were passed
	value   int    // values that were passed
	row     int    // that the next entry belongs to, if any
	at      uint32 // samples of it that were passed
	ids     []uint32
}

// begin takes up the column of a batch.
func (c *cellReader) begin(v *pq.Vector, kind pq.Kind) {
	c.vector, c.kind = v, kind
	c.run, c.used, c.value, c.row, c.at = 0, 0, 0, 0, 0
}

// appendTo appends the values of all carriers of a block, which come behind those of the block before.
func (c *cellReader) appendTo(to *carrierCells, b *carrierBlock) {
	if c.vector.Dict.Len() == 0 {
		return
	}
	c.ids = c.ids[:0]
	for range c.vector.Dict.Len() {
		c.ids = append(c.ids, none)
	}
	next := 0
	for i := range b.records {
		rec := &b.records[i]
		isNull := c.seek(rec.row)
		for _, run := range b.runs[next:rec.runsEnd] {
			if isNull {
				to.appendNulls(run.n)
				continue
			}
			c.skip(run.sample - c.at)
			c.appendCells(to, run.n)
		}
		next = rec.runsEnd
	}
}

// seek goes to a row, which may be the one it is in. isNull: the record does not have the field.
func (c *cellReader) seek(row int) (isNull bool) {
	for ; c.row < row; c.row++ {
		if c.isNull() {
			c.skip(1)
		} else {
			c.skip(c.samples - c.at)
		}
		c.at = 0
	}
	return c.isNull()
}

// isNull reports whether the array that the next entry belongs to is NULL. Behind the last entry of an array of a row it is not.
func (c *cellReader) isNull() bool { return c.at == 0 && c.vector.Def[c.run].Level == 0 }

// skip passes n entries.
func (c *cellReader) skip(n uint32) {
	c.at += n
	for n > 0 {
		some, isValue := c.take(n)
		if isValue {
			c.value += int(some)
		}
		n -= some
	}
}

// take passes up to n entries of one level.
func (c *cellReader) take(n uint32) (some uint32, isValue bool) {
	run := &c.vector.Def[c.run]
	isValue = run.Level == defElem
	some = min(n, run.N-c.used)
	if c.used += some; c.used == run.N {
		c.run, c.used = c.run+1, 0
	}
	return some, isValue
}

// appendCells appends the next n entries.
func (c *cellReader) appendCells(to *carrierCells, n uint32) {
	c.at += n
	for n > 0 {
		some, isValue := c.take(n)
		n -= some
		if !isValue {
			to.appendNulls(some)
			continue
		}
		for _, id := range c.vector.IDs[c.value : c.value+int(some)] {
			if c.ids[id] == none {
				c.ids[id] = to.values.Intern(c.kind, &c.vector.Dict.Values, id)
			}
			to.ids = append(to.ids, c.ids[id])
		}
		c.value += int(some)
	}
}

func (c *carrierCells) appendNulls(n uint32) {
	for range n {
		c.ids = append(c.ids, none)
	}
}
