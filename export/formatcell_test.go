package export

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// cellHeader declares FORMAT fields of every type and Number.
const cellHeader = `##fileformat=VCFv%s
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="">
##FORMAT=<ID=LEN,Number=1,Type=Integer,Description="">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="">
##FORMAT=<ID=EC,Number=A,Type=Integer,Description="">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="">
##FORMAT=<ID=HQ,Number=2,Type=Integer,Description="">
##FORMAT=<ID=N0,Number=0,Type=Integer,Description="">
##FORMAT=<ID=ND,Number=.,Type=Integer,Description="">
##FORMAT=<ID=LAA,Number=.,Type=Integer,Description="">
##FORMAT=<ID=LAD,Number=LR,Type=Integer,Description="">
##FORMAT=<ID=LPL,Number=LG,Type=Integer,Description="">
##FORMAT=<ID=PP,Number=P,Type=Integer,Description="">
##FORMAT=<ID=X,Number=1,Type=Float,Description="">
##FORMAT=<ID=GL,Number=G,Type=Float,Description="">
##FORMAT=<ID=FT,Number=1,Type=String,Description="">
##FORMAT=<ID=SL,Number=.,Type=String,Description="">
##FORMAT=<ID=C,Number=1,Type=Character,Description="">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT`

// formatPair is a decoder that scans cells and one that cuts them, field by field.
type formatPair struct {
	samples  int
	decoders [2]*formatDecoder
	contexts [2]recordContext
	vectors  [2][]pq.Vector
}

