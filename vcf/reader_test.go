package vcf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	hts "github.com/biogo/hts/bgzf"
	"pgregory.net/rapid"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/vcf"
)

const siteHeader = "##fileformat=VCFv4.2\n" + columnLine + "\n"

type openOptions struct {
	segment int
	vcf.Options
}

// open reads the header of data; everything ends with the test.
func open(t testing.TB, data []byte, opt openOptions) (*vcf.Reader, error) {
	t.Helper()
	src, err := bgzf.NewReader(context.Background(), bytes.NewReader(data), "test.vcf", bgzf.Options{Workers: 2, SegmentSize: opt.segment})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { src.Close() })
	return vcf.NewReader(src, "test.vcf", opt.Options)
}

// chunkCopy is what a test keeps of a chunk.
type chunkCopy struct {
	text    string
	line    int64
	lines   []string
	starts  []int64 // offset of each line
	numbers []int64
}

func readAll(t testing.TB, data []byte, opt openOptions) ([]chunkCopy, error) {
	t.Helper()
	r, err := open(t, data, opt)
	if err != nil {
		return nil, err
	}
	var chunks []chunkCopy
	for {
		c, err := r.Next()
		if err == io.EOF {
			_, again := r.Next()
			if again != io.EOF {
				t.Fatalf("after io.EOF: %v", again)
			}
			return chunks, nil
		}
		if err != nil {
			return chunks, err
		}
		got := chunkCopy{text: string(c.Text), line: c.Line}
		for s := c.Lines(); s.Next(); {
			got.lines = append(got.lines, string(s.Line))
			got.starts = append(got.starts, c.Offset(s.Start))
			got.numbers = append(got.numbers, s.Number)
		}
		// Whoever holds on to released bytes must be seen to fail.
		clear(c.Text)
		c.Release()
		chunks = append(chunks, got)
	}
}

// block compresses text with biogo/hts, a new block every size bytes.
func block(t testing.TB, text []byte, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := hts.NewWriter(&out, 1)
	for part := range slices.Chunk(text, size) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wantChunks cuts body as the documentation of Chunk says, the plain way.
func wantChunks(body string, size int) []string {
	var chunks []string
	current := ""
	for _, line := range strings.SplitAfter(body, "\n") {
		if current != "" && len(current)+len(line) > size {
			chunks = append(chunks, current)
			current = ""
		}
		current += line
	}
	if current != "" {
		chunks = append(chunks, current)
	}
	return chunks
}

// withoutBlankEnd drops a blank last line.
func withoutBlankEnd(body string) string {
	lines := strings.SplitAfter(body, "\n")
	if n := len(lines); lines[n-1] == "" {
		lines = lines[:n-1]
	}
	if n := len(lines); n > 0 && strings.Trim(lines[n-1], "\n") == "" || n > 0 && (lines[n-1] == "\r\n" || lines[n-1] == "\r") {
		lines = lines[:n-1]
	}
	return strings.Join(lines, "")
}

func TestChunksDependOnTextOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line := rapid.StringMatching(`[a-z\t]{0,40}\r?`)
		end := rapid.SampledFrom([]string{"", "\n", "\r\n", "\n\n"}).Draw(rt, "end")
		body := strings.Join(rapid.SliceOfN(line, 0, 30).Draw(rt, "lines"), "\n") + end
		size := rapid.IntRange(2, 120).Draw(rt, "ChunkSize")
		segment := rapid.IntRange(1, 200).Draw(rt, "segment")
		data := []byte(siteHeader + body)
		if blockSize := rapid.IntRange(0, 60).Draw(rt, "block"); blockSize > 0 {
			data = block(t, data, blockSize)
		}
		chunks, err := readAll(t, data, openOptions{segment, vcf.Options{ChunkSize: size}})
		if err != nil {
			rt.Fatal(err)
		}
		var texts []string
		number := int64(3)
		for _, c := range chunks {
			texts = append(texts, c.text)
			if c.line != number {
				rt.Fatalf("chunk %q begins with line %d, not %d", c.text, c.line, number)
			}
			for i, n := range c.numbers {
				if n != c.line+int64(i) {
					rt.Fatalf("line %d of chunk %q has number %d", i, c.text, n)
				}
			}
			if want := strings.Split(strings.ReplaceAll(strings.TrimSuffix(c.text, "\n")+"\n", "\r\n", "\n"), "\n"); !slices.Equal(c.lines, want[:len(want)-1]) && !strings.HasSuffix(c.text, "\r") {
				rt.Fatalf("lines %q of chunk %q", c.lines, c.text)
			}
			number += int64(len(c.lines))
		}
		if want := wantChunks(withoutBlankEnd(body), size); !slices.Equal(texts, want) {
			rt.Fatalf("ChunkSize %d\ngot  %q\nwant %q", size, texts, want)
		}
	})
}

