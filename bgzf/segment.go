package bgzf

import (
	"sync"
)

// Segment is a stretch of inflated text. It is not aligned to lines. Text and
// Marks belong to whoever holds the segment until Release, which must be
// called at most once and from any goroutine; a segment that is never released
// is left to the garbage collector.
type Segment struct {
	Text  []byte // never empty
	Marks []Mark // ascending in Index and Offset; the first has Index 0

	raw    []byte  // BGZF: blocks as they are in the file
	blocks []block // BGZF: the blocks of raw
	err    error   // what comes after Text; io.EOF where the input is whole
	ready  chan struct{}
	pool   *sync.Pool
}

// Mark says that Text[Index] is the first byte of what lies at Offset: a
// virtual offset (coffset<<16 | uoffset, SAM section 4.1.1) in BGZF, else the
// byte offset in the text. The offset of Text[i] is Offset+(i-Index) of the
// last mark with Index <= i. BGZF has a mark for each block that has text.
type Mark struct {
	Index  int
	Offset int64
}

// block is one block of a segment.
type block struct {
	offset int64 // of its first byte in the file
	frame
	raw  int // where it begins in Segment.raw
	text int // where its text begins in Segment.Text
	end  int // where its text ends
}

// Release gives the segment's buffers back to its Reader.
func (s *Segment) Release() {
	s.pool.Put(s)
}

// clear makes a segment of the pool fit to be filled with up to size bytes.
func (s *Segment) clear(size int) {
	if cap(s.Text) < size {
		s.Text = make([]byte, 0, size)
	}
	s.Text, s.Marks, s.raw, s.blocks, s.err = s.Text[:0], s.Marks[:0], s.raw[:0], s.blocks[:0], nil
}

// cut ends the segment before Text[at], with err in place of what followed.
func (s *Segment) cut(at int, err error) {
	s.Text, s.err = s.Text[:at], err
	for n := len(s.Marks); n > 0 && s.Marks[n-1].Index >= at; n-- {
		s.Marks = s.Marks[:n-1]
	}
}
