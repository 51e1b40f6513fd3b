package pq

import (
	"encoding/binary"
	"math"
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
		shift := uint32(len(v.Bytes))
		v.Bytes = append(v.Bytes, from.Bytes...)
		for _, end := range from.Ends {
			v.Ends = append(v.Ends, shift+end)
		}
	}
}

// appendPlain appends all values in the PLAIN encoding.
func (v *Values) appendPlain(dst []byte, k Kind) []byte {
	switch k {
	case Boolean:
		return appendBits(dst, v.Bool)
	case Int32:
		for _, x := range v.Int32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
		}
	case Int64:
		for _, x := range v.Int64 {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(x))
		}
	case Double:
		for _, x := range v.Double {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
		}
	default:
		start := v.base
		for _, end := range v.Ends {
			dst = binary.LittleEndian.AppendUint32(dst, end-start)
			dst = append(dst, v.Bytes[start:end]...)
			start = end
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
