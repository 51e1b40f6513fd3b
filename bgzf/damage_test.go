package bgzf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// smallFile is two BGZF files put together: three blocks with text, and empty
// ones, of which one in the middle is the end marker of the first file.
func smallFile(t testing.TB) (data, text []byte) {
	t.Helper()
	text = vcfText(2_000)
	data = slices.Concat(htsFile(t, text[:700], text[700:701]), htsFile(t, text[701:]))
	return data, text
}

func TestTruncationAtEveryByte(t *testing.T) {
	data, text := smallFile(t)
	boundaries := map[int]bool{0: true}
	for at := 0; at < len(data); {
		f, err := parseFrame(data[at:])
		if err != nil {
			t.Fatal(err)
		}
		at += f.size
		boundaries[at] = true
	}
	innerEnd := len(htsFile(t, text[:700], text[700:701]))
	for cut := range len(data) {
		got, _, err := readAll(t, bytes.NewReader(data[:cut]), Options{Workers: 2, SegmentSize: 500})
		switch {
		case cut == 0:
			if !errors.Is(err, ErrFormat) {
				t.Errorf("empty: %v", err)
			}
		case cut == innerEnd: // itself a whole file
			if err != nil {
				t.Errorf("cut at %d: %v", cut, err)
			}
		case !errors.Is(err, ErrTruncated):
			t.Errorf("cut at %d (boundary: %v): %v", cut, boundaries[cut], err)
		}
		if !bytes.HasPrefix(text, got) {
			t.Errorf("cut at %d: text differs", cut)
		}
	}
}

func TestTruncatedGzip(t *testing.T) {
	text := vcfText(2_000)
	one := gzipMember(t, text[:900])
	data := append(slices.Clone(one), gzipMember(t, text[900:])...)
	for cut := 1; cut < len(data); cut++ {
		got, _, err := readAll(t, bytes.NewReader(data[:cut]), Options{SegmentSize: 100})
		if cut == len(one) { // gzip can't tell
			if err != nil {
				t.Errorf("cut between members: %v", err)
			}
		} else if !errors.Is(err, ErrTruncated) {
			t.Errorf("cut at %d: %v", cut, err)
		}
		if !bytes.HasPrefix(text, got) {
			t.Errorf("cut at %d: text differs", cut)
		}
	}
}

func TestFlippedBytes(t *testing.T) {
	data, text := smallFile(t)
	for _, file := range [][]byte{data, gzipMember(t, text)} {
		for at := range file {
			for _, flip := range []byte{0x04, 0xff} {
				damaged := slices.Clone(file)
				damaged[at] ^= flip
				got, _, err := readAll(t, bytes.NewReader(damaged), Options{Workers: 2, SegmentSize: 500})
				if err != nil {
					continue
				}
				if !bytes.Equal(got, text) {
					t.Fatalf("byte %d changed by %#x: other text without an error", at, flip)
				}
			}
		}
	}
}

func TestFaults(t *testing.T) {
	data, text := smallFile(t)
	first, _ := parseFrame(data)
	huge := handBlock(t, text[:10], nil, nil)
	copy(huge[len(huge)-4:], "\x01\x00\x01\x00")
	tests := []struct {
		name string
		data []byte
		kind error
		text []byte
		says string
	}{
		{"trailing text", append(slices.Clone(data), "##oops, more than a header\n"...), ErrCorrupt, text, "follows the BGZF end marker"},
		{"trailing byte", append(slices.Clone(data), 'x'), ErrCorrupt, text, fmt.Sprintf("byte %d", len(data))},
		{"trailing zeros", append(slices.Clone(data), make([]byte, 512)...), ErrCorrupt, text, "follows"},
		{"trailing gzip", append(slices.Clone(data), gzipMember(t, text)...), ErrCorrupt, text, "begin no BGZF block"},
		{"trailing start of a block", append(slices.Clone(data), endMarker[:5]...), ErrTruncated, text, "cut short"},
		{"no end marker", data[:len(data)-28], ErrTruncated, text, "without the BGZF end marker"},
		{"empty block, but no end marker", append(data[:len(data)-28:len(data)-28], handBlock(t, nil, nil, nil)...), ErrTruncated, text, "end marker"},
		{"second block damaged", slices.Concat(data[:first.size], huge, data[first.size:]), ErrCorrupt, text[:700], "ISIZE is 65537"},
		{"gzip, trailing garbage", append(gzipMember(t, text), "garbage, a lot of it"...), ErrCorrupt, text, "invalid header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{100, 1 << 20} {
				got, _, err := readAll(t, bytes.NewReader(tt.data), Options{Workers: 2, SegmentSize: size})
				if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "in.vcf.gz") {
					t.Errorf("error %v, want %v that says %q", err, tt.kind, tt.says)
				}
				if !bytes.Equal(got, tt.text) {
					t.Errorf("%d bytes of text before the error, want %d", len(got), len(tt.text))
				}
			}
		})
	}
}

// All good blocks before a bad one are delivered, whatever the workers do.
func TestErrorComesAfterGoodText(t *testing.T) {
	text := vcfText(100_000)
	blocks := slices.Collect(slices.Chunk(text, 1000))
	data := htsFile(t, blocks...)
	offset := 0
	for i := range blocks {
		f, err := parseFrame(data[offset:])
		if err != nil {
			t.Fatal(err)
		}
		if i%10 == 3 {
			damaged := slices.Clone(data)
			damaged[offset+f.size-trailerSize] ^= 1 // CRC32
			for _, workers := range []int{1, 2, 8} {
				got, marks, err := readAll(t, bytes.NewReader(damaged), Options{Workers: workers, SegmentSize: 5_000})
				if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("block at byte %d ", offset)) {
					t.Errorf("block %d: %v", i, err)
				}
				if len(got) != 1000*i || len(marks) != i {
					t.Errorf("block %d, %d workers: %d bytes and %d marks before the error", i, workers, len(got), len(marks))
				}
			}
		}
		offset += f.size
	}
}

// A first block whose header is damaged makes a file look like gzip: its text could be read, but not under its virtual offsets.
func TestDamagedFirstHeader(t *testing.T) {
	data, text := smallFile(t)
	for i := range commonHeader {
		if i >= 4 && i < 10 { // MTIME, XFL and OS carry nothing
			continue
		}
		for bit := range 8 {
			damaged := bytes.Clone(data)
			damaged[i] ^= 1 << bit
			got, _, err := readAll(t, bytes.NewReader(damaged), Options{})
			if err == nil {
				t.Errorf("byte %d bit %d: no error", i, bit)
			}
			if !bytes.HasPrefix(text, got) {
				t.Errorf("byte %d bit %d: text differs", i, bit)
			}
		}
	}
}
