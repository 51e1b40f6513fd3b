package annotate

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// naiveVariantQC counts a record sample by sample, from the definitions and
// without the counters, runs and shortcuts of QC.
func naiveVariantQC(r record, samples int, groups [][]int16, nGroups int) *VariantQC {
	nAlleles := 1 + len(r.alts)
	v := &VariantQC{
		AC: make([]int32, nAlleles), HomozygoteCount: make([]int32, nAlleles),
		GroupAN: make([]int32, nGroups), GroupAC: make([][]int32, nGroups),
	}
	for g := range v.GroupAC {
		v.GroupAC[g] = make([]int32, len(r.alts))
	}
	var diploidHomRef, diploidHet, diploidHomAlt int64
	for sample := range samples {
		c := naiveCallOf(r, sample)
		if c.bad {
			v.BadCalls++
		}
		if c.alleles == nil {
			v.NNotCalled++
			continue
		}
		v.NCalled++
		for _, a := range c.alleles {
			v.AN++
			v.AC[a]++
			for _, g := range groups[sample] {
				if g >= 0 {
					v.GroupAN[g]++
					if a > 0 {
						v.GroupAC[g][a-1]++
					}
				}
			}
		}
		if c.hasAlt() {
			v.NNonRef++
		}
		if c.isHet() {
			v.NHet++
		} else if len(c.alleles) > 1 {
			v.HomozygoteCount[c.alleles[0]]++
		}
		if len(c.alleles) == 2 {
			switch {
			case c.isHet():
				diploidHet++
			case c.hasAlt():
				diploidHomAlt++
			default:
				diploidHomRef++
			}
		}
	}
	v.CallRate = float64(v.NCalled) / float64(samples)
	for _, n := range v.AC {
		if v.AN > 0 {
			v.AF = append(v.AF, float64(n)/float64(v.AN))
		}
	}
	v.HetFreqHWE, v.PValueHWE, v.PValueExcessHet = math.NaN(), math.NaN(), math.NaN()
	if nAlleles == 2 {
		v.PValueHWE, v.PValueExcessHet = exactHWE(diploidHomRef, diploidHet, diploidHomAlt)
		if n := float64(diploidHomRef + diploidHet + diploidHomAlt); n > 0 {
			copies := float64(2*diploidHomAlt + diploidHet)
			v.HetFreqHWE = copies * (2*n - copies) / (2*n - 1) / n
		}
	}
	return v
}

// naiveSampleQC counts the calls of one sample over all records.
func naiveSampleQC(records []record, sample int) SampleQC {
	var s SampleQC
	for _, r := range records {
		c := naiveCallOf(r, sample)
		switch {
		case c.alleles == nil:
			s.NNotCalled++
			continue
		case c.isHet():
			s.NHet++
		case c.hasAlt():
			s.NHomVar++
		default:
			s.NHomRef++
		}
		s.NCalled++
		for _, a := range c.alleles {
			if a == 0 {
				continue
			}
			if naiveCopies(r, a) == 1 {
				s.NSingleton++
			}
			switch classifyAllele([]byte(r.ref), []byte(r.alts[a-1])) {
			case transition:
				s.NTransition++
			case transversion:
				s.NTransversion++
			case insertion:
				s.NInsertion++
			case deletion:
				s.NDeletion++
			case star:
				s.NStar++
			}
		}
	}
	s.NNonRef = s.NHet + s.NHomVar
	s.NSNP = s.NTransition + s.NTransversion
	s.CallRate = quotient(s.NCalled, int64(len(records)))
	s.RTiTv = quotient(s.NTransition, s.NTransversion)
	s.RHetHomVar = quotient(s.NHet, s.NHomVar)
	s.RInsertionDeletion = quotient(s.NInsertion, s.NDeletion)
	return s
}

func quotient(a, b int64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// naiveCopies counts the copies of an allele in a record.
func naiveCopies(r record, allele int) (n int) {
	for sample := range r.calls {
		for _, a := range naiveCallOf(r, sample).alleles {
			if a == allele {
				n++
			}
		}
	}
	return n
}

// naiveCall is a call: no alleles where it is not called.
type naiveCall struct {
	alleles []int
	bad     bool
}

func (c naiveCall) isHet() bool {
	for _, a := range c.alleles {
		for _, b := range c.alleles {
			if a != b {
				return true
			}
		}
	}
	return false
}

func (c naiveCall) hasAlt() bool {
	for _, a := range c.alleles {
		if a > 0 {
			return true
		}
	}
	return false
}

// naiveCallOf reads the GT of one sample character by character; the texts of
// these tests name alleles of one digit.
func naiveCallOf(r record, sample int) (c naiveCall) {
	if r.calls == nil {
		return c
	}
	half := false
	for i, char := range r.calls[sample] {
		switch {
		case i%2 == 1:
		case char == '.':
			half = true
		case char < '0' || char > '9' || int(char-'0') > len(r.alts):
			return naiveCall{bad: true}
		default:
			c.alleles = append(c.alleles, int(char-'0'))
		}
	}
	if half {
		c.alleles = nil
	}
	return c
}

var (
	anyCall = rapid.SampledFrom([]string{
		"0/0", "0|0", "0/0", "0/0", "0/1", "0|1", "1|0", "1/1", "1/2", "2/2", "0/2", "2|1", "3/0",
		"./.", ".|.", "0/.", "./1", ".", "0", "1", "2", "9", "0/9", "./9", "x", "0/x",
		"0/0/0", "0/0/1", "1/1/1", "0/1/2", "2/2/2/2", "./0/1", "0|0/1",
	})
	anyAllele = rapid.SampledFrom([]string{"A", "C", "G", "T", "AT", "ATT", "TA", "GT", "*", "<DEL>", "N", "a"})
)

func anyRecord(samples int) *rapid.Generator[record] {
	return rapid.Custom(func(t *rapid.T) record {
		r := record{
			ref:   rapid.SampledFrom([]string{"A", "C", "AT", "ATT"}).Draw(t, "ref"),
			alts:  rapid.SliceOfN(anyAllele, 0, 3).Draw(t, "alts"),
			calls: rapid.SliceOfN(anyCall, samples, samples).Draw(t, "calls"),
		}
		if rapid.IntRange(0, 9).Draw(t, "no GT") == 0 {
			r.calls = nil
		}
		value := rapid.OneOf(rapid.Just(int32(Missing)), rapid.Int32Range(0, 99))
		if rapid.Bool().Draw(t, "has DP") {
			r.dp = rapid.SliceOfN(value, samples, samples).Draw(t, "dp")
		}
		return r
	})
}

func TestQCAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.IntRange(1, 12).Draw(t, "samples")
		records := rapid.SliceOfN(anyRecord(samples), 1, 6).Draw(t, "records")
		groups := make([][]int16, samples)
		for i := range groups {
			groups[i] = []int16{
				rapid.Int16Range(NoGroup, 2).Draw(t, "group of the first column"),
				rapid.SampledFrom([]int16{NoGroup, 3, 4}).Draw(t, "group of the second column"),
			}
		}
		g := groupsOf(groups)

		f := newFeeder(samples, g)
		for _, r := range records {
			want := naiveVariantQC(r, samples, groups, len(g.Groups))
			got := f.add(r)
			want.DP, want.GQ = got.DP, got.GQ // TestFieldTally
			diffVariantQC(t, got, want)
		}
		for i := range samples {
			got, want := f.qc.Tally().Sample(i), naiveSampleQC(records, i)
			want.DP, want.GQ = got.DP, got.GQ
			diffSampleQC(t, i, got, want)
		}
	})
}
