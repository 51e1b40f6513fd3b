package annotate

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/varlake/varlake/vcf"
)

// record is a record as a test writes it down.
type record struct {
	ref    string
	alts   []string
	calls  []string // GT texts, one for each sample; nil: no GT
	dp, gq []int32
}

// parse writes a record as "REF ALT GT GT ...", where ALT is a comma list or ".".
func parseRecord(text string) record {
	fields := strings.Fields(text)
	r := record{ref: fields[0], calls: fields[2:]}
	if fields[1] != "." {
		r.alts = strings.Split(fields[1], ",")
	}
	return r
}

// decodeCall is a plain reading of a GT text.
func decodeCall(text string) vcf.Call {
	c := vcf.Call{Text: text, Valid: true, Called: true, MaxAllele: -1}
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == '|' }) {
		allele := -1
		if field != "." {
			var err error
			if allele, err = strconv.Atoi(field); err != nil {
				return vcf.Call{Text: text, MaxAllele: -1}
			}
		}
		c.Alleles = append(c.Alleles, int32(allele))
		c.Called = c.Called && allele >= 0
		c.MaxAllele = max(c.MaxAllele, int32(allele))
		if allele > 0 {
			c.NAlt++
		}
	}
	return c
}

// feeder gives records to a QC as a reader of a file would: the codes of calls
// last from record to record, and neighbours with the same call are one run.
type feeder struct {
	qc    *QC
	codes map[string]uint32
	calls []vcf.Call
	runs  []vcf.Run
	out   VariantQC
}

func newFeeder(samples int, groups *Groups) *feeder {
	return &feeder{qc: NewQC(samples, groups), codes: map[string]uint32{}}
}

func (f *feeder) code(text []byte) uint32 {
	code, ok := f.codes[string(text)]
	if !ok {
		code = uint32(len(f.calls))
		f.codes[string(text)] = code
		f.calls = append(f.calls, decodeCall(string(text)))
	}
	return code
}

func (f *feeder) addRun(code uint32) {
	if last := len(f.runs) - 1; last >= 0 && f.runs[last].Code == code {
		f.runs[last].N++
		return
	}
	f.runs = append(f.runs, vcf.Run{Code: code, N: 1})
}

// add counts a record. The result is borrowed until the next.
func (f *feeder) add(r record) *VariantQC {
	f.runs = f.runs[:0]
	for _, text := range r.calls {
		f.addRun(f.code([]byte(text)))
	}
	f.qc.Record([]byte(r.ref), alleles(r.alts), f.calls, f.runs, r.dp, r.gq, &f.out)
	return &f.out
}

func alleles(texts []string) [][]byte {
	var out [][]byte
	for _, text := range texts {
		out = append(out, []byte(text))
	}
	return out
}

// The wanted values of these records are counted by hand.
func TestVariantQC(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name   string
		record string
		want   VariantQC
	}{
		{"biallelic", "A G 0/0 0|1 1/1 1|0 0/0", VariantQC{
			NCalled: 5, NHet: 2, NNonRef: 3, CallRate: 1,
			AC: []int32{6, 4}, AN: 10, AF: []float64{0.6, 0.4}, HomozygoteCount: []int32{2, 1},
			// P(0), P(2), P(4) of 5 people with 4 copies: 10, 120 and 80 of 210.
			HetFreqHWE: 4.0 * 6 / 9 / 5, PValueHWE: 10.0/210 + 80.0/210 + 60.0/210, PValueExcessHet: 80.0/210 + 60.0/210,
		}},
		{"missing and half calls are not called", "A G ./. 0/. .|1 . 0/1", VariantQC{
			NCalled: 1, NNotCalled: 4, NHet: 1, NNonRef: 1, CallRate: 0.2,
			AC: []int32{1, 1}, AN: 2, AF: []float64{0.5, 0.5}, HomozygoteCount: []int32{0, 0},
			HetFreqHWE: 1, PValueHWE: 0.5, PValueExcessHet: 0.5,
		}},
		{"nobody called", "A G ./. ./.", VariantQC{
			NNotCalled: 2, AC: []int32{0, 0}, AF: []float64{}, HomozygoteCount: []int32{0, 0},
			HetFreqHWE: nan, PValueHWE: 0.5, PValueExcessHet: 0.5,
		}},
		{"no GT, no samples", "A G", VariantQC{
			CallRate: nan, AC: []int32{0, 0}, AF: []float64{}, HomozygoteCount: []int32{0, 0},
			HetFreqHWE: nan, PValueHWE: 0.5, PValueExcessHet: 0.5,
		}},
		{"no alternate allele", "A . 0/0 0/0 ./.", VariantQC{
			NCalled: 2, NNotCalled: 1, CallRate: 2.0 / 3,
			AC: []int32{4}, AN: 4, AF: []float64{1}, HomozygoteCount: []int32{2},
			HetFreqHWE: nan, PValueHWE: nan, PValueExcessHet: nan,
		}},
		{"multiallelic: no HWE, het of two alternates", "A G,T 0/0 1/2 2/2 0/2", VariantQC{
			NCalled: 4, NHet: 2, NNonRef: 3, CallRate: 1,
			AC: []int32{3, 1, 4}, AN: 8, AF: []float64{0.375, 0.125, 0.5}, HomozygoteCount: []int32{1, 0, 1},
			HetFreqHWE: nan, PValueHWE: nan, PValueExcessHet: nan,
		}},
		{"haploid: neither het nor in HWE, non-reference by its allele", "A G 0 0 1 0/0 1/1", VariantQC{
			NCalled: 5, NNonRef: 2, CallRate: 1,
			AC: []int32{4, 3}, AN: 7, AF: []float64{4.0 / 7, 3.0 / 7}, HomozygoteCount: []int32{1, 1},
			HetFreqHWE: 2.0 / 3, PValueHWE: 1.0 / 6, PValueExcessHet: 1 - 1.0/6,
		}},
		{"polyploid: het where alleles differ, hom where they agree", "A G 0/0/0 0/0/1 1/1/1 0/1/1/1 0/0", VariantQC{
			NCalled: 5, NHet: 2, NNonRef: 3, CallRate: 1,
			AC: []int32{8, 7}, AN: 15, AF: []float64{8.0 / 15, 7.0 / 15}, HomozygoteCount: []int32{2, 1},
			HetFreqHWE: 0, PValueHWE: 0.5, PValueExcessHet: 0.5,
		}},
		{"alleles beyond ALT, and what can't be read", "A G 0/1 0/2 2/2 x ./3 ./.", VariantQC{
			NCalled: 1, NNotCalled: 5, NHet: 1, NNonRef: 1, BadCalls: 4, CallRate: 1.0 / 6,
			AC: []int32{1, 1}, AN: 2, AF: []float64{0.5, 0.5}, HomozygoteCount: []int32{0, 0},
			HetFreqHWE: 1, PValueHWE: 0.5, PValueExcessHet: 0.5,
		}},
	}
	f := newFeeder(0, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := parseRecord(test.record)
			f.qc = NewQC(len(r.calls), nil)
			diffVariantQC(t, f.add(r), &test.want)
		})
	}
}

