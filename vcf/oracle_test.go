package vcf_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/brentp/vcfgo"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/vcf"
)

// vcfFiles lists the VCFs below ../../shared/data/dir, or skips the test.
func vcfFiles(t *testing.T, dir string) []string {
	t.Helper()
	root := filepath.Join("..", "..", "shared", "data", dir)
	if _, err := os.Stat(root); err != nil {
		t.Skip("no real files here: ", err)
	}
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		if strings.HasSuffix(name, ".vcf") || strings.HasSuffix(name, ".vcf.gz") || strings.HasSuffix(name, ".vcf.bgz") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func eachFile(t *testing.T, dir string, test func(t *testing.T, path string)) {
	root := filepath.Join("..", "..", "shared", "data", dir)
	for _, path := range vcfFiles(t, dir) {
		name, _ := filepath.Rel(root, path)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
}

// openText inflates a file with the standard library.
func openText(t *testing.T, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if strings.HasSuffix(path, ".vcf") {
		return f
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// openFile reads the header of a file; everything ends with the test.
func openFile(t *testing.T, path string) (*vcf.Reader, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	src, err := bgzf.NewReader(context.Background(), f, path, bgzf.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { src.Close() })
	return vcf.NewReader(src, path, vcf.Options{})
}

var (
	fieldLine  = regexp.MustCompile(`^##(INFO|FORMAT)=<.*\bID=([^,>]+).*>$`)
	numberPart = regexp.MustCompile(`[<,]Number=([^,>]+)`)
	typePart   = regexp.MustCompile(`[<,]Type=([^,>]+)`)
	contigLine = regexp.MustCompile(`^##contig=<ID=([^,>]+)(?:.*\blength=(\d+))?`)
)

// TestHeaderAsBcftools compares with the header as bcftools prints it.
func TestHeaderAsBcftools(t *testing.T) {
	if _, err := exec.LookPath("bcftools"); err != nil {
		t.Skip("needs bcftools: ", err)
	}
	eachFile(t, "real", func(t *testing.T, path string) {
		r, err := openFile(t, path)
		if err != nil {
			t.Fatal(err)
		}
		printed, err := exec.Command("bcftools", "view", "-h", "--no-version", path).Output()
		if err != nil {
			t.Skip("bcftools does not read it: ", err)
		}
		h := r.Header()
		var got, want []string
		for _, f := range h.Infos {
			got = append(got, fmt.Sprintf("INFO %s %s %s", f.ID, f.Number, f.Type))
		}
		for _, f := range h.Formats {
			got = append(got, fmt.Sprintf("FORMAT %s %s %s", f.ID, f.Number, f.Type))
		}
		for _, c := range h.Contigs {
			got = append(got, fmt.Sprintf("contig %s %d", c.ID, c.Length))
		}
		var samples []string
		columns := 0
		for line := range strings.Lines(string(printed)) {
			line = strings.TrimRight(line, "\r\n")
			if m := fieldLine.FindStringSubmatch(line); m != nil {
				number, typ := numberPart.FindStringSubmatch(line), typePart.FindStringSubmatch(line)
				if typ[1] == "Flag" { // bcftools keeps whatever count a flag says
					number[1] = "0"
				}
				want = append(want, fmt.Sprintf("%s %s %s %s", m[1], m[2], number[1], typ[1]))
			} else if m := contigLine.FindStringSubmatch(line); m != nil {
				want = append(want, fmt.Sprintf("contig %s %s", m[1], max(m[2], "0")))
			} else if names, ok := strings.CutPrefix(line, "#CHROM"); ok {
				fields := strings.Split(names, "\t")
				columns = len(fields)
				samples = fields[min(9, columns):]
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("definitions\ngot  %q\nwant %q", got, want)
		}
		if !slices.Equal(h.Samples, samples) || h.Columns != columns {
			t.Errorf("%d columns, samples %q\nwant %d, %q", h.Columns, h.Samples, columns, samples)
		}
	})
}

// TestBadHeadersAsBcftools: of malformed files, the headers that bcftools
// refuses are refused, and no others, but for text that ends inside the #CHROM
// line: samples may be missing there.
func TestBadHeadersAsBcftools(t *testing.T) {
	if _, err := exec.LookPath("bcftools"); err != nil {
		t.Skip("needs bcftools: ", err)
	}
	eachFile(t, "bad", func(t *testing.T, path string) {
		_, err := openFile(t, path)
		_, theirs := exec.Command("bcftools", "view", "-h", path).Output()
		if unended(t, path) {
			if err == nil {
				t.Error("a #CHROM line without end is accepted")
			}
		} else if (err == nil) != (theirs == nil) {
			t.Errorf("ours: %v; bcftools: %v", err, theirs)
		}
		if err != nil && !errors.Is(err, vcf.ErrHeader) && !errors.Is(err, bgzf.ErrFormat) && !errors.Is(err, bgzf.ErrTruncated) {
			t.Errorf("error %v", err)
		}
	})
}

// unended tells whether a text ends inside its #CHROM line.
func unended(t *testing.T, path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, line, ok := bytes.Cut(text, []byte("\n#CHROM"))
	return ok && !bytes.Contains(line, []byte{'\n'})
}

// TestRecordsAsVcfgo compares sample names and the fixed columns of the first
// records with vcfgo, on the files that it reads.
func TestRecordsAsVcfgo(t *testing.T) {
	const limit = 300
	eachFile(t, "real", func(t *testing.T, path string) {
		their, err := vcfgo.NewReader(openText(t, path), true)
		if their == nil {
			t.Skip("vcfgo does not read the header: ", err)
		}
		our, err := openFile(t, path)
		if err != nil {
			t.Fatal(err)
		}
		for records := 0; records < limit; {
			c, err := our.Next()
			if err == io.EOF {
				if extra := their.Read(); extra != nil {
					t.Errorf("%d records, vcfgo has more: line %d", records, extra.LineNumber)
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(c.Text, []byte("\r\n")) {
				t.Skip("vcfgo keeps the CR of CRLF")
			}
			for s := c.Lines(); s.Next() && records < limit; records++ {
				var r vcf.Record
				if err := r.Parse(s.Line, our.Header().Columns); err != nil {
					t.Fatalf("line %d: %v", s.Number, err)
				}
				compareRecord(t, &r, their.Read(), s.Number)
			}
			c.Release()
		}
		if h := our.Header(); !slices.Equal(h.Samples, their.Header.SampleNames) {
			t.Errorf("samples %q, want %q", h.Samples, their.Header.SampleNames)
		}
	})
}

func compareRecord(t *testing.T, our *vcf.Record, their *vcfgo.Variant, line int64) {
	t.Helper()
	if their == nil {
		t.Fatalf("line %d: vcfgo has no more records", line)
	}
	got := []string{string(our.Chrom()), fmt.Sprint(our.Pos()), string(our.ID()), string(our.Ref()), string(our.Alt()), string(our.Filter()), string(our.Info()), string(our.Format())}
	want := []string{their.Chromosome, fmt.Sprint(their.Pos), their.Id_, their.Reference, strings.Join(their.Alternate, ","), their.Filter, cmp.Or(string(their.Info_.Bytes()), "."), strings.Join(their.Format, ":")}
	if !slices.Equal(got, want) {
		t.Fatalf("line %d\ngot  %q\nwant %q", line, got, want)
	}
	qual, given := our.Qual()
	missing := math.Float32bits(their.Quality) == math.Float32bits(vcfgo.MISSING_VAL)
	if missing == given || given && float32(qual) != their.Quality {
		t.Fatalf("line %d: QUAL %v, %v; want %v", line, qual, given, their.Quality)
	}
}
