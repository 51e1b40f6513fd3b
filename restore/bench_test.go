package restore

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func BenchmarkRestore(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	cells := func(of []string) string {
		var line strings.Builder
		for range 1000 {
			i := 0
			if random.IntN(10) == 0 {
				i = random.IntN(len(of))
			}
			line.WriteString("\t" + of[i])
		}
		return line.String()
	}
	for name, cell := range map[string][]string{
		"GT":     {"0|0", "0|1", "1|0", "1|1"},
		"fields": {"0/0:30,0:30:90:0,90,900", "0/1:12,14:26:99:300,0,280", "./.:0,0:0", "1/1:0,31:31:93:930,93,0"},
	} {
		b.Run(name, func(b *testing.B) {
			format := "GT"
			if name != "GT" {
				format = "GT:AD:DP:GQ:PL"
			}
			text := bytes.NewBufferString(`##fileformat=VCFv4.2
##FORMAT=<ID=GT,Number=1,Type=String,Description="">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT`)
			for range 1000 {
				text.WriteString("\ts" + string(rune('Ā'+text.Len()%0x4000)) + string(rune('0'+text.Len()/0x4000)))
			}
			for range 500 {
				text.WriteString("\n1\t5\t.\tA\tG\t.\t.\t.\t" + format + cells(cell))
			}
			ds := dataset(b, b.TempDir(), []string{"in.vcf"}, map[string][]byte{"in.vcf": text.Bytes()})
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(context.Background(), ds, Options{Stdout: io.Discard}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
