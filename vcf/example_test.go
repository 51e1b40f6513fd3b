package vcf_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/vcf"
)

func Example() {
	const text = "##fileformat=VCFv4.3\n" +
		"##INFO=<ID=AF,Number=A,Type=Float,Description=\"Allele frequency\">\n" +
		"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" +
		"22\t16050075\trs587697622\tA\tG\t100\tPASS\tAF=0.0002;DB\n"

	src, err := bgzf.NewReader(context.Background(), strings.NewReader(text), "example.vcf", bgzf.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	r, err := vcf.NewReader(src, "example.vcf", vcf.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for {
		chunk, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		var record vcf.Record
		for lines := chunk.Lines(); lines.Next(); {
			if err := record.Parse(lines.Line, r.Header().Columns); err != nil {
				log.Fatalf("line %d: %v", lines.Number, err)
			}
			fmt.Printf("%s:%d %s>%s at byte %d\n", record.Chrom(), record.Pos(), record.Ref(), record.Alt(), chunk.Offset(lines.Start))
			for info := vcf.NewInfoCursor(record.Info()); info.Next(); {
				fmt.Printf("  %s %q\n", info.Key, info.Value)
			}
		}
		chunk.Release()
	}
	// Output:
	// 22:16050075 A>G at byte 126
	//   AF "0.0002"
	//   DB ""
}
