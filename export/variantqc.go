package export

import (
	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// Positions of qcColumns.
const (
	qcCallRate = iota
	qcNCalled
	qcNNotCalled
	qcNFiltered
	qcNHet
	qcNNonRef
	qcHetFreqHWE
	qcPValueHWE
	qcPValueExcessHet
	qcAC
	qcAF
	qcAN
	qcHomozygoteCount
	qcDP  // the first of four
	qcGQ  = qcDP + 4
	numQC = qcGQ + 4
)

// variantQC computes the QC of records and appends it to variant_annotations.
type variantQC struct {
	hasGT bool
	leaf  int // the first; every column has one
	qc    *annotate.QC
	out   annotate.VariantQC
	alts  [][]byte
	rows  *qcRows // nil: QC goes into the columns record by record
}

func newVariantQC(l *layout, leafOf []int, groups *annotate.Groups, samples int) *variantQC {
	q := &variantQC{hasGT: l.hasGT, leaf: leafOf[l.qc], qc: annotate.NewQC(samples, groups)}
	if samples <= fewSamples && groups == nil {
		q.rows = new(qcRows)
	}
	return q
}

// append counts a record and appends its QC, but for what flush adds.
func (q *variantQC) append(d *decoder, r *vcf.Record, runs []vcf.Run) {
	if !q.hasGT {
		return
	}
	q.alts = splitAlts(q.alts[:0], r)
	out := &q.out
	q.qc.Record(r.Ref(), q.alts, d.format.calls.Calls(), runs, d.format.valuesOf(d.format.depth), d.format.valuesOf(d.format.quality), out)
	if q.rows != nil {
		q.rows.add(out)
		return
	}
	v := (*[numQC]pq.Vector)(d.b.annotations[q.leaf:])
	column{&v[qcCallRate]}.double(out.CallRate)
	v[qcNCalled].AddInt32(int32(out.NCalled))
	v[qcNNotCalled].AddInt32(int32(out.NNotCalled))
	v[qcNFiltered].AddInt32(int32(out.NFiltered))
	v[qcNHet].AddInt32(int32(out.NHet))
	v[qcNNonRef].AddInt32(int32(out.NNonRef))
	column{&v[qcHetFreqHWE]}.double(out.HetFreqHWE)
	column{&v[qcPValueHWE]}.double(out.PValueHWE)
	column{&v[qcPValueExcessHet]}.double(out.PValueExcessHet)
	column{&v[qcAC]}.int32s(out.AC)
	column{&v[qcAF]}.frequencies(out.AF)
	v[qcAN].AddInt32(out.AN)
	column{&v[qcHomozygoteCount]}.int32s(out.HomozygoteCount)
	appendStats(&out.DP, column{&v[qcDP]}, column{&v[qcDP+1]}, column{&v[qcDP+2]}, column{&v[qcDP+3]})
	appendStats(&out.GQ, column{&v[qcGQ]}, column{&v[qcGQ+1]}, column{&v[qcGQ+2]}, column{&v[qcGQ+3]})
	groups := d.b.annotations[q.leaf+numQC:]
	for i, an := range out.GroupAN {
		ac := out.GroupAC[i]
		column{&groups[3*i]}.int32s(ac)
		groups[3*i+1].AddInt32(an)
		column{&groups[3*i+2]}.ratios(ac, an)
	}
}

// splitAlts appends the alternate alleles of a record.
func splitAlts(alts [][]byte, r *vcf.Record) [][]byte {
	switch r.NAlt() {
	case 0:
		return alts
	case 1:
		return append(alts, r.Alt())
	}
	for alt, more := r.Alt(), true; more; {
		var one []byte
		one, alt, more = vcf.Cut(alt, ',')
		alts = append(alts, one)
	}
	return alts
}

// appendStats appends mean, stdev, min and max, NULL where there are no values.
func appendStats(s *annotate.Stats, mean, stdev, minimum, maximum column) {
	if s.N == 0 {
		for _, c := range [...]column{mean, stdev, minimum, maximum} {
			c.AddNulls(1)
		}
		return
	}
	mean.AddDouble(s.Mean())
	stdev.AddDouble(s.Stdev())
	minimum.AddInt32(s.Min)
	maximum.AddInt32(s.Max)
}

// frequencies appends allele frequencies, NULL where nobody is called.
func (c column) frequencies(af []float64) {
	if len(af) == 0 {
		c.AddNulls(1)
	} else {
		c.doubles(af)
	}
}

// ratios appends counts over a total, NULL where the total is 0.
func (c column) ratios(counts []int32, total int32) {
	if total == 0 {
		c.AddNulls(1)
		return
	}
	c.elements(len(counts))
	for _, n := range counts {
		c.Double = append(c.Double, float64(n)/float64(total))
	}
}

// flush completes the QC of a batch: all of it is NULL where the header declares no GT. It hands the samples' counters to the batch, and goes on counting in
// the empty ones that it had.
func (q *variantQC) flush(b *batch) {
	if !q.hasGT {
		for i := q.leaf; i < len(b.annotations); i++ {
			b.annotations[i].AddNulls(b.rows)
		}
	} else if q.rows != nil {
		q.rows.flush((*[numQC]pq.Vector)(b.annotations[q.leaf:]))
	}
	b.tally = q.qc.Swap(b.tally)
}
