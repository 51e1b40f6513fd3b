package pq

import (
	"math"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// copyTail adds plain rows to the tail, and cuts it into a page whenever it has enough.
func (c *Chunk) copyTail(work Work, v *Vector) Work {
	_, values, err := v.check(&c.leaf)
	if err != nil {
		c.fail(err)
		return work
	}
	k := c.leaf.Physical
	if c.tail != nil && len(c.tail.Bytes)+len(v.Bytes) > math.MaxUint32 {
		work = c.cutTail(work)
	}
	if c.tailRows()+v.Rows <= c.opt.PageRows {
		c.toTail(v.Rows, v.Rep, v.Def, v.Values.part(k, 0, values))
		return c.cutFull(work)
	}
	perPage := v.Rows/(v.Values.plainSize(k)/c.opt.PageBytes+1) + 1
	rep, def := levelReader{runs: v.Rep}, levelReader{runs: v.Def}
	var some Vector
	value := 0
	for left := v.Rows; left > 0; left -= some.Rows {
		some.Rows = min(left, perPage, c.opt.PageRows-c.tailRows())
		entries := some.Rows
		if c.leaf.MaxRep > 0 {
			entries = rep.entriesOf(some.Rows)
			some.Rep = rep.take(some.Rep[:0], entries)
		}
		some.Def = def.take(some.Def[:0], entries)
		_, n := countLevels(some.Def, c.leaf.MaxDef)
		c.toTail(some.Rows, some.Rep, some.Def, v.Values.part(k, value, value+n))
		value += n
		work = c.cutFull(work)
	}
	return work
}

func (c *Chunk) toTail(rows int, rep, def []LevelRun, values Values) {
	if c.tail == nil {
		c.tail = c.opt.Codec.borrowTail(c.leaf.Physical)
		full := c.opt.PageRows/max(1, rows) + 1 // times as much; to grow into that step by step would leave as much again to collect
		c.tail.grow(c.leaf.Physical, full, &values)
	}
	c.tail.appendRows(&c.leaf, rows, rep, def, values)
}

func (c *Chunk) tailRows() int {
	if c.tail == nil {
		return 0
	}
	return c.tail.Rows
}

// dropTail gives back a tail that was not encoded.
func (c *Chunk) dropTail() {
	if c.tail != nil {
		c.opt.Codec.giveBackTail(c.leaf.Physical, c.tail)
		c.tail = nil
	}
}

// cutFull makes a page of the tail if it is as large as pages are to be.
func (c *Chunk) cutFull(work Work) Work {
	if c.tailRows() >= c.opt.PageRows || c.tail != nil && c.tail.Values.plainSize(c.leaf.Physical) >= c.opt.PageBytes {
		return c.cutTail(work)
	}
	return work
}

// cutTail makes a page of the tail.
func (c *Chunk) cutTail(work Work) Work {
	if c.tail == nil {
		return work
	}
	work = c.closePage(work)
	p := c.newPiece(c.tail)
	p.tail = true
	work = append(work, c.plainPage(p).encode)
	c.tail = nil
	return work
}

// internQueue gives ids to the values of all plain pages that have none yet, in file order, so that the ids do not depend on who comes first.
func (c *Chunk) internQueue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.queue {
		c.internPiece(p)
	}
	c.queue = c.queue[:0]
}

// internPiece makes p a page of ids if the dictionary makes it smaller. The first page for which that is not so is the end of the dictionary:
// columns whose values mostly differ, or have come to, are PLAIN from there on.
func (c *Chunk) internPiece(p *piece) {
	v, k := p.vector, c.leaf.Physical
	n := v.Values.count(k)
	if n == 0 || c.full {
		return
	}
	before, size := c.dict.Len(), c.dict.plainSize(k)
	p.buffers = c.opt.Codec.borrowBuffers()
	ids := p.ids[:0]
	for done := 0; done < n; {
		next := min(n, done+1024)
		ids = c.dict.internAll(ids, k, &v.Values, done, next)
		if done = next; done < n && mostlyDiffer(c.dict.Len()-before, done) || c.dict.Len() > c.opt.DictEntries {
			break
		}
	}
	p.ids = ids
	width := idWidth(c.dict.Len())
	grown := c.dict.plainSize(k) - size
	if len(ids) < n || c.dict.plainSize(k) > c.opt.DictBytes || grown+(n*int(width)+7)/8 >= v.Values.plainSize(k) {
		c.dict.truncate(before)
		c.full = true
		return
	}
	p.page.byDict, p.page.width = true, width
	p.dict = c.dict.Values // as it is now: it grows while p is encoded, but what it has does not change
}

// encodeDict writes the dictionary page, if there is a dictionary.
func (c *Chunk) encodeDict() error {
	d := &c.dict
	if c.given != nil {
		d = c.given
	}
	if d.Len() == 0 {
		return nil
	}
	s := c.opt.Codec.borrow()
	defer c.opt.Codec.giveBack(s)
	s.body = d.appendPlain(s.body[:0], c.leaf.Physical)
	s.header = format.PageHeader{
		Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(d.Len()),
			Encoding:  format.Plain,
		}),
	}
	return c.dictPage.set(c.opt.Codec, s, false)
}

// mostlyDiffer tells early that a dictionary will not pay: values that all differ cost most to intern. Among the first thousands nearly all differ in
// columns too that have some thousands of values, as statistics rounded to three digits have: for them a dictionary halves the bytes.
func mostlyDiffer(distinct, of int) bool {
	switch {
	case of <= 4096:
		return 16*distinct > 15*of
	case of <= 8192:
		return 4*distinct > 3*of
	}
	return 2*distinct > of
}
