package bgzf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
)

const benchSize = 32 << 20

func BenchmarkReader(b *testing.B) {
	text := vcfText(benchSize)
	b.Run("text", func(b *testing.B) { benchmarkReader(b, text, text, 0) })
	gz := gzipMember(b, text)
	b.Run("gzip", func(b *testing.B) { benchmarkReader(b, text, gz, 0) })
	bgz := htsFile(b, text)
	for _, workers := range []int{1, 2, 8} {
		b.Run(fmt.Sprintf("bgzf-%d", workers), func(b *testing.B) { benchmarkReader(b, text, bgz, workers) })
	}
}

func benchmarkReader(b *testing.B, text, data []byte, workers int) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(context.Background(), bytes.NewReader(data), "in", Options{Workers: workers})
		if err != nil {
			b.Fatal(err)
		}
		size := 0
		for err == nil {
			var s *Segment
			if s, err = r.Next(); err == nil {
				size += len(s.Text)
				s.Release()
			}
		}
		if err != io.EOF || size != len(text) {
			b.Fatal(size, err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInflaterBlock(b *testing.B) {
	text := vcfText(65_280)[:65_280]
	data, got := handBlock(b, text, nil, nil), make([]byte, 65_280)
	z := newInflater()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := z.block(got, data, commonHeader); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNextBlock(b *testing.B) {
	data := htsFile(b, vcfText(benchSize))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NextBlock(bytes.NewReader(data), int64(len(data)), int64(len(data))/2); err != nil {
			b.Fatal(err)
		}
	}
}
