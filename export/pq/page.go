package pq

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Page is a data page of a column chunk.
type Page struct {
	leaf  *Leaf
	codec *Codec

	vector *Vector  // until encoded
	remap  []uint32 // a value's id in the vector's dictionary → its id in the chunk's
	used   []uint32 // the ids of the vector's dictionary that occur, in order of first use
	width  uint     // bits of an id
	byDict bool     // the page has ids, else values

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

// Encode encodes and compresses the page and lets go of its vector. Any goroutine may call it, once.
// Errors wrap ErrVector or ErrTooLarge.
func (p *Page) Encode() error {
	v := p.vector
	p.vector = nil
	entries, values, err := v.check(p.leaf)
	if err != nil {
		return err
	}
	p.rows, p.entries, p.nulls = v.Rows, entries, entries-values
	s := p.codec.borrow()
	defer p.codec.giveBack(s)

	body := s.body[:0]
	if p.leaf.MaxRep > 0 {
		body = appendLevels(body, v.Rep, p.leaf.MaxRep)
	}
	body = appendLevels(body, v.Def, p.leaf.MaxDef)
	if body, err = p.appendValues(body, s, v); err != nil {
		return fmt.Errorf("pq: column %s: %w", p.leaf.Name(), err)
	}
	s.body = body

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
	if err := p.stored.set(p.codec, s); err != nil {
		return fmt.Errorf("%w: page of column %s", err, p.leaf.Name())
	}
	return nil
}

// appendValues appends the values in whichever encoding is the page's, and settles encoding and bounds.
func (p *Page) appendValues(dst []byte, s *scratch, v *Vector) ([]byte, error) {
	k := p.leaf.Physical
	switch {
	case p.nulls == p.entries:
		p.encoding, p.bounds = format.Plain, bounds{}
		return dst, nil
	case p.byDict:
		p.encoding = format.RLEDictionary
		p.bounds.of(k, &v.Dict.Values, p.used)
		h := newHybrid(append(dst, byte(p.width)), p.width)
		for _, r := range v.Runs {
			h.add(p.remap[r.ID], r.N)
		}
		h.addIDs(v.IDs, p.remap)
		return h.finish(), nil
	case v.Dict != nil:
		p.encoding = format.Plain
		p.bounds.of(k, &v.Dict.Values, p.used)
		for _, r := range v.Runs {
			dst = v.Dict.appendPlainAt(dst, k, r.ID, r.N)
		}
		for _, id := range v.IDs {
			dst = v.Dict.appendPlainAt(dst, k, id, 1)
		}
		return dst, nil
	}
	p.bounds.of(k, &v.Values, nil)
	if p.leaf.Delta {
		p.encoding = format.DeltaBinaryPacked
		return appendDelta(dst, s, k, &v.Values)
	}
	p.encoding = format.Plain
	return v.Values.appendPlain(dst, k), nil
}

func appendDelta(dst []byte, s *scratch, k Kind, v *Values) (_ []byte, err error) {
	// The encoder writes from the start of the buffer it is given. It is free until the page is compressed.
	if encoder := new(delta.BinaryPackedEncoding); k == Int32 {
		s.packed, err = encoder.EncodeInt32(s.packed[:0], v.Int32)
	} else {
		s.packed, err = encoder.EncodeInt64(s.packed[:0], v.Int64)
	}
	return append(dst, s.packed...), err
}

// findUsed lists the ids that occur in the order of their first use. Order and extent follow from the values alone, so that a
// dictionary that knows more, or in another order, gives the same bytes.
func (p *Page) findUsed(v *Vector) {
	const unseen, seen = 0, 1
	n := v.Dict.Len()
	p.remap = append(p.remap[:0], make([]uint32, n)...)
	p.used = p.used[:0]
	for _, r := range v.Runs {
		if p.remap[r.ID] == unseen {
			p.remap[r.ID] = seen
			p.used = append(p.used, r.ID)
		}
	}
	for i := 0; i < len(v.IDs) && len(p.used) < n; i++ {
		if id := v.IDs[i]; p.remap[id] == unseen {
			p.remap[id] = seen
			p.used = append(p.used, id)
		}
	}
}

// useDict makes the page one of ids into a dictionary of n values.
func (p *Page) useDict(n int) {
	p.byDict = true
	p.width = idWidth(n)
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
func (st *stored) set(codec *Codec, s *scratch) error {
	if len(s.body) > math.MaxInt32 {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(s.body))
	}
	packed := codec.compress(s, s.body)
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
