package vcf

import (
	"math"
	"strconv"
)

// Bounds between which AppendFloat writes a number without exponent, those of
// %g in C and of repr in Python, whose programs write most VCFs.
const (
	minPlain = 1e-4
	maxPlain = 1e16
)

// AppendFloat appends x as a Float (VCF 4.5 §1.3) of the fewest digits that
// read back as x: 0.1, 29, 1e-05, nan, inf, -inf.
func AppendFloat(dst []byte, x float64) []byte {
	switch size := math.Abs(x); {
	case math.IsNaN(x):
		return append(dst, "nan"...)
	case math.IsInf(x, 1):
		return append(dst, "inf"...)
	case math.IsInf(x, -1):
		return append(dst, "-inf"...)
	case size != 0 && (size < minPlain || size >= maxPlain):
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, x, 'f', -1, 64)
}
