package export

import (
	"bytes"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

// field decodes one field of a cell. ploidy is that of the cell's GT as far as it is known; field returns it anew.
func (d *formatDecoder) field(ctx *recordContext, k *cellKey, text []byte, sample, ploidy int) int {
	switch {
	case k.scan == scanGT:
		return d.genotype(ctx, k, text, sample)
	case k.column == nil:
		d.undeclared(ctx, k, text, sample)
	default:
		d.value(ctx, k, text, sample, ploidy)
	}
	return ploidy
}

// beyond keeps what a cell has beyond the keys of FORMAT.
func (d *formatDecoder) beyond(ctx *recordContext, text []byte, sample int) {
	ctx.conflict("FORMAT", WrongCount, text)
	last := &d.keys[len(d.keys)-1]
	last.other = append(last.other, cellText{sample, text})
}

// unknownPloidy stands for a sample whose GT is missing altogether.
const unknownPloidy = 0

func (d *formatDecoder) genotype(ctx *recordContext, k *cellKey, text []byte, sample int) (ploidy int) {
	if !ctx.validUTF8(text) {
		ctx.conflict("FORMAT/GT", BadGenotype, text)
		k.other = append(k.other, cellText{sample, text})
		text = nil
	}
	code := d.calls.Intern(text)
	d.codes[sample] = code
	if missing(text) {
		return unknownPloidy
	}
	return d.calls.Calls()[code].Ploidy()
}

// absent is a trailing field that the sample's column drops: missing.
func (d *formatDecoder) absent(k *cellKey, sample int) {
	switch {
	case k.scan == scanGT:
		d.codes[sample] = d.calls.Intern(nil)
	case k.column != nil:
		d.null(k.column, sample)
	}
}

func (d *formatDecoder) null(c *formatColumn, sample int) {
	c.flush()
	if c.list {
		c.vector.AddLevel(cellLevel(sample), defCellNull, 1)
		return
	}
	c.vector.AddDef(defElemNull, 1)
	if c.values != nil {
		c.values[sample] = annotate.Missing
	}
}

// cellLevel is the repetition level of the first entry of a sample's cell in a column of lists.
func cellLevel(sample int) uint8 {
	if sample == 0 {
		return 0
	}
	return 1
}

// undeclared keeps the text of a field that has no column.
func (d *formatDecoder) undeclared(ctx *recordContext, k *cellKey, text []byte, sample int) {
	if missing(text) {
		return
	}
	if len(k.other) == 0 { // once a record: a cohort would count its samples otherwise
		ctx.conflict(k.name, k.why, text)
	}
	k.other = append(k.other, cellText{sample, text})
}

// value decodes a declared field.
func (d *formatDecoder) value(ctx *recordContext, k *cellKey, text []byte, sample, ploidy int) {
	c := k.column
	if missing(text) {
		d.null(c, sample)
		return
	}
	c.flush()
	var problem ConflictKind
	if c.list {
		problem = d.list.parse(ctx, c.field, text, ctx.formatCount(c.field.Number, ploidy, text))
		if problem == "" {
			d.list.appendCell(c.vector, cellLevel(sample))
			if d.list.inexact {
				problem = Malformed
			}
		}
	} else {
		problem = d.scalar(ctx, c, text, sample)
	}
	if problem == "" {
		return
	}
	ctx.conflict(c.name, problem, text)
	k.other = append(k.other, cellText{sample, text})
	if problem != Malformed {
		d.null(c, sample)
	}
}

// scalar appends one value; it appends nothing where it does not fit.
func (d *formatDecoder) scalar(ctx *recordContext, c *formatColumn, text []byte, sample int) ConflictKind {
	v := c.vector
	switch c.field.Type {
	case vcf.Integer:
		n, ok := parseInt(text)
		if !ok {
			return Misfit
		}
		v.IDs = append(v.IDs, v.Dict.InternInt32(n))
		if c.values != nil {
			c.values[sample] = n
		}
		if d.wantsLen && c.field.ID == "LEN" {
			d.lenMax = max(d.lenMax, n)
		}
	case vcf.Float:
		x, ok := parseFloat(text)
		if !ok {
			return Misfit
		}
		v.IDs = append(v.IDs, v.Dict.InternDouble(x))
	default:
		if bytes.IndexByte(text, ',') >= 0 {
			return WrongCount
		}
		value, exact := ctx.decodeText(text, vcf.FormatReserved)
		if !ctx.validUTF8(value) {
			return Misfit
		}
		v.IDs = append(v.IDs, v.Dict.InternBytes(value))
		if !exact {
			v.AddDef(defElem, 1)
			return Malformed
		}
	}
	v.AddDef(defElem, 1)
	return ""
}
