package annotate

import "github.com/varlake/varlake/vcf"

// QC computes variant_qc of records and tallies sample_qc as Hail 0.2 defines
// them. It is for one goroutine: give each worker its own and merge the
// tallies.
//
// The work of a record grows with its runs, not its samples: a sample's counters
// are touched only for a call that is not homozygous reference, and what such
// calls add is worked out once for each distinct call.
type QC struct {
	groups *Groups
	tally  *Tally
	hwe    *hweCache

	// Of the record at hand:
	alts     []alleleType
	distinct []uint32     // codes in order of first appearance
	effects  []callEffect // by code; zero for codes the record does not have
	bumps    []counter    // the arena of callEffect.bumps
}

// callEffect is what one distinct call does in the record at hand.
type callEffect struct {
	n                  uint32 // samples with the call
	firstBump, endBump uint32 // counters of each of its samples to add 1 to, in QC.bumps
	groupAN            int32  // alleles, less the two that a group is credited with for each sample
	called             bool
	touches            bool // it changes counters of its samples, or of their groups
}

// NewQC returns a QC for so many samples. groups may be nil.
func NewQC(samples int, groups *Groups) *QC {
	if groups == nil {
		groups = &Groups{}
	}
	return &QC{groups: groups, tally: NewTally(samples), hwe: newHWECache()}
}

// Tally returns the counters of the samples so far. It belongs to q, which goes
// on counting in it.
func (q *QC) Tally() *Tally { return q.tally }

// Swap hands over the counters so far, and goes on counting in t, which must be
// of as many samples.
func (q *QC) Swap(t *Tally) *Tally {
	counted := q.tally
	q.tally = t
	return counted
}

// Record counts one record and sets out to its variant_qc.
//
// alts are the alternate alleles, none where ALT is ".". runs hold the calls in
// sample order, as codes of calls; their N sum to the number of samples. Without
// runs the record has no GT, and all calls are missing. dp and gq hold a value
// for each sample, Missing where it has none, and are nil where the record has
// no such field.
func (q *QC) Record(ref []byte, alts [][]byte, calls []vcf.Call, runs []vcf.Run, dp, gq []int32, out *VariantQC) {
	out.reset(1+len(alts), len(q.groups.Groups))
	q.tally.Records++
	out.DP = q.tally.dp.add(dp)
	out.GQ = q.tally.gq.add(gq)

	if len(runs) == 0 {
		q.tally.addUncalled()
		out.NNotCalled = int64(q.tally.Samples())
	} else {
		q.classifyAlleles(ref, alts)
		q.findDistinct(calls, runs)
		q.countCalls(calls, out)
		q.setEffects(calls, out)
		q.countSamples(calls, runs, out)
	}
	out.setRates()
	q.testHWE(calls, out)
	q.forgetDistinct()
}

func (q *QC) classifyAlleles(ref []byte, alts [][]byte) {
	q.alts = q.alts[:0]
	for _, alt := range alts {
		q.alts = append(q.alts, classifyAllele(ref, alt))
	}
}

// findDistinct sets q.distinct and counts the samples of each.
func (q *QC) findDistinct(calls []vcf.Call, runs []vcf.Run) {
	if missing := len(calls) - len(q.effects); missing > 0 {
		q.effects = append(q.effects, make([]callEffect, missing)...)
	}
	for _, run := range runs {
		e := &q.effects[run.Code]
		if e.n == 0 && run.N > 0 {
			q.distinct = append(q.distinct, run.Code)
		}
		e.n += run.N
	}
}

func (q *QC) forgetDistinct() {
	for _, code := range q.distinct {
		q.effects[code] = callEffect{}
	}
	q.distinct = q.distinct[:0]
	q.bumps = q.bumps[:0]
}

// countCalls counts calls and alleles of the record.
func (q *QC) countCalls(calls []vcf.Call, out *VariantQC) {
	for _, code := range q.distinct {
		c, e := &calls[code], &q.effects[code]
		n := int32(e.n)
		beyondALT := int(c.MaxAllele) >= len(out.AC)
		e.called = c.Called && !beyondALT
		if !c.Valid || beyondALT {
			out.BadCalls += int64(n)
		}
		if !e.called {
			out.NNotCalled += int64(n)
			continue
		}
		out.NCalled += int64(n)
		out.AN += n * int32(len(c.Alleles))
		for _, allele := range c.Alleles {
			out.AC[allele] += n
		}
		if c.NAlt > 0 {
			out.NNonRef += int64(n)
		}
		switch zygosityOf(c.Alleles) {
		case heterozygous:
			out.NHet += int64(n)
		case homozygous:
			out.HomozygoteCount[c.Alleles[0]] += n
		}
	}
}

