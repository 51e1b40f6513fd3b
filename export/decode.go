package export

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

// decoder turns chunks of one input into batches of columns. It is for one goroutine; several work on chunks side by side.
type decoder struct {
	layout   *layout
	input    int32 // index
	columns  int   // of the header
	samples  int
	contigs  map[string]bool // declared
	ctx      recordContext
	info     *infoDecoder
	format   *formatDecoder
	qc       *variantQC
	carriers *carrierCollector // nil: that table is not written
	record   vcf.Record
	leaves   leafIndex
	batches  *batchPool
	b        *batch
	chunk    place // that is being decoded

	filter, formatText lastText // of b

	failBad bool // the first bad record ends the export: no use in going on

	hasEnd, hasSVLen bool // END and SVLEN are declared as Integer

	declared bool // the contig of b is
}

// leafIndex says which leaf of a table each column begins at.
type leafIndex struct{ variants, annotations []int }

// newDecoder returns a decoder for input number index. failBad ends a chunk at its first bad record.
func newDecoder(l *layout, groups *annotate.Groups, pool *batchPool, index int, in *input, failBad bool) *decoder {
	h := in.header
	d := &decoder{layout: l, input: int32(index), columns: h.Columns, samples: len(h.Samples), contigs: in.contigs, leaves: pool.leaves, batches: pool, failBad: failBad}
	d.hasEnd, d.hasSVLen = declaresInteger(h, "END"), declaresInteger(h, "SVLEN")
	d.ctx = recordContext{input: in.Name, version: h.Version}
	d.info = newInfoDecoder(l, d.leaves.annotations)
	d.format = newFormatDecoder(l, d.leaves.variants, d.samples)
	d.format.wantsLen = h.Version.AtLeast(4, 5)
	d.qc = newVariantQC(l, d.leaves.annotations, groups, d.samples)
	if pool.carriers != nil {
		d.carriers = newCarrierCollector(pool.carriers)
	}
	return d
}

func declaresInteger(h *vcf.Header, id string) bool {
	f, ok := h.Info(id)
	return ok && f.Type == vcf.Integer
}

// maxBatches is how many batches of a chunk are in memory at a time. Most chunks are of one contig.
const maxBatches = 64

// decode turns the lines of a chunk that are left into batches, one for each contig in turn, and appends them to out. It stops where these would be more than maxBatches, and
// tells whether lines are still left then. The batches belong to the caller, who gives them back to the pool.
func (d *decoder) decode(chunk *vcf.Chunk, lines *vcf.LineScanner, out []*batch) (batches []*batch, more bool) {
	valid := utf8.Valid(chunk.Text)
	d.chunk.Offset, d.chunk.Line = chunk.Start()
	for lines.Next() {
		d.ctx.at = place{chunk.Offset(lines.Start), lines.Number}
		d.ctx.lineValid = valid || utf8.Valid(lines.Line)
		if err := d.parse(lines.Line); err != nil {
			out = d.reject(out, lines.Line, err)
			if d.failBad {
				break
			}
			continue
		}
		if chrom := d.record.Chrom(); d.b == nil || d.b.chrom != string(chrom) {
			if len(out) == maxBatches && d.b.rows > 0 {
				lines.Back()
				more = true
				break
			}
			out = d.begin(out, string(chrom))
		}
		d.appendRecord()
		d.checkSize(len(lines.Line))
	}
	if !more && d.b != nil && chunk.Text[len(chunk.Text)-1] != '\n' {
		d.ctx.conflict("last line", NoNewline, lines.Line)
	}
	d.end()
	return out, more
}

// parse takes up a line and makes sure of all that could make it no record, so that nothing needs to be taken back later.
func (d *decoder) parse(line []byte) error {
	if err := d.record.Parse(line, d.columns); err != nil {
		return err
	}
	if d.samples == 0 {
		return nil
	}
	if n := bytes.Count(d.record.Samples(), []byte{'\t'}) + 1; n != d.samples {
		return sampleCountError(n, d.samples)
	}
	return nil
}

