package pq

import (
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/delta"
)

// piece is the rows of one vector in a page. Pieces are encoded by themselves, by any goroutine, and put together by the one that encodes the last.
type piece struct {
	chunk  *Chunk
	page   *page
	vector *Vector  // until encoded
	tail   bool     // vector is the chunk's
	intern bool     // the values may have to be interned
	dict   Values   // of the chunk's dictionary, if intern and the page is one of ids
	remap  []uint32 // a value's id in the vector's dictionary → its id in the chunk's
	// sameIDs: the two dictionaries are one, and remap says nothing.
	sameIDs bool
	used    []uint32 // the ids of the vector's dictionary that occur, in order of first use

	*buffers      // from interning or encode to the end of the page
	entries, rows int
	nulls         int
	bounds        bounds
}

// buffers are the encoded parts of a piece.
type buffers struct {
	rep, def, values []byte
	ids              []uint32 // of interned values
}

// newPiece returns a piece without a page.
func (c *Chunk) newPiece(v *Vector) *piece {
	c.mu.Lock()
	defer c.mu.Unlock()
	var p *piece
	if last := len(c.pieces) - 1; last >= 0 {
		p, c.pieces = c.pieces[last], c.pieces[:last]
	} else {
		p = &piece{chunk: c}
	}
	p.vector = v
	return p
}

// free gives p back, and its buffers.
func (p *piece) free() {
	c := p.chunk
	c.opt.Codec.giveBackBuffers(p.buffers)
	p.buffers, p.page = nil, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pieces = append(c.pieces, p)
}

// encode encodes p, lets go of its vector, and completes the page if p is the last of its pieces.
func (p *piece) encode() error {
	c := p.chunk
	if p.intern {
		c.internQueue()
	}
	v, leaf := p.vector, &c.leaf
	entries, values, err := v.check(leaf)
	if err != nil {
		return err
	}
	p.rows, p.entries, p.nulls = v.Rows, entries, entries-values
	if p.buffers == nil {
		p.buffers = c.opt.Codec.borrowBuffers()
	}
	b := p.buffers
	b.rep = b.rep[:0]
	if leaf.MaxRep > 0 {
		b.rep = appendLevels(b.rep, v.Rep, leaf.MaxRep, p.page.alone)
	}
	b.def = appendLevels(b.def[:0], v.Def, leaf.MaxDef, p.page.alone)
	if b.values, err = p.appendValues(b.values[:0], v); err != nil {
		return fmt.Errorf("pq: column %s: %w", leaf.Name(), err)
	}
	p.dropVector()
	return p.page.done()
}

// dropVector gives the vector back if it is the chunk's.
func (p *piece) dropVector() {
	v, c := p.vector, p.chunk
	p.vector, p.dict, p.intern = nil, Values{}, false
	if !p.tail {
		return
	}
	p.tail = false
	c.opt.Codec.giveBackTail(c.leaf.Physical, v)
}

// appendValues appends the values in whichever encoding is the page's, and settles the bounds.
func (p *piece) appendValues(dst []byte, v *Vector) ([]byte, error) {
	k := p.chunk.leaf.Physical
	switch {
	case p.nulls == p.entries:
		p.bounds = bounds{}
		return dst, nil
	case p.intern && p.page.byDict:
		p.boundsOfIDs(v)
		h := newHybrid(dst, p.page.width)
		h.addIDs(p.ids, nil)
		return h.finish(p.page.alone), nil
	case v.Dict == nil:
		p.bounds.of(k, &v.Values, nil)
		if p.chunk.leaf.Delta {
			return appendDelta(dst, k, &v.Values)
		}
		return v.Values.appendPlain(dst, k), nil
	}
	p.bounds.of(k, &v.Dict.Values, p.used)
	if p.page.byDict {
		h := newHybrid(dst, p.page.width)
		if p.sameIDs {
			for _, r := range v.Runs {
				h.add(r.ID, r.N)
			}
			h.addIDs(v.IDs, nil)
			return h.finish(p.page.alone), nil
		}
		for _, r := range v.Runs {
			h.add(p.remap[r.ID], r.N)
		}
		h.addIDs(v.IDs, p.remap)
		return h.finish(p.page.alone), nil
	}
	for _, r := range v.Runs {
		dst = v.Dict.appendPlainAt(dst, k, r.ID, r.N)
	}
	for _, id := range v.IDs {
		dst = v.Dict.appendPlainAt(dst, k, id, 1)
	}
	return dst, nil
}

// boundsOfIDs finds the bounds of interned values: numbers are compared as they come, strings once each.
func (p *piece) boundsOfIDs(v *Vector) {
	k := p.chunk.leaf.Physical
	if k != Bytes {
		p.bounds.of(k, &v.Values, nil)
		return
	}
	p.findUsed(nil, p.ids, len(p.dict.Ends))
	p.bounds.of(k, &p.dict, p.used)
}

func appendDelta(dst []byte, k Kind, v *Values) ([]byte, error) {
	// The encoder writes from the start of the buffer it is given.
	if encoder := new(delta.BinaryPackedEncoding); k == Int32 {
		return encoder.EncodeInt32(dst, v.Int32)
	} else {
		return encoder.EncodeInt64(dst, v.Int64)
	}
}

// findUsed lists the ids that occur in the order of their first use, in a dictionary of n values. Order and extent follow from the values
// alone, so that a dictionary that knows more, or in another order, gives the same bytes.
func (p *piece) findUsed(runs []Run, ids []uint32, n int) {
	const unseen, seen = 0, 1
	p.remap = append(p.remap[:0], make([]uint32, n)...)
	p.used = p.used[:0]
	for _, r := range runs {
		if p.remap[r.ID] == unseen {
			p.remap[r.ID] = seen
			p.used = append(p.used, r.ID)
		}
	}
	known := p.remap // a local one is not loaded again for each id
	for _, id := range ids {
		if known[id] != unseen {
			continue
		}
		known[id] = seen
		if p.used = append(p.used, id); len(p.used) == n {
			return
		}
	}
}
