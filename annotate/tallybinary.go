package annotate

import (
	"encoding/binary"
	"fmt"
)

// The binary form of a Tally is tallyMagic and then integers, little-endian and
// of 64 bits each:
//
//	samples, records
//	counters of each sample, in the order of type counter
//	DP: records, and if there are any, an array over the samples each of
//	    missing, sum, sqHi, sqLo, min, max
//	GQ: the same
const tallyMagic = "varlakeT"

// integer is what a Tally is made of.
type integer interface{ int64 | uint64 | int32 }

// MarshalBinary returns the binary form of t: 8 bytes for each of 9 counters a
// sample, and of 6 more for DP and GQ each where there are any. It never fails.
func (t *Tally) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// AppendBinary appends the binary form of t to b. It never fails.
func (t *Tally) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, tallyMagic...)
	b = appendIntegers(b, []int64{int64(len(t.counts)), t.Records})
	for i := range t.counts {
		b = appendIntegers(b, t.counts[i][:])
	}
	b = t.dp.append(b)
	return t.gq.append(b), nil
}

func (f *fieldTally) append(b []byte) []byte {
	b = appendIntegers(b, []int64{f.records})
	if f.records == 0 {
		return b
	}
	b = appendIntegers(b, f.missing)
	b = appendIntegers(b, f.sum)
	b = appendIntegers(b, f.sqHi)
	b = appendIntegers(b, f.sqLo)
	b = appendIntegers(b, f.min)
	return appendIntegers(b, f.max)
}

func appendIntegers[T integer](b []byte, values []T) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// UnmarshalBinary sets t from its binary form. It returns an ErrTally, and
// leaves t as it was, if data is anything else.
func (t *Tally) UnmarshalBinary(data []byte) error {
	if len(data) < len(tallyMagic) || string(data[:len(tallyMagic)]) != tallyMagic {
		return fmt.Errorf("%w: does not begin with %q", ErrTally, tallyMagic)
	}
	r := tallyReader{rest: data[len(tallyMagic):]}
	samples := r.count()
	if samples > int64(len(r.rest)/8) {
		return fmt.Errorf("%w: %d samples in %d bytes", ErrTally, samples, len(data))
	}
	u := NewTally(int(samples))
	u.Records = r.count()
	u.touch(0, int(samples))
	for i := range u.counts {
		readIntegers(&r, u.counts[i][:])
	}
	u.dp.read(&r, int(samples))
	u.gq.read(&r, int(samples))
	if r.failed || len(r.rest) > 0 {
		return fmt.Errorf("%w: %d bytes are not a whole tally of %d samples", ErrTally, len(data), samples)
	}
	*t = *u
	return nil
}

func (f *fieldTally) read(r *tallyReader, samples int) {
	records := r.count()
	if records == 0 || r.failed {
		return
	}
	f.grow(samples)
	f.records = records
	readIntegers(r, f.missing)
	readIntegers(r, f.sum)
	readIntegers(r, f.sqHi)
	readIntegers(r, f.sqLo)
	readIntegers(r, f.min)
	readIntegers(r, f.max)
}

// tallyReader takes integers off the front of rest. Once it has failed, all
// further integers are zero.
type tallyReader struct {
	rest   []byte
	failed bool
}

// count takes an integer that can't be negative.
func (r *tallyReader) count() int64 {
	var v [1]int64
	readIntegers(r, v[:])
	if v[0] < 0 {
		r.failed = true
		return 0
	}
	return v[0]
}

func readIntegers[T integer](r *tallyReader, values []T) {
	if r.failed = r.failed || len(r.rest) < 8*len(values); r.failed {
		return
	}
	for i := range values {
		v := binary.LittleEndian.Uint64(r.rest[8*i:])
		values[i] = T(v)
		if uint64(values[i]) != v { // an int32 that is none
			r.failed = true
		}
	}
	r.rest = r.rest[8*len(values):]
}