func sampleCountError(have, want int) error {
	return &vcf.RecordError{Reason: fmt.Sprintf("%d sample columns where the header names %d", have, want)}
}

// reject notes a line that is no record. A batch that has no contig yet takes the name of the next record.
func (d *decoder) reject(out []*batch, line []byte, err error) []*batch {
	if d.b == nil {
		out = d.begin(out, "")
	}
	var bad *vcf.RecordError
	reason := err.Error()
	if errors.As(err, &bad) {
		reason = bad.Reason
	}
	d.b.records++
	d.b.last = recordPlace{int(d.input), d.ctx.at.Offset, d.ctx.at.Line}
	d.b.rejects = append(d.b.rejects, Reject{Input: d.ctx.input, Index: int(d.input), Line: d.ctx.at.Line, Offset: d.ctx.at.Offset, Reason: reason, Record: string(d.ctx.escapeOther(line))})
	return out
}

// begin starts the batch of a contig. A batch that holds only rejects goes on under the new name.
func (d *decoder) begin(out []*batch, chrom string) []*batch {
	d.declared = d.contigs[chrom]
	if d.b != nil && d.b.rows == 0 {
		d.b.chrom = chrom
		return out
	}
	d.end()
	d.b = d.batches.get()
	d.b.chrom, d.b.sorted, d.b.chunk = chrom, true, d.chunk
	d.ctx.conflicts = d.b.conflicts
	d.format.begin(d.b.variants)
	d.filter.known, d.formatText.known = false, false
	return append(out, d.b)
}

// end completes the batch at hand: what is the same for all its records, or not known before. The texts of the calls become the dictionary of gt.
func (d *decoder) end() {
	if d.b == nil {
		return
	}
	input := d.variant(colInput)
	for range d.b.rows {
		input.AddInt32(d.input)
	}
	d.format.end()
	gt := d.variant(colGT)
	for _, call := range d.format.calls.Calls() {
		gt.Dict.InternBytes([]byte(call.Text))
	}
	d.info.end(d.b.rows, d.b.annotations)
	d.qc.flush(d.b)
	if d.carriers != nil {
		d.b.carriers = d.carriers.end(d.format.calls.Calls(), d.b.variants)
	}
	d.b = nil
}

func (d *decoder) variant(col int) column { return column{&d.b.variants[d.leaves.variants[col]]} }

// appendRecord appends the parsed record to the columns of the batch.
func (d *decoder) appendRecord() {
	r, b, ctx := &d.record, d.b, &d.ctx
	ctx.nAlt = r.NAlt()
	b.records++
	b.rows++
	b.last = recordPlace{int(d.input), ctx.at.Offset, ctx.at.Line}
	d.checkOrder(r)

	var runs []vcf.Run
	if d.samples > 0 {
		runs = d.format.decode(ctx, r.Format(), r.Samples())
	} else {
		d.format.decodeNone()
	}
	d.format.finish(ctx, d.variant(d.layout.fmtOther), column{&b.variants[d.leaves.variants[d.layout.fmtOther]+1]})

	d.variant(colOffset).AddInt64(ctx.at.Offset)
	d.variant(colPos).AddInt64(r.Pos())
	d.variant(colEnd).AddInt64(d.endPos(r))
	d.variant(colID).text(r.ID())
	d.variant(colRef).AddBytes(r.Ref())
	if ctx.nAlt == 1 {
		d.variant(colAlt).oneText(r.Alt())
	} else {
		d.variant(colAlt).texts(r.Alt(), ',')
	}
	if qual, ok := r.Qual(); ok {
		d.variant(colQual).AddDouble(qual)
	} else {
		d.variant(colQual).AddNulls(1)
	}
	d.appendFilter(r.Filter())
	if format := r.Format(); format != nil {
		column := d.variant(colFormat)
		column.AddID(d.formatText.id(column.Dict, format))
	} else {
		d.variant(colFormat).AddNulls(1)
	}
	d.appendCalls(runs)
	if d.carriers != nil {
		d.carriers.record(r, b.rows-1, ctx.nAlt, runs, d.format.calls.Calls())
	}

	d.info.decode(ctx, r.Info(), b.rows-1, b.annotations)
	d.qc.append(d, r, runs)
}

