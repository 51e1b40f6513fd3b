package estimate

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
)

// mustMake makes an estimate, which must leave nothing behind.
func mustMake(t *testing.T, opt export.Options) *Estimate {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	e, err := Make(t.Context(), "test", opt)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(opt.Out); !os.IsNotExist(err) {
		t.Errorf("--out is there: %v", err)
	}
	return e
}

// TestSmallIsExact: a cohort that is read as a whole.
func TestSmallIsExact(t *testing.T) {
	opt := export.Options{Inputs: []string{"../testdata/cohort.vcf.gz"}, Samples: "../testdata/cohort.samples.tsv", GroupBy: []string{"super_pop"}, Out: filepath.Join(t.TempDir(), "dataset"),
		Tables: []string{export.Variants, export.VariantAnnotations, export.SampleAnnotations, export.Carriers}}
	e := mustMake(t, opt)
	result, err := export.Run(t.Context(), "test", opt)
	if err != nil {
		t.Fatal(err)
	}
	m := result.Manifest
	if e.Records.Value != m.Records || e.Records.Error != 0 || !e.Sample.All || e.Samples != m.Samples || e.Outlook.Run != m.Run {
		t.Errorf("%+v, %d samples, run %s; want %d records exactly, %d, %s", e.Records, e.Samples, e.Outlook.Run, m.Records, m.Samples, m.Run)
	}
	for i, want := range m.Tables {
		got := e.Tables[i]
		// The offsets are those of the sample, which is text.
		if off := got.Bytes - want.Bytes; got.Name != want.Name || got.Rows != want.Rows || got.Files != int64(len(want.Files)) || max(off, -off) > 2000 {
			t.Errorf("%s: %d rows, %d bytes, %d files; want %s, %d, %d, %d", got.Name, got.Rows, got.Bytes, got.Files, want.Name, want.Rows, want.Bytes, len(want.Files))
		}
	}
}

// manySites is a VCF without samples, of several contigs and 50 MB, whose records grow from one end to the other.
func manySites(t *testing.T) (text []byte, records int64) {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("##fileformat=VCFv4.2\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"Depth\">\n##INFO=<ID=T,Number=1,Type=String,Description=\"Text\">\n")
	for c := range 4 {
		fmt.Fprintf(&out, "##contig=<ID=%d>\n", c+1)
	}
	out.WriteString("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
	random := rand.New(rand.NewPCG(5, 6))
	const letters = "ACGTNacgtn"
	for ; out.Len() < 50<<20; records++ {
		fmt.Fprintf(&out, "%d\t%d\trs%d\tA\t%c\t%d\tPASS\tDP=%d;T=", out.Len()/(13<<20)+1, 100+records*7, random.IntN(1e9), letters[random.IntN(4)], random.IntN(900), random.IntN(5000))
		for range 40 + out.Len()/(1<<20) {
			out.WriteByte(letters[random.IntN(len(letters))])
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), records
}

// TestSampled: inputs that are too large to be read as a whole, in each format.
func TestSampled(t *testing.T) {
	text, records := manySites(t)
	write := map[string]func(io.Writer) io.WriteCloser{
		"text.vcf":   func(w io.Writer) io.WriteCloser { return plain{w} },
		"blocks.vcf": func(w io.Writer) io.WriteCloser { return bgzf.NewWriter(w, 2) },
		"gzip.vcf":   func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, 1); return z },
	}
	dir := t.TempDir()
	var truth *export.Result
	for name, open := range write {
		path := filepath.Join(dir, name)
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := open(file)
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if truth == nil {
			if truth, err = export.Run(t.Context(), "test", export.Options{Inputs: []string{path}, Out: filepath.Join(dir, "truth")}); err != nil {
				t.Fatal(err)
			}
		}
		t.Run(name, func(t *testing.T) {
			e := mustMake(t, export.Options{Inputs: []string{path}, Out: filepath.Join(dir, "none")})
			if e.Sample.All || e.Sample.Text > int64(len(text)) {
				t.Errorf("the sample is %+v of %d bytes of text", e.Sample, len(text))
			}
			within, most := 1.5*e.Records.Error, 0.06
			if name == "gzip.vcf" { // whose beginning says too little of records that grow
				within = 0.5
			}
			off := float64(e.Records.Value)/float64(records) - 1
			t.Logf("%d records, truly %d: %+.2f %%, said %.2f %%; %d bytes, truly %d", e.Records.Value, records, 100*off, 100*e.Records.Error, e.Bytes, bytesOf(truth))
			if max(off, -off) > within || e.Records.Error > most && name != "gzip.vcf" {
				t.Errorf("%d records, truly %d, with an error of %.3f", e.Records.Value, records, e.Records.Error)
			}
			if off := float64(e.Bytes)/float64(bytesOf(truth)) - 1; max(off, -off) > 0.15 && name != "gzip.vcf" {
				t.Errorf("%d bytes, truly %d", e.Bytes, bytesOf(truth))
			}
			if name != "gzip.vcf" && len(e.Contigs) != 4 {
				t.Errorf("contigs %v", e.Contigs)
			}
			if e.Records.Beginning != (name == "gzip.vcf") {
				t.Errorf("%+v", e.Records)
			}
			warned := 0
			if name == "gzip.vcf" {
				warned = 1
			}
			if len(e.Warnings) != warned {
				t.Errorf("warnings: %q", e.Warnings)
			}
		})
	}
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

func bytesOf(r *export.Result) (n int64) {
	for _, table := range r.Manifest.Tables {
		n += table.Bytes
	}
	return n
}
