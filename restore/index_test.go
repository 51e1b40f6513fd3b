package restore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	hts "github.com/biogo/hts/bgzf"
	"github.com/biogo/hts/csi"
	"github.com/biogo/hts/tabix"

	"github.com/varlake/varlake/export"
)

// located is a record and where it lies, 1-based and inclusive.
type located struct {
	chrom    string
	pos, end int
	line     string
}

// manyRecords makes a sorted VCF of several BGZF blocks: short and long records, neighbours and deserts, contigs in no order of names.
func manyRecords(longest int) (text []byte, records []located) {
	random := rand.New(rand.NewPCG(1, 2))
	out := bytes.NewBufferString("##fileformat=VCFv4.2\n##INFO=<ID=END,Number=1,Type=Integer,Description=\"\">\n##INFO=<ID=X,Number=1,Type=String,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
	filler := strings.Repeat("x", 300)
	for _, chrom := range []string{"10", "2", "HLA*01", "1"} {
		pos := 0
		for range 700 {
			end := pos
			switch random.IntN(20) {
			case 0:
				end += random.IntN(longest / 4)
			case 1, 2, 3:
				end += random.IntN(40_000)
			}
			line := fmt.Sprintf("%s\t%d\t.\tN\t<DEL>\t.\t.\tEND=%d;X=%s", chrom, pos, end, filler[:random.IntN(300)])
			records = append(records, located{chrom, pos, end, line})
			out.WriteString(line + "\n")
			if random.IntN(100) == 0 {
				pos += random.IntN(longest / 20)
			}
			pos += random.IntN(3000)
		}
	}
	return out.Bytes(), records
}

// region is 1-based and inclusive.
type region struct {
	chrom    string
	pos, end int
}

func (r region) holds(x located) bool { return x.chrom == r.chrom && x.pos <= r.end && x.end >= r.pos }

func someRegions(records []located) (regions []region) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 120 {
		at := records[random.IntN(len(records))]
		pos := max(1, at.pos+random.IntN(60_000)-30_000)
		regions = append(regions, region{at.chrom, max(1, at.pos), max(1, at.pos)}, region{at.chrom, pos, pos + random.IntN(100_000)}, region{at.chrom, pos, pos + random.IntN(50_000_000)})
	}
	return regions
}

// Every record of a region is found through the index by biogo's readers, and by tabix where there is one, exactly those.
func TestIndexFindsRecords(t *testing.T) {
	for _, test := range []struct {
		kind    IndexKind
		longest int
	}{{TBI, 500_000_000}, {CSI, 500_000_000}, {CSI, 4_000_000_000}} {
		t.Run(fmt.Sprint(test.kind, test.longest), func(t *testing.T) {
			dir := t.TempDir()
			text, records := manyRecords(test.longest)
			ds := dataset(t, dir, []string{"in.vcf"}, map[string][]byte{"in.vcf": text})
			path := filepath.Join(dir, "out.vcf.gz")
			if _, err := Run(context.Background(), ds, Options{Out: path, Index: test.kind, Workers: 2}); err != nil {
				t.Fatal(err)
			}
			restored := inflate(t, path)
			chunks := openIndex(t, path+"."+string(test.kind), test.kind)
			program, _ := exec.LookPath("tabix")
			for i, r := range someRegions(records) {
				found := restored.of(chunks(r))
				var want []string
				for _, x := range records {
					if !r.holds(x) {
						continue
					}
					want = append(want, x.line)
					if !strings.Contains(found, x.line+"\n") {
						t.Errorf("%v: %s:%d-%d is not in what the index points to", r, x.chrom, x.pos, x.end)
					}
				}
				if program == "" || i%6 != 0 {
					continue
				}
				out, err := exec.Command(program, path, fmt.Sprintf("%s:%d-%d", r.chrom, r.pos, r.end)).Output()
				if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != strings.Join(want, "\n") {
					t.Errorf("%v: tabix finds %d records of %d: %v", r, strings.Count(string(out), "\n"), len(want), err)
				}
			}
		})
	}
}

// openIndex reads an index with biogo and returns where it says that records of a region are.
func openIndex(t *testing.T, path string, kind IndexKind) func(region) []hts.Chunk {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := hts.NewReader(file, 1)
	if err != nil {
		t.Fatal(err)
	}
	if kind == TBI {
		x, err := tabix.ReadFrom(plain)
		if err != nil {
			t.Fatal(err)
		}
		return func(r region) []hts.Chunk {
			chunks, err := x.Chunks(r.chrom, r.pos-1, r.end)
			if err != nil {
				t.Fatal(err)
			}
			return chunks
		}
	}
	x, err := csi.ReadFrom(plain)
	if err != nil {
		t.Fatal(err)
	}
	const beforeNames = 7 * 4
	names := strings.Split(string(x.Auxilliary[beforeNames:]), "\x00")
	return func(r region) []hts.Chunk {
		for i, name := range names {
			if name == r.chrom {
				return x.Chunks(i, r.pos-1, r.end)
			}
		}
		return nil
	}
}

