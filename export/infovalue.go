package export

import (
	"bytes"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// infoForm says how values of an INFO field are read straight from INFO into their column.
type infoForm uint8

const (
	plainForm infoForm = iota // not so
	flagForm
	integerForm
	floatForm
	textForm
	integersForm
	floatsForm
	textsForm
)

func infoFormOf(f vcf.Field) infoForm {
	form := textForm
	switch f.Type {
	case vcf.Integer:
		form = integerForm
	case vcf.Float:
		form = floatForm
	}
	switch {
	case isFlag(f):
		return flagForm
	case isList(f):
		return form + integersForm - integerForm
	}
	return form
}

// readValue appends the value that text begins with and returns its width: a ';' or the end comes next. A value that does not fit, is spelt in another
// than the usual way, or is the second of its record, is left to infoDecoder.entry: it leaves no trace, and the width is -1.
func (s *infoStep) readValue(ctx *recordContext, text []byte, row int, vectors []pq.Vector) (width int) {
	if !fast || s.form == plainForm {
		return -1
	}
	v := &vectors[s.column.leaf]
	if v.Rows < row {
		s.column.fill(v, row)
	}
	if v.Rows > row {
		return -1
	}
	switch s.form {
	case flagForm:
		v.AddBool(true)
		return 0
	case integerForm:
		n, width := leadingInt(text)
		if width == 0 || !endsValue(text, width) {
			return -1
		}
		v.AddInt32(n)
		return width
	case floatForm:
		x, width := vcf.LeadingDecimal(text)
		if width == 0 || !endsValue(text, width) {
			return -1
		}
		v.AddDouble(x)
		return width
	case integersForm:
		return readNumbers(v, &v.Int32, leadingInt, text, ctx.infoCount(s.column.field.Number))
	case floatsForm:
		return readNumbers(v, &v.Double, vcf.LeadingDecimal, text, ctx.infoCount(s.column.field.Number))
	case textForm:
		width, single := ctx.leadingText(text)
		if !single {
			return -1
		}
		v.AddBytes(text[:width])
		return width
	case textsForm:
		return readTexts(ctx, v, text, ctx.infoCount(s.column.field.Number))
	}
	return -1
}

// endsValue reports whether the value that text begins with ends at i.
func endsValue(text []byte, i int) bool { return i == len(text) || text[i] == ';' }

// readNumbers appends the list of numbers that text begins with to values, a slice of v, and its levels to v. leading reads one number.
func readNumbers[T int32 | float64](v *pq.Vector, values *[]T, leading func([]byte) (T, int), text []byte, count int) (width int) {
	first := len(*values)
	for {
		x, w := leading(text[width:])
		width += w
		if w == 0 {
			break
		}
		*values = append(*values, x)
		if endsValue(text, width) {
			if n := len(*values) - first; n == count || count == anyCount {
				column{v}.elements(n)
				return width
			}
			break
		}
		if text[width] != ',' {
			break
		}
		width++
	}
	*values = (*values)[:first]
	return -1
}

func readTexts(ctx *recordContext, v *pq.Vector, text []byte, count int) (width int) {
	width, single := ctx.leadingText(text)
	if single && (count == 1 || count == anyCount) {
		v.AppendBytes(text[:width])
		column{v}.elements(1)
		return width
	}
	if !ctx.lineValid {
		return -1
	}
	if width = bytes.IndexByte(text, ';'); width < 0 {
		width = len(text)
	}
	text = text[:width]
	if len(text) == 0 || missing(text) || ctx.isEncoded(text) || count != anyCount && bytes.Count(text, []byte{','})+1 != count {
		return -1
	}
	column{v}.texts(text, ',')
	return width
}

// leadingInt reads the number that s begins with, as far as it goes. For what parseInt does not take, width is 0.
func leadingInt(s []byte) (v int32, width int) {
	i := 0
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		i = 1
	}
	first := i
	var n int64
	for i < len(s) {
		c := s[i] - '0'
		if c > 9 {
			break
		}
		n = n*10 + int64(c)
		i++
	}
	digits := i - first
	if digits == 0 || digits > 10 || s[first] == '0' && (digits > 1 || negative) {
		return 0, 0
	}
	if negative {
		n = -n
	}
	if int64(int32(n)) != n {
		return 0, 0
	}
	return int32(n), i
}

// textMarks are the characters that mean something in a value, and what ends it.
var textMarks = [256]bool{';': true, ',': true, '%': true, '\r': true}

// maxLeadingText bounds what leadingText goes through byte by byte.
const maxLeadingText = 32

// leadingText looks for the end of a short value. single is false for what may be more than one string that stands for itself.
func (ctx *recordContext) leadingText(text []byte) (width int, single bool) {
	short := text[:min(len(text), maxLeadingText)]
	for width < len(short) && !textMarks[short[width]] {
		width++
	}
	if width == maxLeadingText || !endsValue(text, width) || !ctx.lineValid || missing(text[:width]) {
		return 0, false
	}
	return width, width > 0
}
