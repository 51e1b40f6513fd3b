package export

import (
	"math"
	"slices"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
)

// fewSamples is up to how many samples records mostly agree in their QC: one sample has a handful of genotypes and some hundred depths. With more samples
// it seldom repeats.
const fewSamples = 8

// qcRows note each distinct QC of a batch once, and which of them a record has. So the columns are filled without a look at the values of a record.
type qcRows struct {
	counts countRows
	dp, gq statsRows
}

func (q *qcRows) add(v *annotate.VariantQC) {
	q.counts.add(v)
	q.dp.add(v.DP)
	q.gq.add(v.GQ)
}

// flush fills the QC columns of a batch.
func (q *qcRows) flush(v *[numQC]pq.Vector) {
	for i := range v {
		if v[i].Dict == nil {
			v[i].Dict = new(pq.Dict)
		}
	}
	q.counts.flush(v)
	q.dp.flush((*[4]pq.Vector)(v[qcDP:]))
	q.gq.flush((*[4]pq.Vector)(v[qcGQ:]))
}

// recent finds the number of a row that was noted before, by a hash of it. It forgets: two rows may be the same.
type recent [256]uint32

func (r *recent) slot(hash uint64) *uint32 { return &r[hash*0x9E3779B97F4A7C15>>56] }

// countRows are the columns of variant QC that count calls and alleles, and what follows from the counts.
type countRows struct {
	recent recent
	rows   []countRow
	counts []int32  // of all rows: copies of each allele, then homozygous calls of each
	of     []uint32 // by record
	ids    []uint32 // of the values of one column, by row
	lists  []uint32 // ids of the elements of one column of lists
}

type countRow struct {
	called, notCalled, filtered, het, nonRef int32
	an                                       int32
	hwe                                      [3]uint64 // bits of the doubles: NaN is equal to itself so
	alleles                                  int
	first                                    int // of countRows.counts
}

func (q *countRows) add(v *annotate.VariantQC) {
	row := countRow{
		called: int32(v.NCalled), notCalled: int32(v.NNotCalled), filtered: int32(v.NFiltered), het: int32(v.NHet), nonRef: int32(v.NNonRef), an: v.AN,
		hwe:     [3]uint64{math.Float64bits(v.HetFreqHWE), math.Float64bits(v.PValueHWE), math.Float64bits(v.PValueExcessHet)},
		alleles: len(v.AC),
	}
	hash := uint64(row.called)<<8 + uint64(row.het)<<4 + uint64(row.nonRef)
	for _, n := range v.AC {
		hash = 31*hash + uint64(n)
	}
	slot := q.recent.slot(hash)
	if i := int(*slot); fast && i < len(q.rows) {
		row.first = q.rows[i].first
		if row == q.rows[i] && slices.Equal(q.copies(&row), v.AC) && slices.Equal(q.homozygotes(&row), v.HomozygoteCount) {
			q.of = append(q.of, *slot)
			return
		}
	}
	row.first = len(q.counts)
	q.counts = append(append(q.counts, v.AC...), v.HomozygoteCount...)
	*slot = uint32(len(q.rows))
	q.of = append(q.of, *slot)
	q.rows = append(q.rows, row)
}

func (q *countRows) copies(r *countRow) []int32 { return q.counts[r.first : r.first+r.alleles] }

func (q *countRows) homozygotes(r *countRow) []int32 {
	return q.counts[r.first+r.alleles : r.first+2*r.alleles]
}

