package bgzf

import "math/bits"

const (
	maxCode      = 15  // most bits of a Huffman code (RFC 1951, section 3.2.7)
	maxLiterals  = 288 // symbols of the fixed literal/length code (section 3.2.6)
	maxDistances = 32  // symbols of the fixed distance code
)

// huffman is a Huffman code as the lengths of its codes define it (section
// 3.2.2): codes of the same length follow each other in the order of symbols.
type huffman struct {
	count   [maxCode + 1]uint16 // codes of each length
	first   [maxCode + 1]uint16 // the first code of each length
	start   [maxCode + 1]uint16 // the place of its symbol in symbols
	symbols [maxLiterals]uint16 // by length, then by symbol
	codes   [maxLiterals]uint16 // of symbols, as they lie in the data: the first bit lowest (section 3.1.1)
}

// init takes the length of each symbol's code, where 0 is a symbol without one.
// The codes must use up all strings of bits, but for the two exceptions that
// compress/flate makes: no code at all, and a single code of one bit.
func (h *huffman) init(lengths []uint8) bool {
	h.count = [maxCode + 1]uint16{}
	for _, n := range lengths {
		h.count[n&maxCode]++
	}
	h.count[0] = 0
	var next [maxCode + 1]uint16
	code, symbols := uint(0), uint16(0)
	for n := 1; n <= maxCode; n++ {
		code <<= 1
		h.first[n], h.start[n], next[n] = uint16(code), symbols, symbols
		code += uint(h.count[n])
		symbols += h.count[n]
		if code > 1<<n {
			return false
		}
	}
	single := symbols == 1 && h.count[1] == 1
	if code != 1<<maxCode && symbols != 0 && !single {
		return false
	}
	for symbol, n := range lengths {
		if n &= maxCode; n > 0 {
			i := next[n]
			h.symbols[i] = uint16(symbol)
			h.codes[i] = bits.Reverse16(h.first[n]+i-h.start[n]) >> (16 - n)
			next[n]++
		}
	}
	return true
}

// places returns where in symbols and codes those with codes of n bits are.
func (h *huffman) places(n int) (start, end int) {
	start = int(h.start[n])
	return start, start + int(h.count[n])
}

// find returns the symbol whose code, of more than short bits, begins data, and
// the length of the code.
func (h *huffman) find(data uint64, short int) (symbol, n int, ok bool) {
	reversed := bits.Reverse16(uint16(data))
	for n := short + 1; n <= maxCode; n++ {
		// Wraps around where the bits come before the first code of n bits,
		// which those of shorter codes do.
		if i := reversed>>(16-n) - h.first[n]; i < h.count[n] {
			return int(h.symbols[h.start[n]+i]), n, true
		}
	}
	return 0, 1, false
}
