package bgzf

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// deflated compresses text with the standard library.
func deflated(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const mostText = 1 << 18 // bytes that a test inflates from arbitrary data

// standard inflates data with the standard library, up to one byte more than
// mostText, and tells how many bytes it did not use.
func standard(data []byte) (text []byte, left int, err error) {
	in := bytes.NewReader(data)
	text, err = io.ReadAll(io.LimitReader(flate.NewReader(in), mostText+1))
	return text, in.Len(), err
}

// compareInflate checks that z does with data what the standard library does.
func compareInflate(t *testing.T, z *inflater, data []byte) {
	t.Helper()
	want, wantLeft, wantErr := standard(data)
	if len(want) > mostText {
		want, wantErr = want[:mostText], errTextTooLong
	}
	padded := slices.Concat(data, bytes.Repeat([]byte{0xa5}, 40))
	backing := bytes.Repeat([]byte{0xee}, len(want)+1000)
	for _, padding := range []int{0, trailerSize, 40} {
		padded := padded[:len(data)+padding]
		sizes := []int{len(want), len(want) + 1, len(want) - 1, len(want) / 2, len(want) + 1000}
		if padding != trailerSize {
			sizes = sizes[:1]
		}
		for _, size := range sizes {
			if size < 0 || errors.Is(wantErr, errTextTooLong) && size > mostText {
				continue
			}
			done, left, err := z.inflate(backing[:size], padded, padding)
			switch {
			case wantErr != nil && err == nil:
				t.Fatalf("%d bytes of text, padding %d: no error, the standard library says %v", size, padding, wantErr)
			case wantErr != nil:
			case size < len(want) && err != errTextTooLong:
				t.Fatalf("%d bytes of text in place of %d: error %v", size, len(want), err)
			case size < len(want):
			case err != nil:
				t.Fatalf("%d bytes of text, padding %d: %v", size, padding, err)
			case done != len(want) || left != wantLeft || !bytes.Equal(backing[:done], want):
				t.Fatalf("%d bytes of text, %d left, want %d and %d, or they differ", done, left, len(want), wantLeft)
			}
			if bytes.Count(backing[size:], []byte{0xee}) != len(backing)-size {
				t.Fatal("written beyond the text")
			}
			copy(backing[:size], bytes.Repeat([]byte{0xee}, size))
		}
	}
}

// bitWriter writes deflate data bit by bit.
type bitWriter struct {
	out []byte
	n   int
}

// value writes a number, its lowest bit first; code writes a Huffman code.
func (w *bitWriter) value(v, n int) *bitWriter {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
	return w
}

func (w *bitWriter) code(v, n int) *bitWriter {
	for i := n - 1; i >= 0; i-- {
		w.value(v>>i, 1)
	}
	return w
}

// literal writes a literal or length symbol in the fixed code.
func (w *bitWriter) literal(symbol int) *bitWriter {
	switch {
	case symbol < 144:
		return w.code(0x30+symbol, 8)
	case symbol < 256:
		return w.code(0x190+symbol-144, 9)
	case symbol < 280:
		return w.code(symbol-256, 7)
	}
	return w.code(0xc0+symbol-280, 8)
}

// match writes a match in the fixed code.
func (w *bitWriter) match(length, back int) *bitWriter {
	for symbol := 285; ; symbol-- {
		e := newEntry(symbol, 0)
		if e.length() <= length {
			w.literal(symbol).value(length-e.length(), int(e.bits()))
			break
		}
	}
	for symbol := 29; ; symbol-- {
		d := newDistance(symbol, 0)
		if int(d.base) <= back {
			return w.code(symbol, 5).value(back-int(d.base), int(d.bits))
		}
	}
}

// dynamic begins a last block whose codes have the given lengths, which are 0
// or 1 to 15, each written with a code of 4 bits.
func (w *bitWriter) dynamic(literals, distances []int) *bitWriter {
	w.value(1, 1).value(2, 2).value(len(literals)-257, 5).value(len(distances)-1, 5).value(15, 4)
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		if symbol < 16 {
			w.value(4, 3)
		} else {
			w.value(0, 3)
		}
	}
	for _, n := range slices.Concat(literals, distances) {
		w.code(n, 4)
	}
	return w
}

