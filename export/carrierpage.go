package export

import (
	"sort"

	"github.com/varlake/varlake/export/pq"
)

const (
	// carrierPageRows are the rows of a page, which a query for one sample reads at least.
	carrierPageRows = 20_000
	// repeatedPositions is from how many carriers a record on that positions are given as ids.
	repeatedPositions = 4
)

// carrierPage makes sorted rows the columns of one page at a time.
type carrierPage struct {
	*carrierSorter
	vectors []pq.Vector // by column
	altIDs  []uint32
	byID    bool // positions are given as ids
	// dict has the positions of the row group in order of first use, and posIDs their ids by where the sorter has them.
	dict   pq.Dict
	posIDs []uint32
	sample int // of the next row, or one before
}

// begin prepares for the rows of a sorter from a row on.
func (p *carrierPage) begin(s *carrierSorter, from int) {
	p.carrierSorter = s
	p.byID = len(s.rows) >= repeatedPositions*len(s.records)
	p.dict.Int64, p.posIDs = p.dict.Int64[:0], p.posIDs[:0]
	for range s.positions {
		p.posIDs = append(p.posIDs, none)
	}
	p.sample = sort.Search(len(s.ends), func(i int) bool { return int(s.ends[i]) > from })
}

// fill makes the vectors those of rows from up to to.
func (p *carrierPage) fill(from, to int) {
	var positions *pq.Dict // none where they stand as they are
	if p.byID {
		positions = &p.dict
	}
	dicts := [carrierFormat]*pq.Dict{p.pool.indexes, p.pool.names, positions, &p.refs, &p.alts.alleles, &p.gts, &p.nAlts}
	for i := range p.vectors {
		v := &p.vectors[i]
		v.Dict = nil // not to be emptied: other pages go by it
		v.Reset()
		if i < carrierFormat {
			v.Dict = dicts[i]
		} else {
			v.Dict = &p.values[i-carrierFormat]
		}
	}
	p.fillSamples(from, to)
	p.fillRecords(p.rows[from:to])
	p.fillPositions(p.rows[from:to])
	p.fillCalls(p.rows[from:to])
	for i, cells := range p.cells {
		v := &p.vectors[carrierFormat+i]
		if len(cells) == 0 {
			v.AddNulls(to - from)
			continue
		}
		setIDs(v, append(v.IDs, cells[from:to]...))
	}
}

// fillSamples gives the rows their samples, run by run.
func (p *carrierPage) fillSamples(from, to int) {
	index, name := &p.vectors[carrierSampleIndex], &p.vectors[carrierSampleID]
	for at := from; at < to; {
		end := min(int(p.ends[p.sample]), to)
		if end == at {
			p.sample++
			continue
		}
		index.AddRun(uint32(p.sample), uint32(end-at))
		name.AddRun(uint32(p.sample), uint32(end-at))
		at = end
	}
	for _, v := range []*pq.Vector{index, name} {
		v.AddDef(defScalar, uint32(to-from))
		v.Rows = to - from
	}
}

// fillRecords gives the rows the alleles of their records.
func (p *carrierPage) fillRecords(rows []carrierRow) {
	ref, alt := &p.vectors[carrierRef], &p.vectors[carrierAlt]
	refs := room(ref.IDs, len(rows))
	p.altIDs = room(p.altIDs, len(rows))
	lists := false
	for i, r := range rows {
		record := &p.ids[r.record]
		refs[i], p.altIDs[i] = record.ref, record.alt
		lists = lists || record.alt >= listFlag
	}
	setIDs(ref, refs)
	if lists {
		p.alts.appendTo(alt, p.altIDs)
		return
	}
	alt.IDs = append(alt.IDs, p.altIDs...)
	alt.AddLevel(0, defElem, uint32(len(rows)))
}

// fillPositions gives the rows the positions of their records.
func (p *carrierPage) fillPositions(rows []carrierRow) {
	v := &p.vectors[carrierPos]
	if !p.byID {
		for _, r := range rows {
			v.AddInt64(p.positions[p.ids[r.record].pos])
		}
		return
	}
	ids := room(v.IDs, len(rows))
	for i, r := range rows {
		pos := p.ids[r.record].pos
		if p.posIDs[pos] == none {
			p.posIDs[pos] = uint32(p.dict.Len())
			p.dict.Int64 = append(p.dict.Int64, p.positions[pos])
		}
		ids[i] = p.posIDs[pos]
	}
	setIDs(v, ids)
}

// fillCalls gives the rows their calls.
func (p *carrierPage) fillCalls(rows []carrierRow) {
	gt, nAlt := &p.vectors[carrierGT], &p.vectors[carrierNAlt]
	gts, nAlts := room(gt.IDs, len(rows)), room(nAlt.IDs, len(rows))
	for i, r := range rows {
		call := p.calls[r.call]
		gts[i], nAlts[i] = call.gt, call.nAlt
	}
	setIDs(gt, gts)
	setIDs(nAlt, nAlts)
}
