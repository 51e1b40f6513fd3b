package bgzf

import (
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	klauspost "github.com/klauspost/compress/flate"
)

// gatkText makes a VCF of at least size bytes with cells as GATK writes them.
func gatkText(size int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	var text []byte
	for pos := 16050075; len(text) < size; pos += 1 + rng.IntN(200) {
		text = fmt.Appendf(text, "22\t%d\t.\t%c\t%c\t%d.%02d\tPASS\tAC=%d;AN=400;DP=%d\tGT:AD:DP:GQ:PL",
			pos, "ACGT"[rng.IntN(4)], "ACGT"[rng.IntN(4)], rng.IntN(5000), rng.IntN(100), rng.IntN(400), rng.IntN(9000))
		common := rng.IntN(100)
		for range 200 {
			a, b := 10+rng.IntN(20), 10+rng.IntN(20)
			switch {
			case rng.IntN(100) >= common:
				text = fmt.Appendf(text, "\t0/0:%d,0:%d:99:0,%d,%d", a+b, a+b, 100+rng.IntN(1100), 100+rng.IntN(1100))
			case rng.IntN(3) > 0:
				text = fmt.Appendf(text, "\t0/1:%d,%d:%d:99:%d,0,%d", a, b, a+b, 100+rng.IntN(1100), 100+rng.IntN(1100))
			default:
				text = fmt.Appendf(text, "\t1/1:0,%d:%d:%d:%d,%d,0", a+b, a+b, 20+rng.IntN(80), 100+rng.IntN(1100), 100+rng.IntN(1100))
			}
		}
		text = append(text, '\n')
	}
	return text
}

// BenchmarkInflate inflates one block and checks its CRC32.
func BenchmarkInflate(b *testing.B) {
	for _, kind := range []struct {
		name string
		text []byte
	}{{"GT", vcfText(65_280)[:65_280]}, {"GATK", gatkText(65_280)[:65_280]}} {
		data := deflated(b, kind.text, 6)
		got := make([]byte, len(kind.text))
		var in bytes.Reader
		run := func(name string, inflate func() error) {
			b.Run(kind.name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(kind.text)))
				b.ReportAllocs()
				for b.Loop() {
					if err := inflate(); err != nil {
						b.Fatal(err)
					}
					crc32.ChecksumIEEE(got)
				}
				if !bytes.Equal(got, kind.text) {
					b.Fatal("text differs")
				}
			})
		}
		z := newInflater()
		padded := append(bytes.Clone(data), make([]byte, trailerSize)...)
		run("own", func() error {
			_, _, err := z.inflate(got, padded, trailerSize)
			return err
		})
		k := klauspost.NewReader(&in)
		run("klauspost", func() error {
			in.Reset(data)
			if err := k.(klauspost.Resetter).Reset(&in, nil); err != nil {
				return err
			}
			_, err := io.ReadFull(k, got)
			return err
		})
		s := flate.NewReader(&in)
		run("standard", func() error {
			in.Reset(data)
			if err := s.(flate.Resetter).Reset(&in, nil); err != nil {
				return err
			}
			_, err := io.ReadFull(s, got)
			return err
		})
	}
}
