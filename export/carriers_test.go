package export

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// inOrder sorts rows by all that they hold.
func inOrder(rows []row) []row {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return rows
}

// expectCarrierOrder makes sure that the rows of every row group of carriers are by sample and position, that the file says so, and that no group is larger than
// it may be (0: than any).
func expectCarrierOrder(t failer, d *Dataset, most int) {
	t.Helper()
	table, _ := d.Manifest.Table(Carriers)
	for _, f := range table.Files {
		for i, group := range groupsOf(t, d, f) {
			var by []string
			for _, c := range group.sorting {
				by = append(by, strings.Join(c.Path(), "."))
			}
			if fmt.Sprint(by) != "[sample_index pos]" {
				t.Fatalf("%s, row group %d: sorted by %v", f.Path, i, by)
			}
			if most > 0 && len(group.rows) > most {
				t.Fatalf("%s, row group %d: %d rows, at most %d", f.Path, i, len(group.rows), most)
			}
			if !slices.IsSortedFunc(group.rows, func(a, b row) int {
				return cmp.Or(cmp.Compare(toInt(a["sample_index"]), toInt(b["sample_index"])), cmp.Compare(toInt(a["pos"]), toInt(b["pos"])))
			}) {
				t.Fatalf("%s, row group %d: rows %v", f.Path, i, group.rows)
			}
		}
	}
}

func toInt(cell string) int64 {
	n, _ := strconv.ParseInt(cell, 10, 64)
	return n
}

type groupRows struct {
	sorting []parquet.SortingColumn
	rows    []row
}

// groupsOf reads the row groups of a file of carriers.
func groupsOf(t failer, d *Dataset, f File) (groups []groupRows) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.Root, f.Path))
	if err != nil {
		t.Fatalf("%v", err)
	}
	file, err := parquet.OpenFile(strings.NewReader(string(data)), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	table, _ := d.Manifest.Table(Carriers)
	for _, group := range file.RowGroups() {
		read := groupRows{sorting: group.SortingColumns()}
		rows := group.Rows()
		buffer := make([]parquet.Row, 64)
		for n, err := 1, error(nil); n > 0 && err == nil; {
			n, err = rows.ReadRows(buffer)
			for _, r := range buffer[:n] {
				read.rows = append(read.rows, printRow(r, table.Columns))
			}
		}
		rows.Close()
		groups = append(groups, read)
	}
	return groups
}

// calls makes a VCF of records of as many samples whose calls are given in turn, with a depth.
func calls(records, samples int, gts ...string) []byte {
	var b strings.Builder
	b.WriteString("##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">\n" +
		"##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT")
	for i := range samples {
		fmt.Fprintf(&b, "\ts%d", i)
	}
	n := 0
	for i := range records {
		fmt.Fprintf(&b, "\n1\t%d\t.\tA\tG\t.\t.\t.\tGT:DP", i+1)
		for range samples {
			fmt.Fprintf(&b, "\t%s:%d", gts[n%len(gts)], n%100)
			n++
		}
	}
	return []byte(b.String() + "\n")
}

// Row groups and pages end in the midst of records, samples and batches, and nothing is lost or told of another. The bytes are those of one worker.
func TestCarriersOfManyPages(t *testing.T) {
	t.Parallel()
	const records, samples = 300, 250
	opt := Options{Inputs: []string{writeInput(t, "in.vcf", calls(records, samples, "0/1", "1/1", "./.", "0/0", "0/1", "0/1", "1|0"))},
		Tables: []string{Carriers}, chunk: 30_000}
	for _, most := range []int{0, 100, 45_000} {
		opt.Out, opt.Workers, opt.carrierRows = filepath.Join(t.TempDir(), "out"), 1, most
		_, alone := mustRun(t, opt)
		opt.Out, opt.Workers = filepath.Join(t.TempDir(), "out"), 4
		_, d := mustRun(t, opt)
		if a, b := alone.Manifest.Tables, d.Manifest.Tables; !reflect.DeepEqual(a, b) {
			t.Errorf("at most %d: one worker makes\n%v, four\n%v", most, a, b)
		}
		expectCarrierOrder(t, d, most)
		seen := make(map[[2]int64]bool)
		for _, r := range readRows(t, d, Carriers) {
			sample, pos := toInt(r["sample_index"]), toInt(r["pos"])
			n := int((pos-1)*samples + sample - 1) // of the call in the file
			want := []string{"0/1", "1/1", "./.", "0/0", "0/1", "0/1", "1|0"}[n%7]
			if r["gt"] != want || r["fmt_dp"] != fmt.Sprint(n%100) || r["sample_id"] != fmt.Sprintf("s%d", sample-1) || want == "0/0" || seen[[2]int64{sample, pos}] {
				t.Fatalf("at most %d: row %v, want %s at depth %d, once", most, r, want, n%100)
			}
			seen[[2]int64{sample, pos}] = true
		}
		want := 0
		for n := range records * samples {
			if n%7 != 3 {
				want++
			}
		}
		if len(seen) != want {
			t.Errorf("at most %d: %d rows, want %d", most, len(seen), want)
		}
	}
}

