package export

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// load returns the eight bytes at at.
func load(s []byte, at int) uint64 { return binary.LittleEndian.Uint64(s[at : at+8 : at+8]) }

const (
	bytes8 = 0x0101010101010101
	zeros  = '0' * bytes8
)

// endBits returns 7 more than the bits before the first byte of w that is no digit; 64 where all are digits.
func endBits(w uint64) uint {
	// Beyond '9' the sum has the highest bit of the byte, below '0' the difference. What is carried or borrowed disturbs later bytes only.
	return uint(bits.TrailingZeros64(((w + (0x80-'9'-1)*bytes8) | (w - zeros)) & (0x80 * bytes8)))
}

// shortest is the smallest number of so many digits that is spelt without a superfluous zero, and larger than any where there are no digits or more than four.
var shortest = [9]uint32{0: math.MaxUint32, 2: 10, 3: 100, 4: 1_000, 5: math.MaxUint32, 6: math.MaxUint32, 7: math.MaxUint32, 8: math.MaxUint32}

// number returns the number of up to four digits that w begins with, and how many digits there are. It makes no sense where there are none or more. All digits
// are worked on at once, without a branch on their number, which no processor foresees (https://lemire.me/blog/2022/01/21/swar-explained-parsing-eight-digits/).
func number(w uint64) (n uint32, digits int) {
	end := endBits(w)
	n = uint32(w-zeros) << ((7 - end) & 31)
	n = (n*10 + n>>8) & 0x00ff00ff
	n = (n*100 + n>>16) & 0xffff
	return n, int(end >> 3)
}

// longNumber is number for five to seven digits. digits is 0 where there is no such number.
func longNumber(w uint64) (n uint32, digits int) {
	digits = int(endBits(w) >> 3)
	if digits < 5 || digits > 7 || w&0xff == '0' {
		return 0, 0
	}
	w = (w - zeros) << (64 - 8*uint(digits))
	w = (w*10 + w>>8) & 0x00ff00ff00ff00ff
	w = (w*100 + w>>16) & 0x0000ffff0000ffff
	return uint32(w*10_000 + w>>32), digits
}
