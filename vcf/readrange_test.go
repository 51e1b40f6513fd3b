package vcf_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/vcf"
)

// readPart reads the lines of data from start on. drop, if not 0, is passed to DropThrough of every chunk.
func readPart(t testing.TB, data []byte, start vcf.Start, drop int64, opt openOptions) (chunks []chunkCopy) {
	t.Helper()
	header, err := open(t, data, opt)
	if err != nil {
		t.Fatal(err)
	}
	blocks := bgzf.Options{Workers: 2, SegmentSize: opt.segment, End: start.End >> 16}
	if bgzf.Detect(data) == bgzf.BGZF {
		blocks.Offset = start.Offset >> 16
	}
	src, err := bgzf.NewReader(context.Background(), bytes.NewReader(data[blocks.Offset:]), "test.vcf", blocks)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := vcf.NewReaderAt(src, "test.vcf", header.Header(), start, opt.Options)
	if err != nil {
		t.Fatal(err)
	}
	for {
		c, err := r.Next()
		if err == io.EOF {
			return chunks
		}
		if err != nil {
			t.Fatal(err)
		}
		if drop != 0 {
			c.DropThrough(drop)
		}
		got := chunkCopy{text: string(c.Text), line: c.Line}
		for s := c.Lines(); s.Next(); {
			got.lines = append(got.lines, string(s.Line))
			got.starts = append(got.starts, c.Offset(s.Start))
			got.numbers = append(got.numbers, s.Number)
		}
		chunks = append(chunks, got)
		c.Release()
	}
}

// someBody draws lines, some of them blank or longer than a block, perhaps without an end.
func someBody(t *rapid.T) string {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"", "\r", "1\t5", "chr1\t100\trs1\tA\tC\t.\t.\t.", strings.Repeat("x", 150)}), 0, 40).Draw(t, "lines")
	body := strings.Join(lines, "\n")
	if rapid.Bool().Draw(t, "newline") {
		body += "\n"
	}
	return body
}

func TestPartsGiveEveryLineOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := block(t, []byte(siteHeader+someBody(rt)), rapid.IntRange(1, 100).Draw(rt, "block"))
		opt := openOptions{rapid.IntRange(1, 300).Draw(rt, "segment"), vcf.Options{ChunkSize: rapid.IntRange(2, 400).Draw(rt, "chunk")}}
		whole, err := readAll(t, data, opt)
		if err != nil {
			rt.Fatal(err)
		}
		header, err := open(t, data, opt)
		if err != nil {
			rt.Fatal(err)
		}
		records, line := header.Records()
		cuts := []int64{0}
		for range rapid.IntRange(0, 8).Draw(rt, "cuts") {
			cut, err := bgzf.NextBlock(bytes.NewReader(data), int64(len(data)), rapid.Int64Range(0, int64(len(data)-1)).Draw(rt, "target"))
			if err != nil {
				rt.Fatal(err)
			}
			if cut<<16 >= records && cut < int64(len(data)) {
				cuts = append(cuts, cut)
			}
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		var lines []string
		var starts []int64
		for i, cut := range cuts {
			start := vcf.Start{Offset: cut << 16, MidLine: true}
			if cut == 0 {
				start = vcf.Start{Offset: records, Line: line}
			}
			if i+1 < len(cuts) {
				start.End = cuts[i+1] << 16
			}
			for _, c := range readPart(t, data, start, 0, opt) {
				lines, starts = append(lines, c.lines...), append(starts, c.starts...)
				if cut > 0 && (c.line != 0 || slices.Max(c.numbers) != 0) {
					rt.Fatalf("numbers %v of lines that are not known", c.numbers)
				}
			}
		}
		var wantLines []string
		var wantStarts []int64
		for _, c := range whole {
			wantLines, wantStarts = append(wantLines, c.lines...), append(wantStarts, c.starts...)
		}
		if !slices.Equal(lines, wantLines) || !slices.Equal(starts, wantStarts) {
			rt.Fatalf("cut at %v: %q at %v\nwant %q at %v", cuts, lines, starts, wantLines, wantStarts)
		}
	})
}

// TestReadingGoesOnInAnyChunk begins anew at the start of a chunk: this and all that follow are the same chunks, but for the lines that are dropped.
func TestReadingGoesOnInAnyChunk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := []byte(siteHeader + someBody(rt))
		if rapid.Bool().Draw(rt, "BGZF") {
			data = block(t, data, rapid.IntRange(1, 100).Draw(rt, "block"))
		}
		opt := openOptions{rapid.IntRange(1, 300).Draw(rt, "segment"), vcf.Options{ChunkSize: rapid.IntRange(2, 400).Draw(rt, "chunk")}}
		whole, err := readAll(t, data, opt)
		if err != nil || len(whole) == 0 {
			rt.Skip()
		}
		from := rapid.IntRange(0, len(whole)-1).Draw(rt, "from")
		line := rapid.IntRange(0, len(whole[from].starts)-1).Draw(rt, "line")
		got := readPart(t, data, vcf.Start{Offset: whole[from].starts[0], Line: whole[from].line}, whole[from].starts[line], opt)
		if len(got) != len(whole)-from {
			rt.Fatalf("%d chunks, want %d", len(got), len(whole)-from)
		}
		for i, want := range whole[from:] {
			if i == 0 {
				want.lines, want.starts, want.numbers = want.lines[line+1:], want.starts[line+1:], want.numbers[line+1:]
			}
			if !slices.Equal(got[i].lines, want.lines) || !slices.Equal(got[i].starts, want.starts) || !slices.Equal(got[i].numbers, want.numbers) {
				rt.Fatalf("chunk %d: %q at %v, lines %v\nwant %q at %v, lines %v", i, got[i].lines, got[i].starts, got[i].numbers, want.lines, want.starts, want.numbers)
			}
		}
	})
}
