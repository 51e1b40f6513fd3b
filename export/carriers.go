package export

import (
	"github.com/varlake/varlake/export/pq"
)

// Limits of the carriers that are sorted together and then cut into row groups. They are fixed, as those of the other tables are. A query for one sample reads one of
// these row groups, or two; one for a position reads the positions in all of them.
const (
	maxCarrierRows = 1 << 21
	// maxCarrierBytes bounds what the rows take while they are sorted: FORMAT fields make them wide.
	maxCarrierBytes  = 32 << 20
	carrierGroupRows = 1 << 17
)

// Positions of the columns of carriers, of one leaf each. Those of FORMAT fields follow.
const (
	carrierSampleIndex = iota
	carrierSampleID
	carrierPos
	carrierRef
	carrierAlt
	carrierGT
	carrierNAlt
	carrierFormat
)

// carrierSorting is how the rows of every row group are sorted, whatever the order of the records.
var carrierSorting = []pq.SortingColumn{{Leaf: carrierSampleIndex}, {Leaf: carrierPos}}

// layCarriers lays out the table of carriers: the columns of the view of this name, without the partition.
func (l *layout) layCarriers() {
	l.carriers = []Column{l.samples[1], l.samples[0], l.variants[colPos], l.variants[colRef], l.variants[colAlt],
		elementOf(l.variants[colGT]), elementOf(l.variants[colNAlt])}
	for _, b := range l.format {
		if !isList(b.field) {
			l.carriers = append(l.carriers, elementOf(l.variants[b.column]))
		}
	}
}

// elementOf is a column of the elements of an array.
func elementOf(c Column) Column {
	c.Type = c.Type[len("array<") : len(c.Type)-len(">")]
	return c
}

// carrierPool makes what the table of carriers takes, and keeps what is free. It is safe for use by several goroutines.
type carrierPool struct {
	schema  *pq.Schema
	codec   *pq.Codec
	samples int
	indexes *pq.Dict // sample_index by sample; neither changes
	names   *pq.Dict // sample_id
	fields  []carrierField

	maxRows   int // that are sorted together
	groupRows int // of a row group

	blocks  spares[*carrierBlock]
	groups  spares[*carrierGroup]
	sorters spares[*carrierSorter]
	pages   spares[*carrierPage]
}

// carrierField is a FORMAT field that has a column among the carriers.
type carrierField struct {
	leaf int // of variants
	kind pq.Kind
}

// newCarrierPool returns a pool for a layout and samples. leafOf has the leaves of variants by column.
func newCarrierPool(l *layout, leafOf []int, samples []string, codec *pq.Codec) (*carrierPool, error) {
	p := &carrierPool{codec: codec, samples: len(samples), indexes: new(pq.Dict), names: new(pq.Dict), maxRows: maxCarrierRows, groupRows: carrierGroupRows,
		blocks: make(spares[*carrierBlock], 64), groups: make(spares[*carrierGroup], 64), sorters: make(spares[*carrierSorter], 2), pages: make(spares[*carrierPage], 16)}
	var err error
	if p.schema, _, err = parquetSchema(Carriers, l.carriers, carrierPos); err != nil {
		return nil, err
	}
	for _, b := range l.format {
		if !isList(b.field) {
			p.fields = append(p.fields, carrierField{leafOf[b.column], p.schema.Leaves()[carrierFormat+len(p.fields)].Physical})
		}
	}
	for i, name := range samples {
		p.indexes.Int64 = append(p.indexes.Int64, int64(i+1))
		p.names.AppendString(name)
	}
	return p, nil
}

func (p *carrierPool) block() *carrierBlock {
	return p.blocks.take(func() *carrierBlock { return &carrierBlock{cells: make([]carrierCells, len(p.fields))} })
}

// keptRuns is how many runs a block may have room for and still be kept.
const keptRuns = 1 << 18

// putBlock takes back a block that nothing refers to any more.
func (p *carrierPool) putBlock(b *carrierBlock) {
	if cap(b.runs) > keptRuns {
		return
	}
	b.reset()
	p.blocks.keep(b)
}

func (p *carrierPool) group() *carrierGroup {
	return p.groups.take(func() *carrierGroup { return newCarrierGroup(p) })
}

// putGroup takes back a row group that has been written.
func (p *carrierPool) putGroup(g *carrierGroup) {
	g.reset()
	p.groups.keep(g)
}

func (p *carrierPool) sorter() *carrierSorter {
	return p.sorters.take(func() *carrierSorter { return newCarrierSorter(p) })
}

func (p *carrierPool) putSorter(s *carrierSorter) {
	p.sorters.keep(s)
}

func (p *carrierPool) page() *carrierPage {
	return p.pages.take(func() *carrierPage { return &carrierPage{vectors: make([]pq.Vector, len(p.schema.Leaves()))} })
}

func (p *carrierPool) putPage(page *carrierPage) {
	page.carrierSorter = nil
	p.pages.keep(page)
}
