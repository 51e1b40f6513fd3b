package export

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// infoHeader declares INFO of every kind; %d is the minor version.
const infoHeader = `##fileformat=VCFv4.%d
##contig=<ID=1>
##INFO=<ID=FL,Number=0,Type=Flag,Description="">
##INFO=<ID=I,Number=1,Type=Integer,Description="">
##INFO=<ID=IA,Number=A,Type=Integer,Description="">
##INFO=<ID=IG,Number=G,Type=Integer,Description="">
##INFO=<ID=F,Number=1,Type=Float,Description="">
##INFO=<ID=FA,Number=A,Type=Float,Description="">
##INFO=<ID=FX,Number=.,Type=Float,Description="">
##INFO=<ID=S,Number=1,Type=String,Description="">
##INFO=<ID=SR,Number=R,Type=String,Description="">
##INFO=<ID=SX,Number=.,Type=String,Description="">
##INFO=<ID=FLAG,Number=0,Type=Flag,Description="">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
`

// decodePlain is infoDecoder.decode without the tree of keys and without reading values straight from the text.
func (d *infoDecoder) decodePlain(ctx *recordContext, info []byte, row int, vectors []pq.Vector) {
	d.record++
	d.other = d.other[:0]
	var keys []string
	keepWhole := false
	for cursor := vcf.NewInfoCursor(info); cursor.Next(); {
		e := infoEntry{cursor.Key, cursor.Value, cursor.HasValue}
		if len(e.key) == 0 {
			ctx.conflict("INFO", Malformed, info)
			keepWhole = true
			continue
		}
		keys = append(keys, string(e.key))
		if c := d.index[string(e.key)]; c == nil {
			keepWhole = d.undeclaredEntry(ctx, e) || keepWhole
		} else {
			keepWhole = d.entry(ctx, c, e, row, &vectors[c.leaf]) || keepWhole
		}
	}
	for i := range d.columns {
		c := &d.columns[i]
		c.fill(&vectors[c.leaf], row+1)
	}
	if text := []byte(strings.Join(keys, ";")); len(keys) == 0 || !ctx.validUTF8(text) {
		vectors[d.keysLeaf].AddNulls(1)
	} else {
		keys := &vectors[d.keysLeaf]
		keys.AddID(keys.Dict.InternBytes(text))
	}
	if keepWhole {
		d.other = append(d.other[:0], otherEntry{key: whole, value: info})
	}
	d.appendOther(ctx, row, vectors)
	d.fillOther(row+1, vectors)
}

// FuzzInfo holds the decoding of INFO against the plain one: the same vectors and conflicts. text is the INFO of one record a line.
func FuzzInfo(f *testing.F) {
	for _, text := range []string{
		"I=1;FA=0.5;FL\nI=1;FA=0.5;FL\nI=1;FA=1e-5,2;FLAG;FL\n.\nFA=.;I=.\n",
		"IA=1;IG=1,2,3;F=2.5e-05;S=a\nIA=1;IG=1,2,3;F=nan;S=a,b\nIA=2,1;IG=1;F=-0;S=%3B",
		"I=1;I=2\nI=1;XX=3;XX\nXX=3\n;;\n=1\nI=007;IA=-0;FA=1.;FX=.5,.,1e400\nI=;FL=1;SX=;SR=\nI;F;S;SX\nI=1;.\n.;I=1",
		"SR=a,b;SX=a,.,c;S=" + strings.Repeat("x", 40) + ";SX=\xff\nSR=a;SX=%2C,b\r;S=\xff\nK\xff=1;I=2147483648;FX=" + strings.Repeat("1,", 50) + "2",
	} {
		f.Add([]byte(text), byte(1), byte(3))
		f.Add([]byte(text), byte(2), byte(2))
	}
	var fasts, plains [6]*infoBench // by minor version
	for minor := range fasts {
		fasts[minor], plains[minor] = newInfoBench(f, minor), newInfoBench(f, minor)
	}
	f.Fuzz(func(t *testing.T, text []byte, nAlt, minor byte) {
		fast, plain := fasts[minor%6], plains[minor%6]
		fast.begin(int(nAlt % 5))
		plain.begin(int(nAlt % 5))
		for range 2 { // the sequences of keys are known the second time
			fast.decode(text, fast.d.info.decode)
			plain.decode(text, plain.d.info.decodePlain)
			for i, leaf := range fast.d.batches.schemas.annotations.Leaves() {
				if got, want := &fast.b.annotations[i], &plain.b.annotations[i]; !sameVector(got, want) {
					t.Fatalf("column %s of\n%q\nis  %+v\nnot %+v", leaf.Name(), text, got, want)
				}
			}
		}
		if got, want := fast.b.conflicts.list(), plain.b.conflicts.list(); !reflect.DeepEqual(got, want) {
			t.Errorf("conflicts of %q: %v, want %v", text, got, want)
		}
	})
}

