package annotate

import (
	"math"
	"math/bits"
)

// Missing stands for an absent value among the DP and GQ values given to
// QC.Record. VCF reserves it (VCF 4.5 section 1.3).
const Missing = math.MinInt32

// Stats is a summary of integers as hl.agg.stats gives it. Its sums are exact
// integers, so summaries merge to the same result in any order. The zero value
// is the summary of nothing. It holds fewer than 2^32 values.
type Stats struct {
	N                int64  // count of values
	Sum              int64  // of the values
	SumSqHi, SumSqLo uint64 // of their squares, 128 bits
	Min, Max         int32  // 0 where N is 0
}

// Add counts a value.
func (s *Stats) Add(v int32) {
	if s.N == 0 {
		s.Min, s.Max = v, v
	}
	s.N++
	s.Sum += int64(v)
	s.Min, s.Max = min(s.Min, v), max(s.Max, v)
	s.addSquares(0, square(v))
}

// Merge counts the values of o.
func (s *Stats) Merge(o Stats) {
	switch {
	case o.N == 0:
		return
	case s.N == 0:
		*s = o
		return
	}
	s.N += o.N
	s.Sum += o.Sum
	s.Min, s.Max = min(s.Min, o.Min), max(s.Max, o.Max)
	s.addSquares(o.SumSqHi, o.SumSqLo)
}

func (s *Stats) addSquares(hi, lo uint64) {
	var carry uint64
	s.SumSqLo, carry = bits.Add64(s.SumSqLo, lo, 0)
	s.SumSqHi, _ = bits.Add64(s.SumSqHi, hi, carry)
}

func square(v int32) uint64 { return uint64(int64(v) * int64(v)) }

// Mean is the mean, NaN where there are no values.
func (s Stats) Mean() float64 { return float64(s.Sum) / float64(s.N) }

// Stdev is the standard deviation of the population (divided by N, as Hail
// does, not by N-1), NaN where there are no values. The difference N*sum(v²) -
// sum(v)², where digits get lost in floating point, is exact.
func (s Stats) Stdev() float64 {
	if s.Min == s.Max && s.N > 0 { // the difference is 0
		return 0
	}
	sum := uint64(max(s.Sum, -s.Sum))
	sumHi, sumLo := bits.Mul64(sum, sum)
	hi, lo := bits.Mul64(s.SumSqLo, uint64(s.N))
	hi += s.SumSqHi * uint64(s.N)

	lo, borrow := bits.Sub64(lo, sumLo, 0)
	hi, _ = bits.Sub64(hi, sumHi, borrow)
	return math.Sqrt(float64(hi)*0x1p64+float64(lo)) / float64(s.N)
}

// fieldTally holds the Stats of one integer FORMAT field for every sample. It
// is a struct of arrays that counts what is missing, not what is there: the
// usual value costs two additions and two comparisons. The zero value is empty;
// the arrays come with the first record that has the field.
type fieldTally struct {
	records    int64 // records that have the field
	missing    []int64
	sum        []int64
	sqHi, sqLo []uint64
	min, max   []int32 // math.MaxInt32, math.MinInt32 where there are no values
}

func (f *fieldTally) grow(samples int) {
	f.missing = make([]int64, samples)
	f.sum = make([]int64, samples)
	f.sqHi, f.sqLo = make([]uint64, samples), make([]uint64, samples)
	f.min, f.max = make([]int32, samples), make([]int32, samples)
	f.reset()
}

func (f *fieldTally) reset() {
	f.records = 0
	clear(f.missing)
	clear(f.sum)
	clear(f.sqHi)
	clear(f.sqLo)
	for i := range f.min {
		f.min[i], f.max[i] = math.MaxInt32, math.MinInt32
	}
}

// add counts a record's values, one for each sample, and returns their Stats;
// nil is a record without the field.
func (f *fieldTally) add(values []int32) Stats {
	if len(values) == 0 {
		return Stats{}
	}
	if f.sum == nil {
		f.grow(len(values))
	}
	f.records++

	sum, sqLo := f.sum[:len(values)], f.sqLo[:len(values)]
	least, most := f.min[:len(values)], f.max[:len(values)]
	record := Stats{N: int64(len(values)), Min: math.MaxInt32, Max: math.MinInt32}
	for i, v := range values {
		if v == Missing {
			record.N--
			f.missing[i]++
			continue
		}
		var carry uint64
		sum[i] += int64(v)
		if sqLo[i], carry = bits.Add64(sqLo[i], square(v), 0); carry != 0 {
			f.sqHi[i]++
		}
		if v < least[i] {
			least[i] = v
		}
		if v > most[i] {
			most[i] = v
		}
		record.Sum += int64(v)
		record.Min, record.Max = min(record.Min, v), max(record.Max, v)
		record.addSquares(0, square(v))
	}
	if record.N == 0 {
		return Stats{}
	}
	return record
}

// merge counts the values of o, which has as many samples or none.
func (f *fieldTally) merge(o *fieldTally) {
	if o.sum == nil {
		return
	}
	if f.sum == nil {
		f.grow(len(o.sum))
	}
	f.records += o.records
	for i := range o.sum {
		var carry uint64
		f.missing[i] += o.missing[i]
		f.sum[i] += o.sum[i]
		f.sqLo[i], carry = bits.Add64(f.sqLo[i], o.sqLo[i], 0)
		f.sqHi[i] += o.sqHi[i] + carry
		f.min[i], f.max[i] = min(f.min[i], o.min[i]), max(f.max[i], o.max[i])
	}
}

// sample is the summary of one sample's values.
func (f *fieldTally) sample(i int) Stats {
	if f.sum == nil || f.records == f.missing[i] {
		return Stats{}
	}
	return Stats{
		N:       f.records - f.missing[i],
		Sum:     f.sum[i],
		SumSqHi: f.sqHi[i], SumSqLo: f.sqLo[i],
		Min: f.min[i], Max: f.max[i],
	}
}
