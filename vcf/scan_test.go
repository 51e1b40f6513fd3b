package vcf

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAppendRun(t *testing.T) {
	var runs []Run
	for _, run := range []Run{{1, 2}, {1, 3}, {2, 0}, {1, 1}, {2, 1}, {1, 4}} {
		runs = AppendRun(runs, run.Code, run.N)
	}
	if want := []Run{{1, 6}, {2, 1}, {1, 4}}; !slices.Equal(runs, want) {
		t.Errorf("runs %v, want %v", runs, want)
	}
}

func TestAppendRuns(t *testing.T) {
	line := func(texts ...string) string { return strings.Join(texts, "\t") }
	many := func(n int, text string) string { return line(slices.Repeat([]string{text}, n)...) }
	tests := []struct {
		name, samples string
		want          []Run
	}{
		{"no samples", "", nil},
		{"one sample", "0|0", []Run{{0, 1}}},
		{"two", "0|0\t0|1", []Run{{0, 1}, {1, 1}}},
		{"two empty cells", "\t", []Run{{0, 2}}},
		{"empty cell at the end", "0|0\t", []Run{{0, 1}, {1, 1}}},
		{"empty cell at the start", "\t0|0", []Run{{0, 1}, {1, 1}}},
		{"a cohort of one genotype", many(2504, "0|0"), []Run{{0, 2504}}},
		{"haploid", many(77, "0"), []Run{{0, 77}}},
		{"tetraploid", many(77, "0/0/0/1"), []Run{{0, 77}}},
		{"hexaploid", many(77, "0/0/0/0/0/1"), []Run{{0, 77}}},
		{"one carrier", line(many(1000, "0|0"), "1|0", many(1503, "0|0")), []Run{{0, 1000}, {1, 1}, {0, 1503}}},
		{"males and females", line(many(40, "0|0"), many(50, "0"), "0|1", "1"), []Run{{0, 40}, {1, 50}, {2, 1}, {3, 1}}},
		{"cells like words of haploid cells", line(many(20, "0|0"), many(41, "0")), []Run{{0, 20}, {1, 41}}},
		{"other bytes", line(many(20, "0|0"), many(20, "\x00\x00\x00"), many(20, "0|0")), []Run{{0, 20}, {1, 20}, {0, 20}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var table CallTable
			runs, cells := table.AppendRuns(nil, []byte(test.samples))
			if !slices.Equal(runs, test.want) {
				t.Errorf("runs %v, want %v", runs, test.want)
			}
			if cells != total(test.want) {
				t.Errorf("%d cells, want %d", cells, total(test.want))
			}
			compare(t, test.samples)
		})
	}
}

func TestAppendRunsLeavesEarlierRuns(t *testing.T) {
	var table CallTable
	for _, room := range []int{1, 2, 3, 100} {
		runs := append(make([]Run, 0, room), Run{Code: table.Intern([]byte("0|0")), N: 5})
		runs, cells := table.AppendRuns(runs, []byte(strings.Repeat("0|0\t", 50)+"0|0"))
		if want := []Run{{0, 5}, {0, 51}}; !slices.Equal(runs, want) || cells != 51 {
			t.Errorf("runs %v of %d cells, want %v", runs, cells, want)
		}
	}
}

// TestAppendRunsExhaustive puts every combination of a few bytes at every place
// of lines that are otherwise uniform: wherever blocks begin and end.
func TestAppendRunsExhaustive(t *testing.T) {
	for _, line := range []string{
		strings.Repeat("0|0\t", 18) + "0|0",
		strings.Repeat("0\t", 36) + "0",
		strings.Repeat("0/0/0/0\t", 9) + "0/0/0/0",
		strings.Repeat("\t", 73),
	} {
		window := make([]byte, 3)
		for at := range len(line) - len(window) {
			var table CallTable
			var plain plainTable
			eachText([]byte("01|\t"), window, func() {
				samples := line[:at] + string(window) + line[at+len(window):]
				compareIn(t, &table, &plain, samples)
			})
			if t.Failed() {
				return
			}
		}
	}
}

func TestAppendRunsProperties(t *testing.T) {
	cell := rapid.OneOf(
		rapid.SampledFrom([]string{"0|0", "0|1", "1|0", "1|1", ".|.", "0/0", "0", "1", ".", ""}),
		rapid.SampledFrom([]string{"0|10", "0/0/0/0", "0/0/1/1", "|0|1", "0/0/0/0/0/0", "0/0/0/0/0/1", "0|0:1", "10"}),
		rapid.StringMatching(`[^\t]{0,9}`),
	)
	stretch := rapid.Custom(func(t *rapid.T) []string {
		n := rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 40)).Draw(t, "n")
		return slices.Repeat([]string{cell.Draw(t, "text")}, n)
	})
	rapid.Check(t, func(t *rapid.T) {
		cells := slices.Concat(rapid.SliceOf(stretch).Draw(t, "stretches")...)
		compare(t, strings.Join(cells, "\t"))
	})
}

