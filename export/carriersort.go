package export

import (
	"cmp"
	"slices"

	"github.com/varlake/varlake/export/pq"
)

// carrierSorter puts the carriers of a row group in order: by sample, then position, then record. It counts the rows of each
// sample, and then knows where each row goes.
type carrierSorter struct {
	ends    []uint32 // by sample: where its rows end; while they are placed, where the next goes
	records []sortedRecord
	ids     []recordIDs  // of the records: apart, as all that pages ask for
	rows    []carrierRow // in order
	places  []uint32     // where each row of the blocks went; empty where no FORMAT field asks for it
	cells   [][]uint32   // by FORMAT field: ids in order, none for NULL; empty where all are NULL

	refs, gts, nAlts pq.Dict
	alts             altLists
	values           []pq.Dict // by FORMAT field
	calls            []callIDs // by twice the id in gts, and one more where a call names an allele beyond ALT
	codes            []uint32  // ids in gts of the calls of all blocks
	codesBegin       []int     // by block
	remap            []uint32  // of one block's values

	positions []int64 // that records have, ascending

	pool *carrierPool
}

func newCarrierSorter(p *carrierPool) *carrierSorter {
	return &carrierSorter{pool: p, ends: make([]uint32, p.samples), cells: make([][]uint32, len(p.fields)), values: make([]pq.Dict, len(p.fields))}
}

// sortedRecord is a record of one of the blocks.
type sortedRecord struct {
	pos          int64
	ids          recordIDs
	block        int
	run, runsEnd int // in the block
	row          int // the first, in file order
}

// recordIDs say where refs, alts and positions have what a record holds.
type recordIDs struct{ ref, alt, pos uint32 }

// carrierRow is a row: the number of its record and its call.
type carrierRow struct{ record, call uint32 }

// callIDs are the ids of a call's columns, none for NULL.
type callIDs struct{ gt, nAlt uint32 }

// sort puts the rows of blocks in order.
func (s *carrierSorter) sort(blocks []*carrierBlock, rows int) {
	s.gather(blocks)
	s.count(blocks)
	s.rows = slices.Grow(s.rows[:0], rows)[:rows]
	s.places = s.places[:0]
	if len(s.cells) > 0 {
		s.places = slices.Grow(s.places, rows)[:rows]
	}
	for i := range s.records {
		s.place(blocks[s.records[i].block], i)
	}
	for i := range s.cells {
		s.placeCells(i, blocks)
	}
}

// gather lists the records of all blocks by position, those of one position in file order, and gives ids to what they hold.
func (s *carrierSorter) gather(blocks []*carrierBlock) {
	s.refs.Reset()
	s.gts.Reset()
	s.nAlts.Reset()
	s.alts.reset()
	s.records, s.calls, s.codes, s.codesBegin = s.records[:0], s.calls[:0], s.codes[:0], s.codesBegin[:0]
	row, sorted := 0, true
	for i, b := range blocks {
		s.codesBegin = append(s.codesBegin, len(s.codes))
		for _, call := range b.calls {
			s.codes = append(s.codes, s.call(call))
		}
		var last carrierRecord
		for _, r := range b.records {
			if n := len(s.records); n > 0 && r.pos < s.records[n-1].pos {
				sorted = false
			}
			ids := recordIDs{ref: s.refs.InternBytes(b.texts[last.altEnd:r.refEnd]), alt: s.alts.id(b.texts[r.refEnd:r.altEnd])}
			s.records = append(s.records, sortedRecord{r.pos, ids, i, last.runsEnd, r.runsEnd, row + last.rowsEnd})
			last = r
		}
		row += b.rows
	}
	if !sorted {
		slices.SortStableFunc(s.records, func(a, b sortedRecord) int { return cmp.Compare(a.pos, b.pos) })
	}
	s.ids, s.positions = s.ids[:0], s.positions[:0]
	for i := range s.records {
		r := &s.records[i]
		if n := len(s.positions); n == 0 || r.pos != s.positions[n-1] {
			s.positions = append(s.positions, r.pos)
		}
		r.ids.pos = uint32(len(s.positions) - 1)
		s.ids = append(s.ids, r.ids)
	}
}

// call returns the id of the text of a call, whose columns calls then knows.
func (s *carrierSorter) call(c carrierCall) uint32 {
	gt := s.gts.InternBytes([]byte(c.text))
	if int(gt) < len(s.calls)/2 {
		return gt
	}
	ids := callIDs{gt: gt, nAlt: none}
	if c.text == "" {
		ids.gt = none
	}
	beyond := ids
	if c.called {
		ids.nAlt = s.nAlts.InternInt32(c.nAlt)
	}
	s.calls = append(s.calls, ids, beyond)
	return gt
}

// count finds where the rows of each sample begin.
func (s *carrierSorter) count(blocks []*carrierBlock) {
	clear(s.ends)
	for _, b := range blocks {
		for _, run := range b.runs {
			ends := s.ends[run.sample : run.sample+run.n]
			for i := range ends {
				ends[i]++
			}
		}
	}
	begin := uint32(0)
	for i, n := range s.ends {
		s.ends[i] = begin
		begin += n
	}
}

// place puts the rows of a record of a block where they go.
func (s *carrierSorter) place(b *carrierBlock, record int) {
	r := &s.records[record]
	codes, row := s.codes[s.codesBegin[r.block]:], r.row
	for _, run := range b.runs[r.run:r.runsEnd] {
		call := 2*codes[run.call/2] + run.call%2
		ends := s.ends[run.sample : run.sample+run.n]
		for i, at := range ends {
			ends[i]++
			s.rows[at] = carrierRow{uint32(record), call}
			if len(s.places) > 0 {
				s.places[row] = at
				row++
			}
		}
	}
}

// placeCells puts the values of a FORMAT field where they go.
func (s *carrierSorter) placeCells(field int, blocks []*carrierBlock) {
	cells := s.cells[field][:0]
	s.values[field].Reset()
	if slices.ContainsFunc(blocks, func(b *carrierBlock) bool { return len(b.cells[field].ids) > 0 }) {
		cells = slices.Grow(cells, len(s.rows))[:len(s.rows)]
		places := s.places
		for _, b := range blocks {
			s.placeBlock(field, cells, places[:b.rows], &b.cells[field])
			places = places[b.rows:]
		}
	}
	s.cells[field] = cells
}

// placeBlock puts the values of a field in one block into their places among cells.
func (s *carrierSorter) placeBlock(field int, cells, places []uint32, from *carrierCells) {
	if len(from.ids) == 0 {
		for _, at := range places {
			cells[at] = none
		}
		return
	}
	s.remap = s.remap[:0]
	for id := range from.values.Len() {
		s.remap = append(s.remap, s.values[field].Intern(s.pool.fields[field].kind, &from.values.Values, uint32(id)))
	}
	for row, id := range from.ids {
		if id != none {
			id = s.remap[id]
		}
		cells[places[row]] = id
	}
}
