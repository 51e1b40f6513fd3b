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
	field   vcf.Field
	name    string // for conflicts: FORMAT/ID
	list    bool
	leaf    int
	samples int
	vector  *pq.Vector
	values  []int32 // DP and GQ: a value a sample for QC, annotate.Missing where there is none; else nil
	seen    int64   // the record that last had the field

	scan scanKind
	want int    // the length that lists of the record must have, where it does not depend on the ploidy
	rows int    // of the vector before the record, those that wait among them
	wait int    // rows that wait, in a column of lists: the vector has their numbers as IDs, and does not have their levels
	full uint32 // cells that wait likewise, after these rows
	size int    // how many numbers each of them has, in a column of lists
}

// cellKey is what to do with one key of a record's FORMAT: decode its column, or keep its text.
type cellKey struct {
	key    string        // in fmt_other
	name   string        // for conflicts: FORMAT/KEY
	column *formatColumn // nil: GT, or text without a column
	scan   scanKind
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

	format     string               // of the record at hand
	formats    map[string][]cellKey // by FORMAT
	remembered int                  // keys in formats
	keys       []cellKey            // keys of the record at hand, in its order; the one beyond FORMAT comes last
	codes      []uint32             // of the calls of the record at hand, by sample
	runs       []vcf.Run            // of these codes
	tail       []byte               // the end of the sample columns
	lengths    genotypeCounts
	list       listScratch
	record     int64
	depth      *formatColumn
	quality    *formatColumn
	lenMax     int32 // largest FORMAT LEN of the record (VCF 4.5 §1.6.2), 0 where none
	wantsLen   bool
}

func newFormatDecoder(l *layout, leafOf []int, samples int) *formatDecoder {
	d := &formatDecoder{list: listScratch{reserved: vcf.FormatReserved}, index: make(map[string]int, len(l.format)),
		formats: make(map[string][]cellKey), samples: samples, codes: make([]uint32, samples)}
	for i, b := range l.format {
		d.index[b.field.ID] = i
		d.columns = append(d.columns, formatColumn{field: b.field, name: "FORMAT/" + b.field.ID, list: isList(b.field), leaf: leafOf[b.column], samples: samples})
	}
	for i := range d.columns {
		c := &d.columns[i]
		c.scan = scanOf(c.field)
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

// end completes the columns of a batch.
func (d *formatDecoder) end() {
	for i := range d.columns {
		d.columns[i].flush()
	}
}

// maxKeys bounds the keys of the FORMATs that a decoder remembers: real files have a few dozen FORMATs, a hostile one has one for each record.
const maxKeys = 10_000

// setFormat looks up what to do with the keys of a record's FORMAT.
func (d *formatDecoder) setFormat(format []byte) {
	if string(format) != d.format {
		keys, ok := d.formats[string(format)]
		if !ok {
			keys = d.newKeys(string(format))
			if d.remembered += len(keys); d.remembered > maxKeys {
				clear(d.formats)
				d.remembered = len(keys)
			}
			d.formats[string(format)] = keys
		}
		d.keys, d.format = keys, string(format)
	}
	for i := range d.keys {
		d.keys[i].other = d.keys[i].other[:0]
	}
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
			k.scan = scanGT
		case declared:
			k.column = &d.columns[i]
			k.scan = k.column.scan
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
		hasGT = hasGT || k.scan == scanGT
		if k.column != nil {
			d.beginRow(ctx, k.column)
		}
	}
	d.lengths.set(ctx.nAlt + 1)
	d.cells(ctx, samples)
	for i := range d.keys {
		if c := d.keys[i].column; c != nil {
			c.endRow()
		}
	}
	if !hasGT {
		return nil
	}
	d.runs = vcf.AppendCodes(d.runs, d.codes)
	return d.runs
}

// decodeNone takes up a record of a file without samples.
func (d *formatDecoder) decodeNone() { d.record++ }

func (d *formatDecoder) beginRow(ctx *recordContext, c *formatColumn) {
	c.seen = d.record
	c.rows = c.vector.Rows + c.wait
	if c.field.Number.Kind != vcf.NumberG {
		c.want = ctx.infoCount(c.field.Number)
	}
	if !c.list { // lists write their own repetition levels
		c.vector.AddRep(0, 1)
		c.vector.AddRep(1, uint32(d.samples-1))
	}
}

// valuesOf returns the values of a record for QC, nil where the header declares no such field.
func (d *formatDecoder) valuesOf(c *formatColumn) []int32 {
	if c == nil {
		return nil
	}
	return c.values
}

func (d *formatDecoder) absentRow(c *formatColumn) {
	c.flush()
	c.vector.AddNulls(1)
	for i := range c.values {
		c.values[i] = annotate.Missing
	}
}
