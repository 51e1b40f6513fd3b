package pq

import (
	"fmt"
	"sync"
)

// Options of a chunk. The zero Options is ready; sizes that are 0 stand for those in parentheses. All but Codec change the bytes written.
type Options struct {
	Codec       *Codec // nil: pages are not compressed
	DictEntries int    // values in the dictionary from which on pages are PLAIN (65,536)
	DictBytes   int    // the same in bytes (1 MiB)
	PageRows    int    // rows of a page made from several vectors (20,000)
	PageBytes   int    // bytes aimed at in a page, before compression (1 MiB)
	AlwaysDict  bool   // vectors with a dictionary are pages of ids however many values differ: for values that a row may repeat many times
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
// One goroutine calls Append for all vectors; any goroutines call Encode on what Append returned, and Finish.
// When all those are done the chunk goes to File.WriteRowGroup, and after that may be used again after Reset.
type Chunk struct {
	leaf Leaf
	opt  Options

	pages    []*page // in file order
	open     *page   // the last of pages, if vectors may join it
	free     []*page // pages of earlier row groups
	tail     *Vector // plain rows that are not in pages yet; nil: none
	rows     int64
	raw      int64
	given    *Dict // that SetDict was called with
	dictPage stored
	finished bool
	err      error

	mu     sync.Mutex // guards what follows
	dict   Dict       // of pages of ids, or of plain vectors: whichever came first
	full   bool       // the dictionary takes no more
	plain  bool       // the dictionary is of plain vectors, whose values are interned by whoever encodes them
	queue  []*piece   // those to be interned, in file order
	pieces []*piece   // that are done with
}

// NewChunk returns an empty chunk.
func NewChunk(leaf Leaf, opt Options) *Chunk {
	return &Chunk{leaf: leaf, opt: opt.orDefaults()}
}

// Reset empties the chunk for the next row group and keeps its memory.
func (c *Chunk) Reset() {
	c.dropTail()
	c.dict.Reset()
	c.free = append(c.free, c.pages...)
	c.pages, c.open, c.queue, c.given = c.pages[:0], nil, c.queue[:0], nil
	c.dictPage = stored{header: c.dictPage.header[:0], data: c.dictPage.data[:0]}
	c.rows, c.raw, c.full, c.plain, c.finished, c.err = 0, 0, false, false, false, nil
}

// SetDict makes d the dictionary of the chunk: vectors that have it become pages of its ids, which spares looking up each of its values again. All vectors must have it.
// Between one Append and the next it may grow; after Finish it is not looked at. It is called before the first Append, and undone by Reset.
func (c *Chunk) SetDict(d *Dict) { c.given = d }

// RawBytes estimates how many bytes the chunk takes before compression. It follows from the vectors appended alone.
func (c *Chunk) RawBytes() int64 { return c.raw }

// Work is what Append leaves to do, in any order and by any goroutine.
type Work []func() error

// Encode does the work, once. Errors wrap ErrVector or ErrTooLarge.
func (w Work) Encode() error {
	for _, job := range w {
		if err := job(); err != nil {
			return err
		}
	}
	return nil
}

// Append adds the rows of v and returns the work of encoding, nil where there is none yet.
//
// A plain vector that is smaller than half a page or has more rows than one is copied: its rows are encoded when there are enough
// for a page, or by Finish. Any other vector is the work's until that is done. One with a dictionary joins those before it in a page of ids where
// a dictionary pays, else of values: not where more than half of its values differ, or the chunk's dictionary is full. What is wrong with
// v is said by Encode, or by Finish where nil was returned.
func (c *Chunk) Append(v *Vector) Work {
	c.rows += int64(v.Rows)
	c.raw += 2 * int64(len(v.Rep)+len(v.Def))
	if v.Dict == nil {
		size := v.Values.plainSize(c.leaf.Physical)
		c.raw += int64(size)
		if size < c.opt.PageBytes/2 || v.Rows > c.opt.PageRows {
			return c.copyTail(nil, v)
		}
	}
	work := c.cutTail(nil)
	p := c.newPiece(v)
	if v.Dict == nil {
		work = c.closePage(work)
		return append(work, c.plainPage(p).encode)
	}
	p.findUsed(v.Runs, v.IDs, v.Dict.Len())
	byDict, width := c.chooseDict(p)
	return c.join(work, p, byDict, width)
}

// chooseDict tells whether p is better encoded as ids, and of what width; it then adds its values to the chunk's dictionary.
func (c *Chunk) chooseDict(p *piece) (byDict bool, width uint) {
	v, k := p.vector, c.leaf.Physical
	if p.sameIDs = v.Dict == c.given; p.sameIDs {
		width = idWidth(c.given.Len())
		c.raw += 3*int64(len(v.Runs)) + int64(len(v.IDs))*int64(width)/8
		return true, width
	}
	n := v.count(k)
	size := v.Dict.sizeOf(k, p.used)
	tooMany := 2*len(p.used) > n || len(p.used) > c.opt.DictEntries || size > c.opt.DictBytes
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.opt.AlwaysDict && (c.full || tooMany) || c.plain || n == 0 || k == Boolean {
		c.raw += int64(n) * int64(size) / int64(max(1, len(p.used)))
		return false, 0
	}
	before := c.dict.plainSize(k)
	for _, id := range p.used {
		p.remap[id] = c.dict.Intern(k, &v.Dict.Values, id)
	}
	after := c.dict.plainSize(k)
	c.full = c.dict.Len() >= c.opt.DictEntries || after >= c.opt.DictBytes
	width = idWidth(c.dict.Len())
	c.raw += int64(after-before) + 3*int64(len(v.Runs)) + int64(len(v.IDs))*int64(width)/8
	return true, width
}

// join adds p to the open page, or to a new one if they don't go together.
func (c *Chunk) join(work Work, p *piece, byDict bool, width uint) Work {
	v := p.vector
	entries, _ := countLevels(v.Def, 0)
	if o := c.open; o != nil && (o.byDict != byDict || o.width != width || o.entries+entries > maxJoined) {
		work = c.closePage(work)
	}
	if c.open == nil {
		c.open = c.newPage(byDict, width)
	}
	page := c.open
	page.add(p)
	page.entries += entries
	page.rows += v.Rows
	page.runs += len(v.Runs) + len(v.IDs)
	page.size += 3*len(v.Runs) + len(v.IDs)*int(width)/8 + 2*(len(v.Rep)+len(v.Def))
	if !byDict {
		page.size += v.Dict.plainSize(c.leaf.Physical) * v.count(c.leaf.Physical) / max(1, v.Dict.Len())
	}
	if page.size >= c.opt.PageBytes || page.rows >= c.opt.PageRows || c.leaf.Physical == Boolean {
		page.release()
		c.open = nil
	}
	return append(work, p.encode)
}

// closePage lets nothing join the open page any more.
func (c *Chunk) closePage(work Work) Work {
	if c.open == nil {
		return work
	}
	work = append(work, c.open.done)
	c.open = nil
	return work
}

// plainPage gives a plain vector a page of its own. Its values will be interned if a dictionary pays.
func (c *Chunk) plainPage(p *piece) *piece {
	page := c.newPage(false, 0)
	page.add(p)
	page.alone = true
	page.release()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plain = c.plain || c.dict.Len() == 0
	if c.plain && c.leaf.Physical != Boolean && !c.leaf.Delta {
		p.intern = true
		c.queue = append(c.queue, p)
	}
	return p
}

func (c *Chunk) newPage(byDict bool, width uint) *page {
	var p *page
	if last := len(c.free) - 1; last >= 0 {
		p, c.free = c.free[last], c.free[:last]
	} else {
		p = &page{leaf: &c.leaf, codec: c.opt.Codec}
	}
	p.reset(byDict, width)
	c.pages = append(c.pages, p)
	return p
}

func (c *Chunk) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Finish encodes the rest: rows that were copied, the last page, and the dictionary. All vectors must have been appended, but work may
// still be under way. Errors wrap ErrVector or ErrTooLarge.
func (c *Chunk) Finish() error {
	if c.err != nil {
		return c.err
	}
	work := c.closePage(c.cutTail(nil))
	c.internQueue()
	if err := work.Encode(); err != nil {
		c.fail(err)
		return err
	}
	if err := c.encodeDict(); err != nil {
		c.fail(err)
		return fmt.Errorf("%w: dictionary of column %s", err, c.leaf.Name())
	}
	c.finished = true
	return nil
}
