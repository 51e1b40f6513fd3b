package bgzf

import "encoding/binary"

const (
	// A turn of fast loads 8 bytes twice, the second time up to 7 bytes later.
	fastIn = 15
	// A turn of fast writes up to 6 literals, a match, and up to 31 bytes more.
	fastOut = 6 + maxMatch + 31
	// joinSize is how many bytes make it worth while to join literals: as many
	// symbols as take the time that is spent on the tables.
	joinSize = 4096
)

// compressed inflates literals and matches up to the end of a block (section
// 3.2.3).
func (z *inflater) compressed(t *tables) error {
	if err := z.fast(t); err != nil {
		return err
	}
	for {
		z.fill()
		e := t.literals[z.bits&(1<<literalBits-1)]
		if e&(literalEntry|lengthEntry) == 0 {
			e = t.find(z.bits, e)
		}
		switch {
		case e.bits() > z.n:
			return errNoEnd
		case e&badEntry != 0:
			return errSymbol
		case e.literals() > len(z.text)-z.done:
			return errTextTooLong
		}
		z.take(e.bits())
		for i := range e.literals() {
			z.text[z.done] = byte(e >> (8 + 8*i))
			z.done++
		}
		switch {
		case e&endEntry != 0:
			return nil
		case e&lengthEntry != 0:
			if err := z.match(t, e.length()); err != nil {
				return err
			}
		}
	}
}

// match copies a match, whose distance comes next.
func (z *inflater) match(t *tables, length int) error {
	d := t.distances[z.bits&(1<<distanceBits-1)]
	if d.bits == 0 {
		d = t.findDistance(z.bits)
	}
	back := int(d.base) + int(z.bits>>d.code&uint64(d.mask))
	switch {
	case uint(d.bits) > z.n:
		return errNoEnd
	case d.base == 0:
		return errSymbol
	case back > z.done:
		return errDistance
	case length > len(z.text)-z.done:
		return errTextTooLong
	}
	z.take(uint(d.bits))
	for from, end := z.done-back, z.done+length; z.done < end; { // twice as much each time, if the match overlaps itself
		z.done += copy(z.text[z.done:end], z.text[from:z.done])
	}
	return nil
}

// fast does as compressed while neither padded nor text is near its end, so
// that it need not ask before it reads 8 bytes or writes 32. What it writes too
// much is written over later. At the end of a block, or what is no code, it
// stops and leaves that to compressed.
//
// To fill bits without a branch, 8 bytes are or'ed in above the n bits that are
// there, and next moves on by the whole bytes that fit. The part of a byte that
// is left at the top of bits is or'ed in once more, as it is, the next time.
func (z *inflater) fast(t *tables) error {
	var err error
	le := binary.LittleEndian
	in, out := z.padded, z.text
	next, done, bits, n := z.next, z.done, z.bits, z.n
	for next < len(in)-fastIn && done < len(out)-fastOut {
		bits |= le.Uint64(in[next:next+8]) << (n & 63)
		next += int((63 - n) >> 3)
		n |= 56
		e := t.literals[bits&(1<<literalBits-1)]
		if e&literalEntry != 0 {
			le.PutUint16(out[done:done+2], uint16(e>>8))
			done += e.literals()
			bits >>= e.bits()
			n -= e.bits()
			e = t.literals[bits&(1<<literalBits-1)]
			if e&literalEntry != 0 {
				le.PutUint16(out[done:done+2], uint16(e>>8))
				done += e.literals()
				bits >>= e.bits()
				n -= e.bits()
				e = t.literals[bits&(1<<literalBits-1)]
				if e&literalEntry != 0 {
					le.PutUint16(out[done:done+2], uint16(e>>8))
					done += e.literals()
					bits >>= e.bits()
					n -= e.bits()
					continue
				}
			}
			bits |= le.Uint64(in[next:next+8]) << (n & 63)
			next += int((63 - n) >> 3)
			n |= 56
		}
		if e&lengthEntry == 0 {
			if e = t.find(bits, e); e&(literalEntry|lengthEntry) == 0 {
				break
			}
		}
		out[done] = byte(e >> 8)
		done += e.literals()
		bits >>= e.bits()
		n -= e.bits()
		if e&literalEntry != 0 {
			continue
		}

		d := t.distances[bits&(1<<distanceBits-1)]
		if d.bits == 0 {
			d = t.findDistance(bits)
		}
		back := int(d.base) + int(bits>>(d.code&63)&uint64(d.mask))
		bits >>= d.bits & 63
		n -= uint(d.bits)
		from, to := done-back, done
		if from < 0 || d.base == 0 {
			if err = errDistance; d.base == 0 {
				err = errSymbol
			}
			break
		}
		length := e.length()
		done += length
		// The same 8 bytes at twice the distance, until there are 8 different
		// ones to repeat or the distance is 16 or more.
		for back < 8 {
			le.PutUint64(out[to:to+8], le.Uint64(out[from:from+8]))
			to += back
			back *= 2
		}
		if back == 8 {
			for same := le.Uint64(out[from : from+8]); to < done; to += 32 {
				dst := out[to : to+32]
				le.PutUint64(dst, same)
				le.PutUint64(dst[8:], same)
				le.PutUint64(dst[16:], same)
				le.PutUint64(dst[24:], same)
			}
			continue
		}
		if back < 16 {
			le.PutUint64(out[to:to+8], le.Uint64(out[from:from+8]))
			le.PutUint64(out[to+8:to+16], le.Uint64(out[from+8:from+16]))
			to += back
		}
		for to < done {
			dst, src := out[to:to+32], out[from:from+32]
			*(*[16]byte)(dst) = *(*[16]byte)(src) // one instruction, as 32 bytes are not
			*(*[16]byte)(dst[16:]) = *(*[16]byte)(src[16:])
			to, from = to+32, from+32
			if length > 64 && back >= length {
				copy(out[to:done], out[from:from+done-to])
				break
			}
		}
	}
	z.next, z.done, z.bits, z.n = next, done, bits, n
	if over := uint(max(next-len(z.in), 0)) * 8; over > z.n {
		return errNoEnd // and no matter what was read after it
	} else if over > 0 {
		z.next, z.n = len(z.in), z.n-over
	}
	return err
}