func newFormatPair(t testing.TB, version string, samples int) *formatPair {
	t.Helper()
	text := fmt.Sprintf(cellHeader, version)
	for i := range samples {
		text += fmt.Sprintf("\ts%d", i)
	}
	h, err := vcf.ParseHeader([]byte(text + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := newLayout(h.Infos, h.Formats, nil, nil)
	p := &formatPair{samples: samples}
	for i := range p.decoders {
		pool, err := newBatchPool(l, samples, 1)
		if err != nil {
			t.Fatal(err)
		}
		p.vectors[i] = pool.get().variants
		p.decoders[i] = newFormatDecoder(l, pool.leaves.variants, samples)
		p.decoders[i].wantsLen = h.Version.AtLeast(4, 5)
		p.decoders[i].begin(p.vectors[i])
		p.contexts[i] = recordContext{input: "in.vcf", version: h.Version, conflicts: make(conflicts)}
	}
	return p
}

// decodePlain is decode without the scan: it cuts cells into fields.
func (d *formatDecoder) decodePlain(ctx *recordContext, format, samples []byte) []vcf.Run {
	d.record++
	d.lenMax = 0
	d.runs = d.runs[:0]
	d.setFormat(format)
	hasGT := false
	for i := range d.keys {
		k := &d.keys[i]
		hasGT = hasGT || k.scan == scanGT
		if k.column != nil {
			d.beginRow(ctx, k.column)
		}
	}
	last := len(d.keys) - 1
	for sample := range d.samples {
		var cell []byte
		cell, samples, _ = vcf.Cut(samples, '\t')
		ploidy, more := 2, true
		for i := range last {
			k := &d.keys[i]
			if !more {
				d.absent(k, sample)
				continue
			}
			var value []byte
			value, cell, more = vcf.Cut(cell, ':')
			ploidy = d.field(ctx, k, value, sample, ploidy)
		}
		if more {
			d.beyond(ctx, cell, sample)
		}
		if hasGT {
			d.runs = vcf.AppendRun(d.runs, d.codes[sample], 1)
		}
	}
	if !hasGT {
		return nil
	}
	return d.runs
}

// FuzzCells decodes a record of any FORMAT and any cells twice: columns, calls, conflicts and what is kept for fmt_other are the same whether cells are scanned
// or cut.
func FuzzCells(f *testing.F) {
	for _, seed := range []struct{ format, cells string }{
		{"GT:AD:DP:GQ:PL", "0/0:28,0:28:72:0,72,622\t./.\t0/1:18,14:32:99:687,0,1180\t./.:.:.:.:.\t./.:0,0:0:.:0,0,0"},
		{"GT:AD:DP:GQ:PL", "0|0:4095,4096:4097:99999999:0,9999999,99999999\t0/1:1:2:3:4\t1/2:3,4,5:.:.:1,2,3,4,5,6"},
		{"GT:AD:DP:GQ:PL", "1:2,3:4:5:0,7\t.:2,3:4:5:0,7\t.:2,3:4:5:6,0,7\t0/0/1:1,2:3:4:0,1,2,3\t0/1/1/2/0:1,2:3:4:0,1,2,3,4,5"},
		{"GT:AD:DP:GQ:PL", "10/11:1,2:3:4:5,6,7\t0/.:1,.:3:-4:5,.,7\t/0:007:-0:+5:1e3\t0/1:00,1:2147483647:2147483648:-1,0,0\t|1:,::,,:0,"},
		{"GT:DP:DP::GT:XX", "0/1:3:4:5:1/1:text\t0/1:3:4:5:1/1:text:more:and:more\t\t:\t::::::::\t0/1"},
		{"DP:GT:PL", "3:1:2,3\t4:0/1:0,1,2\t.:.:0,1\t5:0/1\t6"},
		{"PL:GT", "1,2,3:1\t1,2:1\t.:0/1"},
		{"HQ:N0:ND:LAA:LAD:LPL:PP:EC", "1,2::1,2,3::1:1:1,2:1\t1:.::1,2,3:1,2:0,1,2:1:1,2\t.,.:5:0:.:.,.:.:.:."},
		{"GT:X:GL:FT:SL:C:LEN", "0/1:0.5:-1,-2.5,0:PASS:a,b:c:12\t0|1:1e400:.,.,.:q10%3Bs50:%2C,:%:-3\t1|1:nan:0:\xff\xfe:\xff:\xc3\xa9:1,2"},
		{"GT:DP", "0/1:1%0D\r\t0/1:1\r\t\\x00:\x00\t0/1:12345678901234567890"},
		{"GT:AD:DP:PL", "0/1:18,14:32:687,0,1180"},
		{"GT", "0/1\t0|1:3\t.\t\xff/1"},
		{"DP", "1\t2\t3"}, {"AD", "1\t2,3\t4"}, {"FT:DP", "\t\t"}, {"::", "1:2:3"},
	} {
		for _, alts := range []int{1, 2, 9, 10} {
			f.Add(seed.format, []byte(seed.cells), alts, true)
			f.Add(seed.format, []byte(seed.cells+"\t"+seed.cells), alts, false)
		}
	}
	f.Fuzz(func(t *testing.T, format string, cells []byte, alts int, recent bool) {
		cells = bytes.ReplaceAll(cells, []byte{'\n'}, []byte{'\t'})
		samples := bytes.Count(cells, []byte{'\t'}) + 1
		if !utf8.ValidString(format) || format == "" || strings.ContainsAny(format, "\t\n") || len(cells) == 0 || samples > 1000 {
			return
		}
		version := "4.2"
		if recent {
			version = "4.5"
		}
		p := newFormatPair(t, version, samples)
		backwards := reverseCells(cells)
		for i, record := range [][]byte{cells, backwards, cells, cells, cells} { // with values that the dictionaries have, and levels behind others
			if i == 3 {
				p.decode(t, "UNDECLARED", record, alts&7) // a NULL row in all columns
			}
			p.decode(t, format, record, alts&7)
			if alts&8 != 0 {
				p.compareColumns(t) // nothing waits for the next record
			}
		}
		p.compareColumns(t)
	})
}

func reverseCells(cells []byte) []byte {
	parts := bytes.Split(cells, []byte{'\t'})
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return bytes.Join(parts, []byte{'\t'})
}

// decode decodes one record both ways and compares.
func (p *formatPair) decode(t testing.TB, format string, samples []byte, nAlt int) {
	t.Helper()
	var runs [2][]vcf.Run
	var others [2][][]cellText
	var keys, values [2]column
	for i, d := range p.decoders {
		ctx := &p.contexts[i]
		ctx.nAlt, ctx.lineValid = nAlt, utf8.Valid(samples)
		ctx.at.Line++
		line := bytes.Clone(samples)
		if i == 0 {
			runs[i] = d.decode(ctx, []byte(format), line)
		} else {
			runs[i] = d.decodePlain(ctx, []byte(format), line)
		}
		for _, k := range d.keys {
			others[i] = append(others[i], append([]cellText{}, k.other...))
		}
		keys[i], values[i] = column{new(pq.Vector)}, column{new(pq.Vector)}
		d.finish(ctx, keys[i], values[i])
	}
	scanned, cut := p.decoders[0], p.decoders[1]
	for what, pair := range map[string][2]any{
		"runs":         {runs[0], runs[1]},
		"calls":        {scanned.calls.Calls(), cut.calls.Calls()},
		"text kept":    {others[0], others[1]},
		"other keys":   {keys[0], keys[1]},
		"other values": {values[0], values[1]},
		"conflicts":    {p.contexts[0].conflicts, p.contexts[1].conflicts},
		"largest LEN":  {scanned.lenMax, cut.lenMax},
		"depths":       {scanned.valuesOf(scanned.depth), cut.valuesOf(cut.depth)},
		"qualities":    {scanned.valuesOf(scanned.quality), cut.valuesOf(cut.quality)},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Fatalf("%s: %v, cut %v", what, pair[0], pair[1])
		}
	}
}

// compareColumns completes the columns and compares them.
func (p *formatPair) compareColumns(t testing.TB) {
	t.Helper()
	scanned, cut := p.decoders[0], p.decoders[1]
	scanned.end()
	for i := range scanned.columns {
		a, b := *scanned.columns[i].vector, *cut.columns[i].vector
		if !bytes.Equal(print(a), print(b)) {
			t.Fatalf("%s: scanned\n%s, cut\n%s", scanned.columns[i].name, print(a), print(b))
		}
	}
}

// print spells what a vector holds.
func print(v pq.Vector) []byte {
	return fmt.Appendf(nil, "%d rows, rep %v, def %v, ids %v, runs %v of %v", v.Rows, v.Rep, v.Def, v.IDs, v.Runs, v.Dict.Values)
}

// BenchmarkFormat decodes the sample columns of a joint call.
func BenchmarkFormat(b *testing.B) {
	const samples = 200
	random := rand.New(rand.NewPCG(5, 6))
	var records [][]byte
	size := 0
	for range 400 {
		var line []byte
		frequency := random.Float64() * random.Float64()
		for range samples {
			depth := 25 + random.IntN(20)
			switch x := random.Float64(); {
			case x < 0.02:
				line = append(line, "./.\t"...)
			case x < frequency:
				line = fmt.Appendf(line, "0/1:%d,%d:%d:99:%d,0,%d\t", depth/2, depth-depth/2, depth, 20*depth+random.IntN(99), 30*depth+random.IntN(999))
			default:
				line = fmt.Appendf(line, "0/0:%d,0:%d:%d:0,%d,%d\t", depth, depth, 60+random.IntN(40), 60+random.IntN(999), 40*depth+random.IntN(99))
			}
		}
		records = append(records, line[:len(line)-1])
		size += len(line)
	}
	p := newFormatPair(b, "4.2", samples)
	for i, bench := range []struct {
		name   string
		decode func(*formatDecoder, *recordContext, []byte, []byte) []vcf.Run
	}{{"scanned", (*formatDecoder).decode}, {"cut", (*formatDecoder).decodePlain}} {
		b.Run(bench.name, func(b *testing.B) {
			d, ctx := p.decoders[i], &p.contexts[i]
			ctx.nAlt, ctx.lineValid = 1, true
			format := []byte("GT:AD:DP:GQ:PL")
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for j := range p.vectors[i] {
					p.vectors[i][j].Reset()
				}
				d.begin(p.vectors[i])
				for _, line := range records {
					bench.decode(d, ctx, format, line)
				}
				d.end()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/B")
		})
	}
}
