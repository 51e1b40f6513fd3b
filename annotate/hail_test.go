package annotate

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// sharedData holds real VCF files, and Hail's QC of them at full precision.
const sharedData = "../../shared/data"

// TestHail compares all of variant_qc and sample_qc with Hail's, for every file
// that Hail reads.
func TestHail(t *testing.T) {
	oracle, err := os.ReadFile(filepath.Join(sharedData, "expected", "ORACLE.tsv"))
	if err != nil {
		t.Skipf("no expected values: %v", err)
	}
	var files, compared atomic.Int64
	t.Run("files", func(t *testing.T) {
		for line := range strings.Lines(string(oracle)) {
			name, verdict, _ := strings.Cut(line, "\t")
			if !strings.HasPrefix(verdict, "ok ") {
				continue
			}
			t.Run(name, func(t *testing.T) {
				if info, err := os.Stat(filepath.Join(sharedData, "real", name)); testing.Short() && err == nil && info.Size() > 1<<19 {
					t.Skip("a large file in -short")
				}
				t.Parallel()
				h := newHailComparison(t, name)
				h.run()
				files.Add(1)
				compared.Add(h.compared)
			})
		}
	})
	t.Logf("%d values of %d files compared", compared.Load(), files.Load())
	if files.Load() == 0 {
		t.Error("no file was compared")
	}
}

// hailComparison compares the QC of one file. Its reader of VCF is plain and its
// own, so that only QC is put to the test.
type hailComparison struct {
	t        *testing.T
	name     string
	feed     *feeder
	samples  []string
	declared map[string]bool // FORMAT fields that are single integers
	expected map[string][]hailVariant
	compared int64
	differ   []string // where the values at hand do
}

func newHailComparison(t *testing.T, name string) *hailComparison {
	h := &hailComparison{t: t, name: name, declared: map[string]bool{}, expected: map[string][]hailVariant{}}
	// Hail sorts what is not sorted: records are found by what they are.
	for _, v := range readExpected[hailVariant](t, name+".variant_qc.ndjson.gz") {
		h.expected[v.key()] = append(h.expected[v.key()], v)
	}
	return h
}

func (h *hailComparison) run() {
	lines := bufio.NewScanner(open(h.t, filepath.Join(sharedData, "real", h.name)))
	lines.Buffer(nil, 1<<28)
	for lines.Scan() {
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		switch {
		case len(line) == 0:
		case bytes.HasPrefix(line, []byte("##")):
			h.readMeta(string(line))
		case line[0] == '#':
			if fields := strings.Split(string(line), "\t"); len(fields) > 9 {
				h.samples = fields[9:]
			}
			h.feed = newFeeder(len(h.samples), nil)
		default:
			h.compareRecord(line)
		}
	}
	if err := lines.Err(); err != nil {
		h.t.Fatal(err)
	}
	for key, left := range h.expected {
		if len(left) > 0 {
			h.t.Errorf("%s: not in the file", key)
		}
	}
	h.compareSamples()
}

// readMeta notes FORMAT fields of the type that Hail makes stats of.
func (h *hailComparison) readMeta(line string) {
	for _, id := range []string{"DP", "GQ"} {
		if strings.HasPrefix(line, "##FORMAT=<ID="+id+",") && strings.Contains(line, ",Number=1,") && strings.Contains(line, ",Type=Integer,") {
			h.declared[id] = true
		}
	}
}

func (h *hailComparison) compareRecord(line []byte) {
	fields := bytes.SplitN(line, []byte("\t"), 10)
	r := record{ref: string(fields[3])}
	if alt := string(fields[4]); alt != "." {
		r.alts = strings.Split(alt, ",")
	}
	f := h.feed
	f.runs = f.runs[:0]
	if len(fields) == 10 {
		format := strings.Split(string(fields[8]), ":")
		h.addCalls(slices.Index(format, "GT"), fields[9])
		r.dp = h.integers("DP", format, fields[9])
		r.gq = h.integers("GQ", format, fields[9])
	}
	f.qc.Record([]byte(r.ref), alleles(r.alts), f.calls, f.runs, r.dp, r.gq, &f.out)

	pos, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	key := (&hailVariant{Chrom: string(fields[0]), Pos: pos, Alleles: append([]string{r.ref}, r.alts...)}).key()
	h.matchVariant(key)
}

