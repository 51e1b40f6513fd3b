package bgzf

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/realfiles"
)

func TestParseFrame(t *testing.T) {
	const head = blockMagic + "\x00\x00\x00\x00\x00\xff"
	tests := []struct {
		name string
		in   string
		want frame
		err  error
	}{
		{"end marker", endMarker, frame{18, 28}, nil},
		{"subfield before", head + "\x0b\x00XY\x01\x00!BC\x02\x00\xff\x00", frame{23, 256}, nil},
		{"subfield after", head + "\x0b\x00BC\x02\x00\xff\x00XY\x01\x00!", frame{23, 256}, nil},
		{"empty subfield before", head + "\x0a\x00XY\x00\x00BC\x02\x00\xff\xff", frame{22, 65536}, nil},
		{"BC of another length before", head + "\x0b\x00BC\x01\x00!BC\x02\x00\xff\x00", frame{23, 256}, nil},
		{"nothing", "", frame{}, errShortHeader},
		{"before XLEN", head, frame{}, errShortHeader},
		{"within the subfields", endMarker[:17], frame{}, errShortHeader},
		{"no gzip", "##fileformat=VCFv4.2", frame{}, errNoMagic},
		{"other flags", "\x1f\x8b\x08\x0c\x00\x00\x00\x00\x00\xff", frame{}, errNoMagic},
		{"no subfields", head + "\x00\x00\x03\x00", frame{}, errNoBSIZE},
		{"another subfield only", head + "\x05\x00XY\x01\x00!", frame{}, errNoBSIZE},
		{"subfield overruns", head + "\x06\x00XY\x03\x00BC", frame{}, errSubfields},
		{"rest too short", head + "\x02\x00XY", frame{}, errSubfields},
		{"BSIZE too small", head + "\x06\x00BC\x02\x00\x18\x00", frame{}, errBSIZE},
		{"BSIZE just enough", head + "\x06\x00BC\x02\x00\x19\x00", frame{18, 26}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseFrame([]byte(tt.in))
			if got != tt.want || err != tt.err {
				t.Errorf("parseFrame = %v, %v; want %v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestInflaterChecksEverything(t *testing.T) {
	text := []byte(strings.Repeat("22\t16050075\t.\tA\tG\n", 100))
	good := handBlock(t, text, nil, nil)
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	padded := append(bytes.Clone(good[:len(good)-trailerSize]), 0)
	padded = append(padded, good[len(good)-trailerSize:]...)
	tests := []struct {
		name  string
		block []byte
		size  int
		want  string // "" where all is well
	}{
		{"good", good, len(text), ""},
		{"CRC32", change(len(good)-8, 1, 2, 3, 4), len(text), "04030201"},
		{"text too long", good, len(text) - 1, "longer"},
		{"text too short", good, len(text) + 1, "its trailer says"},
		{"no end", append(bytes.Clone(good[:30]), good[len(good)-8:]...), len(text), "no end"},
		{"bad block type", change(commonHeader, 0xff), len(text), "bad compressed data"},
		{"padding", padded, len(text), "1 bytes lie between"},
	}
	z := newInflater()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make([]byte, tt.size)
			err := z.block(got, tt.block, commonHeader)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want == "" && !bytes.Equal(got, text):
				t.Error("text differs")
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func TestInflaterDoesNotAllocate(t *testing.T) {
	skipPlain(t)
	text := vcfText(60_000)[:60_000]
	data, got := handBlock(t, text, nil, nil), make([]byte, 60_000)
	z := newInflater()
	if n := testing.AllocsPerRun(20, func() {
		if err := z.block(got, data, commonHeader); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

// FuzzFrame takes compress/gzip as the judge of what a header is.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(endMarker))
	f.Add([]byte(blockMagic + "\x00\x00\x00\x00\x00\xff\x0b\x00XY\x01\x00!BC\x02\x00\xff\x00"))
	f.Add([]byte(blockMagic + "\x00\x00\x00\x00\x00\xff\xff\xff"))
	for _, file := range realfiles.Small("real/*/*.*gz", 1<<20) {
		f.Add(file[:min(len(file), 64)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseFrame(b)
		if errors.Is(err, errShortHeader) && len(b) >= maxBlock+fixedHeader {
			t.Fatal("64 KiB are too short for a header")
		}
		if err != nil {
			return
		}
		if got.data > len(b) || got.size < got.data+trailerSize || got.size > maxBlock {
			t.Fatalf("%+v of %d bytes", got, len(b))
		}
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("compress/gzip: %v", err)
		}
		bsize := []byte{'B', 'C', 2, 0, byte(got.size - 1), byte((got.size - 1) >> 8)}
		if len(z.Extra) != got.data-fixedHeader || !bytes.Contains(z.Extra, bsize) {
			t.Fatalf("%+v from subfields %x", got, z.Extra)
		}
	})
}
