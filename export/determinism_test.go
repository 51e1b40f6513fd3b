package export

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cohort makes a VCF of n records of three samples on a few contigs, one in twenty out of order and one bad.
func cohort(n int) string {
	var b strings.Builder
	b.WriteString("##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">\n##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"\">\n" +
		"##INFO=<ID=AF,Number=A,Type=Float,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\n")
	for i := range n {
		pos := fmt.Sprint(i + 1)
		switch i % 20 {
		case 7:
			pos = fmt.Sprint(i - 5)
		case 19:
			pos = "bad"
		}
		fmt.Fprintf(&b, "%d\t%s\trs%d\tA\tG\t.\tPASS\tAF=0.%d;XX=%d\tGT:DP\t0/%d:%d\t./.\t1/1:x\n", 1+i*4/n, pos, i, i%100, i, i%2, i%50)
	}
	return b.String()
}

// tree reads all files of a dataset but those that are being written.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "_tmp-") {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameTree(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if text, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if text != want[name] {
			t.Errorf("%s differs", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is too much", name)
		}
	}
}

func cohortOptions(t *testing.T) Options {
	return Options{Inputs: []string{writeInput(t, "in.vcf", []byte(cohort(200)))}, Out: filepath.Join(t.TempDir(), "out"), Quarantine: true, Workers: 2, chunk: 1000}
}

// The bytes of a dataset do not depend on the workers (DESIGN §4).
func TestWorkersDoNotChangeBytes(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	opt.PartSize = 1 // a part for each row group
	opt.Tables, opt.carrierRows = []string{Variants, VariantAnnotations, SampleAnnotations, Carriers}, 10
	var want map[string]string
	for _, workers := range []int{1, 2, 8} {
		opt.Workers, opt.Out = workers, filepath.Join(t.TempDir(), "out")
		mustRun(t, opt)
		if got := tree(t, opt.Out); want == nil {
			want = got
		} else {
			sameTree(t, got, want)
		}
	}
}

// Nor do values, counts and conflicts depend on where the text is cut into chunks.
func TestChunksDoNotChangeValues(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	var want string
	for _, chunk := range []int{0, 2, 300, 5000} {
		opt.chunk, opt.Out = chunk, filepath.Join(t.TempDir(), "out")
		_, d := mustRun(t, opt)
		got := fmt.Sprint(d.Manifest.Records, d.Manifest.Rows, d.Manifest.Rejected, d.Manifest.Conflicts, "\n",
			readRows(t, d, Variants), "\n", readRows(t, d, VariantAnnotations), "\n", readRows(t, d, SampleAnnotations), "\n", readRejects(t, d))
		if want == "" {
			want = got
		} else if got != want {
			t.Errorf("chunks of %d bytes give\n%.3000s\nwant\n%.3000s", chunk, got, want)
		}
	}
}
