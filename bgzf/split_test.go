package bgzf

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"testing"

	hts "github.com/biogo/hts/bgzf"
)

func TestSplitCutsAtBlocks(t *testing.T) {
	text := vcfText(1_000_000)
	files := map[string][]byte{
		"blocks of 64 KiB": htsFile(t, text),
		"small blocks":     htsFile(t, slices.Collect(slices.Chunk(text[:400_000], 300))...),
		"one block":        htsFile(t, text[:1000]),
		"BGZF in BGZF":     storedFile(t, htsFile(t, slices.Collect(slices.Chunk(text, 700))...)),
		"empty":            []byte(endMarker),
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			isStart := blockStarts(t, data)
			for _, n := range []int{0, 1, 2, 3, 7, 50, 5000} {
				starts, err := Split(bytes.NewReader(data), int64(len(data)), n)
				if err != nil {
					t.Fatal(err)
				}
				if starts[0] != 0 || len(starts) > max(n, 1) {
					t.Fatalf("n %d: %v", n, starts)
				}
				for i, start := range starts {
					if !isStart[start] || i > 0 && start <= starts[i-1] {
						t.Fatalf("n %d: no block starts at %d, or it is not after the one before: %v", n, start, starts)
					}
				}
			}
		})
	}
}

func TestSplitIsEven(t *testing.T) {
	data := htsFile(t, slices.Collect(slices.Chunk(vcfText(2_000_000), 2000))...)
	starts, err := Split(bytes.NewReader(data), int64(len(data)), 4)
	if err != nil || len(starts) != 4 {
		t.Fatal(starts, err)
	}
	for i, start := range starts {
		if off := start - int64(i*len(data)/4); off < 0 || off > 2000 {
			t.Errorf("range %d starts %d bytes after its share", i, off)
		}
	}
}

func TestSplitFaults(t *testing.T) {
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
		{"text", text, len(text), ErrFormat},
		{"gzip", gzipMember(t, text), 1000, ErrFormat},
		{"nothing", nil, 0, ErrFormat},
		{"no end marker", data[:len(data)-28], len(data) - 28, ErrTruncated},
		{"shorter than said", data, len(data) + 10, ErrTruncated},
		{"damaged", damaged, len(damaged), ErrCorrupt},
	}
	for _, tt := range tests {
		if _, err := Split(bytes.NewReader(tt.data), int64(tt.size), 2); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := Split(failingAt{}, 1000, 2); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read error: %v", err)
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

// blockStarts finds the blocks as the standard library finds gzip members.
func blockStarts(t testing.TB, data []byte) map[int64]bool {
	t.Helper()
	starts := map[int64]bool{}
	in := bytes.NewReader(data)
	z := new(gzip.Reader)
	for in.Len() > 0 {
		starts[int64(len(data)-in.Len())] = true
		if err := z.Reset(in); err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		if _, err := io.Copy(io.Discard, z); err != nil {
			t.Fatal(err)
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
