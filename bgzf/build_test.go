package bgzf

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	hts "github.com/biogo/hts/bgzf"
)

// htsFile writes texts with biogo/hts, each text from the start of a block.
func htsFile(t testing.TB, texts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := hts.NewWriter(&out, 1)
	for _, text := range texts {
		if _, err := w.Write(text); err != nil {
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

// handBlock makes one block with the standard library; before and after are
// subfields beside BC.
func handBlock(t testing.TB, text, before, after []byte) []byte {
	t.Helper()
	var data bytes.Buffer
	z, err := flate.NewWriter(&data, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	b := []byte(blockMagic + "\x00\x00\x00\x00\x00\xff")
	b = le.AppendUint16(b, uint16(len(before)+6+len(after)))
	b = append(b, before...)
	b = append(b, 'B', 'C', 2, 0)
	b = le.AppendUint16(b, uint16(len(b)+2+len(after)+data.Len()+trailerSize-1))
	b = append(b, after...)
	b = append(b, data.Bytes()...)
	b = le.AppendUint32(b, crc32.ChecksumIEEE(text))
	return le.AppendUint32(b, uint32(len(text)))
}

func gzipMember(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Name = "in.vcf" // as gzip(1) does
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// vcfText makes a VCF of at least size bytes that compresses like a cohort.
func vcfText(size int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	text := []byte("##fileformat=VCFv4.2\n##contig=<ID=22>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\n")
	for pos := 16050075; len(text) < size; pos += 1 + rng.IntN(200) {
		text = fmt.Appendf(text, "22\t%d\t.\t%c\t%c\t100\tPASS\tAC=%d\tGT", pos, "ACGT"[rng.IntN(4)], "ACGT"[rng.IntN(4)], rng.IntN(5008))
		rare := 1 + rng.IntN(64)
		for range 200 {
			text = append(text, '\t', '0', '|', '0')
			if rng.IntN(rare) == 0 {
				text[len(text)-1] = '1'
			}
		}
		text = append(text, '\n')
	}
	return text
}

// place is a Mark counted from the start of the whole text.
type place struct {
	text   int
	offset int64
}

// readAll reads an input to its end and checks the segments' promises.
func readAll(t testing.TB, in io.Reader, opt Options) (text []byte, marks []place, err error) {
	t.Helper()
	r, err := NewReader(context.Background(), in, "in.vcf.gz", opt)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		s, err := r.Next()
		if err != nil {
			if _, second := r.Next(); second != err {
				t.Fatalf("Next returned %v, then %v", err, second)
			}
			if err == io.EOF {
				err = nil
			}
			return text, marks, err
		}
		if len(s.Text) == 0 || len(s.Marks) == 0 || s.Marks[0].Index != 0 {
			t.Fatalf("segment of %d bytes with marks %v", len(s.Text), s.Marks)
		}
		for i, m := range s.Marks {
			if m.Index >= len(s.Text) || i > 0 && (m.Index <= s.Marks[i-1].Index || m.Offset <= s.Marks[i-1].Offset) {
				t.Fatalf("marks do not ascend within %d bytes: %v", len(s.Text), s.Marks)
			}
			marks = append(marks, place{len(text) + m.Index, m.Offset})
		}
		text = append(text, s.Text...)
		s.Release()
	}
}

// standardMembers reads each gzip member by itself with the standard library:
// the whole text, and where every member that has text begins.
func standardMembers(t testing.TB, data []byte) (text []byte, marks []place) {
	t.Helper()
	in := bytes.NewReader(data)
	z := new(gzip.Reader)
	for in.Len() > 0 {
		offset := int64(len(data) - in.Len())
		if err := z.Reset(in); err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		member, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if len(member) > 0 {
			marks = append(marks, place{len(text), offset << 16})
		}
		text = append(text, member...)
	}
	return text, marks
}