func (q *countRows) flush(v *[numQC]pq.Vector) {
	int32s := func(v *pq.Vector, value func(*countRow) int32) {
		q.ids = q.ids[:0]
		for i := range q.rows {
			q.ids = append(q.ids, v.Dict.InternInt32(value(&q.rows[i])))
		}
		column{v}.scalars(q.of, q.ids)
	}
	doubles := func(v *pq.Vector, value func(*countRow) float64) {
		q.ids = q.ids[:0]
		for i := range q.rows {
			q.ids = append(q.ids, internNumber(v.Dict, value(&q.rows[i])))
		}
		column{v}.scalars(q.of, q.ids)
	}
	doubles(&v[qcCallRate], func(r *countRow) float64 { return float64(r.called) / float64(r.called+r.notCalled) })
	int32s(&v[qcNCalled], func(r *countRow) int32 { return r.called })
	int32s(&v[qcNNotCalled], func(r *countRow) int32 { return r.notCalled })
	int32s(&v[qcNFiltered], func(r *countRow) int32 { return r.filtered })
	int32s(&v[qcNHet], func(r *countRow) int32 { return r.het })
	int32s(&v[qcNNonRef], func(r *countRow) int32 { return r.nonRef })
	for i := range 3 {
		doubles(&v[qcHetFreqHWE+i], func(r *countRow) float64 { return math.Float64frombits(r.hwe[i]) })
	}
	int32s(&v[qcAN], func(r *countRow) int32 { return r.an })
	q.appendLists(&v[qcAC], func(dict *pq.Dict, r *countRow) {
		for _, n := range q.copies(r) {
			q.lists = append(q.lists, dict.InternInt32(n))
		}
	})
	q.appendLists(&v[qcAF], func(dict *pq.Dict, r *countRow) {
		for _, n := range q.copies(r) {
			q.lists = append(q.lists, internNumber(dict, float64(n)/float64(r.an)))
		}
	})
	q.appendLists(&v[qcHomozygoteCount], func(dict *pq.Dict, r *countRow) {
		for _, n := range q.homozygotes(r) {
			q.lists = append(q.lists, dict.InternInt32(n))
		}
	})
	q.rows, q.counts, q.of = q.rows[:0], q.counts[:0], q.of[:0]
}

// appendLists fills a column of lists with one element an allele. A list of what can't be computed is NULL.
func (q *countRows) appendLists(v *pq.Vector, intern func(*pq.Dict, *countRow)) {
	q.lists = q.lists[:0]
	for i := range q.rows {
		intern(v.Dict, &q.rows[i])
	}
	for _, i := range q.of {
		r := &q.rows[i]
		ids := q.lists[r.first/2:][:r.alleles]
		if ids[0] == none {
			v.AddNulls(1)
			continue
		}
		column{v}.elements(len(ids))
		v.IDs = append(v.IDs, ids...)
	}
}

// statsRows are the columns of variant QC that sum up one FORMAT field.
type statsRows struct {
	recent recent
	rows   []annotate.Stats
	of     []uint32 // by record
	ids    [4][]uint32
}

func (q *statsRows) add(s annotate.Stats) {
	slot := q.recent.slot(uint64(s.Sum) + uint64(s.Min)<<32)
	if i := int(*slot); !fast || i >= len(q.rows) || q.rows[i] != s {
		*slot = uint32(len(q.rows))
		q.rows = append(q.rows, s)
	}
	q.of = append(q.of, *slot)
}

func (q *statsRows) flush(v *[4]pq.Vector) {
	for i := range q.ids {
		q.ids[i] = q.ids[i][:0]
	}
	for _, s := range q.rows {
		ids := [4]uint32{none, none, none, none}
		if s.N > 0 {
			ids = [4]uint32{internNumber(v[0].Dict, s.Mean()), internNumber(v[1].Dict, s.Stdev()), v[2].Dict.InternInt32(s.Min), v[3].Dict.InternInt32(s.Max)}
		}
		for i, id := range ids {
			q.ids[i] = append(q.ids[i], id)
		}
	}
	for i := range v {
		column{&v[i]}.scalars(q.of, q.ids[i])
	}
	q.rows, q.of = q.rows[:0], q.of[:0]
}

// internNumber returns the id of a double, none where it can't be computed.
func internNumber(dict *pq.Dict, x float64) uint32 {
	if math.IsNaN(x) {
		return none
	}
	return dict.InternDouble(x)
}

// scalars makes a scalar column, which is empty, of a value for each element of rows, that of its id; none stands for NULL.
func (c column) scalars(rows, ids []uint32) {
	values := room(c.IDs, len(rows))
	for i, row := range rows {
		values[i] = ids[row]
	}
	setIDs(c.Vector, values)
}