// infoBench is a decoder and the batch that its INFO goes to.
type infoBench struct {
	d   *decoder
	b   *batch
	ctx *recordContext
}

func newInfoBench(t testing.TB, minor int) *infoBench {
	d, _ := chunksOf(t, fmt.Appendf(nil, infoHeader, minor), 0)
	b := d.batches.get()
	d.ctx.conflicts = b.conflicts
	return &infoBench{d, b, &d.ctx}
}

// begin begins with an empty batch and without any keys known.
func (x *infoBench) begin(nAlt int) {
	x.d.batches.put(x.b)
	x.b = x.d.batches.get()
	x.d.info = newInfoDecoder(x.d.layout, x.d.leaves.annotations)
	x.ctx.conflicts, x.ctx.at.Line, x.ctx.nAlt = x.b.conflicts, 0, nAlt
}

// decode appends the INFO of each line.
func (x *infoBench) decode(text []byte, decode func(*recordContext, []byte, int, []pq.Vector)) {
	for info := range bytes.SplitSeq(text, []byte{'\n'}) {
		if bytes.IndexByte(info, '\t') >= 0 {
			continue
		}
		x.ctx.at.Line++
		x.ctx.lineValid = utf8.Valid(info)
		decode(x.ctx, info, x.b.rows, x.b.annotations)
		x.b.rows++
	}
	x.d.info.end(x.b.rows, x.b.annotations)
}

// sameVector reports whether two vectors are the same; NaN is the same as itself.
func sameVector(a, b *pq.Vector) bool {
	return slices.EqualFunc(a.Double, b.Double, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }) &&
		slices.Equal(a.Int32, b.Int32) && slices.Equal(a.Bool, b.Bool) && bytes.Equal(a.Bytes, b.Bytes) && slices.Equal(a.Ends, b.Ends) &&
		slices.Equal(a.Rep, b.Rep) && slices.Equal(a.Def, b.Def) && a.Rows == b.Rows && slices.Equal(a.Runs, b.Runs) &&
		(a.Dict == b.Dict || bytes.Equal(a.Dict.Bytes, b.Dict.Bytes) && slices.Equal(a.Dict.Ends, b.Dict.Ends))
}

// The tree of key sequences stays within its bounds, and begins anew when it is full.
func TestInfoPathsAreBounded(t *testing.T) {
	x := newInfoBench(t, 2)
	for batch := range 3 {
		var text strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&text, "I=1;K%d=%s;FL;IA=2\n", i+batch, strings.Repeat("v", i%50))
			fmt.Fprintf(&text, "%s;%s\n", strings.Repeat("I=1;", i%3), []string{"FL", "F=1", "S=a", "FX=1"}[i%4])
		}
		x.decode([]byte(text.String()), x.d.info.decode)
		if n := len(x.d.info.paths.root.next); n > maxInfoNext {
			t.Fatalf("%d keys after the root", n)
		}
	}
	long := []byte("I=1;" + strings.Repeat("K", infoPathsSize) + ";FL\n")
	x.decode(bytes.Repeat(long, 2), x.d.info.decode)
	if p := &x.d.info.paths; p.size > infoPathsSize {
		t.Errorf("%d bytes after renewal", p.size)
	}
}

// benchInfos are the INFO of records as a catalogue of sites and a caller of one sample write them.
func benchInfos(kind string) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for range 1000 {
		if kind == "sites" {
			fmt.Fprintf(&b, "IA=%d;I=%d;FA=%.5e;F=%.3f", r.IntN(1000), r.IntN(200_000), r.Float64(), r.Float64()*60)
			if r.IntN(2) == 0 {
				b.WriteString(";S=nfe;FX=0.25")
			}
		} else {
			fmt.Fprintf(&b, "IA=%d;FA=%.3f;I=%d", 1+r.IntN(2), r.Float64(), r.IntN(60))
			if r.IntN(2) == 0 {
				fmt.Fprintf(&b, ";F=%.3f", r.NormFloat64())
			}
			b.WriteString(";SX=a|b|c,d|e|f;FL")
		}
		b.WriteByte('\n')
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

func BenchmarkInfo(b *testing.B) {
	for _, kind := range []string{"sites", "single"} {
		text := benchInfos(kind)
		x := newInfoBench(b, 2)
		x.ctx.nAlt = 1
		for name, decode := range map[string]func(*recordContext, []byte, int, []pq.Vector){"": x.d.info.decode, "/plain": x.d.info.decodePlain} {
			b.Run(kind+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					x.decode(text, decode)
					x.d.batches.put(x.b)
					x.b = x.d.batches.get()
				}
			})
		}
	}
}
