package export

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	hts "github.com/biogo/hts/bgzf"
	"pgregory.net/rapid"
)

// TestMain makes fewer checks than rapid's default, unless told: each is an export, whose files are synced to the disk.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "rapid.checks" })
	if !told {
		flag.Set("rapid.checks", "30")
	}
	os.Exit(m.Run())
}

// Every cell of a dataset is what the oracle says, whatever the text, the workers and the chunks.
func TestExportAgreesWithOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "varlake")
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer os.RemoveAll(dir)
		o, header := drawHeader(t)
		lines := rapid.SliceOfN(rapid.Custom(o.drawLine), 0, 30).Draw(t, "lines")
		for len(lines) > 0 && lines[len(lines)-1] == "" { // a blank line at the very end is none
			lines = lines[:len(lines)-1]
		}
		data, offsets := encodeVCF(t, header, lines)
		opt := Options{Inputs: []string{filepath.Join(dir, "in.vcf")}, Out: filepath.Join(dir, "out"), Quarantine: true,
			Tables:  []string{Variants, VariantAnnotations, SampleAnnotations, Carriers},
			Workers: rapid.IntRange(1, 3).Draw(t, "workers"), chunk: rapid.SampledFrom([]int{0, 2, 50, 200}).Draw(t, "chunk"),
			carrierRows: rapid.SampledFrom([]int{0, 1, 2, 5}).Draw(t, "rows of carriers")}
		if err := os.WriteFile(opt.Inputs[0], data, 0o666); err != nil {
			t.Fatalf("%v", err)
		}
		_, d := mustRun(t, opt)

		var variants, annotations, rejects, carriers []row
		for i, line := range lines {
			number := fmt.Sprint(strings.Count(header, "\n") + i + 1)
			if o.rejects(line) {
				rejects = append(rejects, row{"line": number, "offset": fmt.Sprint(offsets[i]), "record": printText(o.spell(line))})
				continue
			}
			v, a := o.record(line)
			v["record_offset"], a["record_offset"] = fmt.Sprint(offsets[i]), fmt.Sprint(offsets[i])
			variants, annotations, carriers = append(variants, v), append(annotations, a), append(carriers, o.carriers...)
		}
		if m := d.Manifest; m.Records != int64(len(lines)) || m.Rejected != int64(len(rejects)) || m.Rows != int64(len(variants)) {
			t.Errorf("%d records, %d rows, %d rejected; want %d, %d, %d", m.Records, m.Rows, m.Rejected, len(lines), len(variants), len(rejects))
		}
		for table, diff := range map[string][]string{
			Variants:           differences(readRows(t, d, Variants), variants),
			VariantAnnotations: differences(readRows(t, d, VariantAnnotations), annotations),
			"rejects":          differences(readRejects(t, d), rejects),
			Carriers:           differences(inOrder(readRows(t, d, Carriers)), inOrder(carriers)),
		} {
			if len(diff) > 0 {
				t.Errorf("%s of\n%q:\n%s", table, lines, strings.Join(diff, "\n"))
			}
		}
		expectCarrierOrder(t, d, opt.carrierRows)
	})
}

// encodeVCF makes a file of the lines, as text or as BGZF in several blocks, and says where each begins (SAM specification §4.1.1).
func encodeVCF(t *rapid.T, header string, lines []string) (data []byte, offsets []int64) {
	if rapid.Bool().Draw(t, "text") {
		data = []byte(header)
		for _, line := range lines {
			offsets = append(offsets, int64(len(data)))
			data = append(data, line+"\n"...)
		}
		return data, offsets
	}
	block := header
	for _, line := range lines {
		if rapid.IntRange(0, 2).Draw(t, "block") == 0 {
			data = append(data, bgzfBlock(t, block)...)
			block = ""
		}
		offsets = append(offsets, int64(len(data))<<16|int64(len(block)))
		block += line + "\n"
	}
	return append(append(data, bgzfBlock(t, block)...), bgzfBlock(t, "")...), offsets
}

// bgzfBlock makes one block; that of no text is the end marker.
func bgzfBlock(t failer, text string) []byte {
	var out bytes.Buffer
	w := hts.NewWriter(&out, 1)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatalf("%v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("%v", err)
	}
	const marker = 28
	if text != "" {
		return out.Bytes()[:out.Len()-marker]
	}
	return out.Bytes()
}

