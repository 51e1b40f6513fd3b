package annotate

import "math"

// VariantQC is what Hail's variant_qc gives of one record. Slices are reused
// from record to record and borrowed until the next. A NaN is NULL: it can't be
// computed.
//
// One thing differs from Hail, which takes every haploid call for a
// heterozygous and non-reference one and lets it into the HWE counts: here a
// haploid call is neither, and is non-reference only if its allele is.
type VariantQC struct {
	NCalled    int64 // samples with a complete call
	NNotCalled int64 // the others; half-calls such as "0/." are among them
	NFiltered  int64 // always 0: there are no filtered entries
	NHet       int64 // calls of ploidy 2 or more whose alleles differ
	NNonRef    int64 // calls with an alternate allele
	BadCalls   int64 // calls, not called, that can't be read or name an allele beyond ALT

	CallRate float64 // NCalled of all samples; NaN where there are none

	AC              []int32   // copies of each allele, the reference first
	AN              int32     // their sum
	AF              []float64 // AC/AN; empty (NULL) where AN is 0
	HomozygoteCount []int32   // calls of ploidy 2 or more of nothing but the allele, the reference first

	// Hardy-Weinberg equilibrium of the diploid calls, as hl.hardy_weinberg_test
	// gives it; NaN unless there is exactly one alternate allele.
	HetFreqHWE      float64 // expected frequency of heterozygotes; NaN where nobody is called
	PValueHWE       float64 // two-sided, mid-p; 0.5 where nobody is called
	PValueExcessHet float64 // one-sided for an excess of heterozygotes, mid-p

	DP, GQ Stats // over all samples that have the value, called or not

	GroupAC [][]int32 // by group, then by alternate allele: copies
	GroupAN []int32   // by group: called alleles
}

// reset empties v for a record of so many alleles, the reference among them. It
// leaves what QC.Record sets in any case.
func (v *VariantQC) reset(alleles, groups int) {
	v.NCalled, v.NNotCalled, v.NHet, v.NNonRef, v.BadCalls, v.AN = 0, 0, 0, 0, 0, 0
	v.AC = zeroed(v.AC, alleles)
	v.AF = v.AF[:0]
	v.HomozygoteCount = zeroed(v.HomozygoteCount, alleles)
	v.GroupAN = zeroed(v.GroupAN, groups)
	if len(v.GroupAC) != groups {
		v.GroupAC = make([][]int32, groups)
	}
	for i, counts := range v.GroupAC {
		v.GroupAC[i] = zeroed(counts, alleles-1)
	}
}

// zeroed is s with n elements, all zero.
func zeroed(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// setRates computes what follows from the counts.
func (v *VariantQC) setRates() {
	v.CallRate = float64(v.NCalled) / float64(v.NCalled+v.NNotCalled)
	if v.AN == 0 {
		return
	}
	for _, count := range v.AC {
		v.AF = append(v.AF, float64(count)/float64(v.AN))
	}
}

func (v *VariantQC) setHWE(result hweResult) {
	v.HetFreqHWE, v.PValueHWE, v.PValueExcessHet = result.hetFreq, result.twoSided, result.excessHet
}

// noHWE is the result where there is not exactly one alternate allele.
func noHWE() hweResult { return hweResult{math.NaN(), math.NaN(), math.NaN()} }
