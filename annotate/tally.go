package annotate

import (
	"errors"
	"fmt"
	"math"
)

// ErrTally is wrapped by errors of Tally.Merge and Tally.UnmarshalBinary.
var ErrTally = errors.New("bad sample tally")

// counter is one of the counters that a sample has for its calls.
type counter uint8

const (
	notCalled counter = iota
	het
	homVar
	singleton
	snpTransition
	snpTransversion
	insertedAllele
	deletedAllele
	starAllele
	counters // how many there are
)

// counterOf is the counter of an allele type.
var counterOf = [...]counter{
	transition:   snpTransition,
	transversion: snpTransversion,
	insertion:    insertedAllele,
	deletion:     deletedAllele,
	star:         starAllele,
}

// sampleCounts are the counters of one sample, side by side: a call touches
// several at once.
type sampleCounts [counters]int64

// Tally holds what sample_qc counts, for every sample. All of it is integers, so
// tallies of parts of a file merge to that of the whole, in any order.
type Tally struct {
	Records int64 // records counted

	counts []sampleCounts
	// touched tells which blocks of tallyBlock samples have counters that are not 0. A few records of a large cohort touch a few: so merging and
	// resetting, which batches of records do, need not go through all samples.
	touched []bool
	dp, gq  fieldTally
}

const tallyBlock = 64

// NewTally returns the tally of no records of so many samples.
func NewTally(samples int) *Tally {
	return &Tally{counts: make([]sampleCounts, samples), touched: make([]bool, (samples+tallyBlock-1)/tallyBlock)}
}

// block returns the counters of block i.
func (t *Tally) block(i int) []sampleCounts {
	return t.counts[i*tallyBlock : min((i+1)*tallyBlock, len(t.counts))]
}

// touch returns the counters of samples first to end, to be changed.
func (t *Tally) touch(first, end int) []sampleCounts {
	for i := first / tallyBlock; i*tallyBlock < end; i++ {
		t.touched[i] = true
	}
	return t.counts[first:end]
}

// Samples is the number of samples.
func (t *Tally) Samples() int { return len(t.counts) }

// Merge adds the counts of o, which stays as it is. It returns an ErrTally if
// the numbers of samples differ.
func (t *Tally) Merge(o *Tally) error {
	if len(t.counts) != len(o.counts) {
		return fmt.Errorf("%w: %d samples do not merge with %d", ErrTally, len(t.counts), len(o.counts))
	}
	t.Records += o.Records
	for i, touched := range o.touched {
		if !touched {
			continue
		}
		t.touched[i] = true
		to := t.block(i)
		for sample, counts := range o.block(i) {
			for c, n := range counts {
				to[sample][c] += n
			}
		}
	}
	t.dp.merge(&o.dp)
	t.gq.merge(&o.gq)
	return nil
}

// Reset makes t the tally of no records again.
func (t *Tally) Reset() {
	t.Records = 0
	for i, touched := range t.touched {
		if touched {
			clear(t.block(i))
			t.touched[i] = false
		}
	}
	t.dp.reset()
	t.gq.reset()
}

// addUncalled counts a record in which no sample has a call.
func (t *Tally) addUncalled() {
	all := t.touch(0, len(t.counts))
	for i := range all {
		all[i][notCalled]++
	}
}

// SampleQC is what Hail's sample_qc gives of one sample. Alleles are counted by
// copy: a homozygous SNP is two. A NaN is NULL: it can't be computed.
type SampleQC struct {
	NCalled    int64 // complete calls
	NNotCalled int64 // the others; half-calls such as "0/." are among them
	NFiltered  int64 // always 0: there are no filtered entries
	NHomRef    int64 // haploid reference calls are among them
	NHet       int64
	NHomVar    int64 // haploid alternate calls are among them
	NNonRef    int64 // NHet + NHomVar

	NSingleton    int64 // copies of alternate alleles that no other sample has, and this one once
	NSNP          int64 // NTransition + NTransversion
	NInsertion    int64
	NDeletion     int64
	NTransition   int64
	NTransversion int64
	NStar         int64

	CallRate           float64 // NCalled of all records
	RTiTv              float64 // NTransition / NTransversion
	RHetHomVar         float64 // NHet / NHomVar
	RInsertionDeletion float64 // NInsertion / NDeletion

	DP, GQ Stats // over all records that have the value, called or not
}

// Sample returns sample_qc of a sample, 0-based.
func (t *Tally) Sample(i int) SampleQC {
	c := &t.counts[i]
	s := SampleQC{
		NCalled:       t.Records - c[notCalled],
		NNotCalled:    c[notCalled],
		NHet:          c[het],
		NHomVar:       c[homVar],
		NNonRef:       c[het] + c[homVar],
		NSingleton:    c[singleton],
		NSNP:          c[snpTransition] + c[snpTransversion],
		NInsertion:    c[insertedAllele],
		NDeletion:     c[deletedAllele],
		NTransition:   c[snpTransition],
		NTransversion: c[snpTransversion],
		NStar:         c[starAllele],
		DP:            t.dp.sample(i),
		GQ:            t.gq.sample(i),
	}
	s.NHomRef = s.NCalled - s.NNonRef
	s.CallRate = ratio(s.NCalled, t.Records)
	s.RTiTv = ratio(s.NTransition, s.NTransversion)
	s.RHetHomVar = ratio(s.NHet, s.NHomVar)
	s.RInsertionDeletion = ratio(s.NInsertion, s.NDeletion)
	return s
}

// ratio is a/b, NaN for every a where b is 0 (Hail: divide_null).
func ratio(a, b int64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}
