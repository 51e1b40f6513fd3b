package bgzf

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/varlake/varlake/internal/realfiles"
)

func TestBGZFTextAndMarks(t *testing.T) {
	text := vcfText(250_000)
	stored := make([]byte, 40_000) // does not compress
	for i := range stored {
		stored[i] = byte(i*i>>3 ^ i*7919>>5)
	}
	first, second := handBlock(t, text[:maxBlock], []byte("AA\x00\x00"), []byte("ZZ\x02\x00ab")), handBlock(t, text[maxBlock:80_000], nil, nil)
	files := map[string][]byte{
		"one writer":              htsFile(t, text),
		"small blocks":            htsFile(t, slices.Collect(slices.Chunk(text[:50_000], 100))...),
		"incompressible":          htsFile(t, stored, stored),
		"nothing but end marker":  []byte(endMarker),
		"empty blocks mid-file":   slices.Concat(first, []byte(endMarker), handBlock(t, nil, nil, nil), second, []byte(endMarker)),
		"empty blocks only":       bytes.Repeat([]byte(endMarker), 5_000),
		"two files put together":  append(htsFile(t, text[:100_000]), htsFile(t, text[100_000:])...),
		"long subfield before BC": append(handBlock(t, text[:1000], append([]byte("XX\x00\x80"), make([]byte, 1<<15)...), nil), endMarker...),
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			wantText, wantMarks := standardMembers(t, data)
			for _, workers := range []int{1, 2, 8} {
				for _, size := range []int{1, 20_000, 1 << 20} {
					text, marks, err := readAll(t, bytes.NewReader(data), Options{Workers: workers, SegmentSize: size})
					if err != nil {
						t.Fatalf("workers %d, segments of %d: %v", workers, size, err)
					}
					if !bytes.Equal(text, wantText) || !slices.Equal(marks, wantMarks) {
						t.Fatalf("workers %d, segments of %d: %d bytes, %d marks; want %d, %d",
							workers, size, len(text), len(marks), len(wantText), len(wantMarks))
					}
				}
			}
		})
	}
}

func TestStreams(t *testing.T) {
	text := vcfText(300_000)
	files := []struct {
		name   string
		data   []byte
		format Format
	}{
		{"text", text, Text},
		{"gzip", gzipMember(t, text), Gzip},
		{"gzip members", slices.Concat(gzipMember(t, text[:1]), gzipMember(t, nil), gzipMember(t, text[1:])), Gzip},
		{"gzip, then BGZF", append(gzipMember(t, text[:1000]), htsFile(t, text[1000:])...), Gzip},
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			if got := Detect(f.data); got != f.format {
				t.Fatalf("Detect = %v, want %v", got, f.format)
			}
			for _, size := range []int{777, 1 << 16, 300_000, 1 << 20} {
				got, marks, err := readAll(t, bytes.NewReader(f.data), Options{SegmentSize: size})
				if err != nil || !bytes.Equal(got, text) {
					t.Fatalf("segments of %d: %d bytes, %v; want %d", size, len(got), err, len(text))
				}
				for _, m := range marks {
					if m.offset != int64(m.text) {
						t.Fatalf("byte %d of the text has offset %d", m.text, m.offset)
					}
				}
			}
		})
	}
}

func TestSlowInput(t *testing.T) {
	text := vcfText(5_000)
	for _, data := range [][]byte{text, gzipMember(t, text), htsFile(t, text)} {
		for _, in := range []io.Reader{
			iotest.OneByteReader(bytes.NewReader(data)),
			iotest.DataErrReader(bytes.NewReader(data)),
		} {
			if got, _, err := readAll(t, in, Options{}); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%v: %d bytes, %v", Detect(data), len(got), err)
			}
		}
	}
}

