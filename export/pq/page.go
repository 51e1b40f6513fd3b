package pq

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// maxJoined bounds the entries of a page of several vectors, far below what its header can say.
const maxJoined = 1 << 30

// longRuns is from how many values a run on, on average, a page repeats: genotypes of a cohort do, its depths and likelihoods don't.
const longRuns = 4

// page is a data page of a column chunk. It is made from pieces, as ZSTD finds more in long pages than the vectors of one batch fill.
type page struct {
	leaf  *Leaf
	codec *Codec

	pieces  []*piece     // in file order, until the page is stored
	pending atomic.Int32 // pieces to be encoded, and one more while others may join
	alone   bool         // there is but one piece, of plain values, whose last group of ids may be padded
	byDict  bool         // the page has ids, else values
	width   uint         // bits of an id
	size    int          // estimated, before compression
	runs    int          // stretches of the same value, those of one value among them

	rows, entries, nulls int
	encoding             format.Encoding
	bounds               bounds
	stored               stored
}

// stored is a page as the file has it.
type stored struct {
	header, data []byte
	unpacked     int // bytes of header and data before compression
}

func (s *stored) size() int { return len(s.header) + len(s.data) }

func (p *page) reset(byDict bool, width uint) {
	p.byDict, p.width, p.alone = byDict, width, false
	p.size, p.runs, p.rows, p.entries, p.nulls = 0, 0, 0, 0, 0
	p.pieces = p.pieces[:0]
	p.stored.header = p.stored.header[:0]
	p.pending.Store(1)
}

func (p *page) add(piece *piece) {
	piece.page = p
	p.pieces = append(p.pieces, piece)
	p.pending.Add(1)
}

// release says that no piece will join any more, while one is still to be encoded.
func (p *page) release() { p.pending.Add(-1) }

// done completes the page if nothing is pending any more: it compresses the pieces as one.
func (p *page) done() error {
	if p.pending.Add(-1) > 0 {
		return nil
	}
	p.rows, p.entries, p.nulls = 0, 0, 0
	var all bounds
	for _, piece := range p.pieces {
		p.rows += piece.rows
		p.entries += piece.entries
		p.nulls += piece.nulls
		all.merge(p.leaf.Physical, piece.bounds)
	}
	p.bounds = bounds{bytes.Clone(all.min), bytes.Clone(all.max)}
	s := p.codec.borrow()
	defer p.codec.giveBack(s)
	s.body = p.appendBody(s.body[:0])
	s.header = format.PageHeader{
		Type: format.DataPage,
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues:               int32(p.entries),
			Encoding:                p.encoding,
			DefinitionLevelEncoding: format.RLE,
			RepetitionLevelEncoding: format.RLE,
			Statistics:              format.Statistics{NullCount: int64(p.nulls)},
		}),
	}
	for _, piece := range p.pieces {
		piece.free()
	}
	p.pieces = p.pieces[:0]
	repeats := !p.alone && p.entries >= longRuns*p.runs
	if err := p.stored.set(p.codec, s, repeats); err != nil {
		return fmt.Errorf("%w: page of column %s", err, p.leaf.Name())
	}
	return nil
}

// appendBody appends the page as V1 has it, repetition levels, definition levels, values, and settles the encoding.
func (p *page) appendBody(dst []byte) []byte {
	if p.leaf.MaxRep > 0 {
		dst = p.appendSized(dst, func(piece *piece) []byte { return piece.rep })
	}
	dst = p.appendSized(dst, func(piece *piece) []byte { return piece.def })
	switch {
	case p.nulls == p.entries:
		p.encoding = format.Plain
		return dst
	case p.byDict:
		p.encoding = format.RLEDictionary
		dst = append(dst, byte(p.width))
	case p.leaf.Delta && p.alone:
		p.encoding = format.DeltaBinaryPacked
	default:
		p.encoding = format.Plain
	}
	for _, piece := range p.pieces {
		dst = append(dst, piece.values...)
	}
	return dst
}

// appendSized appends levels behind their length in four bytes.
func (p *page) appendSized(dst []byte, levels func(*piece) []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, piece := range p.pieces {
		dst = append(dst, levels(piece)...)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// idWidth returns how many bits an id takes in a dictionary of n values. Ids of up to a byte are not split between bytes: ZSTD sees
// them then, and real genotypes and depths come out 6 to 12 % smaller for all the padding.
func idWidth(n int) uint {
	switch w := uint(bits.Len(uint(n - 1))); {
	case w <= 1:
		return 1
	case w <= 2:
		return 2
	case w <= 4:
		return 4
	case w <= 8:
		return 8
	default:
		return w
	}
}

// set compresses s.body and completes s.header with the sizes.
func (st *stored) set(codec *Codec, s *scratch, repeats bool) error {
	if len(s.body) > math.MaxInt32 {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(s.body))
	}
	packed := codec.compress(s, s.body, repeats)
	if len(packed) > math.MaxInt32 {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(packed))
	}
	s.header.UncompressedPageSize = int32(len(s.body))
	s.header.CompressedPageSize = int32(len(packed))
	s.headerBytes.Reset()
	if err := s.thrift.Encode(&s.header); err != nil {
		return fmt.Errorf("pq: page header: %w", err)
	}
	st.header = append(st.header[:0], s.headerBytes.Bytes()...)
	st.data = append(st.data[:0], packed...)
	st.unpacked = len(st.header) + len(s.body)
	return nil
}
