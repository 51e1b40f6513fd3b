package annotate

import (
	"math/rand/v2"
	"testing"
)

// Records of 2,504 samples, as many as the 1000 Genomes Project has, in 26
// populations of 5 super populations.
func BenchmarkQC(b *testing.B) {
	const samples = 2504
	groups := make([][]int16, samples)
	for i := range groups {
		population := int16(i * 26 / samples)
		groups[i] = []int16{population * 5 / 26, 5 + population}
	}
	for _, bench := range []struct {
		name      string
		frequency float64 // of the alternate allele
		groups    *Groups
		fields    bool // the records have DP and GQ
	}{
		{"sparse", 0.001, nil, false},
		{"dense", 0.4, nil, false},
		{"sparse groups", 0.001, groupsOf(groups), false},
		{"dense groups", 0.4, groupsOf(groups), false},
		{"sparse DP GQ", 0.001, nil, true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := newFeeder(samples, bench.groups)
			r := randomRecord(samples, bench.frequency)
			if bench.fields {
				r.dp, r.gq = randomValues(samples, 40), randomValues(samples, 99)
			}
			f.add(r)
			ref, alts := []byte(r.ref), alleles(r.alts)
			b.ReportAllocs()
			b.SetBytes(4 * samples) // of text: "0|0" and a tab each
			for b.Loop() {
				f.qc.Record(ref, alts, f.calls, f.runs, r.dp, r.gq, &f.out)
			}
		})
	}
}

func randomRecord(samples int, frequency float64) record {
	random := rand.New(rand.NewPCG(1, 2))
	r := record{ref: "A", alts: []string{"G"}, calls: make([]string, samples)}
	texts := [2][2]string{{"0|0", "0|1"}, {"1|0", "1|1"}}
	allele := func() int {
		if random.Float64() < frequency {
			return 1
		}
		return 0
	}
	for i := range r.calls {
		r.calls[i] = texts[allele()][allele()]
	}
	return r
}

func randomValues(samples int, below int32) []int32 {
	random := rand.New(rand.NewPCG(3, 4))
	values := make([]int32, samples)
	for i := range values {
		values[i] = random.Int32N(below)
	}
	return values
}

func BenchmarkHWE(b *testing.B) {
	for _, bench := range []struct {
		name                string
		homRef, het, homAlt int64
	}{
		{"2,504 samples, rare", 2494, 10, 0},
		{"2,504 samples, common", 900, 1200, 404},
		{"100,000 samples, common", 36_000, 48_000, 16_000},
		{"100,000 samples, all heterozygous", 0, 100_000, 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				testHWE(bench.homRef, bench.het, bench.homAlt)
			}
		})
	}
}

func BenchmarkClassifyAllele(b *testing.B) {
	ref, alt := []byte("A"), []byte("G")
	b.ReportAllocs()
	for b.Loop() {
		classifyAllele(ref, alt)
	}
}
