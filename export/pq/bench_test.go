package pq

import (
	"math/rand/v2"
	"testing"
)

const (
	benchSamples = 2504
	benchRows    = 200
)

// sparsePage is a page of genotypes as in a population cohort: most records rare, calls in long runs, 18 cells on average.
func sparsePage(seed uint64) *Vector {
	rng := rand.New(rand.NewPCG(seed, 1))
	v := &Vector{Dict: new(Dict)}
	var ids []uint32
	for _, call := range []string{"0|0", "0|1", "1|0", "1|1"} {
		ids = append(ids, v.Dict.InternBytes([]byte(call)))
	}
	for range benchRows {
		frequency := 0.5 * rng.Float64() * rng.Float64() * rng.Float64() * rng.Float64() * rng.Float64()
		v.AddLevel(0, 3, 1)
		v.AddLevel(1, 3, benchSamples-1)
		for range benchSamples {
			call := 0
			if rng.Float64() < frequency {
				call |= 1
			}
			if rng.Float64() < frequency {
				call |= 2
			}
			v.AddRun(ids[call], 1)
		}
	}
	return v
}

// densePage is a page of read depths: a value that differs from its neighbour in every cell.
func densePage(seed uint64) *Vector {
	rng := rand.New(rand.NewPCG(seed, 2))
	v := &Vector{Dict: new(Dict)}
	for range benchRows {
		v.AddLevel(0, 3, 1)
		v.AddLevel(1, 3, benchSamples-1)
		for range benchSamples {
			v.IDs = append(v.IDs, v.Dict.InternInt32(int32(30+6*rng.NormFloat64())))
		}
	}
	return v
}

func benchmarkPage(b *testing.B, t Type, v *Vector) {
	codec := mustCodec(b)
	chunk := NewChunk(mustSchema(b, Field{Name: "x", Type: t}).Leaves()[0], Options{Codec: codec})
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		chunk.Reset()
		p := chunk.Append(v)
		if err := p.Encode(); err != nil {
			b.Fatal(err)
		}
		if err := chunk.Finish(); err != nil {
			b.Fatal(err)
		}
		size = chunk.pages[0].stored.size()
	}
	cells := float64(benchSamples * benchRows)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cells, "ns/cell")
	b.ReportMetric(float64(size), "page-bytes")
	b.ReportMetric(float64(len(v.Runs))/benchRows, "runs/row")
}

func BenchmarkPageSparse(b *testing.B) { benchmarkPage(b, "array<string>", sparsePage(1)) }
func BenchmarkPageDense(b *testing.B)  { benchmarkPage(b, "array<int>", densePage(1)) }

func BenchmarkInternInt32(b *testing.B) {
	var d Dict
	values := make([]int32, 1<<12)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range values {
		values[i] = int32(30 + 6*rng.NormFloat64())
	}
	b.SetBytes(int64(4 * len(values)))
	b.ReportAllocs()
	for b.Loop() {
		for _, x := range values {
			d.InternInt32(x)
		}
	}
}

func BenchmarkInternBytes(b *testing.B) {
	var d Dict
	texts := [][]byte{[]byte("0|0"), []byte("0|1"), []byte("PASS"), []byte("rs123456")}
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range texts {
			d.InternBytes(s)
		}
	}
}

// BenchmarkNarrow encodes a column of a row group: 120,000 numbers that nearly all differ.
func BenchmarkNarrow(b *testing.B) {
	rng := rand.New(rand.NewPCG(4, 4))
	chunk := NewChunk(mustSchema(b, Field{Name: "qc_af", Type: "double"}).Leaves()[0], Options{Codec: mustCodec(b)})
	v := new(Vector)
	for range 2000 {
		v.AddDouble(float64(rng.IntN(5008)) / 5008)
	}
	b.SetBytes(60 * 2000 * 8)
	b.ReportAllocs()
	for b.Loop() {
		chunk.Reset()
		for range 60 {
			if err := chunk.Append(v).Encode(); err != nil {
				b.Fatal(err)
			}
		}
		if err := chunk.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}
