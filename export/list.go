package export

import (
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// anyCount stands for a Number that fixes no length.
const anyCount = -1

// listScratch holds one parsed list until it is known to fit: a list that does not fit must leave no trace in its column.
type listScratch struct {
	reserved string // characters that the column encodes: vcf.InfoReserved or vcf.FormatReserved
	typ      vcf.Type
	null     []bool
	ints     []int32
	doubles  []float64
	text     []byte
	ends     []int
	inexact  bool // an element's text can't be had back from its value
}

// parse reads a comma-separated list that is not the missing value. count is the length it must have, or anyCount. It returns why the list does not fit, or "".
// An empty text is a list of no elements where any length will do (VCF 4.5 §1.6.2), else one empty element.
func (s *listScratch) parse(ctx *recordContext, f vcf.Field, text []byte, count int) ConflictKind {
	s.typ, s.inexact = f.Type, false
	s.null, s.ints, s.doubles, s.text, s.ends = s.null[:0], s.ints[:0], s.doubles[:0], s.text[:0], s.ends[:0]
	if len(text) == 0 && count <= 0 {
		return ""
	}
	for more := true; more; {
		var part []byte
		part, text, more = vcf.Cut(text, ',')
		if !s.element(ctx, part) {
			return Misfit
		}
	}
	if count != anyCount && len(s.null) != count {
		return WrongCount
	}
	return ""
}

func (s *listScratch) element(ctx *recordContext, part []byte) (fits bool) {
	null := missing(part)
	var n int32
	var x float64
	fits = true
	switch s.typ {
	case vcf.Integer:
		if !null {
			n, fits = parseInt(part)
		}
		s.ints = append(s.ints, n)
	case vcf.Float:
		if !null {
			x, fits = parseFloat(part)
		}
		s.doubles = append(s.doubles, x)
	default:
		if !null {
			value, exact := ctx.decodeText(part, s.reserved)
			fits = ctx.validUTF8(value)
			s.inexact = s.inexact || !exact
			s.text = append(s.text, value...)
		}
		s.ends = append(s.ends, len(s.text))
	}
	s.null = append(s.null, null)
	return fits
}

func (s *listScratch) string(i int) []byte {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.text[start:s.ends[i]]
}

// appendInfo appends the list as a row of a column of lists.
func (s *listScratch) appendInfo(v column) {
	if len(s.null) == 0 {
		v.element(true, defEmpty)
		return
	}
	for i, null := range s.null {
		if null {
			v.element(i == 0, defElemNull)
			continue
		}
		v.element(i == 0, defElem)
		switch s.typ {
		case vcf.Integer:
			v.Int32 = append(v.Int32, s.ints[i])
		case vcf.Float:
			v.Double = append(v.Double, s.doubles[i])
		default:
			v.AppendBytes(s.string(i))
		}
	}
}

// appendCell appends the list as the element of one sample of a column of lists of lists, its values as ids of the vector's dictionary. rep is the
// repetition level of its first entry: 0 for the first sample of a record, else 1.
func (s *listScratch) appendCell(v *pq.Vector, rep uint8) {
	if len(s.null) == 0 {
		v.AddLevel(rep, defCellZero, 1)
		return
	}
	for i, null := range s.null {
		if null {
			v.AddLevel(rep, defItemNull, 1)
			rep = 2
			continue
		}
		v.AddLevel(rep, defItem, 1)
		rep = 2
		switch s.typ {
		case vcf.Integer:
			v.IDs = append(v.IDs, v.Dict.InternInt32(s.ints[i]))
		case vcf.Float:
			v.IDs = append(v.IDs, v.Dict.InternDouble(s.doubles[i]))
		default:
			v.IDs = append(v.IDs, v.Dict.InternBytes(s.string(i)))
		}
	}
}

// genotypes is the number of genotypes of a ploidy over n alleles: the length of a Number=G list (VCF 4.5 §1.6.2, GL), or anyCount where it is beyond all use.
func genotypes(n, ploidy int) int {
	count := 1
	for i := 1; i <= ploidy; i++ {
		count = count * (n + i - 1) / i
		if count > 1<<30 {
			return anyCount
		}
	}
	return count
}