// lengths returns n lengths of codes, of which some are not 0.
func lengths(n int, some map[int]int) []int {
	all := make([]int, n)
	for symbol, length := range some {
		all[symbol] = length
	}
	return all
}

func fixed() *bitWriter { return new(bitWriter).value(1, 1).value(1, 2) }

// oddDeflate is deflate data that compressors seldom write, or never.
func oddDeflate() map[string][]byte {
	two := map[int]int{'a': 2, 'b': 2, 256: 2, 257: 2}
	far := make([]byte, 5)
	copy(far, "\x00\x00\x80\xff\x7f")
	far = append(far, bytes.Repeat([]byte("abcdefg!"), 4096)...)
	long := map[int]int{256: 15, 'z': 15} // codes of every length
	for n := 1; n < 15; n++ {
		long['a'+n] = n
	}
	longCodes := func() *bitWriter { return new(bitWriter).dynamic(lengths(257, long), []int{0}) }
	manyDistances := map[int]int{29: 15, 28: 15}
	for n := 1; n < 15; n++ {
		manyDistances[n-1] = n
	}
	back := &bitWriter{}
	back.dynamic(lengths(258, two), lengths(30, manyDistances)).code(0, 2).code(1, 2).code(3, 2).code(0, 1).code(3, 2).code(2, 2).code(2, 2)
	farMatch := fixed().match(258, 32768).match(258, 32767).literal(256).out
	return map[string][]byte{
		"nothing":                      {},
		"one byte":                     {3},
		"empty, fixed":                 fixed().literal(256).out,
		"empty, stored":                []byte("\x01\x00\x00\xff\xff"),
		"stored":                       []byte("\x01\x03\x00\xfc\xffabc"),
		"stored, short":                []byte("\x01\x03\x00\xfc\xffab"),
		"stored, complement":           []byte("\x01\x03\x00\xfd\xffabc"),
		"stored twice":                 []byte("\x00\x01\x00\xfe\xffa\x01\x01\x00\xfe\xffb"),
		"stored, left":                 []byte("\x01\x03\x00\xfc\xffabcdef"),
		"reserved type":                []byte("\x07\x00\x00\xff\xff"),
		"no last block":                []byte("\x00\x01\x00\xfe\xffa"),
		"fixed":                        fixed().literal('a').literal(200).match(258, 1).match(3, 2).literal(256).out,
		"fixed, left":                  append(fixed().literal('a').literal(256).out, 0),
		"fixed, symbol 286":            fixed().literal('a').literal(286).literal(256).out,
		"fixed, symbol 287":            fixed().literal('a').literal(287).literal(256).out,
		"fixed, distance 30":           fixed().literal('a').literal(257).code(30, 5).literal(256).out,
		"fixed, distance 31":           fixed().literal('a').literal(257).code(31, 5).literal(256).out,
		"fixed, 258 as 284":            fixed().literal('a').literal(284).value(31, 5).code(0, 5).literal(256).out,
		"before the text":              fixed().literal('a').match(3, 2).literal(256).out,
		"before any text":              fixed().match(3, 1).literal(256).out,
		"distance 32768":               append(bytes.Clone(far), farMatch...),
		"distance 32768, just too far": append(append([]byte("\x00\xff\x7f\x00\x80"), far[5:5+32767]...), farMatch...),
		"one distance":                 new(bitWriter).dynamic(lengths(258, two), []int{1}).code(0, 2).code(3, 2).code(0, 1).code(2, 2).out,
		"one distance, the other bit":  new(bitWriter).dynamic(lengths(258, two), []int{1}).code(0, 2).code(3, 2).code(1, 1).code(2, 2).out,
		"one distance of 2 bits":       new(bitWriter).dynamic(lengths(258, two), []int{2}).code(0, 2).code(3, 2).code(0, 2).code(2, 2).out,
		"no distance":                  new(bitWriter).dynamic(lengths(258, two), []int{0}).code(0, 2).code(1, 2).code(2, 2).out,
		"no distance, but a match":     new(bitWriter).dynamic(lengths(258, two), []int{0}).code(0, 2).code(3, 2).code(0, 1).code(2, 2).out,
		"end alone":                    new(bitWriter).dynamic(lengths(257, map[int]int{256: 1}), []int{0}).code(0, 1).out,
		"end alone, the other bit":     new(bitWriter).dynamic(lengths(257, map[int]int{256: 1}), []int{0}).code(1, 1).value(0, 9).out,
		"end alone of 2 bits":          new(bitWriter).dynamic(lengths(257, map[int]int{256: 2}), []int{0}).code(0, 2).out,
		"no end":                       new(bitWriter).dynamic(lengths(257, map[int]int{'a': 1, 'b': 1}), []int{0}).code(0, 2).value(0, 99).out,
		"no codes":                     new(bitWriter).dynamic(lengths(257, nil), []int{0}).value(0, 99).out,
		"over-subscribed":              new(bitWriter).dynamic(lengths(257, map[int]int{'a': 1, 'b': 1, 256: 1}), []int{1}).value(0, 99).out,
		"over-subscribed, late":        new(bitWriter).dynamic(lengths(257, map[int]int{'a': 1, 'b': 2, 'c': 2, 256: 15}), []int{1}).value(0, 99).out,
		"incomplete":                   new(bitWriter).dynamic(lengths(257, map[int]int{'a': 1, 256: 2}), []int{1}).code(0, 1).code(2, 2).out,
		"incomplete distances":         new(bitWriter).dynamic(lengths(258, two), []int{1, 2}).code(0, 2).code(2, 2).out,
		"287 symbols":                  new(bitWriter).dynamic(lengths(287, two), []int{1}).code(2, 2).out,
		"31 distances":                 new(bitWriter).dynamic(lengths(258, two), lengths(31, map[int]int{0: 1})).code(2, 2).out,
		"repeats no length":            new(bitWriter).value(5, 3).value(0, 14).value(1, 3).value(0, 6).value(1, 3).code(1, 1).value(0, 99).out,
		"no such length":               new(bitWriter).value(5, 3).value(0, 14).value(0, 6).value(1, 3).value(0, 3).code(1, 1).value(0, 99).out,
		"long codes":                   longCodes().code(0x7ffe, 15).code(0, 1).code(0x7ffe, 15).code(0x7ffc, 14).code(0x7ffe, 15).out,
		"long codes, end":              longCodes().code(0x7fff, 15).code(0, 1).code(0x7ffe, 15).code(0x3ffe, 14).code(0x7fff, 15).out,
		"long distances":               back.out,
	}
}

