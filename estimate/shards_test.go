package estimate

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
)

// TestEmptyShards compares how many shards are said to be empty with a look at every cut.
func TestEmptyShards(t *testing.T) {
	var text []byte
	random := rand.New(rand.NewPCG(3, 4))
	for range 2_000_000 {
		text = append(text, "ACGT\t01"[random.IntN(7)])
	}
	var out bytes.Buffer
	w := bgzf.NewWriter(&out, 2)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := out.Bytes()
	size := int64(len(file))
	var blocks []int
	if err := bgzf.ReadBlocks(bytes.NewReader(file), size, 0, func(b bgzf.Block) bool {
		blocks = append(blocks, b.Size)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	inputs := surveyed(size, 5000, size, size)
	inputs[1].Format = bgzf.Text
	starts := []int64{0, size, size + 5000, 2*size + 5000}
	s := &sample{total: 3*size + 5000, windows: []*window{{blocks: blocks}}}
	move := func(cut int64) int64 {
		i := len(starts) - 1
		for starts[i] > cut {
			i--
		}
		if cut == starts[i] {
			return cut
		}
		if inputs[i].Format == bgzf.Text {
			return starts[i] + inputs[i].Size
		}
		at, err := bgzf.NextBlock(bytes.NewReader(file), size, cut-starts[i])
		if err != nil {
			t.Fatal(err)
		}
		return starts[i] + at
	}
	for _, n := range []int{1, 2, 3, 7, 50, 91, 200, 1000} {
		empty, from := 0, int64(0)
		for k := range n {
			to := s.total
			if k+1 < n {
				to = move(share(s.total, int64(k+1), n))
			}
			if to == from {
				empty++
			}
			from = to
		}
		got := shards(&export.Survey{Inputs: inputs}, s, n, work{})
		if off := got.Empty - empty; max(off, -off) > 2+n/25 {
			t.Errorf("%d shards over %d blocks: %d are said to be empty, truly %d", n, 3*len(blocks), got.Empty, empty)
		}
	}
}

// TestWholeFiles: what is not BGZF is not cut.
func TestWholeFiles(t *testing.T) {
	inputs := surveyed(100, 100, 800)
	for i := range inputs {
		inputs[i].Format = bgzf.Gzip
	}
	s := &sample{total: 1000}
	for _, tt := range []struct {
		n, empty int
		largest  int64
	}{{1, 0, 1000}, {2, 1, 1000}, {5, 3, 800}, {10, 7, 800}, {1000, 997, 800}} {
		got := shards(&export.Survey{Inputs: inputs}, s, tt.n, work{})
		if got.Empty != tt.empty || got.Largest != tt.largest {
			t.Errorf("%d shards: %d empty, the largest %d; want %d, %d", tt.n, got.Empty, got.Largest, tt.empty, tt.largest)
		}
	}
}

// TestCost compares the model with docs/performance.md: seconds of CPU that were measured, for text, output and records that were counted.
func TestCost(t *testing.T) {
	for name, tt := range map[string]struct {
		work
		seconds float64
	}{
		"phase 3": {work{50_000, 508_351_750, 6_650_000}, 1.06},
		"GATK":    {work{20_000, 103_056_803, 23_560_000}, 1.01},
		"sites":   {work{1_000_000, 392_615_861, 57_850_000}, 2.97},
		"single":  {work{2_000_000, 412_347_605, 58_130_000}, 4.13},
	} {
		if got := tt.work.seconds(); got/tt.seconds < 0.8 || got/tt.seconds > 1.2 {
			t.Errorf("%s: %.2f s, measured %.2f", name, got, tt.seconds)
		}
	}
}

func TestBatch(t *testing.T) {
	blocks := &sample{bytes: map[bgzf.Format]int64{bgzf.BGZF: 1 << 40}, windows: []*window{{blocks: []int{20_000}}}}
	few := &sample{wholeFiles: 3}
	huge := work{84_700_000, 850 << 30, 15 << 30} // 1000 Genomes
	for name, tt := range map[string]struct {
		work
		*sample
		largest int64
		array   [2]int // at least, at most
		memory  int64
	}{
		"small":             {work{1000, 1 << 20, 1 << 20}, blocks, 100, [2]int{1, 1}, 1 << 30},
		"1000 Genomes":      {huge, blocks, 10_000, [2]int{1, 10}, 1 << 30},
		"three files":       {work{1 << 40, 1 << 50, 1 << 45}, few, 10_000, [2]int{3, 3}, 1 << 30},
		"beyond all arrays": {work{1 << 42, 1 << 53, 1 << 46}, blocks, 10_000, [2]int{maxArray, maxArray}, 1 << 30},
		"long records":      {huge, blocks, 400 << 20, [2]int{1, 10}, 3 << 30},
	} {
		b := batch(tt.work, tt.sample, tt.largest, 1<<30)
		if b.ArraySize < tt.array[0] || b.ArraySize > tt.array[1] || b.Memory != tt.memory || b.JobMemory < b.Memory {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
