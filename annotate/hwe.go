package annotate

import "math"

// hweResult is what hl.hardy_weinberg_test gives of one set of diploid genotype
// counts.
type hweResult struct {
	hetFreq   float64 // expected frequency of heterozygotes; NaN where nobody is called
	twoSided  float64 // mid-p of the exact test
	excessHet float64 // mid-p of the one-sided test: as many heterozygotes or more
}

// tieTolerance is the relative difference within which Hail takes two outcomes
// for equally probable.
const tieTolerance = 1e-12

// negligible is the share of a sum below which a further term cannot change it.
const negligible = 0.5e-16

// testHWE is the exact test of Hardy-Weinberg equilibrium with the mid-p
// correction (Hail: hardy_weinberg_test).
//
// Given n people and the count of the rarer allele, the count of heterozygotes
// follows the Levene-Haldane distribution on every second integer. Its terms
// are had from the mode outwards by their ratio, relative to the mode, so that
// nothing overflows, and are added up only as far as they matter. The observed
// outcome, and in the two-sided test every outcome equally probable, counts by
// half; with nobody called both are therefore 0.5.
func testHWE(homRef, het, homAlt int64) hweResult {
	n := homRef + het + homAlt
	d := leveneHaldane{rare: float64(het + 2*min(homRef, homAlt))}
	d.common = float64(2*n) - d.rare

	mode := d.mode(n)
	observed := float64(het)
	sums := hweSums{at: observed, weight: d.weight(mode, observed)}

	for k, w := mode, 1.0; k <= d.rare && sums.add(k, w); k += 2 {
		w *= d.ratioUp(k)
	}
	for k, w := mode-2, d.ratioDown(mode); k >= 0 && sums.add(k, w); k -= 2 {
		w *= d.ratioDown(k)
	}

	result := hweResult{
		hetFreq:   d.rare * d.common / float64(2*n-1) / float64(n),
		excessHet: (sums.above + 0.5*sums.weight) / sums.all,
	}
	if sums.weight > minNormal {
		result.twoSided = (sums.less + 0.5*sums.equal) / sums.all
	}
	return result
}

// minNormal is the least normal double: a weight below it has lost its digits
// and counts as impossible, as in Hail.
const minNormal = 0x1p-1022

// leveneHaldane is the distribution of the count of heterozygotes, given the
// counts of the two alleles.
type leveneHaldane struct{ rare, common float64 }

// mode is the most probable count of heterozygotes; it is odd or even as the
// count of the rarer allele is.
func (d leveneHaldane) mode(n int64) float64 {
	parity := math.Mod(d.rare, 2)
	center := (d.rare + 1) * (d.common + 1) / float64(2*n+3)
	return 2*math.Floor((center-parity)/2+0.5) + parity
}

// ratioUp is P(k+2)/P(k).
func (d leveneHaldane) ratioUp(k float64) float64 {
	return (d.rare - k) * (d.common - k) / ((k + 2) * (k + 1))
}

// ratioDown is P(k-2)/P(k).
func (d leveneHaldane) ratioDown(k float64) float64 {
	return k * (k - 1) / ((d.rare - k + 2) * (d.common - k + 2))
}

// weight is P(k)/P(mode).
func (d leveneHaldane) weight(mode, k float64) float64 {
	w := 1.0
	for ; mode < k && w > 0; mode += 2 {
		w *= d.ratioUp(mode)
	}
	for ; mode > k && w > 0; mode -= 2 {
		w *= d.ratioDown(mode)
	}
	return w
}

// hweSums adds up the weights of outcomes, all relative to the mode.
type hweSums struct {
	at     float64 // the observed count of heterozygotes
	weight float64 // its weight

	all   float64
	less  float64 // of outcomes less probable than the observed
	equal float64 // of outcomes as probable, the observed one included
	above float64 // of outcomes with more heterozygotes
}

// add counts the outcome k and reports whether outcomes further out can still
// matter.
func (s *hweSums) add(k, weight float64) bool {
	s.all += weight
	if k > s.at {
		s.above += weight
	}
	switch difference := weight - s.weight; {
	case math.Abs(difference) <= tieTolerance*max(weight, s.weight):
		s.equal += weight
	case difference < 0:
		s.less += weight
	}
	return weight > negligible*min(1, s.weight)
}

// hweCacheSize bounds the memory of an hweCache; it is a power of two.
const hweCacheSize = 1 << 12

// hweCache remembers results: in a cohort most variants are rare, and share a
// few sets of counts. It is direct-mapped: a set of counts has one place, and
// takes it from whatever was there.
type hweCache struct{ entries []hweEntry }

type hweEntry struct {
	homRef, het, homAlt int64
	known               bool
	result              hweResult
}

func newHWECache() *hweCache { return &hweCache{entries: make([]hweEntry, hweCacheSize)} }

func (c *hweCache) test(homRef, het, homAlt int64) hweResult {
	hash := uint64(homRef)*0x9e3779b97f4a7c15 ^ uint64(het)*0xc2b2ae3d27d4eb4f ^ uint64(homAlt)*0x165667b19e3779f9
	e := &c.entries[hash>>32%hweCacheSize]
	if !e.known || e.homRef != homRef || e.het != het || e.homAlt != homAlt {
		*e = hweEntry{homRef, het, homAlt, true, testHWE(homRef, het, homAlt)}
	}
	return e.result
}
