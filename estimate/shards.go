package estimate

import (
	"math"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
)

// Shards are the slices that an export with --shards makes of the inputs.
type Shards struct {
	Count   int     `json:"count"`
	Empty   int     `json:"empty"`      // that have no work: no block of BGZF, and no other file, begins in them
	Mean    int64   `json:"bytes_mean"` // of the inputs, over the shards that have work
	Largest int64   `json:"bytes_most"` // of the inputs
	Minutes float64 `json:"minutes"`    // of the largest, on 2 vCPUs
}

// Batch is what to ask of AWS Batch.
type Batch struct {
	ArraySize  int     `json:"array_size"`   // shards; 1: one job that is no array
	VCPUs      int     `json:"vcpus"`        // of a job
	Memory     int64   `json:"memory_bytes"` // --memory
	JobMemory  int64   `json:"job_memory_bytes"`
	CPUSeconds int64   `json:"cpu_seconds"` // of all jobs, on the machine of docs/performance.md
	Minutes    float64 `json:"minutes"`     // of each job
	MostUseful int64   `json:"most_useful"` // shards that could have work
}

// What an export costs, fitted to the cohorts of docs/performance.md (genotypes alone, GT:AD:DP:GQ:PL, sites, one sample), which it meets within 16 %.
const (
	secondsPerText    = 1.7e-9
	secondsPerWritten = 28e-9
	secondsPerRecord  = 0.85e-6
)

// What a job is given.
const (
	jobVCPUs   = 2
	jobMinutes = 15 // aimed at: long beside the start of a machine, short beside the life of one on Spot
	// slower is how much longer a job may take than those cores: a vCPU is a thread of a core, and not all steps use both.
	slower = 2
	// maxArray is the largest array job (AWS Batch user guide, "Array jobs").
	maxArray = 10_000
)

// work is what an export has to do.
type work struct{ records, text, written int64 }

// seconds are of CPU.
func (w work) seconds() float64 {
	return float64(w.text)*secondsPerText + float64(w.written)*secondsPerWritten + float64(w.records)*secondsPerRecord
}

// minutes are those of a job that has this share of the work.
func (w work) minutes(share float64) float64 {
	return w.seconds() * share * slower / jobVCPUs / 60
}

// batch says what to ask for.
func batch(w work, s *sample, largest, memory int64) Batch {
	b := Batch{VCPUs: jobVCPUs, CPUSeconds: int64(math.Ceil(w.seconds())), MostUseful: max(1, s.pieces())}
	b.ArraySize = int(min(maxArray, b.MostUseful, max(1, int64(math.Ceil(w.minutes(1)/jobMinutes)))))
	b.Minutes = w.minutes(1 / float64(b.ArraySize))
	const gib = 1 << 30
	// A line may have a quarter of the memory; half as much again is for one that the sample did not meet.
	b.Memory = max(memory, ceil(6*largest, gib)*gib)
	b.JobMemory = 2 * b.Memory // the collector's limit is seven eighths of --memory; the rest is the cache of files and what the system takes
	return b
}

// shards cuts the inputs as an export does: cut k is at total*k/n, moved up to a block of BGZF, or to the end of a file that is something else. Where blocks begin is not looked up: a cut in BGZF is taken where
// it is, and how many slices hold no block follows from the sizes of those in the sample.
func shards(survey *export.Survey, s *sample, n int, w work) Shards {
	cuts := newCutter(survey.Inputs, s)
	found := Shards{Count: n}
	empty := 0.0
	from, _ := cuts.move(0)
	for k := range n {
		to, inBlocks := cuts.move(share(s.total, int64(k+1), n))
		if k+1 == n {
			to, inBlocks = s.total, false
		}
		switch slice := to - from; {
		case slice == 0:
			empty++
		case inBlocks:
			empty += cuts.noBlock(slice)
		}
		found.Largest = max(found.Largest, to-from)
		from = to
	}
	found.Empty = min(int(math.Round(empty)), n-1)
	found.Mean = s.total / int64(n-found.Empty)
	found.Largest = max(found.Largest, found.Mean)
	if s.total > 0 {
		found.Minutes = w.minutes(float64(found.Largest) / float64(s.total))
	}
	return found
}

// cutter moves cuts, which must come in order.
type cutter struct {
	inputs []export.Surveyed
	blocks []int // sizes in the file
	bytes  float64
	input  int
	before int64 // bytes before the input
}

func newCutter(inputs []export.Surveyed, s *sample) *cutter {
	c := &cutter{inputs: inputs}
	for _, w := range s.windows {
		c.blocks = append(c.blocks, w.blocks...)
	}
	for _, size := range c.blocks {
		c.bytes += float64(size)
	}
	return c
}

// move returns where a cut comes to be, and whether that is in BGZF.
func (c *cutter) move(cut int64) (at int64, inBlocks bool) {
	for c.input < len(c.inputs)-1 && cut >= c.before+c.inputs[c.input].Size {
		c.before += c.inputs[c.input].Size
		c.input++
	}
	in := c.inputs[c.input]
	if in.Format == bgzf.BGZF || cut == c.before {
		return cut, in.Format == bgzf.BGZF
	}
	return c.before + in.Size, false
}

// noBlock is the chance that no block begins in so many bytes of BGZF: of every block, what is longer than the slice.
func (c *cutter) noBlock(slice int64) float64 {
	if c.bytes == 0 {
		return 0
	}
	var beyond float64
	for _, size := range c.blocks {
		beyond += max(0, float64(size)-float64(slice))
	}
	return beyond / c.bytes
}