func TestReaderLineEnds(t *testing.T) {
	const a, b = "1\t1\t.\tA\tC\t.\t.\t.", "1\t2\t.\tA\tC\t.\t.\t."
	tests := []struct {
		name, body string
		want       []string
	}{
		{"no records", "", nil},
		{"LF", a + "\n" + b + "\n", []string{a, b}},
		{"CRLF", a + "\r\n" + b + "\r\n", []string{a, b}},
		{"no newline at the end", a + "\n" + b, []string{a, b}},
		{"CR without LF at the end", a + "\n" + b + "\r", []string{a, b}},
		{"blank line at the end", a + "\n\n", []string{a}},
		{"blank CRLF line at the end", a + "\r\n\r\n", []string{a}},
		{"CR alone at the end", a + "\n\r", []string{a}},
		{"only a blank line", "\n", nil},
		{"only a CR", "\r", nil},
		{"blank lines elsewhere", "\n" + a + "\n\r\n" + b + "\n", []string{"", a, "", b}},
		{"two blank lines at the end", a + "\n\n\n", []string{a, ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, chunkSize := range []int{1, len(a) + 1, len(a) + 2, 0} {
				chunks, err := readAll(t, []byte(siteHeader+test.body), openOptions{0, vcf.Options{ChunkSize: chunkSize}})
				if err != nil {
					t.Fatal(err)
				}
				var lines []string
				for _, c := range chunks {
					lines = append(lines, c.lines...)
				}
				if !slices.Equal(lines, test.want) {
					t.Errorf("ChunkSize %d: %q", chunkSize, lines)
				}
			}
		})
	}
}

// The other side of every offset: biogo/hts finds the line there.
func TestOffsets(t *testing.T) {
	var body strings.Builder
	for i := range 500 {
		fmt.Fprintf(&body, "chr1\t%d\t.\tA\tC\t.\t.\tX=%s\n", i+1, strings.Repeat("x", i%90))
	}
	plain := []byte(siteHeader + body.String())
	for _, size := range []int{13, 1000, 1 << 16} {
		packed := block(t, plain, min(size, hts.BlockSize))
		for _, chunkSize := range []int{1, 777, 1 << 20} {
			chunks, err := readAll(t, packed, openOptions{4096, vcf.Options{ChunkSize: chunkSize}})
			if err != nil {
				t.Fatal(err)
			}
			z, err := hts.NewReader(bytes.NewReader(packed), 1)
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			checkOffsets(t, chunks, 500, func(offset int64, line []byte) error {
				if err := z.Seek(hts.Offset{File: offset >> 16, Block: uint16(offset)}); err != nil {
					return err
				}
				_, err := io.ReadFull(z, line)
				return err
			})
		}
	}
	chunks, err := readAll(t, plain, openOptions{100, vcf.Options{ChunkSize: 777}})
	if err != nil {
		t.Fatal(err)
	}
	checkOffsets(t, chunks, 500, func(offset int64, line []byte) error {
		_, err := bytes.NewReader(plain).ReadAt(line, offset)
		return err
	})
}

func checkOffsets(t *testing.T, chunks []chunkCopy, lines int, readAt func(offset int64, line []byte) error) {
	t.Helper()
	for _, c := range chunks {
		for i, want := range c.lines {
			got := make([]byte, len(want))
			if err := readAt(c.starts[i], got); err != nil || string(got) != want {
				t.Fatalf("line %d at offset %#x: %q, %v; want %q", c.numbers[i], c.starts[i], got, err, want)
			}
			lines--
		}
	}
	if lines != 0 {
		t.Errorf("%d lines missing", lines)
	}
}

func TestLineTooLong(t *testing.T) {
	body := "short\n" + strings.Repeat("x", 100) + "\nshort\n"
	for _, chunkSize := range []int{1, 50, 107, 1 << 20} {
		for _, end := range []int{len(body), 106} { // also unterminated
			data := []byte(siteHeader + body[:end])
			if _, err := readAll(t, data, openOptions{10, vcf.Options{ChunkSize: chunkSize, MaxLine: 100}}); err != nil {
				t.Errorf("ChunkSize %d: %v", chunkSize, err)
			}
			_, err := readAll(t, data, openOptions{10, vcf.Options{ChunkSize: chunkSize, MaxLine: 99}})
			if !errors.Is(err, vcf.ErrLineTooLong) || !strings.Contains(err.Error(), "test.vcf: line 4 (offset") {
				t.Errorf("ChunkSize %d: error %v", chunkSize, err)
			}
		}
	}
}