// appendFilter appends the filters: NULL for none known, else a list of one, mostly that of the record before.
func (d *decoder) appendFilter(text []byte) {
	c := d.variant(colFilter)
	if missing(text) {
		c.AddNulls(1)
		return
	}
	n := 0
	for more := true; more; n++ {
		var part []byte
		part, text, more = vcf.Cut(text, ';')
		if missing(part) {
			c.AddDef(defElemNull, 1)
			continue
		}
		c.AddDef(defElem, 1)
		c.AddRun(d.filter.id(c.Dict, part), 1)
	}
	c.AddRep(0, 1)
	c.AddRep(1, uint32(n-1))
}

// appendCalls appends gt and n_alt. n_alt has an element for every sample even where the record has no GT, as views unnest it.
func (d *decoder) appendCalls(runs []vcf.Run) {
	gt, nAlt := d.variant(colGT), d.variant(colNAlt)
	if d.samples == 0 {
		gt.AddNulls(1)
		nAlt.AddNulls(1)
		return
	}
	nAlt.AddRep(0, 1)
	nAlt.AddRep(1, uint32(d.samples-1))
	if runs == nil {
		gt.AddNulls(1)
		nAlt.AddDef(defElemNull, uint32(d.samples))
		return
	}
	gt.AddRep(0, 1)
	gt.AddRep(1, uint32(d.samples-1))
	calls := d.format.calls.Calls()
	for _, run := range runs {
		call := &calls[run.Code]
		if call.Text == "" {
			gt.AddDef(defElemNull, run.N)
		} else {
			gt.AddDef(defElem, run.N)
			gt.AddRun(run.Code, run.N)
		}
		if call.Called && int(call.MaxAllele) <= d.ctx.nAlt {
			nAlt.AddDef(defElem, run.N)
			nAlt.AddRun(nAlt.Dict.InternInt32(call.NAlt), run.N)
			continue
		}
		nAlt.AddDef(defElemNull, run.N)
		if !call.Valid && call.Text != "" || call.Valid && int(call.MaxAllele) > d.ctx.nAlt {
			d.ctx.conflict("FORMAT/GT", BadGenotype, []byte(call.Text))
		}
	}
}

// checkOrder counts records that come before the one before them, and contigs that the header does not declare.
func (d *decoder) checkOrder(r *vcf.Record) {
	b, pos := d.b, r.Pos()
	if b.rows == 1 {
		b.firstPos, b.first = pos, d.ctx.at
	} else if pos < b.lastPos {
		b.sorted = false
		d.ctx.conflict("POS", Unsorted, r.Chrom())
	}
	b.lastPos = pos
	if !d.declared {
		d.ctx.conflict("CHROM", NoContig, r.Chrom())
	}
}

// athenaRow is the largest row that Athena reads, in bytes (Athena user guide, "Other notable limitations").
const athenaRow = 32 << 20

// checkSize counts records that come near the largest row that Athena reads. The text of a record is about what its row takes there.
func (d *decoder) checkSize(line int) {
	if line < athenaRow/4*3 {
		return
	}
	text := fmt.Sprintf("%d MiB, where Athena reads rows of up to %d", line>>20, athenaRow>>20)
	if d.samples > 1 {
		text += fmt.Sprintf("; about %d of the %d samples fit", int64(d.samples)*athenaRow/int64(line), d.samples)
	}
	d.ctx.conflict("row", LargeRow, []byte(text))
}
