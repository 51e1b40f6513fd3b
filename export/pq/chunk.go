package pq

import (
	"fmt"
	"math"
)

// Options of a chunk. The zero Options is ready; sizes that are 0 stand for those in parentheses. All but Codec change the bytes written.
type Options struct {
	Codec       *Codec // nil: pages are not compressed
	DictEntries int    // values in the dictionary from which on pages are PLAIN (65,536)
	DictBytes   int    // the same in bytes (1 MiB)
	PageRows    int    // most rows of a page cut from plain vectors (20,000)
	PageBytes   int    // bytes aimed at in such a page (1 MiB)
}

// orDefaults fills in what is 0.
func (o Options) orDefaults() Options {
	for _, f := range []struct {
		size *int
		then int
	}{{&o.DictEntries, 1 << 16}, {&o.DictBytes, 1 << 20}, {&o.PageRows, 20_000}, {&o.PageBytes, 1 << 20}} {
		if *f.size <= 0 {
			*f.size = f.then
		}
	}
	return o
}

// Chunk encodes the column chunk of one leaf in one row group. Which encodings it takes follows from the vectors and their order alone.
//
// One goroutine calls Append for all vectors; any goroutines call Encode on the pages that Append returned, and Finish.
// When all those are done the chunk goes to File.WriteRowGroup, and after that may be used again after Reset.
type Chunk struct {
	leaf Leaf
	opt  Options

	dict     Dict
	full     bool // the dictionary takes no more
	dictPage stored
	pages    []*Page // in file order
	own      []*Page // those of pages that Finish encodes
	free     []*Page // pages of earlier row groups
	tail     *Vector // plain rows that are not in pages yet
	rows     int64
	raw      int64
	finished bool
	err      error
}

// NewChunk returns an empty chunk.
func NewChunk(leaf Leaf, opt Options) *Chunk {
	return &Chunk{leaf: leaf, opt: opt.orDefaults(), tail: new(Vector)}
}

// Reset empties the chunk for the next row group and keeps its memory.
func (c *Chunk) Reset() {
	c.tail.Dict = nil // it may have been given ours
	c.tail.Reset()
	c.dict.Reset()
	c.free = append(c.free, c.pages...)
	c.pages, c.own = c.pages[:0], c.own[:0]
	c.dictPage = stored{header: c.dictPage.header[:0], data: c.dictPage.data[:0]}
	c.rows, c.raw, c.full, c.finished, c.err = 0, 0, false, false, nil
}

// RawBytes estimates how many bytes the chunk takes before compression. It follows from the vectors appended alone.
func (c *Chunk) RawBytes() int64 { return c.raw }

// Append adds the rows of v.
//
// A plain vector that is smaller than half a page or has more rows than one is copied: Append returns nil, and Finish encodes the
// rows, with a dictionary if that is smaller. Any other vector is a page by itself, and is the page's until Encode has returned.
// That page has ids where a dictionary pays, else values: not where more than half of its values differ, or the chunk's dictionary
// is full. What is wrong with v is said by Encode, or by Finish where nil was returned.
func (c *Chunk) Append(v *Vector) *Page {
	c.rows += int64(v.Rows)
	c.raw += 2 * int64(len(v.Rep)+len(v.Def))
	if v.Dict == nil {
		size := v.Values.plainSize(c.leaf.Physical)
		c.raw += int64(size)
		if size < c.opt.PageBytes/2 || v.Rows > c.opt.PageRows {
			c.copyTail(v)
			return nil
		}
	}
	c.cutTail()
	p := c.newPage(v)
	if v.Dict != nil {
		p.findUsed(v)
		c.chooseDict(p, v)
	}
	return p
}

// chooseDict makes p a page of ids if that pays, and adds its values to the chunk's dictionary.
func (c *Chunk) chooseDict(p *Page, v *Vector) {
	k, n := c.leaf.Physical, v.count(c.leaf.Physical)
	size := v.Dict.sizeOf(k, p.used)
	tooMany := 2*len(p.used) > n || len(p.used) > c.opt.DictEntries || size > c.opt.DictBytes
	if c.full || tooMany || n == 0 || k == Boolean {
		c.raw += int64(n) * int64(size) / int64(max(1, len(p.used)))
		return
	}
	before := c.dict.plainSize(k)
	for _, id := range p.used {
		p.remap[id] = c.dict.intern(k, &v.Dict.Values, id)
	}
	after := c.dict.plainSize(k)
	c.full = c.dict.Len() >= c.opt.DictEntries || after >= c.opt.DictBytes
	p.useDict(c.dict.Len())
	c.raw += int64(after-before) + 3*int64(len(v.Runs)) + int64(len(v.IDs))*int64(p.width)/8
}

func (c *Chunk) newPage(v *Vector) *Page {
	var p *Page
	if last := len(c.free) - 1; last >= 0 {
		p, c.free = c.free[last], c.free[:last]
	} else {
		p = &Page{leaf: &c.leaf, codec: c.opt.Codec}
	}
	p.vector, p.byDict = v, false
	p.stored.header = p.stored.header[:0]
	c.pages = append(c.pages, p)
	return p
}

// copyTail adds plain rows to the tail.
func (c *Chunk) copyTail(v *Vector) {
	if _, _, err := v.check(&c.leaf); err != nil {
		c.fail(err)
		return
	}
	if len(c.tail.Bytes)+len(v.Bytes) > math.MaxUint32 {
		c.cutTail()
	}
	t := c.tail
	t.Rows += v.Rows
	if c.leaf.MaxRep > 0 {
		for _, r := range v.Rep {
			t.Rep = addLevel(t.Rep, r.Level, r.N)
		}
	}
	for _, r := range v.Def {
		t.Def = addLevel(t.Def, r.Level, r.N)
	}
	t.Values.appendAll(c.leaf.Physical, &v.Values)
}

func (c *Chunk) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Finish encodes the rest: rows that were copied, and the dictionary. All vectors must have been appended, but pages may still be
// encoding. Errors wrap ErrVector or ErrTooLarge.
func (c *Chunk) Finish() error {
	if c.err != nil {
		return c.err
	}
	if len(c.pages) == 0 {
		c.internTail()
	}
	if len(c.tail.Def) > 0 {
		c.cutPages(c.tail)
	}
	for _, p := range c.own {
		if err := p.Encode(); err != nil {
			c.fail(err)
			return err
		}
	}
	if err := c.encodeDict(); err != nil {
		c.fail(err)
		return fmt.Errorf("%w: dictionary of column %s", err, c.leaf.Name())
	}
	c.finished = true
	return nil
}