// diffVariantQC reports where the fields of two results differ; floats may by 1e-9.
func diffVariantQC(t interface{ Errorf(string, ...any) }, got, want *VariantQC) {
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if name := g.Type().Field(i).Name; !equalValues(g.Field(i), w.Field(i)) {
			t.Errorf("%s: got %v, want %v", name, g.Field(i), w.Field(i))
		}
	}
}

func equalValues(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float64:
		return near(a.Float(), b.Float())
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if !equalValues(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	}
	return a.Equal(b)
}

func TestRecordWithoutGT(t *testing.T) {
	f := newFeeder(3, nil)
	got := f.add(record{ref: "A", alts: []string{"G"}, dp: []int32{1, Missing, 3}})
	if got.NCalled != 0 || got.NNotCalled != 3 || got.CallRate != 0 || len(got.AF) != 0 {
		t.Errorf("got %+v, want all calls missing", got)
	}
	if want := (Stats{N: 2, Sum: 4, SumSqLo: 10, Min: 1, Max: 3}); got.DP != want || got.GQ != (Stats{}) {
		t.Errorf("got DP %+v and GQ %+v, want %+v and none", got.DP, got.GQ, want)
	}
	if s := f.qc.Tally().Sample(1); s.NNotCalled != 1 || s.CallRate != 0 || s.DP.N != 0 {
		t.Errorf("got %+v, want one call missing", s)
	}
}