// bgzfText is a BGZF file inflated, and where in the text each of its blocks begins.
type bgzfText struct {
	text   string
	blocks map[int64]int // by offset in the file
}

func inflate(t *testing.T, path string) bgzfText {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := hts.NewReader(bytes.NewReader(data), 1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	b := bgzfText{string(text), make(map[int64]int)}
	for at, n := 0, 0; at < len(data); {
		b.blocks[int64(at)] = n
		at += int(binary.LittleEndian.Uint16(data[at+16:])) + 1 // BSIZE
		n += int(binary.LittleEndian.Uint32(data[at-4:]))       // ISIZE
	}
	return b
}

func (b bgzfText) at(o hts.Offset) int { return b.blocks[o.File] + int(o.Block) }

// of returns the text that chunks of an index point to.
func (b bgzfText) of(chunks []hts.Chunk) string {
	var out strings.Builder
	for _, c := range chunks {
		out.WriteString(b.text[b.at(c.Begin):b.at(c.End)])
	}
	return out.String()
}

func TestIndexRefuses(t *testing.T) {
	const header = "##fileformat=VCFv4.2\n##INFO=<ID=END,Number=1,Type=Integer,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
	record := func(chrom string, pos int) string { return fmt.Sprintf("%s\t%d\t.\tA\tG\t.\t.\t.\n", chrom, pos) }
	for name, test := range map[string]struct {
		text string
		opt  Options
		want error
		says string
	}{
		"positions":        {record("1", 5) + record("1", 4), Options{Out: "out.vcf.gz", Index: TBI}, ErrUnsorted, "1:4 comes after 1:5"},
		"contig returns":   {record("1", 5) + record("2", 4) + record("1", 6), Options{Out: "out.vcf.gz", Index: CSI}, ErrUnsorted, "contig 1 returns at 1:6"},
		"too far for tbi":  {record("1", 1<<29+1), Options{Out: "out.vcf.gz", Index: TBI}, ErrUsage, "--index csi"},
		"too far for both": {record("1", 1<<32+1), Options{Out: "out.vcf.gz", Index: CSI}, ErrUsage, "leave --index out"},
		"no file":          {record("1", 1), Options{Index: TBI}, ErrUsage, ".gz"},
		"plain text":       {record("1", 1), Options{Out: "out.vcf", Index: TBI}, ErrUsage, ".gz"},
	} {
		t.Run(name, func(t *testing.T) {
			ds := dataset(t, t.TempDir(), []string{"in.vcf"}, map[string][]byte{"in.vcf": []byte(header + test.text)})
			dir := t.TempDir()
			if test.opt.Out != "" {
				test.opt.Out = filepath.Join(dir, test.opt.Out)
			}
			test.opt.Stdout = io.Discard
			_, err := Run(context.Background(), ds, test.opt)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
			if names := leftovers(t, dir); len(names) > 0 {
				t.Errorf("it leaves %q", names)
			}
		})
	}
}

// The last positions that each index can hold are held.
func TestIndexAtItsEnds(t *testing.T) {
	for kind, last := range map[IndexKind]int{TBI: 1 << 29, CSI: 1 << 32} {
		dir := t.TempDir()
		text := fmt.Sprintf("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t0\t.\tA\tG\t.\t.\t.\n1\t%d\t.\tA\tG\t.\t.\t.\n", last)
		path := filepath.Join(dir, "out.vcf.gz")
		ds := exported(t, export.Options{Inputs: []string{writeFile(t, dir, "in.vcf", text)}, Out: filepath.Join(dir, "d")})
		if _, err := Run(context.Background(), ds, Options{Out: path, Index: kind}); err != nil {
			t.Fatal(err)
		}
		found := inflate(t, path).of(openIndex(t, path+"."+string(kind), kind)(region{"1", last, last}))
		if !strings.Contains(found, fmt.Sprintf("1\t%d\t", last)) {
			t.Errorf("%s: the record at %d is not found", kind, last)
		}
	}
}

func writeFile(t failer, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatalf("%v", err)
	}
	return path
}
