package bgzf

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"slices"
	"testing"

	hts "github.com/biogo/hts/bgzf"
)

func TestNextBlock(t *testing.T) {
	text := vcfText(1_000_000)
	withEmpty := slices.Concat(htsFile(t, text[:1000]), htsFile(t, text[1000:2000]), []byte(endMarker), htsFile(t, text[2000:3000]))
	files := map[string][]byte{
		"blocks of 64 KiB": htsFile(t, text),
		"small blocks":     htsFile(t, slices.Collect(slices.Chunk(text[:400_000], 300))...),
		"one block":        htsFile(t, text[:1000]),
		"BGZF in BGZF":     storedFile(t, htsFile(t, slices.Collect(slices.Chunk(text, 700))...)),
		"empty blocks":     withEmpty,
		"many empty":       slices.Concat(htsFile(t, text[:1000]), bytes.Repeat([]byte(endMarker), 20_000), htsFile(t, text[1000:2000])),
		"empty":            []byte(endMarker),
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			starts := textBlocks(t, data)
			size := int64(len(data))
			for target := range targets(size) {
				want := size
				if i, _ := slices.BinarySearch(starts, target); i < len(starts) {
					want = starts[i]
				}
				if got, err := NextBlock(bytes.NewReader(data), size, target); err != nil || got != want {
					t.Fatalf("from byte %d on: %d (%v), want %d", target, got, err, want)
				}
			}
		})
	}
}

// targets gives bytes of a file: some thousand, the first and the last among them.
func targets(size int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		step := max(1, size/1000)
		for at := int64(0); at < size; at += step {
			if !yield(at) {
				return
			}
		}
		for at := max(0, size-60); at < size; at++ {
			if !yield(at) {
				return
			}
		}
	}
}

func TestNextBlockFaults(t *testing.T) {
	text := vcfText(300_000)
	data := htsFile(t, slices.Collect(slices.Chunk(text, 100))...)
	damaged := slices.Clone(data)
	clear(damaged[len(data)/2-10 : len(data)/2+maxBlock+10])
	tests := []struct {
		name string
		data []byte
		size int
		want error
	}{
		{"text", text, len(text), ErrCorrupt},
		{"shorter than said", data[:len(data)/2+10], len(data), ErrTruncated},
		{"damaged", damaged, len(damaged), ErrCorrupt},
	}
	for _, tt := range tests {
		if _, err := NextBlock(bytes.NewReader(tt.data), int64(tt.size), int64(tt.size/2)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := NextBlock(failingAt{}, 1000, 2); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read error: %v", err)
	}
}

// TestReaderFromBlock reads files in two parts, cut at every block: together they have the text and the marks of the whole, and none of the first reaches over the cut unasked.
func TestReaderFromBlock(t *testing.T) {
	text := vcfText(100_000)
	data := htsFile(t, slices.Collect(slices.Chunk(text, 3000))...)
	whole, marks, err := readAll(t, bytes.NewReader(data), Options{SegmentSize: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range marks[1:] {
		cut := m.offset >> 16
		first, firstMarks := readUntil(t, data, cut)
		second, secondMarks, err := readAll(t, bytes.NewReader(data[cut:]), Options{SegmentSize: 10_000, Offset: cut})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, whole[:m.text]) || !bytes.Equal(second, whole[m.text:]) {
			t.Fatalf("cut at %d: %d and %d bytes of %d", cut, len(first), len(second), len(whole))
		}
		if len(firstMarks) != i+1 || len(secondMarks) != len(marks)-i-1 || secondMarks[0].offset != m.offset {
			t.Fatalf("cut at %d: %d and %d blocks of %d", cut, len(firstMarks), len(secondMarks), len(marks))
		}
	}
}

// readUntil reads the segments before the block at cut, and makes sure that a segment ends there and blocks come one by one then.
func readUntil(t *testing.T, data []byte, cut int64) (text []byte, marks []Mark) {
	t.Helper()
	r, err := NewReader(t.Context(), bytes.NewReader(data), "in", Options{SegmentSize: 10_000, End: cut})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		s, err := r.Next()
		if err != nil {
			if err != io.EOF {
				t.Fatal(err)
			}
			return text, marks
		}
		switch first, last := s.Marks[0].Offset>>16, s.Marks[len(s.Marks)-1].Offset>>16; {
		case last < cut:
			text, marks = append(text, s.Text...), append(marks, s.Marks...)
		case first < cut || first != last:
			t.Fatalf("a segment has the blocks %d to %d, with the end at %d", first, last, cut)
		}
		s.Release()
	}
}

func TestReaderProvesEnd(t *testing.T) {
	data := htsFile(t, slices.Collect(slices.Chunk(vcfText(100_000), 3000))...)
	starts := textBlocks(t, data)
	for _, end := range []int64{starts[5] + 1, starts[6] - 1, starts[1] + 30} {
		if _, _, err := readAll(t, bytes.NewReader(data), Options{End: end}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("end at %d: %v", end, err)
		}
	}
}

type failingAt struct{}

func (failingAt) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

// storedFile puts text into blocks as it is, so that what looks like a block
// in text looks like one in the file.
func storedFile(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := hts.NewWriterLevel(&out, flate.NoCompression, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// textBlocks finds the blocks that have text as the standard library finds gzip members, in order.
func textBlocks(t testing.TB, data []byte) (starts []int64) {
	t.Helper()
	in := bytes.NewReader(data)
	z := new(gzip.Reader)
	for in.Len() > 0 {
		start := int64(len(data) - in.Len())
		if err := z.Reset(in); err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		if n, err := io.Copy(io.Discard, z); err != nil {
			t.Fatal(err)
		} else if n > 0 {
			starts = append(starts, start)
		}
	}
	return starts
}

func FuzzFindBlock(f *testing.F) {
	data, _ := smallFile(f)
	f.Add(data[1:], true)
	f.Add(data, false)
	f.Add([]byte(endMarker), true)
	f.Fuzz(func(t *testing.T, window []byte, last bool) {
		at, ok := findBlock(window, last)
		if !ok {
			return
		}
		if _, err := parseFrame(window[at:]); err != nil {
			t.Fatalf("no block at %d: %v", at, err)
		}
	})
}
