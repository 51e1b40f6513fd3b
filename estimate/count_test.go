package estimate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/source"
)

func TestStudentT(t *testing.T) {
	// Tables of Student's distribution, 97.5 %.
	for freedom, want := range map[float64]float64{4: 2.776, 7: 2.365, 10: 2.228, 30: 2.042, 47: 2.012, 1e6: 1.960} {
		if got := studentT(freedom); math.Abs(got/want-1) > 0.01 {
			t.Errorf("%v degrees of freedom: %.4f, want %.3f", freedom, got, want)
		}
	}
}

// TestErrorIsHonest draws many samples of a population and counts how often the truth is within the error that is said: in 95 of 100, or hardly fewer, as windows that differ a lot make the interval a little narrow.
func TestErrorIsHonest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	population := make([]*window, 5000)
	var records, bytes int64
	for i := range population {
		size := 1000 + random.Int64N(3000)
		w := &window{format: bgzf.BGZF, bytes: size, records: int64(float64(size) * (0.02 + 0.03*random.Float64()))}
		population[i] = w
		records, bytes = records+w.records, bytes+w.bytes
	}
	const samples = 2000
	within := 0
	for range samples {
		s := sample{bytes: map[bgzf.Format]int64{bgzf.BGZF: bytes}}
		for range 48 {
			s.windows = append(s.windows, population[random.IntN(len(population))])
		}
		q := s.quantity(func(w *window) int64 { return w.records })
		if math.Abs(float64(q.Value-records)) <= q.Error*float64(q.Value) {
			within++
		}
	}
	if share := float64(within) / samples; share < 0.92 || share > 0.98 {
		t.Errorf("the truth is within the error of %.1f %% of the samples", 100*share)
	}
}

// TestFormatsApart: the same records take other bytes in text than in BGZF.
func TestFormatsApart(t *testing.T) {
	s := sample{bytes: map[bgzf.Format]int64{bgzf.BGZF: 1000, bgzf.Text: 50_000}, windows: []*window{
		{format: bgzf.BGZF, bytes: 100, records: 10}, {format: bgzf.BGZF, bytes: 100, records: 10},
		{format: bgzf.Text, bytes: 1000, records: 5}, {format: bgzf.Text, bytes: 1000, records: 5},
	}}
	if q := s.quantity(func(w *window) int64 { return w.records }); q.Value != 100+250 || q.Error != 0 {
		t.Errorf("%+v, want 350 without error: the windows of each format are alike", q)
	}
}

func surveyed(sizes ...int64) []export.Surveyed {
	var inputs []export.Surveyed
	for i, size := range sizes {
		inputs = append(inputs, export.Surveyed{Input: source.Input{URI: string(rune('a' + i)), Size: size}, Format: bgzf.BGZF})
	}
	return inputs
}

func TestPlaces(t *testing.T) {
	inputs := surveyed(10_000, 1, 89_999, 0, 50_000)
	const n = 48
	drawn := places(inputs, n)
	if len(drawn) != n {
		t.Fatalf("%d places, want %d", len(drawn), n)
	}
	before := []int64{0, 10_000, 10_001, 100_000, 100_000}
	for i, p := range drawn {
		at, end := before[p.input]+p.offset, before[p.input]+p.end
		if from, to := share(150_000, int64(i), n), share(150_000, int64(i+1), n); at < from || at >= to || p.offset >= inputs[p.input].Size || end > to || end <= at {
			t.Errorf("place %d is at byte %d of %d and ends at %d: its stratum is %d to %d", i, p.offset, p.input, p.end, from, to)
		}
	}
	again := places(inputs, n)
	other := places(surveyed(10_000, 1, 89_999, 0, 50_001), n)
	same := 0
	for i := range drawn {
		if drawn[i] != again[i] {
			t.Fatalf("place %d is %v and then %v", i, drawn[i], again[i])
		}
		if drawn[i] == other[i] {
			same++
		}
	}
	if same > n/4 {
		t.Errorf("%d of %d places are the same for other inputs", same, n)
	}
	if few := places(surveyed(3), n); len(few) != 3 {
		t.Errorf("%d places in three bytes", len(few))
	}
}
