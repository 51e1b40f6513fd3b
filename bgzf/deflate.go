package bgzf

import (
	"encoding/binary"
	"errors"
)

// What can be wrong with compressed data.
var (
	errNoEnd       = errors.New("its compressed data have no end")
	errTextTooLong = errors.New("its text is longer than its trailer says")
	errBlockType   = errors.New("a deflate block of the reserved type")
	errStored      = errors.New("the length of a stored deflate block and its complement disagree")
	errCounts      = errors.New("a deflate block with too many codes")
	errRepeat      = errors.New("a code length that is repeated beyond the last code or comes after none")
	errCode        = errors.New("a Huffman code that is over-subscribed or incomplete")
	errSymbol      = errors.New("bits that stand for no symbol")
	errDistance    = errors.New("a match that begins before the text")
)

// inflater inflates DEFLATE data (RFC 1951) that lie wholly in memory, one
// block of BGZF after another, without allocating. It takes and refuses the
// same data as compress/flate.
//
// A block of BGZF holds one or more blocks of DEFLATE, which are the blocks that
// the comments of its methods are about.
type inflater struct {
	in     []byte
	padded []byte // in and the bytes after it
	next   int    // in[next] is the first byte not in bits
	bits   uint64 // what comes before in[next] and is not used yet, the next bit lowest
	n      uint   // how many bits; those above are 0 or as in padded[next:]

	text []byte
	done int // bytes of text

	dynamic tables
	fixed   tables
	isFixed bool // fixed is made
	lengths [maxLiterals + maxDistances]uint8
}

func newInflater() *inflater { return &inflater{} }

// inflate inflates what padded holds before its last padding bytes. It returns
// how long the text is, and how many bytes are left before the padding. What the
// padding holds does not matter, but it can be read faster than watched for.
func (z *inflater) inflate(text, padded []byte, padding int) (done, left int, err error) {
	z.padded, z.in = padded, padded[:len(padded)-padding]
	z.next, z.bits, z.n = 0, 0, 0
	z.text, z.done = text, 0
	for last := false; !last && err == nil; {
		last, err = z.deflateBlock()
	}
	return z.done, len(z.in) - z.next + int(z.n/8), err
}

// deflateBlock inflates one block (section 3.2.3).
func (z *inflater) deflateBlock() (last bool, err error) {
	if z.fill(); z.n < 3 {
		return false, errNoEnd
	}
	last = z.take(1) == 1
	switch z.take(2) {
	case 0:
		return last, z.stored()
	case 1:
		return last, z.compressed(z.fixedTables())
	case 2:
		if err := z.readCodes(); err != nil {
			return last, err
		}
		return last, z.compressed(&z.dynamic)
	}
	return last, errBlockType
}

// fill brings bits to 56 or more, or to all that are left.
func (z *inflater) fill() {
	for z.n < 56 && z.next < len(z.in) {
		z.bits |= uint64(z.in[z.next]) << z.n
		z.next++
		z.n += 8
	}
}

// take returns the next n bits, which must be there.
func (z *inflater) take(n uint) int {
	v := int(z.bits & (1<<n - 1))
	z.bits >>= n
	z.n -= n
	return v
}

// stored copies a block that is not compressed (section 3.2.4).
func (z *inflater) stored() error {
	z.next -= int(z.n / 8) // the bits up to the next byte mean nothing
	z.bits, z.n = 0, 0
	in := z.in[z.next:]
	if len(in) < 4 {
		return errNoEnd
	}
	size := binary.LittleEndian.Uint16(in)
	if size != ^binary.LittleEndian.Uint16(in[2:]) {
		return errStored
	}
	in = in[4:]
	switch {
	case int(size) > len(in):
		return errNoEnd
	case int(size) > len(z.text)-z.done:
		return errTextTooLong
	}
	z.done += copy(z.text[z.done:], in[:size])
	z.next += 4 + int(size)
	return nil
}

// fixedTables returns the tables of the fixed codes (section 3.2.6).
func (z *inflater) fixedTables() *tables {
	if z.isFixed {
		return &z.fixed
	}
	for i := range z.lengths {
		n := uint8(8)
		switch {
		case i >= maxLiterals:
			n = 5
		case i >= 144 && i < 256:
			n = 9
		case i >= 256 && i < 280:
			n = 7
		}
		z.lengths[i] = n
	}
	z.isFixed = z.fixed.init(z.lengths[:maxLiterals], z.lengths[maxLiterals:], false)
	return &z.fixed
}

// readCodes reads the codes of a block and makes their tables (section 3.2.7).
func (z *inflater) readCodes() error {
	if z.fill(); z.n < 14 {
		return errNoEnd
	}
	literals, distances, count := 257+z.take(5), 1+z.take(5), 4+z.take(4)
	if literals > 286 || distances > 30 {
		return errCounts
	}
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var short [len(order)]uint8
	for _, symbol := range order[:count] {
		if z.fill(); z.n < 3 {
			return errNoEnd
		}
		short[symbol] = uint8(z.take(3))
	}
	code := &z.dynamic.literalCode // until the lengths are read
	if !code.init(short[:]) {
		return errCode
	}
	lengths := z.lengths[:literals+distances]
	if err := z.readLengths(lengths, code); err != nil {
		return err
	}
	if !z.dynamic.init(lengths[:literals], lengths[literals:], len(z.in)-z.next > joinSize) {
		return errCode
	}
	return nil
}

// readLengths reads the lengths of codes, which are compressed with a code
// themselves.
func (z *inflater) readLengths(lengths []uint8, code *huffman) error {
	for i := 0; i < len(lengths); {
		z.fill()
		symbol, n, ok := code.find(z.bits, 0)
		switch {
		case uint(n) > z.n:
			return errNoEnd
		case !ok:
			return errSymbol
		}
		z.take(uint(n))
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		times, extra, length := 3, uint(2), uint8(0)
		switch {
		case symbol == 16 && i == 0:
			return errRepeat
		case symbol == 16:
			length = lengths[i-1]
		case symbol == 17:
			extra = 3
		default:
			times, extra = 11, 7
		}
		if extra > z.n {
			return errNoEnd
		}
		if times += z.take(extra); times > len(lengths)-i {
			return errRepeat
		}
		for range times {
			lengths[i] = length
			i++
		}
	}
	return nil
}
