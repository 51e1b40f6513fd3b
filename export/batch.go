package export

import (
	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
)

// batch is decoded records of one contig, in file order: the columns of the record tables, and what was counted on the way. It is filled by one decoder,
// then read by the page encoders, and used again.
type batch struct {
	chrom             string
	records           int64 // rows, and rejected ones
	rows              int
	sorted            bool // positions do not descend
	firstPos, lastPos int64
	first             place // of the first row
	last              recordPlace
	chunk             place // where reading begins to come to these records once more

	variants, annotations []pq.Vector // by leaf; the keys among annotations are empty, being those of variants
	tally                 *annotate.Tally
	conflicts             conflicts
	rejects               []Reject
	carriers              []*carrierBlock // none where that table is not written
}

// order is where the rows before a batch ended, to tell what the decoder of one batch can't: that the first row of a batch comes before the last of the one before.
type order struct{ locus }

// check takes up the next batch in file order and counts its first row where that is out of order.
func (o *order) check(b *batch, input string) {
	if b.rows == 0 {
		return
	}
	if b.chrom == o.Chrom && b.firstPos < o.Pos {
		first := make(conflicts)
		first.add("POS", Unsorted, input, b.first, []byte(b.chrom))
		first.merge(b.conflicts)
		b.conflicts = first
	}
	o.locus = locus{b.chrom, b.lastPos}
}

// locus is where a row is in the genome.
type locus struct {
	Chrom string `json:"chrom"`
	Pos   int64  `json:"pos"` // 1-based
}

// rowPlace is where a row is, in the genome and in the inputs.
type rowPlace struct {
	locus
	recordPlace
}

// place is where a line of an input is.
type place struct {
	Offset int64 `json:"offset"`         // virtual offset in BGZF, byte offset of the text otherwise
	Line   int64 `json:"line,omitempty"` // 1-based; 0: not known, as reading began in the middle
}

// recordPlace says where a record is.
type recordPlace struct {
	Input  int   `json:"input_index"`
	Offset int64 `json:"record_offset"`
	Line   int64 `json:"line,omitempty"` // 1-based; 0: not known, as reading began in the middle
}

// Reject is a record that could not be read, kept as it stands.
type Reject struct {
	Input  string `json:"input"`
	Index  int    `json:"input_index"`
	Line   int64  `json:"line,omitempty"` // 1-based; 0: not known, as reading began in the middle
	Offset int64  `json:"offset"`         // virtual offset in BGZF, byte offset of the text otherwise
	Reason string `json:"reason"`
	Record string `json:"record"` // the raw line; bytes that are not UTF-8 as \xHH, and \ as \\
}

// batchPool makes batches for one schema and keeps those that are free. It is safe for use by several goroutines; how many batches there are at a time
// is the caller's to bound.
type batchPool struct {
	schemas recordSchemas
	leaves  leafIndex
	ids     []int // leaves of variants whose values are ids of a dictionary
	keys    int   // the leaf of info_keys, the only such one of annotations
	samples int
	free    spares[*batch]

	carriers *carrierPool // nil: that table is not written
}

// recordSchemas are the Parquet schemas of the record tables.
type recordSchemas struct{ variants, annotations *pq.Schema }

func newBatchPool(l *layout, samples, size int) (*batchPool, error) {
	p := &batchPool{samples: samples, free: make(spares[*batch], size)}
	var err error
	if p.schemas.variants, p.leaves.variants, err = parquetSchema(Variants, l.variants, colOffset, colPos, colEnd); err != nil {
		return nil, err
	}
	if p.schemas.annotations, p.leaves.annotations, err = parquetSchema(VariantAnnotations, l.annotations, keyOffset, keyPos); err != nil {
		return nil, err
	}
	for _, c := range []int{colFilter, colFormat, colGT, colNAlt} {
		p.ids = append(p.ids, p.leaves.variants[c])
	}
	for _, b := range l.format {
		p.ids = append(p.ids, p.leaves.variants[b.column])
	}
	p.keys = p.leaves.annotations[l.infoKeys]
	return p, nil
}

// parquetSchema returns the schema of a table, and the first leaf of each column. The columns listed in ascending are integers that mostly ascend.
func parquetSchema(table string, columns []Column, ascending ...int) (*pq.Schema, []int, error) {
	fields := make([]pq.Field, len(columns))
	for i, c := range columns {
		fields[i] = pq.Field{Name: c.Name, Type: pq.Type(c.Type)}
	}
	for _, i := range ascending {
		fields[i].Delta = true
	}
	schema, err := pq.NewSchema(table, fields)
	if err != nil {
		return nil, nil, err
	}
	first := make([]int, len(columns))
	leaves := schema.Leaves()
	for i := len(leaves) - 1; i >= 0; i-- {
		first[leaves[i].Field] = i
	}
	return schema, first, nil
}

// get returns an empty batch.
func (p *batchPool) get() *batch { return p.free.take(p.newBatch) }

func (p *batchPool) newBatch() *batch {
	b := &batch{
		variants:    make([]pq.Vector, len(p.schemas.variants.Leaves())),
		annotations: make([]pq.Vector, len(p.schemas.annotations.Leaves())),
		tally:       annotate.NewTally(p.samples),
		conflicts:   make(conflicts),
	}
	for _, leaf := range p.ids {
		b.variants[leaf].Dict = new(pq.Dict)
	}
	b.annotations[p.keys].Dict = new(pq.Dict)
	return b
}

// put takes back a batch that nothing refers to any more.
func (p *batchPool) put(b *batch) {
	b.chrom, b.records, b.rows, b.sorted, b.firstPos, b.lastPos = "", 0, 0, false, 0, 0
	for i := range b.variants {
		b.variants[i].Reset()
	}
	for i := range b.annotations {
		b.annotations[i].Reset()
	}
	b.tally.Reset()
	clear(b.conflicts)
	b.rejects, b.carriers = nil, nil
	p.free.keep(b)
}
