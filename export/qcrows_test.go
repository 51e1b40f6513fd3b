package export

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/varlake/varlake/export/pq"
)

// TestQCRows fills the QC columns of few samples row by row and record by record: values and levels are the same, batch after batch.
func TestQCRows(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	for samples := range fewSamples + 1 {
		var text strings.Builder
		text.WriteString("##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">\n##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"\">\n" +
			"##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
		for i := range samples {
			if i == 0 {
				text.WriteString("\tFORMAT")
			}
			fmt.Fprintf(&text, "\ts%d", i)
		}
		for pos := range 3000 {
			alt := pick("C", "C", "C", "C,G", "C,*,AT", ".")
			fmt.Fprintf(&text, "\n1\t%d\t.\tA\t%s\t.\t.\t.", pos+1, alt)
			for i := range samples {
				if i == 0 {
					text.WriteString("\t" + pick("GT:DP:GQ", "GT:DP:GQ", "GT", "DP:GQ"))
				}
				fmt.Fprintf(&text, "\t%s:%s:%s", pick("0/0", "0/1", "1/1", "./.", "1", "0/2", "1|0|1"), pick("30", "31", "7", "."), pick("99", "20", "-3", "."))
			}
		}
		var found [2][]string
		for i := range found {
			d, chunks := chunksOf(t, []byte(text.String()+"\n"), 1<<14)
			if (d.qc.rows != nil) != d.qc.hasGT || len(chunks) < 2 {
				t.Fatalf("%d samples: QC row by row: %v; %d chunks", samples, d.qc.rows != nil, len(chunks))
			}
			if i == 1 {
				d.qc.rows = nil
			}
			for _, chunk := range chunks {
				for b := range decoded(d, chunk) {
					for j := range numQC {
						found[i] = append(found[i], spell(b.annotations[d.qc.leaf+j]))
					}
					d.batches.put(b)
				}
			}
		}
		for i := range found[0] {
			if found[0][i] != found[1][i] {
				t.Fatalf("%d samples, QC column %d of batch %d: row by row\n%.2000s\nrecord by record\n%.2000s", samples, i%numQC, i/numQC, found[0][i], found[1][i])
			}
		}
	}
}

// spell writes the levels and the values of a vector, whichever form these have.
func spell(v pq.Vector) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d rows, def %v, lists %v:", v.Rows, v.Def, len(v.Rep) > 1)
	if len(v.Rep) > 1 {
		fmt.Fprint(&b, v.Rep)
	}
	for _, x := range v.Int32 {
		fmt.Fprint(&b, " ", x)
	}
	for _, x := range v.Double {
		fmt.Fprint(&b, " ", x)
	}
	for _, id := range v.IDs {
		if len(v.Dict.Int32) > 0 {
			fmt.Fprint(&b, " ", v.Dict.Int32[id])
		} else {
			fmt.Fprint(&b, " ", v.Dict.Double[id])
		}
	}
	return b.String()
}