// What holds a sample can be told from the statistics of the row groups, and in these from the page index: neither row groups nor pages of what was sorted together share more
// than the sample in which one ends.
func TestCarrierStatistics(t *testing.T) {
	t.Parallel()
	const records, samples = 1000, 300
	opt := Options{Inputs: []string{writeInput(t, "in.vcf", calls(records, samples, "0/1"))}, Out: filepath.Join(t.TempDir(), "out"), Tables: []string{Carriers}}
	_, d := mustRun(t, opt)
	table, _ := d.Manifest.Table(Carriers)
	data, err := os.ReadFile(filepath.Join(d.Root, table.Files[0].Path))
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(strings.NewReader(string(data)), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(file.RowGroups()); n != (records*samples+carrierGroupRows-1)/carrierGroupRows {
		t.Fatalf("%d row groups", n)
	}
	row := 0
	for _, group := range file.RowGroups() {
		index, err := group.ColumnChunks()[carrierSampleIndex].ColumnIndex()
		if err != nil {
			t.Fatal(err)
		}
		end := row + int(group.NumRows())
		for i := range index.NumPages() {
			next := min(row+carrierPageRows, end)
			low, high := index.MinValue(i).Int64(), index.MaxValue(i).Int64()
			if int(low) != row/records+1 || int(high) != (next-1)/records+1 {
				t.Errorf("page %d of rows %d to %d: samples %d to %d", i, row, next, low, high)
			}
			row = next
		}
		if row != end || !index.IsAscending() {
			t.Errorf("pages end at row %d, the row group at %d; ascending %v", row, end, index.IsAscending())
		}
	}
}

// The other tables are the same bytes, whether carriers are written or not.
func TestCarriersLeaveOtherTablesAlone(t *testing.T) {
	t.Parallel()
	opt := cohortOptions(t)
	_, without := mustRun(t, opt)
	opt.Tables, opt.Out = []string{Variants, VariantAnnotations, SampleAnnotations, Carriers}, filepath.Join(t.TempDir(), "out")
	_, with := mustRun(t, opt)
	for _, table := range without.Manifest.Tables {
		other, ok := with.Manifest.Table(table.Name)
		if !ok || len(other.Files) != len(table.Files) {
			t.Fatalf("%s: %v", table.Name, other)
		}
		for i, f := range table.Files {
			if other.Files[i].SHA256 != f.SHA256 {
				t.Errorf("%s differs", f.Path)
			}
		}
	}
}

// withCarriers has a decoder collect carriers.
func withCarriers(t testing.TB, d *decoder, codec *pq.Codec) {
	t.Helper()
	var err error
	if d.batches.carriers, err = newCarrierPool(d.layout, d.leaves.variants, make([]string, d.samples), codec); err != nil {
		t.Fatal(err)
	}
	d.carriers = newCarrierCollector(d.batches.carriers)
}

// decodeCarriers decodes a chunk and encodes its carriers, if those are asked for, and returns how many there are.
func decodeCarriers(t testing.TB, d *decoder, chunk *vcf.Chunk) int {
	var blocks []*carrierBlock
	for b := range decoded(d, chunk) {
		blocks = append(blocks, b.carriers...)
		d.batches.put(b)
	}
	return encodeCarriers(t, d.batches.carriers, blocks)
}

// encodeCarriers encodes blocks as row groups.
func encodeCarriers(t testing.TB, p *carrierPool, blocks []*carrierBlock) (rows int) {
	t.Helper()
	var stretches carrierStretches
	do := func(jobs []carrierJob) {
		for _, job := range jobs {
			if err := job(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, block := range blocks {
		rows += block.rows
		do(stretches.add(p, block))
	}
	do(stretches.finish())
	stretches.reset()
	return rows
}

// What carriers take does not grow with their rows.
func TestCarriersDoNotAllocateByRow(t *testing.T) {
	const records, samples = 100, 1000
	d, chunks := chunksOf(t, calls(records, samples, "0/0", "0/1", "1/1", "0|1", "./."), 0)
	before := testing.AllocsPerRun(5, func() { decodeCarriers(t, d, chunks[0]) })
	codec, err := pq.NewCodec(1)
	if err != nil {
		t.Fatal(err)
	}
	withCarriers(t, d, codec)
	rows := 0
	allocations := testing.AllocsPerRun(5, func() { rows = decodeCarriers(t, d, chunks[0]) })
	if want := records * samples / 5 * 4; rows != want {
		t.Fatalf("%d rows, want %d", rows, want)
	}
	if more := allocations - before; more > float64(rows)/100 {
		t.Errorf("%v allocations more for %d rows", more, rows)
	}
}

// BenchmarkCarriers is BenchmarkDecode with carriers, which are encoded too.
func BenchmarkCarriers(b *testing.B) {
	for name, text := range map[string][]byte{"phase3": phase3(200), "gatk": gatk(30)} {
		b.Run(name, func(b *testing.B) {
			d, chunks := chunksOf(b, text, 64<<20)
			codec, err := pq.NewCodec(1)
			if err != nil {
				b.Fatal(err)
			}
			withCarriers(b, d, codec)
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				rows = decodeCarriers(b, d, chunks[0])
			}
			b.ReportMetric(float64(rows), "carriers")
		})
	}
}
