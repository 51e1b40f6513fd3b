package vcf_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/vcf"
)

const (
	cohortSamples = 2504
	cohortInfo    = "AC=1;AF=0.000199681;AN=5008;NS=2504;DP=8012;EAS_AF=0;AMR_AF=0.0014;AFR_AF=0;EUR_AF=0;SAS_AF=0;AA=.|||;VT=SNP"
)

// cohortLine is a record as 1000 Genomes phase 3 has them.
func cohortLine() []byte {
	return []byte("22\t16050075\trs587697622\tA\tG\t100\tPASS\t" + cohortInfo + "\tGT" + strings.Repeat("\t0|0", cohortSamples))
}

func TestNothingIsAllocated(t *testing.T) {
	line, info, text := cohortLine(), []byte(cohortInfo), []byte("a%2Cb%3A")
	dst := make([]byte, 0, 100)
	var r vcf.Record
	for name, run := range map[string]func(){
		"Record.Parse": func() { _ = r.Parse(line, 9+cohortSamples) },
		"InfoCursor":   func() { walk(info) },
		"Unescape":     func() { dst, _ = vcf.Unescape(dst[:0], text) },
		"Escape":       func() { dst = vcf.Escape(dst[:0], text, vcf.InfoReserved) },
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations a run", name, n)
		}
	}
}

// walk visits all entries of info.
func walk(info []byte) (length int) {
	for c := vcf.NewInfoCursor(info); c.Next(); {
		length += len(c.Key) + len(c.Value)
	}
	return length
}

func BenchmarkRecordParse(b *testing.B) {
	for _, bench := range []struct {
		name    string
		line    []byte
		columns int
	}{
		{"wide", cohortLine(), 9 + cohortSamples},
		{"sites", []byte("chr1\t906051\trs1875689811\tA\tC\t23351.39\tPASS\t" + cohortInfo), 8},
		{"indel", []byte("chr1\t906051\t.\tA" + strings.Repeat("CGT", 60) + "\tA\t23351.39\tPASS\t" + cohortInfo), 8},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var r vcf.Record
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Parse(bench.line, bench.columns); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInfoCursor(b *testing.B) {
	info := []byte(cohortInfo)
	b.ReportAllocs()
	b.SetBytes(int64(len(info)))
	for b.Loop() {
		walk(info)
	}
}

func BenchmarkUnescape(b *testing.B) {
	dst, text := make([]byte, 0, 100), []byte("missense%2Cvariant p.Val600Glu 50% of %3A")
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		dst, _ = vcf.Unescape(dst[:0], text)
	}
}

// BenchmarkReader reads plain text, so that cutting chunks is what it costs.
func BenchmarkReader(b *testing.B) {
	for name, line := range map[string][]byte{"wide": cohortLine(), "sites": []byte("22\t16050075\t.\tA\tG\t100\tPASS\t" + cohortInfo)} {
		b.Run(name, func(b *testing.B) {
			text := append([]byte(siteHeader), bytes.Repeat(append(line, '\n'), 64<<20/len(line))...)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				src, err := bgzf.NewReader(context.Background(), bytes.NewReader(text), "bench", bgzf.Options{})
				if err != nil {
					b.Fatal(err)
				}
				r, err := vcf.NewReader(src, "bench", vcf.Options{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					c, err := r.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					for s := c.Lines(); s.Next(); {
						_ = c.Offset(s.Start)
					}
					c.Release()
				}
				src.Close()
			}
		})
	}
}
