package annotate

import (
	"fmt"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// What the commit of a run does with the tally of each set of parts: it is read, unpacked and merged.
func BenchmarkMergeStored(b *testing.B) {
	for _, samples := range []int{2504, 100_000} {
		for _, fields := range []bool{false, true} {
			b.Run(fmt.Sprintf("samples=%d/fields=%t", samples, fields), func(b *testing.B) {
				stored := storedTally(b, samples, fields)
				decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
				if err != nil {
					b.Fatal(err)
				}
				defer decoder.Close()
				total, one := NewTally(samples), new(Tally)
				var plain []byte
				b.ReportAllocs()
				for b.Loop() {
					if plain, err = decoder.DecodeAll(stored, plain[:0]); err != nil {
						b.Fatal(err)
					}
					if err := one.UnmarshalBinary(plain); err != nil {
						b.Fatal(err)
					}
					if err := total.Merge(one); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(stored)), "stored-bytes")
			})
		}
	}
}

// storedTally is the tally of some records as _parts keeps it, with DP and GQ where fields is set.
func storedTally(b *testing.B, samples int, fields bool) []byte {
	f := newFeeder(samples, nil)
	for i := range 20 {
		r := randomRecord(samples, float64(i)/40)
		if fields {
			r.dp, r.gq = randomValues(samples, 40), randomValues(samples, 99)
		}
		f.add(r)
	}
	plain, err := f.qc.Tally().MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	return encoder.EncodeAll(plain, nil)
}
