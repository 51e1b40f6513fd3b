package pq

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

// maxBound is where bounds of strings are cut: page indexes are read whole, and a prefix tells values apart as well.
const maxBound = 64

// bounds are the smallest and largest value of a page or chunk, PLAIN without length; both nil where there is no value that is not NaN.
type bounds struct {
	min, max []byte
}

// of makes b the bounds of values, or of those at the indexes in used if it is not nil. The memory of the old bounds is used again.
func (b *bounds) of(k Kind, v *Values, used []uint32) {
	lo, hi := b.min[:0], b.max[:0]
	b.min, b.max = nil, nil
	switch k {
	case Boolean:
		if min, max, ok := boolSpan(v.Bool); ok {
			b.min, b.max = append(lo, min), append(hi, max)
		}
	case Int32:
		if min, max, ok := span(v.Int32, used); ok {
			b.min, b.max = binary.LittleEndian.AppendUint32(lo, uint32(min)), binary.LittleEndian.AppendUint32(hi, uint32(max))
		}
	case Int64:
		if min, max, ok := span(v.Int64, used); ok {
			b.min, b.max = binary.LittleEndian.AppendUint64(lo, uint64(min)), binary.LittleEndian.AppendUint64(hi, uint64(max))
		}
	case Double:
		if min, max, ok := span(v.Double, used); ok {
			min, max = signedZeros(min, max)
			b.min = binary.LittleEndian.AppendUint64(lo, math.Float64bits(min))
			b.max = binary.LittleEndian.AppendUint64(hi, math.Float64bits(max))
		}
	default:
		if min, max, ok := textSpan(v, used); ok {
			b.min, b.max = appendLower(lo, min), appendUpper(hi, max)
		}
	}
}

// merge widens b to take in o. It borrows o's bytes.
func (b *bounds) merge(k Kind, o bounds) {
	if o.min == nil {
		return
	}
	if b.min == nil || compareBounds(k, o.min, b.min) < 0 {
		b.min = o.min
	}
	if b.max == nil || compareBounds(k, o.max, b.max) > 0 {
		b.max = o.max
	}
}

// span returns the smallest and largest of the values, or of those at the indexes in used if it is not nil, passing over NaN; ok is false where
// there is none.
func span[T cmp.Ordered](values []T, used []uint32) (lo, hi T, ok bool) {
	if used == nil {
		return extremes(values)
	}
	for _, i := range used {
		switch x := values[i]; {
		case x != x:
		case !ok:
			lo, hi, ok = x, x, true
		case x < lo:
			lo = x
		case x > hi:
			hi = x
		}
	}
	return lo, hi, ok
}

func extremes[T cmp.Ordered](values []T) (lo, hi T, ok bool) {
	for len(values) > 0 && values[0] != values[0] {
		values = values[1:]
	}
	if len(values) == 0 {
		return lo, hi, false
	}
	lo, hi = values[0], values[0]
	for _, x := range values[1:] {
		if x < lo { // NaN is neither
			lo = x
		}
		if x > hi {
			hi = x
		}
	}
	return lo, hi, true
}

// signedZeros gives a zero the sign that takes in both zeros, as the format asks of writers.
func signedZeros(lo, hi float64) (float64, float64) {
	if lo == 0 {
		lo = math.Copysign(0, -1)
	}
	if hi == 0 {
		hi = 0
	}
	return lo, hi
}

func boolSpan(values []bool) (lo, hi byte, ok bool) {
	lo = 1
	for _, x := range values {
		if x {
			hi = 1
		} else {
			lo = 0
		}
	}
	return lo, hi, len(values) > 0
}

func textSpan(v *Values, used []uint32) (lo, hi []byte, ok bool) {
	n := len(v.Ends)
	if used != nil {
		n = len(used)
	}
	for i := range n {
		at := i
		if used != nil {
			at = int(used[i])
		}
		s := v.At(at)
		switch {
		case i == 0:
			lo, hi = s, s
		case bytes.Compare(s, lo) < 0:
			lo = s
		case bytes.Compare(s, hi) > 0:
			hi = s
		}
	}
	return lo, hi, n > 0
}

// appendLower appends s, or a prefix of whole characters.
func appendLower(dst, s []byte) []byte {
	dst = append(dst, prefix(s)...)
	if dst == nil {
		dst = []byte{} // an empty string is a bound, nil is none
	}
	return dst
}

// appendUpper appends s, or something short that sorts after everything that begins as s does: a prefix whose last character that has a
// successor is replaced by that.
func appendUpper(dst, s []byte) []byte {
	if len(s) <= maxBound {
		return appendLower(dst, s)
	}
	for p := prefix(s); len(p) > 0; {
		r, size := utf8.DecodeLastRune(p)
		p = p[:len(p)-size]
		switch {
		case r == utf8.RuneError && size == 1, r == utf8.MaxRune:
		case r == 0xD7FF:
			return utf8.AppendRune(append(dst, p...), 0xE000) // no surrogates in UTF-8
		default:
			return utf8.AppendRune(append(dst, p...), r+1)
		}
	}
	return append(dst, s...)
}

// prefix cuts s to maxBound bytes or a little less, between characters.
func prefix(s []byte) []byte {
	if len(s) <= maxBound {
		return s
	}
	end := maxBound
	for end > maxBound-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

func compareBounds(k Kind, a, b []byte) int {
	switch k {
	case Int32:
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	case Int64:
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case Double:
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	default:
		return bytes.Compare(a, b)
	}
}

// boundaryOrder tells how the bounds of the pages that have any follow each other.
func boundaryOrder(k Kind, pages []*page) format.BoundaryOrder {
	up, down := true, true
	var last *page
	for _, p := range pages {
		if p.bounds.min == nil {
			continue
		}
		if last != nil {
			lo, hi := compareBounds(k, last.bounds.min, p.bounds.min), compareBounds(k, last.bounds.max, p.bounds.max)
			up = up && lo <= 0 && hi <= 0
			down = down && lo >= 0 && hi >= 0
		}
		last = p
	}
	switch {
	case up:
		return format.Ascending
	case down:
		return format.Descending
	}
	return format.Unordered
}
