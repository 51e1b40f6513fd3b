package restore

import (
	"strconv"

	"github.com/parquet-go/parquet-go/encoding"

	"github.com/varlake/varlake/vcf"
)

// spellNumbers writes numbers in their shortest form.
func spellNumbers(into texts, values encoding.Values) (texts, error) {
	into.offsets = append(into.offsets, 0)
	end := func() { into.offsets = append(into.offsets, uint32(len(into.data))) }
	switch values.Kind() {
	case encoding.Int32:
		for _, n := range values.Int32() {
			into.data = strconv.AppendInt(into.data, int64(n), 10)
			end()
		}
	case encoding.Int64:
		for _, n := range values.Int64() {
			into.data = strconv.AppendInt(into.data, n, 10)
			end()
		}
	case encoding.Double:
		for _, x := range values.Double() {
			into.data = vcf.AppendFloat(into.data, x)
			end()
		}
	default:
		return into, damaged("values of type %v, which no VCF field becomes", values.Kind())
	}
	return into, nil
}

// encode percent-encodes texts.
func encode(from texts, reserved string) texts {
	to := texts{offsets: make([]uint32, 1, len(from.offsets))}
	for i := range from.count() {
		to.data = vcf.Escape(to.data, from.at(int32(i)), reserved)
		to.offsets = append(to.offsets, uint32(len(to.data)))
	}
	return to
}

// appendScalar appends the scalar at hand, or the missing value.
func appendScalar(dst []byte, l *leaf, encoded bool) []byte {
	if !l.has() {
		return append(dst, '.')
	}
	return append(dst, l.text(encoded)...)
}

// Definition levels of what is between NULL and a value: an empty list, in a column of lists of lists a NULL cell and an empty one.
const (
	defEmptyList = 1
	defNullCell  = 2
	defEmptyCell = 3
)

// appendList appends the list that is the row at hand, or the missing value where it is NULL. A NULL element is a missing value in it.
func appendList(dst []byte, l *leaf, separator byte, encoded bool) []byte {
	switch l.def[l.at] {
	case 0:
		return append(dst, '.')
	case defEmptyList:
		return dst
	}
	for first := l.at; l.at < l.end; l.at++ {
		if l.at > first {
			dst = append(dst, separator)
		}
		dst = appendElement(dst, l, encoded)
	}
	return dst
}

// appendElement appends the value of the entry at hand and goes past the value.
func appendElement(dst []byte, l *leaf, encoded bool) []byte {
	if !l.has() {
		return append(dst, '.')
	}
	dst = append(dst, l.text(encoded)...)
	l.value++
	return dst
}