// The wanted values of this small file are counted by hand, sample by sample.
func TestSampleQC(t *testing.T) {
	f := newFeeder(4, nil)
	for _, r := range []record{
		//                       a    b    c    d
		parseRecord("A G         0/1  0/0  0/0  0/0"), // transition; singleton of a
		parseRecord("A C         1/1  0/0  0/0  ./."), // transversion; twice in a: no singleton
		parseRecord("A AT        1/1  0/1  1/1  1/1"), // insertion; the single reference allele of b is no singleton
		parseRecord("AT A,*      1/2  0/0  2/2  0/."), // deletion once in a: singleton; stars
		parseRecord("C T         1    0    .    0/1"), // transition
		parseRecord("C G         0/0  3/3  0/1  1"),   // an allele beyond ALT in b; transversions
		parseRecord("C <DEL>     0/1  0/0  0/0  0/0"), // not counted by type; singleton of a
		parseRecord("A T         0/0/1 1/1/1 0/0/0 0/0"),
	} {
		f.add(r)
	}
	f.add(record{ref: "A", alts: []string{"G"}, dp: []int32{3, 5, Missing, 0}})
	f.add(record{ref: "A", alts: []string{"G"}, dp: []int32{9, 5, Missing, Missing}, gq: []int32{1, 2, 3, 4}})

	nan := math.NaN()
	want := []SampleQC{{
		NCalled: 8, NNotCalled: 2, NHomRef: 1, NHet: 4, NHomVar: 3, NNonRef: 7, NSingleton: 3,
		NSNP: 5, NTransition: 2, NTransversion: 3, NInsertion: 2, NDeletion: 1, NStar: 1,
		CallRate: 0.8, RTiTv: 2.0 / 3, RHetHomVar: 4.0 / 3, RInsertionDeletion: 2,
		DP: Stats{N: 2, Sum: 12, SumSqLo: 90, Min: 3, Max: 9}, GQ: Stats{N: 1, Sum: 1, SumSqLo: 1, Min: 1, Max: 1},
	}, {
		NCalled: 7, NNotCalled: 3, NHomRef: 5, NHet: 1, NHomVar: 1, NNonRef: 2,
		NSNP: 3, NTransversion: 3, NInsertion: 1,
		CallRate: 0.7, RTiTv: 0, RHetHomVar: 1, RInsertionDeletion: nan,
		DP: Stats{N: 2, Sum: 10, SumSqLo: 50, Min: 5, Max: 5}, GQ: Stats{N: 1, Sum: 2, SumSqLo: 4, Min: 2, Max: 2},
	}, {
		NCalled: 7, NNotCalled: 3, NHomRef: 4, NHet: 1, NHomVar: 2, NNonRef: 3,
		NSNP: 1, NTransversion: 1, NInsertion: 2, NStar: 2,
		CallRate: 0.7, RTiTv: 0, RHetHomVar: 0.5, RInsertionDeletion: nan,
		GQ: Stats{N: 1, Sum: 3, SumSqLo: 9, Min: 3, Max: 3},
	}, {
		NCalled: 6, NNotCalled: 4, NHomRef: 3, NHet: 1, NHomVar: 2, NNonRef: 3,
		NSNP: 2, NTransition: 1, NTransversion: 1, NInsertion: 2,
		CallRate: 0.6, RTiTv: 1, RHetHomVar: 0.5, RInsertionDeletion: nan,
		DP: Stats{N: 1}, GQ: Stats{N: 1, Sum: 4, SumSqLo: 16, Min: 4, Max: 4},
	}}
	for i := range want {
		diffSampleQC(t, i, f.qc.Tally().Sample(i), want[i])
	}
}

func diffSampleQC(t interface{ Errorf(string, ...any) }, sample int, got, want SampleQC) {
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if !equalValues(g.Field(i), w.Field(i)) {
			t.Errorf("sample %d, %s: got %v, want %v", sample, g.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
}

// Samples 0 and 1 are of one group, 2 of another, 3 of none.
func TestGroupCounts(t *testing.T) {
	groups := groupsOf([][]int16{{0}, {0}, {1}, {NoGroup}})
	f := newFeeder(4, groups)
	tests := []struct {
		record string
		ac     [][]int32
		an     []int32
	}{
		{"A G 0/1 1/1 0/0 1/1", [][]int32{{3}, {0}}, []int32{4, 2}},
		{"A G,T 1/2 ./. 2/2 0/1", [][]int32{{1, 1}, {0, 2}}, []int32{2, 2}},
		{"A G 1 0/0 0 1", [][]int32{{1}, {0}}, []int32{3, 1}},
		{"A G 0/0/1 0/5 x 1", [][]int32{{1}, {0}}, []int32{3, 0}},
		{"A . 0/0 0/0 0/. 0/0", [][]int32{{}, {}}, []int32{4, 0}},
		{"A G", [][]int32{{0}, {0}}, []int32{0, 0}},
	}
	for _, test := range tests {
		got := f.add(parseRecord(test.record))
		if !slices.EqualFunc(got.GroupAC, test.ac, slices.Equal) || !slices.Equal(got.GroupAN, test.an) {
			t.Errorf("%s: got AC %v, AN %v; want %v, %v", test.record, got.GroupAC, got.GroupAN, test.ac, test.an)
		}
	}
}

// groupsOf returns the groups with the given indices by sample, then column.
func groupsOf(indices [][]int16) *Groups {
	g := &Groups{}
	for _, of := range indices {
		g.Columns = len(of)
		g.of = append(g.of, of...)
		for _, group := range of {
			for int(group) >= len(g.Groups) {
				g.Groups = append(g.Groups, Group{})
			}
			if group != NoGroup {
				g.Groups[group].Samples++
			}
		}
	}
	return g
}

// Once the buffers have grown, a record costs no allocation.
func TestRecordDoesNotAllocate(t *testing.T) {
	f := newFeeder(6, groupsOf([][]int16{{0}, {1}, {0}, {1}, {0}, {NoGroup}}))
	r := parseRecord("A G,T 0/1 1/2 0/0/1 1 ./. 2/2")
	r.dp = []int32{1, 2, 3, 4, 5, Missing}
	f.add(r)
	ref, alts := []byte(r.ref), alleles(r.alts)
	if n := testing.AllocsPerRun(100, func() { f.qc.Record(ref, alts, f.calls, f.runs, r.dp, r.dp, &f.out) }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}
