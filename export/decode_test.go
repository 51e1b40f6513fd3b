package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/realfiles"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/vcf"
)

// chunksOf reads a VCF as the pipeline does, and returns a decoder for it.
func chunksOf(t testing.TB, text []byte, size int) (*decoder, []*vcf.Chunk) {
	t.Helper()
	blocks, err := bgzf.NewReader(t.Context(), bytes.NewReader(text), "in.vcf", bgzf.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer blocks.Close()
	reader, err := vcf.NewReader(blocks, "in.vcf", vcf.Options{ChunkSize: size})
	if err != nil {
		t.Fatal(err)
	}
	h := reader.Header()
	l := newLayout(h.Infos, h.Formats, nil, nil)
	pool, err := newBatchPool(l, len(h.Samples), 4)
	if err != nil {
		t.Fatal(err)
	}
	in := &input{Input: source.Input{Name: "in.vcf"}}
	in.setHeader(h)
	d := newDecoder(l, nil, pool, 0, in, false)
	var chunks []*vcf.Chunk
	for {
		chunk, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return d, chunks
		}
		if err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, chunk)
	}
}

// decoded yields the batches of a chunk, in order, as the pipeline takes them.
func decoded(d *decoder, chunk *vcf.Chunk) iter.Seq[*batch] {
	return func(yield func(*batch) bool) {
		lines := chunk.Lines()
		for more := true; more; {
			var batches []*batch
			batches, more = d.decode(chunk, &lines, nil)
			for _, b := range batches {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// Where the contig changes all the time, a chunk takes no more memory than another: its batches come a few at a time.
func TestDecodeChangingContigs(t *testing.T) {
	var text strings.Builder
	text.WriteString(fuzzHeader)
	var want []string
	for i := range 10*maxBatches + 3 {
		switch {
		case i%7 == 3:
			text.WriteString("bad\n")
		case i%5 == 0: // of the contig before
			fmt.Fprintf(&text, "%d\t%d\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1\n", (i-1)%3, i+1)
			want = append(want, fmt.Sprint((i-1)%3, ":", i+1))
		default:
			fmt.Fprintf(&text, "%d\t%d\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1\n", i%3, i+1)
			want = append(want, fmt.Sprint(i%3, ":", i+1))
		}
	}
	d, chunks := chunksOf(t, []byte(strings.TrimSuffix(text.String(), "\n")), 1<<20)
	if len(chunks) != 1 {
		t.Fatalf("%d chunks", len(chunks))
	}
	var got []string
	var rejects, open, times int
	lines := chunks[0].Lines()
	for more := true; more; times++ {
		var batches []*batch
		batches, more = d.decode(chunks[0], &lines, nil)
		if open = max(open, len(batches)); open > maxBatches {
			t.Fatalf("%d batches at a time", len(batches))
		}
		for i, b := range batches {
			for _, pos := range b.variants[d.leaves.variants[colPos]].Int64 {
				got = append(got, fmt.Sprint(b.chrom, ":", pos))
			}
			rejects += len(b.rejects)
			if _, cut := b.conflicts[conflictKey{"last line", NoNewline}]; cut != (!more && i == len(batches)-1) {
				t.Errorf("batch %d of %d, lines left %v: the last line has no newline: %v", i, len(batches), more, cut)
			}
			d.batches.put(b)
		}
	}
	if !slices.Equal(got, want) || rejects+len(want) != 10*maxBatches+3 || open != maxBatches || times < 5 {
		t.Errorf("%d records and %d rejects in %d steps, want %d: %v", len(got), rejects, times, len(want), got)
	}
}

// encodeBatch makes the pages of a batch, which finds levels and values that do not fit each other.
func encodeBatch(t *testing.T, d *decoder, b *batch, codec *pq.Codec) {
	t.Helper()
	for _, table := range []struct {
		leaves  []pq.Leaf
		vectors []pq.Vector
	}{{d.batches.schemas.variants.Leaves(), b.variants}, {d.batches.schemas.annotations.Leaves()[len(keyOf):], b.annotations[len(keyOf):]}} {
		for i, leaf := range table.leaves {
			chunk := pq.NewChunk(leaf, pq.Options{Codec: codec})
			page := chunk.Append(&table.vectors[i])
			var err error
			if page != nil {
				err = page.Encode()
			}
			if err = errors.Join(err, chunk.Finish()); err != nil || table.vectors[i].Rows != b.rows {
				t.Errorf("column %s: %d rows of %d: %v", leaf.Name(), table.vectors[i].Rows, b.rows, err)
			}
		}
	}
}

// fuzzHeader declares a field of every kind; two samples.
const fuzzHeader = `##fileformat=VCFv4.5
##contig=<ID=1>
##INFO=<ID=FL,Number=0,Type=Flag,Description="">
##INFO=<ID=I,Number=1,Type=Integer,Description="">
##INFO=<ID=F,Number=A,Type=Float,Description="">
##INFO=<ID=S,Number=1,Type=String,Description="">
##INFO=<ID=L,Number=.,Type=String,Description="">
##INFO=<ID=END,Number=1,Type=Integer,Description="">
##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="">
##FORMAT=<ID=GT,Number=1,Type=String,Description="">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="">
##FORMAT=<ID=X,Number=1,Type=Float,Description="">
##FORMAT=<ID=FT,Number=1,Type=String,Description="">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="">
##FORMAT=<ID=PL,Number=G,Type=Float,Description="">
##FORMAT=<ID=SL,Number=.,Type=String,Description="">
##FORMAT=<ID=LEN,Number=1,Type=Integer,Description="">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	a	b
`

// FuzzDecode decodes any text: it never panics, every line is a row or rejected, and columns hold as many values as their levels say.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		"1\t5\t.\tA\tG\t.\tPASS\tI=1;F=0.5;FL\tGT:DP\t0/1:3\t1|1",
		"1\t5\t.\tA\t<DEL>\t.\t.\tEND=9;SVLEN=-3;L=a,,b;I=x;I=2\tGT::GT:AD:PL:SL\t0/1:x:1:1,2:0,1,2:%2C,\t.",
		"1\t0\t.\tA\t.\t1e3\t.\t;=;k=\tFT:X:LEN\t\xff:1e400:7:extra\t",
		"1\tx\n\n1\t5\r\n\r",
		"2\t9223372036854775807\t.\tAC\t*,G\t.\t.\t.\tGT\t0/9\t//",
	} {
		f.Add([]byte(line), 0)
		f.Add([]byte(line+"\n"+line+"\n"), 16)
	}
	for _, pattern := range []string{"real/*/*.vcf", "bad/*/*.vcf"} {
		for _, file := range realfiles.Small(pattern, 4<<10) {
			if _, records, ok := bytes.Cut(file, []byte("\n#CHROM")); ok {
				_, records, _ = bytes.Cut(records, []byte{'\n'})
				f.Add(records, 0)
			}
		}
	}
	o := &oracle{columns: 11}
	codec, err := pq.NewCodec(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, size int) {
		d, chunks := chunksOf(t, append([]byte(fuzzHeader), body...), size)
		withCarriers(t, d, codec)
		var carriers []*carrierBlock
		var records, rows, rejected int64
		for _, chunk := range chunks {
			for b := range decoded(d, chunk) {
				records, rows, rejected = records+b.records, rows+int64(b.rows), rejected+int64(len(b.rejects))
				encodeBatch(t, d, b, codec)
				carriers = append(carriers, b.carriers...)
				d.batches.put(b)
			}
		}
		encodeCarriers(t, d.batches.carriers, carriers)
		var want, bad int64
		for _, line := range recordLines(string(body)) {
			want++
			if o.rejects(line) {
				bad++
			}
		}
		if records != want || rows != want-bad || rejected != bad {
			t.Errorf("%d records, %d rows, %d rejected; want %d, %d, %d", records, rows, rejected, want, want-bad, bad)
		}
	})
}

// recordLines are the lines without their ends; a blank one at the very end is none.
func recordLines(body string) []string {
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	if last := len(lines) - 1; lines[last] == "" {
		return lines[:last]
	}
	return lines
}

const benchSamples = 2504

// phase3 is text like that of the 1000 Genomes Project: rare variants, phased, GT alone.
func phase3(records int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	text := benchHeader("GT,1,String")
	for i := range records {
		text = fmt.Appendf(text, "22\t%d\trs%d\tA\tG\t100\tPASS\tAC=%d;AF=%.6f;AN=5008;NS=2504;DP=%d;VT=SNP\tGT", 16050075+i*37, i, i%5008, random.Float64(), random.IntN(30000))
		frequency := 0.5 * random.Float64() * random.Float64() * random.Float64() * random.Float64() * random.Float64()
		for range benchSamples {
			a, b := "0", "0"
			if random.Float64() < frequency {
				a = "1"
			}
			if random.Float64() < frequency {
				b = "1"
			}
			text = append(text, "\t"+a+"|"+b...)
		}
		text = append(text, '\n')
	}
	return text
}

// gatk is text like that of a joint call: five fields a cell, two more in every third record, dropped where a sample has nothing to say.
func gatk(records int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	text := benchHeader("GT,1,String", "AD,R,Integer", "DP,1,Integer", "GQ,1,Integer", "PGT,1,String", "PID,1,String", "PL,G,Integer")
	for i := range records {
		format, phase := "GT:AD:DP:GQ:PL", ""
		if i%3 == 0 {
			format, phase = "GT:AD:DP:GQ:PGT:PID:PL", "0|1:1000_A_G:"
		}
		text = fmt.Appendf(text, "22\t%d\t.\tA\tG\t%.2f\tPASS\tAC=2;AF=%.3f;AN=5008;DP=%d;VQSLOD=%.2f\t%s", 1000+i*50, 1000*random.Float64(), random.Float64(), random.IntN(90000), random.NormFloat64(), format)
		for range benchSamples {
			switch depth := 20 + random.IntN(20); random.IntN(10) {
			case 0:
				text = append(text, "\t./."...)
			case 1:
				text = fmt.Appendf(text, "\t0/1:%d,%d:%d:99:%s%d,0,%d", depth/2, depth-depth/2, depth, phase, 20*depth, 21*depth)
			default:
				text = fmt.Appendf(text, "\t0/0:%d,0:%d:%d:%s0,%d,%d", depth, depth, 60+random.IntN(40), phase, 3*depth, 40*depth)
			}
		}
		text = append(text, '\n')
	}
	return text
}

func benchHeader(formats ...string) []byte {
	text := []byte("##fileformat=VCFv4.2\n##contig=<ID=22>\n")
	for _, info := range []string{"AC,A,Integer", "AF,A,Float", "AN,1,Integer", "NS,1,Integer", "DP,1,Integer", "VT,.,String"} {
		f := strings.Split(info, ",")
		text = fmt.Appendf(text, "##INFO=<ID=%s,Number=%s,Type=%s,Description=\"\">\n", f[0], f[1], f[2])
	}
	for _, format := range formats {
		f := strings.Split(format, ",")
		text = fmt.Appendf(text, "##FORMAT=<ID=%s,Number=%s,Type=%s,Description=\"\">\n", f[0], f[1], f[2])
	}
	text = append(text, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"...)
	for i := range benchSamples {
		text = fmt.Appendf(text, "\tHG%05d", i)
	}
	return append(text, '\n')
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct {
		name    string
		text    []byte
		records int
	}{
		{"phase3", phase3(200), 200},
		{"gatk", gatk(30), 30},
	} {
		b.Run(bench.name, func(b *testing.B) {
			d, chunks := chunksOf(b, bench.text, 64<<20)
			if len(chunks) != 1 {
				b.Fatalf("%d chunks", len(chunks))
			}
			var out []*batch
			b.ReportAllocs()
			b.SetBytes(int64(len(chunks[0].Text)))
			for b.Loop() {
				lines := chunks[0].Lines()
				out, _ = d.decode(chunks[0], &lines, out[:0])
				for _, batch := range out {
					d.batches.put(batch)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bench.records*benchSamples), "ns/genotype")
		})
	}
}