// addCalls sets the runs of the record at hand from the field of its cells that
// holds GT; none if there is no such field.
func (h *hailComparison) addCalls(field int, cells []byte) {
	if field < 0 {
		return
	}
	var last []byte
	var code uint32
	for range h.samples { // Hail ignores cells beyond the samples of the header
		var cell []byte
		cell, cells, _ = bytes.Cut(cells, []byte("\t"))
		if gt := part(cell, field); last == nil || !bytes.Equal(gt, last) {
			last, code = gt, h.feed.code(gt)
		}
		h.feed.addRun(code)
	}
}

// haploidCalls counts the haploid calls of the record at hand, and those of the
// reference among them.
func (h *hailComparison) haploidCalls() (haploid, reference int64) {
	for _, run := range h.feed.runs {
		if c := &h.feed.calls[run.Code]; c.Called && len(c.Alleles) == 1 {
			haploid += int64(run.N)
			if c.NAlt == 0 {
				reference += int64(run.N)
			}
		}
	}
	return haploid, reference
}

// matchVariant compares the record at hand with those expected of its key. Of
// several, in an order of Hail's own, it takes the first that is equal.
func (h *hailComparison) matchVariant(key string) {
	candidates, compared := h.expected[key], h.compared
	var differ []string
	for i, want := range candidates {
		h.compared = compared
		h.compareVariant(&h.feed.out, want)
		differ, h.differ = h.differ, nil
		if len(differ) == 0 {
			h.expected[key] = slices.Concat(candidates[:i], candidates[i+1:])
			return
		}
	}
	h.t.Errorf("%s: %d records expected, the last of which differs: %s", key, len(candidates), strings.Join(differ, "; "))
}

// integers are the values of a declared field, nil where the record has none.
func (h *hailComparison) integers(id string, format []string, cells []byte) []int32 {
	field := slices.Index(format, id)
	if field < 0 || !h.declared[id] {
		return nil
	}
	values := make([]int32, len(h.samples))
	for i := range values {
		var cell []byte
		cell, cells, _ = bytes.Cut(cells, []byte("\t"))
		values[i] = Missing
		if v, err := strconv.ParseInt(string(part(cell, field)), 10, 32); err == nil {
			values[i] = int32(v)
		}
	}
	return values
}

// compareVariant compares a record. Where it has haploid calls Hail is known to
// differ: all of them are het and non-reference to it, and in its HWE counts.
func (h *hailComparison) compareVariant(got *VariantQC, want hailVariant) {
	haploid, haploidRef := h.haploidCalls()
	h.check("n_called", float64(got.NCalled), want.NCalled)
	h.check("n_not_called", float64(got.NNotCalled), want.NNotCalled)
	h.check("n_filtered", float64(got.NFiltered), want.NFiltered)
	h.check("n_het", float64(got.NHet+haploid), want.NHet)
	h.check("n_non_ref", float64(got.NNonRef+haploidRef), want.NNonRef)
	h.check("call_rate", got.CallRate, want.CallRate)
	h.check("AN", float64(got.AN), want.AN)
	compareSlices(h, "AC", got.AC, want.AC)
	compareSlices(h, "AF", got.AF, want.AF)
	compareSlices(h, "homozygote_count", got.HomozygoteCount, want.Homs)

	hwe := hweResult{got.HetFreqHWE, got.PValueHWE, got.PValueExcessHet}
	if haploid > 0 && len(got.AC) == 2 {
		homRef, homAlt := int64(got.HomozygoteCount[0]), int64(got.HomozygoteCount[1])
		hwe = testHWE(homRef, int64(got.AC[1])-2*homAlt, homAlt)
	}
	h.check("het_freq_hwe", hwe.hetFreq, want.HetFreqHWE)
	h.check("p_value_hwe", hwe.twoSided, want.PValueHWE)
	h.check("p_value_excess_het", hwe.excessHet, want.PExcessHet)
	h.compareStats("DP", got.DP, want.DP)
	h.compareStats("GQ", got.GQ, want.GQ)
}

