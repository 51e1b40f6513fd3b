package pq

import (
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// cutTail makes pages of the tail, as a page follows that must come after it.
func (c *Chunk) cutTail() {
	if len(c.tail.Def) > 0 {
		c.cutPages(c.tail)
		c.tail = new(Vector) // the pages have the old one
	}
}

// cutPages cuts a vector into pages that Finish encodes.
func (c *Chunk) cutPages(v *Vector) {
	rep, def := levelReader{runs: v.Rep}, levelReader{runs: v.Def}
	perPage := c.pageRows(v)
	value := 0
	for done := 0; done < v.Rows; done += perPage {
		part := &Vector{Rows: min(perPage, v.Rows-done)}
		entries := part.Rows
		if c.leaf.MaxRep > 0 {
			entries = rep.entriesOf(part.Rows)
			part.Rep = rep.take(nil, entries)
		}
		part.Def = def.take(nil, entries)
		_, values := countLevels(part.Def, c.leaf.MaxDef)
		p := c.newPage(part)
		if v.Dict != nil {
			part.Dict, part.IDs = v.Dict, v.IDs[value:value+values]
			p.findUsed(part)
			for _, id := range p.used {
				p.remap[id] = id
			}
			p.useDict(v.Dict.Len())
		} else {
			part.Values = v.Values.part(c.leaf.Physical, value, value+values)
		}
		value += values
		c.own = append(c.own, p)
	}
}

// pageRows returns how many rows of v make a page.
func (c *Chunk) pageRows(v *Vector) int {
	size := v.Values.plainSize(c.leaf.Physical) + 2*(len(v.Rep)+len(v.Def))
	if v.Dict != nil {
		size = len(v.IDs) * int(idWidth(v.Dict.Len())) / 8
	}
	pages := size/c.opt.PageBytes + 1
	return max(1, min(c.opt.PageRows, (v.Rows+pages-1)/pages))
}

// internTail gives the tail ids if a dictionary makes it smaller.
func (c *Chunk) internTail() {
	t, k := c.tail, c.leaf.Physical
	n := t.Values.count(k)
	if n == 0 || k == Boolean || c.leaf.Delta {
		return
	}
	ids := t.IDs[:0]
	for i := range n {
		// Whether a dictionary pays shows early, and values that all differ cost most to intern.
		if i%1024 == 0 && i > 0 && 2*c.dict.Len() > i {
			break
		}
		ids = append(ids, c.dict.intern(k, &t.Values, uint32(i)))
		if c.dict.Len() > c.opt.DictEntries {
			break
		}
	}
	width := int(idWidth(c.dict.Len()))
	size := c.dict.plainSize(k) + (len(ids)*width+7)/8
	t.IDs = ids
	if len(ids) < n || c.dict.plainSize(k) > c.opt.DictBytes || size >= t.Values.plainSize(k) {
		c.dict.Reset()
		t.IDs = ids[:0]
		return
	}
	t.Dict = &c.dict
}

// encodeDict writes the dictionary page, if there is a dictionary.
func (c *Chunk) encodeDict() error {
	if c.dict.Len() == 0 {
		return nil
	}
	s := c.opt.Codec.borrow()
	defer c.opt.Codec.giveBack(s)
	s.body = c.dict.appendPlain(s.body[:0], c.leaf.Physical)
	s.header = format.PageHeader{
		Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(c.dict.Len()),
			Encoding:  format.Plain,
		}),
	}
	return c.dictPage.set(c.opt.Codec, s)
}
