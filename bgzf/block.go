package bgzf

import (
	"encoding/binary"
	"errors"
)

const (
	maxBlock     = 1 << 16 // most bytes of a block, and of the text in it
	fixedHeader  = 12      // gzip header up to and including XLEN
	commonHeader = 18      // the header of a block whose only subfield is BC
	trailerSize  = 8       // CRC32 and ISIZE

	gzipMagic = "\x1f\x8b" // ID1 and ID2

	// blockMagic is ID1, ID2, CM and FLG. FLG has FEXTRA alone, as the
	// specification demands; gzip with other flags is read as plain gzip.
	blockMagic = gzipMagic + "\x08\x04"

	// endMarker is the empty block that ends a whole file (SAM section 4.1.2).
	endMarker = blockMagic + "\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00\x1b\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// What can be wrong with the header of a block.
var (
	errShortHeader = errors.New("the header of a block is cut short")
	errNoMagic     = errors.New("these bytes begin no BGZF block")
	errSubfields   = errors.New("the subfields of a gzip header overrun it")
	errNoBSIZE     = errors.New("a gzip member without the BC subfield, which gives a block's size")
	errBSIZE       = errors.New("BSIZE is less than the header and trailer of the block")
)

// frame says where the parts of a block lie, counted from its first byte.
type frame struct {
	data int // start of the compressed data: what follows the header
	size int // bytes of the whole block: BSIZE+1
}

// parseFrame reads the header at the start of b. The BC subfield may lie
// anywhere among the others. errShortHeader says that b is all right so far
// but too short.
func parseFrame(b []byte) (frame, error) {
	if !isPrefix(b, blockMagic) {
		return frame{}, errNoMagic
	}
	if len(b) < fixedHeader {
		return frame{}, errShortHeader
	}
	data := headerSize(b)
	if len(b) < data {
		return frame{}, errShortHeader
	}
	for extra := b[fixedHeader:data]; len(extra) > 0; {
		if len(extra) < 4 {
			return frame{}, errSubfields
		}
		n := 4 + int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra) {
			return frame{}, errSubfields
		}
		if extra[0] == 'B' && extra[1] == 'C' && n == 6 {
			size := int(binary.LittleEndian.Uint16(extra[4:])) + 1
			if size < data+trailerSize {
				return frame{}, errBSIZE
			}
			return frame{data: data, size: size}, nil
		}
		extra = extra[n:]
	}
	return frame{}, errNoBSIZE
}

// headerSize returns the size of the gzip header that begins with b, which
// must hold XLEN.
func headerSize(b []byte) int {
	return fixedHeader + int(binary.LittleEndian.Uint16(b[10:]))
}

// trailer returns the CRC32 and the length of a block's text, as the last
// bytes of the block say.
func trailer(block []byte) (crc, isize uint32) {
	t := block[len(block)-trailerSize:]
	return binary.LittleEndian.Uint32(t), binary.LittleEndian.Uint32(t[4:])
}