func compareSlices[T int32 | float64](h *hailComparison, what string, got []T, want []number) {
	if len(got) != len(want) {
		h.differ = append(h.differ, fmt.Sprintf("%s: got %v, want %v", what, got, want))
		return
	}
	for i := range got {
		h.check(what, float64(got[i]), want[i])
	}
}

func (h *hailComparison) compareStats(id string, got Stats, want *hailStats) {
	if (want != nil) != h.declared[id] {
		h.differ = append(h.differ, fmt.Sprintf("%s: expected %v, declared %v", id, want, h.declared[id]))
		return
	}
	if want == nil {
		return
	}
	least, most := math.NaN(), math.NaN()
	if got.N > 0 {
		least, most = float64(got.Min), float64(got.Max)
	}
	h.check(id, got.Mean(), want.Mean)
	h.check(id, got.Stdev(), want.Stdev)
	h.check(id, least, want.Min)
	h.check(id, most, want.Max)
}

func (h *hailComparison) compareSamples() {
	expected := readExpected[hailSample](h.t, h.name+".sample_qc.ndjson.gz")
	if len(expected) != len(h.samples) {
		h.t.Fatalf("%d samples, %d expected", len(h.samples), len(expected))
	}
	for _, want := range expected { // Hail sorts some files by name
		h.compareSample(h.feed.qc.Tally().Sample(slices.Index(h.samples, want.ID)), want)
		if len(h.differ) > 0 {
			h.t.Errorf("%s: %s", want.ID, strings.Join(h.differ, "; "))
			h.differ = nil
		}
	}
}

func (h *hailComparison) compareSample(got SampleQC, want hailSample) {
	h.check("call_rate", got.CallRate, want.CallRate)
	h.check("n_called", float64(got.NCalled), want.NCalled)
	h.check("n_not_called", float64(got.NNotCalled), want.NNotCalled)
	h.check("n_filtered", float64(got.NFiltered), want.NFiltered)
	h.check("n_hom_ref", float64(got.NHomRef), want.NHomRef)
	h.check("n_het", float64(got.NHet), want.NHet)
	h.check("n_hom_var", float64(got.NHomVar), want.NHomVar)
	h.check("n_non_ref", float64(got.NNonRef), want.NNonRef)
	h.check("n_singleton", float64(got.NSingleton), want.NSingleton)
	h.check("n_snp", float64(got.NSNP), want.NSNP)
	h.check("n_insertion", float64(got.NInsertion), want.NInsertion)
	h.check("n_deletion", float64(got.NDeletion), want.NDeletion)
	h.check("n_transition", float64(got.NTransition), want.NTransition)
	h.check("n_transversion", float64(got.NTransversion), want.NTransversion)
	h.check("n_star", float64(got.NStar), want.NStar)
	h.check("r_ti_tv", got.RTiTv, want.RTiTv)
	h.check("r_het_hom_var", got.RHetHomVar, want.RHetHomVar)
	h.check("r_insertion_deletion", got.RInsertionDeletion, want.RInsertionDeletion)
	h.compareStats("DP", got.DP, want.DP)
	h.compareStats("GQ", got.GQ, want.GQ)
}

func (h *hailComparison) check(what string, got float64, want number) {
	h.compared++
	if !near(got, float64(want)) {
		h.differ = append(h.differ, fmt.Sprintf("%s: got %v, want %v", what, got, want))
	}
}
