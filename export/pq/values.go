package pq

import (
	"encoding/binary"
	"math"
	"slices"
)

// Values are values of one physical type: only the slice of that type is filled.
type Values struct {
	Int32  []int32
	Int64  []int64
	Double []float64
	Bool   []bool
	// Strings lie end to end in Bytes; string i is Bytes[Ends[i-1]:Ends[i]], the first begins at 0.
	Bytes []byte
	Ends  []uint32

	base uint32 // where the first string begins; not 0 in what part returns
}

// AppendBytes appends a string, which is copied.
func (v *Values) AppendBytes(s []byte) {
	v.Bytes = append(v.Bytes, s...)
	v.Ends = append(v.Ends, uint32(len(v.Bytes)))
}

// AppendString appends a string.
func (v *Values) AppendString(s string) {
	v.Bytes = append(v.Bytes, s...)
	v.Ends = append(v.Ends, uint32(len(v.Bytes)))
}

// At returns string i, borrowed.
func (v *Values) At(i int) []byte {
	start := v.base
	if i > 0 {
		start = v.Ends[i-1]
	}
	return v.Bytes[start:v.Ends[i]]
}

func (v *Values) reset() {
	v.Int32, v.Int64, v.Double, v.Bool = v.Int32[:0], v.Int64[:0], v.Double[:0], v.Bool[:0]
	v.Bytes, v.Ends, v.base = v.Bytes[:0], v.Ends[:0], 0
}

func (v *Values) count(k Kind) int {
	switch k {
	case Boolean:
		return len(v.Bool)
	case Int32:
		return len(v.Int32)
	case Int64:
		return len(v.Int64)
	case Double:
		return len(v.Double)
	default:
		return len(v.Ends)
	}
}

// plainSize returns how many bytes the values take as PLAIN.
func (v *Values) plainSize(k Kind) int {
	switch k {
	case Boolean:
		return (len(v.Bool) + 7) / 8
	case Int32:
		return 4 * len(v.Int32)
	case Int64:
		return 8 * len(v.Int64)
	case Double:
		return 8 * len(v.Double)
	default:
		return len(v.Bytes) + 4*len(v.Ends)
	}
}

// part returns values i to j, borrowed.
func (v *Values) part(k Kind, i, j int) Values {
	switch k {
	case Boolean:
		return Values{Bool: v.Bool[i:j]}
	case Int32:
		return Values{Int32: v.Int32[i:j]}
	case Int64:
		return Values{Int64: v.Int64[i:j]}
	case Double:
		return Values{Double: v.Double[i:j]}
	default:
		start := v.base
		if i > 0 {
			start = v.Ends[i-1]
		}
		return Values{Bytes: v.Bytes, Ends: v.Ends[i:j], base: start}
	}
}

func (v *Values) appendAll(k Kind, from *Values) {
	switch k {
	case Boolean:
		v.Bool = append(v.Bool, from.Bool...)
	case Int32:
		v.Int32 = append(v.Int32, from.Int32...)
	case Int64:
		v.Int64 = append(v.Int64, from.Int64...)
	case Double:
		v.Double = append(v.Double, from.Double...)
	default:
		if len(from.Ends) == 0 {
			return
		}
		shift := uint32(len(v.Bytes)) - from.base // wraps where base is larger, and again in the sum
		v.Bytes = append(v.Bytes, from.Bytes[from.base:from.Ends[len(from.Ends)-1]]...)
		for _, end := range from.Ends {
			v.Ends = append(v.Ends, shift+end)
		}
	}
}

// grow makes room for so many times what there is in from, within reason.
func (v *Values) grow(k Kind, times int, from *Values) {
	const most = 1 << 20
	n := min(times*from.count(k), most)
	switch k {
	case Boolean:
		v.Bool = slices.Grow(v.Bool, n)
	case Int32:
		v.Int32 = slices.Grow(v.Int32, n)
	case Int64:
		v.Int64 = slices.Grow(v.Int64, n)
	case Double:
		v.Double = slices.Grow(v.Double, n)
	default:
		v.Ends = slices.Grow(v.Ends, n)
	}
}

// truncate drops all but the first n values.
func (v *Values) truncate(n int) {
	v.Int32, v.Int64 = v.Int32[:min(n, len(v.Int32))], v.Int64[:min(n, len(v.Int64))]
	v.Double, v.Bool = v.Double[:min(n, len(v.Double))], v.Bool[:min(n, len(v.Bool))]
	if n < len(v.Ends) {
		v.Ends = v.Ends[:n]
		v.Bytes = v.Bytes[:0]
		if n > 0 {
			v.Bytes = v.Bytes[:v.Ends[n-1]]
		}
	}
}

// appendPlain appends all values in the PLAIN encoding.
func (v *Values) appendPlain(dst []byte, k Kind) []byte {
	start := len(dst)
	if k == Boolean {
		return appendBits(dst, v.Bool)
	}
	// To write at an index is much faster than to append, value by value.
	size := v.plainSize(k)
	if k == Bytes && len(v.Ends) > 0 { // of the part that the strings take
		size = 4*len(v.Ends) + int(v.Ends[len(v.Ends)-1]-v.base)
	}
	dst = slices.Grow(dst, size)[:start+size]
	to := dst[start:]
	switch k {
	case Int32:
		for i, x := range v.Int32 {
			binary.LittleEndian.PutUint32(to[4*i:], uint32(x))
		}
	case Int64:
		for i, x := range v.Int64 {
			binary.LittleEndian.PutUint64(to[8*i:], uint64(x))
		}
	case Double:
		for i, x := range v.Double {
			binary.LittleEndian.PutUint64(to[8*i:], math.Float64bits(x))
		}
	default:
		at := v.base
		for _, end := range v.Ends {
			binary.LittleEndian.PutUint32(to, end-at)
			to = to[4+copy(to[4:], v.Bytes[at:end]):]
			at = end
		}
	}
	return dst
}

// appendPlainAt appends value i n times in the PLAIN encoding. Booleans have no dictionary and never come here.
func (v *Values) appendPlainAt(dst []byte, k Kind, i, n uint32) []byte {
	for range n {
		switch k {
		case Int32:
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Int32[i]))
		case Int64:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Int64[i]))
		case Double:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Double[i]))
		default:
			s := v.At(int(i))
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
			dst = append(dst, s...)
		}
	}
	return dst
}

func appendBits(dst []byte, bits []bool) []byte {
	for len(bits) > 0 {
		var b byte
		n := min(8, len(bits))
		for i, set := range bits[:n] {
			if set {
				b |= 1 << i
			}
		}
		dst, bits = append(dst, b), bits[n:]
	}
	return dst
}

// sizeOf returns how many bytes the values at these indexes take as PLAIN.
func (v *Values) sizeOf(k Kind, at []uint32) int {
	switch k {
	case Boolean:
		return len(at)
	case Int32:
		return 4 * len(at)
	case Int64, Double:
		return 8 * len(at)
	}
	size := 4 * len(at)
	for _, i := range at {
		size += len(v.At(int(i)))
	}
	return size
}
