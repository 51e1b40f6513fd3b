package export

import (
	"slices"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// carrierBlock is the carriers in some records of a batch, in file order. It outlives the batch.
type carrierBlock struct {
	rows    int
	records []carrierRecord
	texts   []byte // REF and ALT of the records
	runs    []carrierRun
	calls   []carrierCall  // by code
	cells   []carrierCells // by FORMAT field
}

// carrierRecord is a record that has carriers.
type carrierRecord struct {
	row              int // in the batch
	pos              int64
	refEnd, altEnd   int // in texts
	runsEnd, rowsEnd int // in the block
}

// carrierRun is samples in a row with the same call. call is twice its code, and one more where it names an allele beyond ALT.
type carrierRun struct{ sample, n, call uint32 }

// carrierCall is what a code stands for.
type carrierCall struct {
	text   string
	nAlt   int32
	called bool
}

// carrierCells are the values of one FORMAT field.
type carrierCells struct {
	values pq.Dict
	ids    []uint32 // of every row, none where it is NULL; empty where all are
}

func (b *carrierBlock) reset() {
	b.rows, b.records, b.texts, b.runs = 0, b.records[:0], b.texts[:0], b.runs[:0]
	clear(b.calls)
	b.calls = b.calls[:0]
	for i := range b.cells {
		c := &b.cells[i]
		c.values.Reset()
		c.ids = c.ids[:0]
	}
}

// size is what the rows take while they are sorted, in bytes.
func (b *carrierBlock) size() int64 {
	n := 8 * b.rows
	for i := range b.cells {
		n += 4 * len(b.cells[i].ids)
	}
	return int64(n)
}

// endRecord notes whose the runs since the last record are, if there are any.
func (b *carrierBlock) endRecord(r *vcf.Record, row int) {
	begin := 0
	if last := len(b.records) - 1; last >= 0 {
		begin = b.records[last].runsEnd
	}
	if len(b.runs) == begin {
		return
	}
	b.texts = append(b.texts, r.Ref()...)
	refEnd := len(b.texts)
	b.texts = append(b.texts, r.Alt()...)
	b.records = append(b.records, carrierRecord{row, r.Pos(), refEnd, len(b.texts), len(b.runs), b.rows})
}

// carrierCollector picks the carriers out of the records of a batch. It is for one decoder.
type carrierCollector struct {
	pool   *carrierPool
	blocks []*carrierBlock // of the batch at hand
	runs   int             // of the last batch: the next will hardly have more
	cells  cellReader
}

func newCarrierCollector(p *carrierPool) *carrierCollector {
	return &carrierCollector{pool: p, cells: cellReader{samples: uint32(p.samples)}}
}

// open returns the block that takes the next row.
func (c *carrierCollector) open() *carrierBlock {
	if last := len(c.blocks) - 1; last >= 0 && c.blocks[last].rows < c.pool.maxRows {
		return c.blocks[last]
	}
	b := c.pool.block()
	b.runs = slices.Grow(b.runs, c.runs)
	c.blocks = append(c.blocks, b)
	return b
}

// record takes up the calls of a record that are not homozygous reference. row is the record's in the batch.
func (c *carrierCollector) record(r *vcf.Record, row, nAlt int, runs []vcf.Run, calls []vcf.Call) {
	if len(runs) == 0 { // no GT
		return
	}
	b, sample := c.open(), uint32(0)
	for _, run := range runs {
		call := &calls[run.Code]
		if call.Called && call.NAlt == 0 {
			sample += run.N
			continue
		}
		id := 2 * run.Code
		if int(call.MaxAllele) > nAlt {
			id++
		}
		for left := run.N; left > 0; {
			if b.rows == c.pool.maxRows { // in the midst of the record
				b.endRecord(r, row)
				b = c.open()
			}
			n := min(left, uint32(c.pool.maxRows-b.rows))
			b.runs = append(b.runs, carrierRun{sample, n, id})
			b.rows += int(n)
			sample += n
			left -= n
		}
	}
	b.endRecord(r, row)
}

// end completes the blocks of a batch and hands them over. calls are those of its codes, variants its columns.
func (c *carrierCollector) end(calls []vcf.Call, variants []pq.Vector) []*carrierBlock {
	blocks := slices.Clone(c.blocks)
	c.blocks = c.blocks[:0]
	if last := len(blocks) - 1; last >= 0 && blocks[last].rows == 0 {
		c.pool.putBlock(blocks[last])
		blocks = blocks[:last]
	}
	c.runs = 0
	for _, b := range blocks {
		c.runs = max(c.runs, len(b.runs))
		for i := range calls {
			b.calls = append(b.calls, carrierCall{calls[i].Text, calls[i].NAlt, calls[i].Called})
		}
	}
	for i, f := range c.pool.fields {
		c.cells.begin(&variants[f.leaf], f.kind)
		for _, b := range blocks {
			c.cells.appendTo(&b.cells[i], b)
		}
	}
	return blocks
}