// A broken connection is not a truncated file, whatever error it gives.
func TestReadErrorIsNotTruncation(t *testing.T) {
	text := vcfText(400_000)
	broken := errors.New("connection reset")
	for _, cause := range []error{broken, io.ErrUnexpectedEOF} {
		for _, data := range [][]byte{text, gzipMember(t, text), htsFile(t, text)} {
			for _, good := range []int{0, len(data) / 3, len(data)} {
				in := io.MultiReader(bytes.NewReader(data[:good]), iotest.ErrReader(cause))
				got, _, err := readAll(t, in, Options{SegmentSize: 1 << 16})
				if !errors.Is(err, cause) || errors.Is(err, ErrTruncated) || errors.Is(err, ErrCorrupt) {
					t.Errorf("%v after %d bytes: %v", Detect(data), good, err)
				}
				if !bytes.HasPrefix(text, got) {
					t.Errorf("%v after %d bytes: text differs", Detect(data), good)
				}
			}
		}
	}
}

func TestBytesRead(t *testing.T) {
	data := htsFile(t, vcfText(100_000))
	r, err := NewReader(context.Background(), bytes.NewReader(data), "in", Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Format() != BGZF {
		t.Errorf("Format = %v", r.Format())
	}
	for err == nil {
		_, err = r.Next()
	}
	if err != io.EOF || r.BytesRead() != int64(len(data)) {
		t.Errorf("%d of %d bytes, %v", r.BytesRead(), len(data), err)
	}
}

// skipPlain skips what is not so without shortcuts.
func skipPlain(t *testing.T) {
	if !fast {
		t.Skip("the standard library's inflater allocates")
	}
}

func TestSegmentsAreReused(t *testing.T) {
	skipPlain(t)
	const n = 5_000
	text := bytes.Repeat([]byte("22\t16050075\t.\tA\tG\n"), 30)
	data := bytes.Repeat(handBlock(t, text, nil, nil), n)
	data = append(data, endMarker...)
	read := func() {
		r, err := NewReader(context.Background(), bytes.NewReader(data), "in", Options{Workers: 2, SegmentSize: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for err == nil {
			var s *Segment
			if s, err = r.Next(); err == nil {
				s.Release()
			}
		}
		if err != io.EOF {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	read()
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if allocs := after.Mallocs - before.Mallocs; allocs > n/5 {
		t.Errorf("%d allocations for %d blocks", allocs, n)
	}
}

// FuzzReader reads anything as compress/gzip does, or not at all.
func FuzzReader(f *testing.F) {
	text := []byte("##fileformat=VCFv4.2\n#CHROM\tPOS\n" + strings.Repeat("22\t16050075\n", 20))
	whole := htsFile(f, text[:60], nil, text[60:])
	f.Add(whole)
	f.Add(whole[:len(whole)-len(endMarker)])
	f.Add(append(whole, whole...))
	f.Add(append(gzipMember(f, text), whole...))
	f.Add(append(handBlock(f, text, []byte("AB\x01\x00!"), nil), endMarker...))
	f.Add(text)
	for _, pattern := range []string{"real/*/*.*gz", "bad/*/*"} {
		for _, file := range realfiles.Small(pattern, 4<<10) {
			f.Add(file)
		}
	}
	f.Add([]byte("\x1f\x8b\b00000000\x001\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00")) // reserved flags
	f.Fuzz(func(t *testing.T, data []byte) {
		got, marks, err := readAll(t, bytes.NewReader(data), Options{Workers: 2, SegmentSize: 100})
		want, wantErr := data, error(nil)
		format := Detect(data[:min(len(data), headSize)])
		if format == BGZF || format == Gzip {
			want, wantErr = standardGzip(data)
		}
		switch {
		case !format.Readable():
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("%v: %v", format, err)
			}
		case err == nil && wantErr != nil:
			t.Fatalf("%v: read without an error, compress/gzip says %v", format, wantErr)
		case err == nil && !bytes.Equal(got, want):
			t.Fatalf("%v: text differs", format)
		case err != nil && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt):
			t.Fatalf("%v: %v wraps no error of ours", format, err)
		case err != nil && wantErr == nil && format != BGZF && !strings.Contains(err.Error(), "invalid header") && !errors.Is(err, errDamagedHeader):
			// compress/gzip passes over reserved flags, which RFC 1952 forbids, and knows nothing of BGZF.
			t.Fatalf("%v: %v, but compress/gzip reads it", format, err)
		}
		if err == nil && format == BGZF {
			if _, wantMarks := standardMembers(t, data); !slices.Equal(marks, wantMarks) {
				t.Fatalf("marks %v, want %v", marks, wantMarks)
			}
		}
	})
}

func standardGzip(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