func TestOddDeflate(t *testing.T) {
	z := newInflater()
	valid := 0
	for name, data := range oddDeflate() {
		t.Run(name, func(t *testing.T) {
			if _, _, err := standard(data); err == nil {
				valid++
			}
			compareInflate(t, z, data)
			// The same where the fast loop reads it.
			compareInflate(t, z, append(deflatedStart(t), data...))
		})
	}
	if valid < 14 {
		t.Errorf("%d are valid", valid)
	}
}

// deflatedStart is data with some text that ends between two blocks and bytes.
func deflatedStart(t testing.TB) []byte {
	var out bytes.Buffer
	z, _ := flate.NewWriter(&out, 6)
	if _, err := z.Write(vcfText(1000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestMatches copies matches of all lengths from distances up to 40 and some
// more, far from the ends of the text and near them.
func TestMatches(t *testing.T) {
	z := newInflater()
	var start []byte
	for i := range 300 {
		start = append(start, byte(i*7+i/256))
	}
	distances := []int{63, 64, 65, 100, 257, 258, 259, 300}
	for back := 1; back <= 40; back++ {
		distances = append(distances, back)
	}
	for _, back := range distances {
		for length := 3; length <= maxMatch; length++ {
			for _, after := range []int{0, 400} {
				w := fixed()
				want := bytes.Clone(start)
				for _, b := range start {
					w.literal(int(b))
				}
				w.match(length, back)
				for range length {
					want = append(want, want[len(want)-back])
				}
				for i := range after {
					w.literal(i & 0xff)
					want = append(want, byte(i))
				}
				w.literal(256)
				got := make([]byte, len(want))
				if done, left, err := z.inflate(got, w.out, 0); err != nil || left != 0 || done != len(want) || !bytes.Equal(got, want) {
					t.Fatalf("length %d, distance %d, %d after: %d of %d bytes, %d left, %v", length, back, after, done, len(want), left, err)
				}
			}
		}
	}
}

// sampleTexts are texts to compress.
func sampleTexts() map[string][]byte {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 3000)
	skewed := make([]byte, 20_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for i := range skewed {
		skewed[i] = byte(rng.ExpFloat64() * 12)
	}
	return map[string][]byte{
		"nothing":  {},
		"one byte": {'x'},
		"zeros":    make([]byte, 5000),
		"noise":    noise,
		"skewed":   skewed,
		"GT":       vcfText(65_280)[:65_280],
		"GATK":     gatkText(65_280)[:65_280],
	}
}

var levels = []int{flate.HuffmanOnly, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}

func TestInflateLevels(t *testing.T) {
	z := newInflater()
	for name, text := range sampleTexts() {
		for _, level := range levels {
			t.Run(fmt.Sprintf("%s-%d", name, level), func(t *testing.T) { compareInflate(t, z, deflated(t, text, level)) })
		}
	}
}

func TestTruncatedDeflate(t *testing.T) {
	z := newInflater()
	text := gatkText(4000)[:4000]
	got := make([]byte, len(text))
	for _, level := range []int{flate.HuffmanOnly, 0, 1, 6} {
		data := deflated(t, text, level)
		for cut := range data {
			for _, padding := range []int{0, 8} {
				if _, _, err := z.inflate(got, data[:cut+min(padding, len(data)-cut)], min(padding, len(data)-cut)); err != errNoEnd {
					t.Fatalf("level %d, cut at %d of %d: %v", level, cut, len(data), err)
				}
			}
		}
	}
}

func TestFlippedBits(t *testing.T) {
	z := newInflater()
	texts := [][]byte{gatkText(600)[:600], vcfText(2500)[:2500]}
	for _, text := range texts {
		for _, level := range []int{flate.HuffmanOnly, 1, 6} {
			data := deflated(t, text, level)
			for bit := range 8 * len(data) {
				data[bit/8] ^= 1 << (bit % 8)
				compareInflate(t, z, data)
				data[bit/8] ^= 1 << (bit % 8)
			}
		}
	}
}

// FuzzInflate takes compress/flate as the judge, of input as deflate data and of
// what comes of input as text.
func FuzzInflate(f *testing.F) {
	for _, data := range oddDeflate() {
		f.Add(data[:min(len(data), 2000)], 6)
	}
	for _, text := range sampleTexts() {
		text = text[:min(len(text), 4000)]
		for _, level := range levels {
			f.Add(text, level)
			f.Add(deflated(f, text, level), level)
		}
	}
	z := newInflater()
	f.Fuzz(func(t *testing.T, input []byte, level int) {
		if level < flate.HuffmanOnly || level > flate.BestCompression {
			level = 6
		}
		compareInflate(t, z, input)
		data := deflated(t, input, level)
		compareInflate(t, z, data)
		if len(data) > 0 && len(input) > 0 { // one bit changed, more or less where input says
			bit := (int(input[0])<<8 | int(input[len(input)-1])) % (8 * len(data))
			data[bit/8] ^= 1 << (bit % 8)
			compareInflate(t, z, data)
		}
	})
}
