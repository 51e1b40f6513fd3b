package export

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// formatColumn decodes one FORMAT field other than GT.
type formatColumn struct {
	field  vcf.Field
	name   string // for conflicts: FORMAT/ID
	list   bool
	leaf   int
	vector *pq.Vector
	values []int32 // DP and GQ: a value a sample for QC, annotate.Missing where there is none; else nil
	seen   int64   // the record that last had the field
}

// cellKey is what to do with one key of a record's FORMAT: decode its column, or keep its text.
type cellKey struct {
	key    string        // in fmt_other
	name   string        // for conflicts: FORMAT/KEY
	column *formatColumn // nil: GT, or text without a column
	gt     bool
	why    ConflictKind // text has no column
	other  []cellText   // text of this record's cells that has no typed place
}

type cellText struct {
	sample int
	text   []byte // borrowed from the record
}

// formatDecoder turns the sample columns of records into columns. The vectors are those of variants.
type formatDecoder struct {
	columns []formatColumn
	index   map[string]int
	samples int
	calls   vcf.CallTable

	formats    map[string][]cellKey // by FORMAT
	remembered int                  // keys in formats
	keys       []cellKey            // keys of the record at hand, in its order; the one beyond FORMAT comes last
	runs       []vcf.Run
	list       listScratch
	record     int64
	depth      *formatColumn
	quality    *formatColumn
	lenMax     int32 // largest FORMAT LEN of the record (VCF 4.5 §1.6.2), 0 where none
	wantsLen   bool
}

func newFormatDecoder(l *layout, leafOf []int, samples int) *formatDecoder {
	d := &formatDecoder{list: listScratch{reserved: vcf.FormatReserved}, index: make(map[string]int, len(l.format)),
		formats: make(map[string][]cellKey), samples: samples}
	for i, b := range l.format {
		d.index[b.field.ID] = i
		d.columns = append(d.columns, formatColumn{field: b.field, name: "FORMAT/" + b.field.ID, list: isList(b.field), leaf: leafOf[b.column]})
	}
	for i := range d.columns {
		c := &d.columns[i]
		switch {
		case l.depth && c.field.ID == "DP":
			d.depth = c
		case l.quality && c.field.ID == "GQ":
			d.quality = c
		default:
			continue
		}
		c.values = make([]int32, samples)
	}
	return d
}

// begin points the columns at the vectors of a new batch and forgets the calls of the last.
func (d *formatDecoder) begin(vectors []pq.Vector) {
	d.calls.Reset()
	for i := range d.columns {
		d.columns[i].vector = &vectors[d.columns[i].leaf]
	}
}

// maxKeys bounds the keys of the FORMATs that a decoder remembers: real files have a few dozen FORMATs, a hostile one has one for each record.
const maxKeys = 10_000

// setFormat looks up what to do with the keys of a record's FORMAT.
func (d *formatDecoder) setFormat(format []byte) {
	keys, ok := d.formats[string(format)]
	if !ok {
		keys = d.newKeys(string(format))
		if d.remembered += len(keys); d.remembered > maxKeys {
			clear(d.formats)
			d.remembered = len(keys)
		}
		d.formats[string(format)] = keys
	}
	for i := range keys {
		keys[i].other = keys[i].other[:0]
	}
	d.keys = keys
}

// newKeys says what to do with the keys of a FORMAT. One that is empty or comes again has no column: its text is kept under the key and its place in FORMAT
// (1-based), as in DP:3, which no key can be.
func (d *formatDecoder) newKeys(format string) (keys []cellKey) {
	seen := make(map[string]bool)
	for key := range strings.SplitSeq(format, ":") {
		k := cellKey{key: key, name: "FORMAT/" + key, why: Undeclared}
		i, declared := d.index[key]
		switch {
		case seen[key]:
			k.key, k.why = fmt.Sprintf("%s:%d", key, len(keys)+1), Duplicate
		case key == "":
			k.key, k.why = fmt.Sprintf(":%d", len(keys)+1), Malformed
		case key == "GT":
			k.gt = true
		case declared:
			k.column = &d.columns[i]
		}
		seen[key] = true
		keys = append(keys, k)
	}
	return append(keys, cellKey{key: whole}) // what cells have beyond FORMAT
}

// decode appends the cells of one record, whose number has been checked, and returns the runs of its calls, nil where it has no GT. The runs live until the next call.
func (d *formatDecoder) decode(ctx *recordContext, format, samples []byte) []vcf.Run {
	d.record++
	d.lenMax = 0
	d.runs = d.runs[:0]
	d.setFormat(format)
	if string(format) == "GT" && len(samples) > 0 && ctx.lineValid && bytes.IndexByte(samples, ':') < 0 {
		d.runs, _ = d.calls.AppendRuns(d.runs, samples) // the number of cells has been checked
		return d.runs
	}
	hasGT := false
	for i := range d.keys {
		k := &d.keys[i]
		hasGT = hasGT || k.gt
		if k.column != nil {
			d.beginRow(k.column)
		}
	}
	for sample := range d.samples {
		var cell []byte
		cell, samples, _ = vcf.Cut(samples, '\t')
		d.cell(ctx, cell, sample)
	}
	if !hasGT {
		return nil
	}
	return d.runs
}

// decodeNone takes up a record of a file without samples.
func (d *formatDecoder) decodeNone() { d.record++ }

func (d *formatDecoder) beginRow(c *formatColumn) {
	c.seen = d.record
	if !c.list { // lists write their own repetition levels
		c.vector.AddRep(0, 1)
		c.vector.AddRep(1, uint32(d.samples-1))
	}
}

// cell decodes the fields of one sample, trailing ones dropped or not.
func (d *formatDecoder) cell(ctx *recordContext, cell []byte, sample int) {
	ploidy := 2 // where there is no GT
	last := len(d.keys) - 1
	more := true
	for i := range last {
		k := &d.keys[i]
		if !more {
			d.absent(k, sample)
			continue
		}
		var value []byte
		value, cell, more = vcf.Cut(cell, ':')
		switch {
		case k.gt:
			ploidy = d.genotype(ctx, k, value, sample)
		case k.column == nil:
			d.undeclared(ctx, k, value, sample)
		default:
			d.value(ctx, k, value, sample, ploidy)
		}
	}
	if more {
		ctx.conflict("FORMAT", WrongCount, cell)
		d.keys[last].other = append(d.keys[last].other, cellText{sample, cell})
	}
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
	d.runs = vcf.AppendRun(d.runs, code, 1)
	if missing(text) {
		return unknownPloidy
	}
	return d.calls.Calls()[code].Ploidy()
}

// absent is a trailing field that the sample's column drops: missing.
func (d *formatDecoder) absent(k *cellKey, sample int) {
	switch {
	case k.gt:
		d.runs = vcf.AppendRun(d.runs, d.calls.Intern(nil), 1)
	case k.column != nil:
		d.null(k.column, sample)
	}
}

func (d *formatDecoder) null(c *formatColumn, sample int) {
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

// valuesOf returns the values of a record for QC, nil where the header declares no such field.
func (d *formatDecoder) valuesOf(c *formatColumn) []int32 {
	if c == nil {
		return nil
	}
	return c.values
}

func (d *formatDecoder) absentRow(c *formatColumn) {
	c.vector.AddNulls(1)
	for i := range c.values {
		c.values[i] = annotate.Missing
	}
}
