package export

import (
	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

// variantQC computes the QC of records and appends it to variant_annotations.
type variantQC struct {
	layout *layout
	qc     *annotate.QC
	out    annotate.VariantQC
	alts   [][]byte
}

func newVariantQC(l *layout, groups *annotate.Groups, samples int) *variantQC {
	return &variantQC{layout: l, qc: annotate.NewQC(samples, groups)}
}

// append counts a record and appends its QC; all of it is NULL where the header declares no GT.
func (q *variantQC) append(d *decoder, r *vcf.Record, runs []vcf.Run) {
	l := q.layout
	if !l.hasGT {
		for col := l.qc; col < len(l.annotations); col++ {
			d.annotation(col).AddNulls(1)
		}
		return
	}
	q.alts = q.alts[:0]
	if !missing(r.Alt()) {
		for alt, more := r.Alt(), true; more; {
			var one []byte
			one, alt, more = vcf.Cut(alt, ',')
			q.alts = append(q.alts, one)
		}
	}
	out := &q.out
	q.qc.Record(r.Ref(), q.alts, d.format.calls.Calls(), runs, d.format.valuesOf(d.format.depth), d.format.valuesOf(d.format.quality), out)

	next := l.qc
	col := func() column { next++; return d.annotation(next - 1) }
	col().double(out.CallRate)
	col().AddInt32(int32(out.NCalled))
	col().AddInt32(int32(out.NNotCalled))
	col().AddInt32(int32(out.NFiltered))
	col().AddInt32(int32(out.NHet))
	col().AddInt32(int32(out.NNonRef))
	col().double(out.HetFreqHWE)
	col().double(out.PValueHWE)
	col().double(out.PValueExcessHet)
	col().int32s(out.AC)
	col().frequencies(out.AF)
	col().AddInt32(out.AN)
	col().int32s(out.HomozygoteCount)
	for _, s := range []*annotate.Stats{&out.DP, &out.GQ} {
		appendStats(s, col(), col(), col(), col())
	}
	for i := range l.groups {
		ac, an := out.GroupAC[i], out.GroupAN[i]
		col().int32s(ac)
		col().AddInt32(an)
		col().ratios(ac, an)
	}
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
	switch {
	case total == 0:
		c.AddNulls(1)
		return
	case len(counts) == 0:
		c.element(true, defEmpty)
	}
	for i, n := range counts {
		c.element(i == 0, defElem)
		c.Double = append(c.Double, float64(n)/float64(total))
	}
}

// flush hands the samples' counters to the batch, and goes on counting in the empty ones that it had.
func (q *variantQC) flush(b *batch) { b.tally = q.qc.Swap(b.tally) }