// Codes give the runs that AppendRun gives, one by one.
func TestAppendCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.SliceOf(rapid.Uint32Range(0, 2)).Draw(t, "codes")
		before := []Run{{1, 2}}
		want := []Run{}
		for _, code := range codes {
			want = AppendRun(want, code, 1)
		}
		if got := AppendCodes(before, codes); !slices.Equal(got, slices.Concat(before, want)) {
			t.Errorf("%v: runs %v, want %v behind %v", codes, got, want, before)
		}
	})
}

func TestAppendRunsDoesNotAllocate(t *testing.T) {
	for _, kind := range cohorts {
		var table CallTable
		line := kind.line(1)
		runs, _ := table.AppendRuns(nil, line)
		// Scanning leaves room behind the runs: what a line needs, it needs again.
		if n := testing.AllocsPerRun(10, func() { runs, _ = table.AppendRuns(runs[:0], line) }); n != 0 {
			t.Errorf("%s: %v allocations", kind.name, n)
		}
	}
}

// FuzzScan compares lines of any bytes.
func FuzzScan(f *testing.F) {
	for _, kind := range cohorts {
		f.Add(kind.line(1)[:300])
	}
	f.Add([]byte("\t\t0|0\t\x00\x00\x00\t\x00\x00\x00\x00\t\n\r"))
	f.Fuzz(func(t *testing.T, samples []byte) { compare(t, string(samples)) })
}

// FuzzScanCells compares lines of likely cells: a byte of the input is a cell, so
// that the fuzzer soon has lines of many.
func FuzzScanCells(f *testing.F) {
	texts := []string{"0|0", "0|1", "1|0", "1|1", "0", "1", ".", "", "0|10", "0/0/0/0", "0/0/0/1", "0/0/0/0/0/0", "ab", "a", "\x00|\x00", "\x00"}
	f.Add([]byte{0, 255, 255, 1, 4, 8}, true)
	f.Fuzz(func(t *testing.T, input []byte, long bool) {
		var cells []string
		for _, b := range input {
			n := 1
			if long {
				n += int(b >> 4)
			}
			cells = append(cells, slices.Repeat([]string{texts[b&15]}, n)...)
		}
		compare(t, strings.Join(cells, "\t"))
	})
}

func compare(t rapid.TB, samples string) {
	t.Helper()
	var table CallTable
	var plain plainTable
	compareIn(t, &table, &plain, samples)
	compareIn(t, &table, &plain, samples) // all texts known now
}

func compareIn(t rapid.TB, table *CallTable, plain *plainTable, samples string) {
	t.Helper()
	want, wantCells := plain.runs(samples)
	got, cells := table.AppendRuns(nil, []byte(samples))
	if cells != wantCells || !slices.Equal(got, want) {
		t.Fatalf("%q:\n got %v of %d cells\nwant %v of %d", samples, got, cells, want, wantCells)
	}
	var texts []string
	for _, call := range table.Calls() {
		texts = append(texts, call.Text)
	}
	if !reflect.DeepEqual(texts, plain.texts) {
		t.Fatalf("%q:\n got texts %q\nwant %q", samples, texts, plain.texts)
	}
}

func total(runs []Run) int {
	n := 0
	for _, run := range runs {
		n += int(run.N)
	}
	return n
}

// cohort is a kind of record of 2,504 samples: the first text is the common one,
// the others have a share of the cells.
type cohort struct {
	name  string
	share float64
	texts []string
}

var cohorts = []cohort{
	{"all reference", 0, []string{"0|0"}},
	{"rare", 0.001, []string{"0|0", "0|1", "1|0"}},
	{"low frequency", 0.02, []string{"0|0", "0|1", "1|0"}},
	{"frequency 5%", 0.1, []string{"0|0", "0|1", "1|0"}},
	{"dense", 0.75, []string{"0|0", "0|1", "1|0", "1|1"}},
	{"haploid dense", 0.5, []string{"0", "1"}},
	{"X chromosome", 0.5, []string{"0|0", "0"}},
	{"multiallelic", 0.5, []string{"0|0", "0|10", "11|1", "1|0"}},
	{"tetraploid rare", 0.01, []string{"0/0/0/0", "0/0/0/1"}},
	{"tetraploid dense", 0.5, []string{"0/0/0/0", "0/0/0/1", "0/0/1/1"}},
	{"hexaploid dense", 0.5, []string{"0/0/0/0/0/0", "0/0/0/0/0/1"}},
}

const samples2504 = 2504

func (c cohort) line(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	var line []byte
	for range samples2504 {
		text := c.texts[0]
		if random.Float64() < c.share {
			text = c.texts[1+random.IntN(len(c.texts)-1)]
		}
		line = append(append(line, text...), '\t')
	}
	return line[:len(line)-1]
}

func BenchmarkAppendRuns(b *testing.B) {
	const lines = 64 // enough that no branch is learnt by heart
	for _, kind := range cohorts {
		b.Run(kind.name, func(b *testing.B) {
			var records [lines][]byte
			for i := range records {
				records[i] = kind.line(uint64(i))
			}
			var table CallTable
			var runs []Run
			b.SetBytes(int64(len(records[0])))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				runs, _ = table.AppendRuns(runs[:0], records[i%lines])
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/samples2504, "ns/cell")
		})
	}
}