func drawHeader(t *rapid.T) (*oracle, string) {
	o := &oracle{minor: rapid.IntRange(1, 3).Draw(t, "version"), columns: 8}
	text := fmt.Sprintf("##fileformat=VCFv4.%d\n##contig=<ID=1>\n", o.minor)
	number := rapid.SampledFrom([]string{"1", "1", "1", "2", "A", "R", "G", "."})
	typ := rapid.SampledFrom([]string{"Integer", "Float", "String", "Character"})
	for i := range rapid.IntRange(0, 4).Draw(t, "INFO lines") {
		d := declared{fmt.Sprintf("i%d", i), number.Draw(t, "number"), typ.Draw(t, "type")}
		if rapid.IntRange(0, 4).Draw(t, "flag") == 0 {
			d.number, d.typ = "0", "Flag"
		}
		o.infos = append(o.infos, d)
		text += fmt.Sprintf("##INFO=<ID=%s,Number=%s,Type=%s,Description=\"\">\n", d.id, d.number, d.typ)
	}
	if rapid.Bool().Draw(t, "END") {
		o.infos = append(o.infos, declared{"END", "1", "Integer"})
		text += "##INFO=<ID=END,Number=1,Type=Integer,Description=\"\">\n"
	}
	if rapid.IntRange(0, 4).Draw(t, "GT") > 0 {
		o.formats = append(o.formats, declared{"GT", "1", "String"})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "FORMAT lines") {
		o.formats = append(o.formats, declared{fmt.Sprintf("f%d", i), number.Draw(t, "number"), typ.Draw(t, "type")})
	}
	for _, d := range o.formats {
		text += fmt.Sprintf("##FORMAT=<ID=%s,Number=%s,Type=%s,Description=\"\">\n", d.id, d.number, d.typ)
	}
	text += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
	if rapid.IntRange(0, 4).Draw(t, "FORMAT") > 0 {
		o.columns, text = 9, text+"\tFORMAT"
		o.samples = rapid.IntRange(0, 4).Draw(t, "samples")
		for i := range o.samples {
			text += fmt.Sprintf("\ts%d", i)
		}
		o.columns += o.samples
	}
	return o, text + "\n"
}

var (
	drawInt   = rapid.SampledFrom([]string{"0", "1", "-7", "30", "2147483647", "2147483648", "-2147483649", "007", "+5", "-0", "1e3", "0x1f", "."})
	drawFloat = rapid.SampledFrom([]string{"0", "0.5", "-1.25", "1e-5", "100", "0.10", ".5", "1e400", "1e-400", "+5", "00.1", "0x1p4", "inf", "NaN", "n/a", "."})
	drawWord  = rapid.SampledFrom([]string{"a", "PASS", "é", "\xff", `\`, `\xFF`, `a\`, "%3A", "%3a", "%2C%3B", "%", "%4", "%41", "%25", "100%", "x y", "a\rb", "", ".", "..", "NULL"})
	drawGT    = rapid.SampledFrom([]string{"0/0", "0/0", "0|0", "0|1", "1/1", "1/2", "0", "1", ".", "./.", "0/.", "0/0/1", "|1", "/0|1", "0/9", "x", "01", "0/", "", "0\xff1", "4294967296"})
)

// drawValue draws text for a field, mostly of its type and sometimes of as many values as it should have.
func drawValue(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.OneOf(drawInt, drawFloat, drawWord), 1, 4).Draw(t, "values")
	if rapid.Bool().Draw(t, "same") {
		return strings.Join(rapid.SampledFrom([][]string{{"1"}, {"1", "2"}, {".", "0"}, {"1", "2", "3"}, {"0", "1", ".", "3", "4", "5"}, {"0.5", "2"}, {"x", "%2C"}}).Draw(t, "list"), ",")
	}
	return strings.Join(parts[:rapid.IntRange(1, len(parts)).Draw(t, "count")], ",")
}

func (o *oracle) drawLine(t *rapid.T) string {
	if rapid.IntRange(0, 15).Draw(t, "bad") == 0 {
		return rapid.SampledFrom([]string{"", "x", "1\t5", "1\tx\t.\tA\tG\t.\t.\t.", strings.Repeat("\t", o.columns-1), strings.Repeat("1\t", o.columns), "1\t2\t3\t4\t5\t6\t7\t\xff\\" + strings.Repeat("\t1", o.columns)}).Draw(t, "line")
	}
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	cells := []string{
		pick("CHROM", "1", "1", "1", "2", "a/b=c", "é"), pick("POS", "0", "1", "7", "1000", "4294967296", "01", "-1"), pick("ID", ".", "rs1", "a;b"),
		pick("REF", "A", "N", "ACGT"), pick("ALT", ".", "G", "G", "G", "G,T", "<DEL>", "*,.", "G,T,C"), pick("QUAL", ".", ".", "0", "29.5", "1e3", "q"),
		pick("FILTER", ".", "PASS", "q10;s50", "q10;."), o.drawInfo(t),
	}
	if o.columns > 8 {
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"f0", "f1", "f2", "xx", "f0", "f1", "GT", ""}), 1, 4).Draw(t, "keys")
		if rapid.IntRange(0, 5).Draw(t, "GT first") > 0 {
			keys[0] = "GT"
		}
		format := strings.Join(keys, ":")
		cells = append(cells, format)
		for range o.samples {
			cells = append(cells, drawCell(t, keys))
		}
	}
	return strings.Join(cells, "\t")
}

func (o *oracle) drawInfo(t *rapid.T) string {
	var entries []string
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		key := rapid.SampledFrom([]string{"i0", "i1", "i2", "i3", "xx", "END", "k\xff"}).Draw(t, "key")
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			entries = append(entries, key)
		case 1:
			entries = append(entries, rapid.SampledFrom([]string{"", "=1", key + "=", key + "=a=b"}).Draw(t, "entry"))
		default:
			entries = append(entries, key+"="+drawValue(t))
		}
	}
	if info := strings.Join(entries, ";"); info != "" {
		return info
	}
	return "."
}

func drawCell(t *rapid.T, keys []string) string {
	var parts []string
	for _, key := range keys {
		if key == "GT" {
			parts = append(parts, drawGT.Draw(t, "call"))
		} else {
			parts = append(parts, drawValue(t))
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		parts = parts[:rapid.IntRange(0, len(parts)).Draw(t, "trailing")]
	case 1:
		parts = append(parts, "extra", "1")
	}
	return strings.Join(parts, ":")
}
