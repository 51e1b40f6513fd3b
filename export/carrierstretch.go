package export

import (
	"fmt"
	"sync/atomic"

	"github.com/varlake/varlake/export/pq"
)

// carrierStretch is carriers that are sorted together: blocks that wait, then the row groups that they become.
type carrierStretch struct {
	pool   *carrierPool
	rows   int
	size   int64 // of the rows while they are sorted, in bytes
	blocks []*carrierBlock
	sorter *carrierSorter
	sorted chan struct{} // closed when sorter has the rows in order
	groups []*carrierGroup
	left   atomic.Int32 // groups to be encoded
}

// carrierGroup is a row group: some rows of a stretch.
type carrierGroup struct {
	from, to int
	chunks   []*pq.Chunk // by column
}

func newCarrierGroup(p *carrierPool) *carrierGroup {
	g := new(carrierGroup)
	for i, leaf := range p.schema.Leaves() {
		// REF and ALT stand for each carrier again: by id, that they be written once.
		opt := pq.Options{Codec: p.codec, PageRows: carrierPageRows, AlwaysDict: i < carrierGT}
		g.chunks = append(g.chunks, pq.NewChunk(leaf, opt))
	}
	return g
}

func (g *carrierGroup) reset() {
	for _, c := range g.chunks {
		c.Reset()
	}
}

// takes reports whether a block is within the limits.
func (s *carrierStretch) takes(b *carrierBlock) bool {
	return s.rows+b.rows <= s.pool.maxRows && s.size+b.size() <= maxCarrierBytes
}

func (s *carrierStretch) add(b *carrierBlock) {
	s.blocks = append(s.blocks, b)
	s.rows += b.rows
	s.size += b.size()
}

// close says that no block will come any more.
func (s *carrierStretch) close() {
	for from := 0; from < s.rows; from += s.pool.groupRows {
		g := s.pool.group()
		g.from, g.to = from, min(s.rows, from+s.pool.groupRows)
		s.groups = append(s.groups, g)
	}
	s.left.Store(int32(len(s.groups)))
}

// sort puts the rows in order and gives the blocks back.
func (s *carrierStretch) sort() error {
	s.sorter = s.pool.sorter()
	s.sorter.sort(s.blocks, s.rows)
	for _, b := range s.blocks {
		s.pool.putBlock(b)
	}
	s.blocks = nil
	close(s.sorted)
	return nil
}

// isSorted reports whether encode need not wait.
func (s *carrierStretch) isSorted() bool {
	select {
	case <-s.sorted:
		return true
	default:
		return false
	}
}

// encode encodes a row group, page by page, when sort is done. The last gives back what sort took.
func (s *carrierStretch) encode(g *carrierGroup) error {
	<-s.sorted
	page := s.pool.page()
	defer s.pool.putPage(page)
	page.begin(s.sorter, g.from)
	if page.byID {
		g.chunks[carrierPos].SetDict(&page.dict)
	}
	for from := g.from; from < g.to; from += carrierPageRows {
		page.fill(from, min(g.to, from+carrierPageRows))
		for i, c := range g.chunks {
			if err := c.Append(&page.vectors[i]).Encode(); err != nil {
				return fmt.Errorf("carriers: %w", err)
			}
		}
	}
	for _, c := range g.chunks {
		if err := c.Finish(); err != nil {
			return fmt.Errorf("carriers: %w", err)
		}
	}
	if s.left.Add(-1) == 0 {
		s.pool.putSorter(s.sorter)
		s.sorter = nil
	}
	return nil
}
