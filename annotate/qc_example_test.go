package annotate_test

import (
	"fmt"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

func ExampleQC() {
	var calls vcf.CallTable
	runs, samples := calls.AppendRuns(nil, []byte("0|0\t0|1\t1|1\t./."))

	qc := annotate.NewQC(samples, nil)
	var v annotate.VariantQC
	qc.Record([]byte("A"), [][]byte{[]byte("G")}, calls.Calls(), runs, nil, nil, &v)
	fmt.Printf("called %d of %d, het %d, AC %v, AN %d\n", v.NCalled, samples, v.NHet, v.AC, v.AN)

	s := qc.Tally().Sample(2)
	fmt.Printf("third sample: hom var %d, transitions %d\n", s.NHomVar, s.NTransition)
	// Output:
	// called 3 of 4, het 1, AC [3 3], AN 6
	// third sample: hom var 1, transitions 2
}