func TestHeaderLimit(t *testing.T) {
	for _, segment := range []int{7, 1 << 20} {
		opt := openOptions{segment, vcf.Options{MaxHeader: int64(len(siteHeader))}}
		if _, err := open(t, []byte(siteHeader+"record\n"), opt); err != nil {
			t.Error(err)
		}
		opt.MaxHeader--
		if _, err := open(t, []byte(siteHeader+"record\n"), opt); !errors.Is(err, vcf.ErrHeader) {
			t.Errorf("error %v", err)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	text := []byte(siteHeader + strings.Repeat("1\t1\t.\tA\tC\t.\t.\t.\n", 1000))
	packed := block(t, text, 1000)
	cut := packed[:len(packed)-28] // the end marker is missing
	if _, err := readAll(t, cut, openOptions{}); !errors.Is(err, bgzf.ErrTruncated) {
		t.Errorf("no end marker: %v", err)
	}
	if _, err := open(t, []byte("1\t1\t.\tA\tC\t.\t.\t.\n"), openOptions{}); !errors.Is(err, vcf.ErrHeader) || !strings.Contains(err.Error(), "test.vcf: ") {
		t.Errorf("no header: %v", err)
	}
	r, err := open(t, cut, openOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err = r.Next(); !errors.Is(err, bgzf.ErrTruncated) {
			t.Errorf("the error does not stay: %v", err)
		}
	}
}

func TestHeaderAcrossSegments(t *testing.T) {
	text := "\uFEFF##fileformat=VCFv4.2\r\n\r\n##contig=<ID=1>\r\n" + columnLine + "\tFORMAT\tA\tB\r\nrecord\r\n"
	for segment := 1; segment < len(text)+2; segment++ {
		r, err := open(t, []byte(text), openOptions{segment: segment})
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h := r.Header(); len(h.Contigs) != 1 || len(h.Samples) != 2 || c.Line != 5 || string(c.Text) != "record\r\n" {
			t.Fatalf("segment %d: header %+v, chunk %q of line %d", segment, h, c.Text, c.Line)
		}
	}
}

// A chunk has at most ChunkLines lines, however short they are, and blank lines at the end are still told from others.
func TestChunkLines(t *testing.T) {
	const header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
	for _, records := range []string{"a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\n\n", "\n\n\n\n\n\n\n", "a\nb\nc\nd", "a\nb\nc\n"} {
		blocks, err := bgzf.NewReader(t.Context(), strings.NewReader(header+records), "in.vcf", bgzf.Options{SegmentSize: 64})
		if err != nil {
			t.Fatal(err)
		}
		r, err := vcf.NewReader(blocks, "in.vcf", vcf.Options{ChunkLines: 3})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		next := int64(3)
		for {
			chunk, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			lines := chunk.Lines()
			n := int64(0)
			for lines.Next() {
				n++
			}
			if n > 3 || chunk.Line != next {
				t.Errorf("%q: a chunk of %d lines from line %d, want at most 3 from line %d", records, n, chunk.Line, next)
			}
			next += n
			text.Write(chunk.Text)
			chunk.Release()
		}
		want := records
		if strings.HasSuffix(want, "\n\n") { // the blank line at the very end
			want = want[:len(want)-1]
		}
		if text.String() != want {
			t.Errorf("%q: read %q", records, text.String())
		}
		if err := blocks.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A step back is made good by the next one forward, line by line: CRLF, blank lines, a last line without its end, lines without numbers.
func TestLineScannerBack(t *testing.T) {
	for _, line := range []int64{0, 7} {
		c := vcf.NewChunk([]byte("a\tb\r\n\nccc\n\r\nd"), line, []bgzf.Mark{{}})
		again := c.Lines()
		n := 0
		for lines := c.Lines(); lines.Next(); n++ {
			for range 2 {
				if !again.Next() || string(again.Line) != string(lines.Line) || again.Start != lines.Start || again.Number != lines.Number {
					t.Fatalf("from line %d, line %d: %q at %d, number %d; want %q at %d, number %d", line, n, again.Line, again.Start, again.Number, lines.Line, lines.Start, lines.Number)
				}
				again.Back()
			}
			again.Next()
		}
		if n != 5 || again.Next() {
			t.Errorf("from line %d: %d lines", line, n)
		}
	}
}
