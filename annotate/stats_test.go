package annotate

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestStats(t *testing.T) {
	tests := []struct {
		name        string
		values      []int32
		mean, stdev float64
		min, max    int32
	}{
		{"nothing", nil, math.NaN(), math.NaN(), 0, 0},
		{"one value", []int32{7}, 7, 0, 7, 7},
		{"deviation of the population, not of a sample", []int32{2, 4, 4, 4, 5, 5, 7, 9}, 5, 2, 2, 9},
		{"negative values", []int32{-1, -3}, -2, 1, -3, -1},
		{"no minimum of 0 where there is none", []int32{5, 3}, 4, 1, 3, 5},
		{"extremes", []int32{math.MaxInt32, -math.MaxInt32}, 0, math.MaxInt32, -math.MaxInt32, math.MaxInt32},
		{"digits that floating point would lose", []int32{2_000_000_000, 2_000_000_002}, 2_000_000_001, 1, 2_000_000_000, 2_000_000_002},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s Stats
			for _, v := range test.values {
				s.Add(v)
			}
			if !near(s.Mean(), test.mean) || !near(s.Stdev(), test.stdev) || s.Min != test.min || s.Max != test.max {
				t.Errorf("got mean %v, stdev %v, %d to %d; want %v, %v, %d to %d",
					s.Mean(), s.Stdev(), s.Min, s.Max, test.mean, test.stdev, test.min, test.max)
			}
			if s.N != int64(len(test.values)) {
				t.Errorf("got %d values, want %d", s.N, len(test.values))
			}
		})
	}
}

func TestStatsAreExactInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Int32Min(math.MinInt32+1)).Draw(t, "values")
		split := rapid.IntRange(0, len(values)).Draw(t, "split")

		var whole, left, right Stats
		sum, squares := new(big.Int), new(big.Int)
		for i, v := range values {
			whole.Add(v)
			if i < split {
				left.Add(v)
			} else {
				right.Add(v)
			}
			b := big.NewInt(int64(v))
			sum.Add(sum, b)
			squares.Add(squares, b.Mul(b, b))
		}
		right.Merge(left)
		if right != whole {
			t.Fatalf("merged %+v, whole %+v", right, whole)
		}
		got := new(big.Int).SetUint64(whole.SumSqHi)
		got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(whole.SumSqLo))
		if whole.Sum != sum.Int64() || got.Cmp(squares) != 0 {
			t.Fatalf("sums %d and %v, want %v and %v", whole.Sum, got, sum, squares)
		}
		if len(values) > 0 && (whole.Min != slices.Min(values) || whole.Max != slices.Max(values)) {
			t.Fatalf("from %d to %d", whole.Min, whole.Max)
		}
	})
}

// The tally of a field keeps what Stats of each sample, and of each record, would.
func TestFieldTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const samples = 3
		value := rapid.OneOf(rapid.Just(int32(Missing)), rapid.Int32Range(-3, 100), rapid.Int32Min(math.MaxInt32-2))
		record := rapid.OneOf(rapid.Just([]int32(nil)), rapid.SliceOfN(value, samples, samples))
		records := rapid.SliceOf(record).Draw(t, "records")

		var whole, part, merged fieldTally
		var want [samples]Stats
		for i, values := range records {
			var wantRecord Stats
			for s, v := range values {
				if v != Missing {
					want[s].Add(v)
					wantRecord.Add(v)
				}
			}
			if got := whole.add(values); got != wantRecord {
				t.Fatalf("record %d: got %+v, want %+v", i, got, wantRecord)
			}
			if i%2 == 0 {
				merged.add(values)
			} else {
				part.add(values)
			}
		}
		merged.merge(&part)
		for s := range samples {
			if whole.sample(s) != want[s] || merged.sample(s) != want[s] {
				t.Fatalf("sample %d: got %+v, merged %+v, want %+v", s, whole.sample(s), merged.sample(s), want[s])
			}
		}
	})
}
