package bgzf

const (
	literalBits  = 11 // bits of data that select an entry of tables.literals
	distanceBits = 8  // bits of data that select an entry of tables.distances

	endOfBlock = 256 // the symbol that ends a block (RFC 1951, section 3.2.5)
	maxMatch   = 258 // bytes
)

// entry says what the next bits of the data mean where a literal or the length
// of a match may come: one or two literals, a length, or a literal and a length.
//
//	bits 0-5    how many bits they take, extra bits of the length included
//	bits 6-7    how many literals there are
//	bits 8-15   the first literal
//	bits 16-24  the second literal or the length
//	bits 28-31  one of the kinds below, or none
//
// An entry of no kind is for find: bits 16-24 hold a symbol and bits 0-5 the
// length of its code, or all are 0 where literalBits bits do not tell the symbol.
type entry uint32

const (
	literalEntry entry = 1 << 28 // literals alone
	lengthEntry  entry = 1 << 29
	endEntry     entry = 1 << 30 // the end of the block
	badEntry     entry = 1 << 31 // no code, or a symbol without meaning
)

func (e entry) bits() uint    { return uint(e & 0x3f) }
func (e entry) literals() int { return int(e >> 6 & 3) }
func (e entry) length() int   { return int(e >> 16 & 0x1ff) }

// newEntry returns the entry of a symbol with a code of n bits, for extra bits
// that are all 0.
func newEntry(symbol, n int) entry {
	i := symbol - endOfBlock - 1
	length, extra := 3+i, 0
	switch {
	case symbol < endOfBlock:
		return literalEntry | entry(symbol<<8|1<<6|n)
	case symbol == endOfBlock:
		return endEntry | entry(n)
	case i > 28:
		return badEntry | entry(n)
	case i == 28:
		length = maxMatch
	case i >= 8:
		extra = i>>2 - 1
		length = 3 + (4+i&3)<<extra
	}
	return lengthEntry | entry(length<<16|(n+extra))
}

// distance says what the next bits of the data mean where a distance must come.
// base is 0 for a symbol without meaning, and for no code. bits is 0, too, where
// distanceBits bits do not tell the symbol.
type distance struct {
	base uint16
	mask uint16 // of the extra bits, which follow the code
	code uint8  // bits of the code
	bits uint8  // bits of the code and the extra bits
}

// newDistance returns what a symbol with a code of n bits means.
func newDistance(symbol, n int) distance {
	base, extra := 1+symbol, 0
	switch {
	case symbol >= 30:
		base = 0
	case symbol >= 4:
		extra = symbol>>1 - 1
		base = 1 + (2+symbol&1)<<extra
	}
	return distance{base: uint16(base), mask: 1<<extra - 1, code: uint8(n), bits: uint8(n + extra)}
}

// tables decode what a block says with its two Huffman codes.
type tables struct {
	literals     [1 << literalBits]entry // selected by the next bits of the data
	distances    [1 << distanceBits]distance
	literalCode  huffman
	distanceCode huffman
	entries      [maxLiterals]entry // of the symbols, in the order of literalCode
}

// init makes the tables of the codes with the given lengths. To join literals
// with what follows them takes time, which many symbols win back.
func (t *tables) init(literals, distances []uint8, join bool) bool {
	if !t.literalCode.init(literals) || !t.distanceCode.init(distances) {
		return false
	}
	t.fillLiterals()
	if join {
		for n := 1; n < literalBits; n++ {
			for i, end := t.literalCode.places(n); i < end && t.entries[i]&literalEntry != 0; i++ {
				t.join(t.entries[i], t.literalCode.codes[i], n)
			}
		}
	}
	t.fillDistances()
	return true
}

// fillLiterals enters all codes of up to literalBits bits. It doubles the table
// for each bit of the codes: what n bits mean they mean whatever bit comes next,
// unless they begin a longer code, which is entered then.
func (t *tables) fillLiterals() {
	t.literals[0] = 0
	for n := 1; n <= literalBits; n++ {
		half := 1 << (n - 1)
		copy(t.literals[half:], t.literals[:half])
		for i, end := t.literalCode.places(n); i < end; i++ {
			symbol := t.literalCode.symbols[i]
			e := newEntry(int(symbol), n)
			if e&(literalEntry|lengthEntry) == 0 || e.bits() > literalBits {
				e = entry(symbol)<<16 | entry(n)
			}
			t.entries[i] = e
			t.literals[t.literalCode.codes[i]&(1<<literalBits-1)] = e
		}
	}
	for n := 1; n < literalBits; n++ {
		start, end := t.literalCode.places(n)
		for i := end - 1; i >= start && t.literalCode.symbols[i] > endOfBlock; i-- {
			if t.entries[i].bits() > uint(n) {
				t.fill(t.entries[i], t.literalCode.codes[i], n)
			}
		}
	}
}

// fillDistances does for distances as fillLiterals.
func (t *tables) fillDistances() {
	t.distances[0] = distance{}
	for n := 1; n <= distanceBits; n++ {
		half := 1 << (n - 1)
		copy(t.distances[half:], t.distances[:half])
		for i, end := t.distanceCode.places(n); i < end; i++ {
			t.distances[t.distanceCode.codes[i]&(1<<distanceBits-1)] = newDistance(int(t.distanceCode.symbols[i]), n)
		}
	}
}

// fill enters e wherever the next n bits are code. If e stands for more bits,
// these are extra bits, which count up.
func (t *tables) fill(e entry, code uint16, n int) {
	extra, mask := entry(0), entry(1)<<(e.bits()-uint(n))-1
	for at := int(code); at < len(t.literals); at += 1 << n {
		t.literals[at] = e + extra&mask<<16
		extra++
	}
}

// join enters the literal first, whose code has n bits, together with any
// literal or length that literalBits bits can tell after it.
func (t *tables) join(first entry, code uint16, n int) {
	literal := first & 0xff00
	for m := 1; m <= literalBits-n; m++ {
		for i, end := t.literalCode.places(m); i < end; i++ {
			e := t.entries[i]
			if e&literalEntry != 0 {
				e = e&^0xff00 | e&0xff00<<8
			} else if e&lengthEntry == 0 {
				continue
			}
			if e += entry(n) + 1<<6 + literal; e.bits() <= literalBits {
				t.fill(e, code|t.literalCode.codes[i]<<n, n+m)
			}
		}
	}
}

// find returns the entry for data where e, which the table has for it, is of no
// kind. It holds one literal at most.
func (t *tables) find(data uint64, e entry) entry {
	symbol, n := e.length(), int(e.bits())
	if n == 0 {
		var ok bool
		if symbol, n, ok = t.literalCode.find(data, literalBits); !ok {
			return badEntry | entry(n)
		}
	}
	e = newEntry(symbol, n)
	extra := data & (1<<e.bits() - 1) >> n
	return e + entry(extra)<<16
}

// findDistance returns the distance for data where the table has none.
func (t *tables) findDistance(data uint64) distance {
	symbol, n, ok := t.distanceCode.find(data, distanceBits)
	if !ok {
		return distance{bits: 1}
	}
	return newDistance(symbol, n)
}
