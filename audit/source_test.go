package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
)

func compare(t *testing.T, root string, vcfs ...string) (found []string, err error) {
	t.Helper()
	var inputs []string
	for i, text := range vcfs {
		inputs = append(inputs, filepath.Join(t.TempDir(), fmt.Sprintf("%d.vcf", i)))
		write(t, inputs[i], text)
	}
	c, err := CompareSource(t.Context(), store.At(root), source.Finder{}, inputs)
	for _, f := range c.Faults {
		found = append(found, f.Found)
	}
	return found, err
}

func TestSourceOfDataset(t *testing.T) {
	t.Parallel()
	long := strings.Replace(cohort(3), "XX=1", "XX="+strings.Repeat("A", 3<<20), 1)
	for name, vcfs := range map[string][]string{
		"a cohort":    {cohort(200)},
		"two inputs":  {cohort(50), cohort(20)},
		"no records":  {cohort(0)},
		"long lines":  {long},
		"blank lines": {cohort(10) + "\n\n"},
		"CRLF":        {strings.ReplaceAll(cohort(20), "\n", "\r\n")},
		"no newline":  {strings.TrimSuffix(cohort(21), "\n")},
	} {
		root := makeDataset(t, export.Options{}, vcfs...)
		if found, err := compare(t, root, vcfs...); len(found) > 0 || err != nil {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
}

// Whatever is changed in the VCF is found, and said in terms of the VCF.
func TestOtherSource(t *testing.T) {
	t.Parallel()
	text := cohort(30)
	root := makeDataset(t, export.Options{}, text)
	for _, test := range []struct{ old, new, want string }{
		{"chr1\t2\t", "chr2\t2\t", `line 8, chr2:2: CHROM is "chr2" in the VCF, "chr1" in the dataset`},
		{"chr1\t2\t", "chr1\t3\t", `POS is "3"`},
		{"\tG\t1\tPASS", "\tC\t1\tPASS", `ALT is "C"`},
		{"\tG\t1\tPASS", "\tG\t1.5\tPASS", `QUAL is "1.5" in the VCF, "1" in the dataset`},
		{"\tG\t1\tPASS", "\tG\t1.0\tPASS", ""},
		{"AF=0.1;", "AF=0.10;", ""},
		{"AF=0.1;", "AF=1e-1;", ""},
		{"AF=0.1;", "AF=0.2;", `INFO/AF is "AF=0.2"`},
		{"AF=0.1;", "AF=0.1,0.1;", `INFO/AF is`},
		{"AF=0.1;DB;", "AF=0.1;", `INFO/XX is "XX=1" in the VCF, "DB" in the dataset`},
		{"AF=0.1;DB;XX=1", "AF=0.1;DB", `INFO is`},
		{"AF=0.1;DB;", "AF=0.1;DB=;", `INFO/DB is "DB=" in the VCF, "DB" in the dataset`},
		{"XX=1", "XX=1.0", `INFO/XX is`},
		{"GT:AD\t0/1:1,1", "GT:AD\t0|1:1,1", `FORMAT/GT of sample 1 is "0|1" in the VCF, "0/1" in the dataset`},
		{"GT:AD\t0/1:1,1", "GT:AD\t0/1:1,2", `FORMAT/AD of sample 1`},
		{"GT:AD\t0/1:1,1\t./.", "GT:AD\t0/1:1,1\t./.:.", ""},
		{"GT:AD\t0/1:1,1\t./.", "GT:AD\t0/1:1,1\t./.:3", `FORMAT/AD of sample 2 is "3" in the VCF, "." in the dataset`},
		{"GT:AD\t0/1:1,1\t./.", "GT:AD\t0/1:1,1\t./.:.:7", `FORMAT/beyond FORMAT of sample 2`},
		{"GT:AD\t0/1:1,1", "GT:DP\t0/1:1,1", `FORMAT is "GT:DP"`},
		{"GT:AD\t0/1:1,1\t", "GT:AD\t", `11 columns in the VCF, 12 in the dataset`},
		{"chr1\tbad\t", "chr1\tworse\t", `POS is "worse"`},
		{"##INFO=<ID=DB", "##INFO=<ID=DC", `another header`},
	} {
		if strings.Count(text, test.old) == 0 {
			t.Fatalf("no %q", test.old)
		}
		found, err := compare(t, root, strings.Replace(text, test.old, test.new, 1))
		all := strings.Join(found, "\n")
		if err != nil || test.want == "" && all != "" || !strings.Contains(all, test.want) || len(found) > 1 {
			t.Errorf("%q for %q: %q, %v; want %q", test.new, test.old, found, err, test.want)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	cut := strings.Join(lines[:len(lines)-2], "")
	for _, test := range []struct{ vcf, want string }{
		{cut, "has a record that no VCF has"},
		{text + lines[len(lines)-2], "goes on at line 37, where the dataset ends"},
		{strings.Replace(text, lines[8], "", 1), "differs in line 9, chr1:4: POS"},
	} {
		if found, err := compare(t, root, test.vcf); err != nil || !strings.Contains(strings.Join(found, "\n"), test.want) || len(found) > maxDifferences {
			t.Errorf("%q, %v; want %q", found, err, test.want)
		}
	}
}

func TestNoSource(t *testing.T) {
	t.Parallel()
	text := cohort(2000)
	root := makeDataset(t, export.Options{}, text)
	if _, err := compare(t, root, text, text); !errors.Is(err, ErrSource) {
		t.Errorf("two for one: %v", err)
	}
	if _, err := compare(t, root, "not a VCF\n"); err == nil {
		t.Error("text is no VCF")
	}
	input := filepath.Join(t.TempDir(), "in.vcf")
	write(t, input, text)
	stopped, stop := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	stop(why)
	if _, err := CompareSource(stopped, store.At(root), source.Finder{}, []string{input}); !errors.Is(err, why) {
		t.Errorf("stopped: %v", err)
	}
	if err := os.Truncate(filepath.Join(runFolder(t, root), "variants/chrom=chr2/part-00000-000001.parquet"), 9); err != nil {
		t.Fatal(err)
	}
	if _, err := CompareSource(t.Context(), store.At(root), source.Finder{}, []string{input}); err == nil {
		t.Error("a damaged dataset equals its source")
	}
}
