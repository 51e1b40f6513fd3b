package export

import (
	"bytes"

	"github.com/varlake/varlake/vcf"
)

// appendScalar appends one value, or NULL and why it does not fit. A value that fits but whose text can't be had back is appended and reported as Malformed.
func appendScalar(ctx *recordContext, v column, t vcf.Type, text []byte) ConflictKind {
	switch t {
	case vcf.Integer:
		n, ok := parseInt(text)
		if !ok {
			v.AddNulls(1)
			return Misfit
		}
		v.AddInt32(n)
	case vcf.Float:
		x, ok := parseFloat(text)
		if !ok {
			v.AddNulls(1)
			return Misfit
		}
		v.AddDouble(x)
	default:
		if bytes.IndexByte(text, ',') >= 0 {
			v.AddNulls(1)
			return WrongCount
		}
		value, exact := ctx.decodeText(text, vcf.InfoReserved)
		if !ctx.validUTF8(value) {
			v.AddNulls(1)
			return Misfit
		}
		v.AddBytes(value)
		if !exact {
			return Malformed
		}
	}
	return ""
}