// setEffects works out what each distinct call does to the counters of its
// samples. It needs the allele counts of the whole record, for the singletons.
func (q *QC) setEffects(calls []vcf.Call, out *VariantQC) {
	for _, code := range q.distinct {
		c, e := &calls[code], &q.effects[code]
		e.firstBump = uint32(len(q.bumps))
		if !e.called {
			q.bumps = append(q.bumps, notCalled)
			e.groupAN = -2
		} else {
			e.groupAN = int32(len(c.Alleles)) - 2
			q.bumpCall(c)
			for _, allele := range c.Alleles {
				q.bumpAllele(allele, out.AC[allele])
			}
		}
		e.endBump = uint32(len(q.bumps))
		e.touches = e.endBump > e.firstBump || e.groupAN != 0 && q.groups.Columns > 0
	}
}

// bumpCall adds the counter of a call's zygosity. A haploid call of an alternate
// allele is homozygous here, as it is in Hail's sample_qc. Homozygous reference
// calls have no counter: they are those that no other counter has.
func (q *QC) bumpCall(c *vcf.Call) {
	switch {
	case zygosityOf(c.Alleles) == heterozygous:
		q.bumps = append(q.bumps, het)
	case c.NAlt > 0:
		q.bumps = append(q.bumps, homVar)
	}
}

// bumpAllele adds the counters of one allele copy.
func (q *QC) bumpAllele(allele, copies int32) {
	if allele == 0 {
		return
	}
	if copies == 1 {
		q.bumps = append(q.bumps, singleton)
	}
	if t := q.alts[allele-1]; t != otherAllele {
		q.bumps = append(q.bumps, counterOf[t])
	}
}

// countSamples counts the calls for their samples and groups.
func (q *QC) countSamples(calls []vcf.Call, runs []vcf.Run, out *VariantQC) {
	for i := range out.GroupAN {
		out.GroupAN[i] = int32(2 * q.groups.Groups[i].Samples)
	}
	first := 0
	for _, run := range runs {
		end := first + int(run.N)
		if e := &q.effects[run.Code]; e.touches {
			bumps := q.bumps[e.firstBump:e.endBump]
			samples := q.tally.touch(first, end)
			for i := range samples {
				counts := &samples[i]
				for _, b := range bumps {
					counts[b]++
				}
			}
			if q.groups.Columns > 0 {
				q.countGroups(&calls[run.Code], e, first, end, out)
			}
		}
		first = end
	}
}

// countGroups counts a call of the samples from first to end for their groups.
func (q *QC) countGroups(c *vcf.Call, e *callEffect, first, end int, out *VariantQC) {
	groups := q.groups.of[first*q.groups.Columns : end*q.groups.Columns]
	if e.groupAN != 0 {
		for _, group := range groups {
			if group != NoGroup {
				out.GroupAN[group] += e.groupAN
			}
		}
	}
	if !e.called {
		return
	}
	for i, allele := range c.Alleles {
		if allele == 0 || i > 0 && allele == c.Alleles[i-1] {
			continue
		}
		copies := int32(1) // of the allele, side by side: a homozygous call goes through its samples once
		for i++; i < len(c.Alleles) && c.Alleles[i] == allele; i++ {
			copies++
		}
		for _, group := range groups {
			if group != NoGroup {
				out.GroupAC[group][allele-1] += copies
			}
		}
	}
}

// testHWE tests the diploid calls of a record with one alternate allele.
func (q *QC) testHWE(calls []vcf.Call, out *VariantQC) {
	if len(out.AC) != 2 {
		out.setHWE(noHWE())
		return
	}
	var byNAlt [3]int64 // homozygous reference, heterozygous, homozygous alternate
	for _, code := range q.distinct {
		if c, e := &calls[code], &q.effects[code]; e.called && len(c.Alleles) == 2 {
			byNAlt[c.NAlt] += int64(e.n)
		}
	}
	out.setHWE(q.hwe.test(byNAlt[0], byNAlt[1], byNAlt[2]))
}

type zygosity uint8

const (
	haploid zygosity = iota
	homozygous
	heterozygous
)

func zygosityOf(alleles []int32) zygosity {
	if len(alleles) < 2 {
		return haploid
	}
	for _, allele := range alleles[1:] {
		if allele != alleles[0] {
			return heterozygous
		}
	}
	return homozygous
}
