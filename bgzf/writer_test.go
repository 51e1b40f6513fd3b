package bgzf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"

	hts "github.com/biogo/hts/bgzf"
)

// writerTexts are texts of lengths about those of blocks, that deflate well or not at all.
func writerTexts() map[string][]byte {
	texts := make(map[string][]byte)
	random := rand.NewChaCha8([32]byte{1})
	for _, n := range []int{0, 1, BlockText - 1, BlockText, BlockText + 1, 3 * BlockText, 10*BlockText + 7} {
		texts[fmt.Sprint("lines ", n)] = bytes.Repeat([]byte("0|0\t0|1\n"), n/8+1)[:n]
		noise := make([]byte, n)
		random.Read(noise)
		texts[fmt.Sprint("noise ", n)] = noise
	}
	return texts
}

func writeAll(t *testing.T, text []byte, workers, step int) ([]byte, *Writer) {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, workers)
	for rest := text; len(rest) > 0; {
		n := min(step, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w
}

// What is written is read back by the reader of biogo, and by bgzip where there is one; neither the workers nor the writes change a byte.
func TestWriterRoundTrip(t *testing.T) {
	for name, text := range writerTexts() {
		data, w := writeAll(t, text, 1, 1<<20)
		if again, _ := writeAll(t, text, 3, 4099); !bytes.Equal(again, data) {
			t.Errorf("%s: other workers and writes give other bytes", name)
		}
		r, err := hts.NewReader(bytes.NewReader(data), 1)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: biogo reads %d bytes of %d: %v", name, len(got), len(text), err)
		}
		if whole, err := hts.HasEOF(bytes.NewReader(data)); err != nil || !whole {
			t.Errorf("%s: no end marker: %v", name, err)
		}
		for at := 0; at < len(text); at += 1 + len(text)/17 {
			offset := w.VirtualOffset(int64(at))
			if err := r.Seek(hts.Offset{File: offset >> 16, Block: uint16(offset)}); err != nil {
				t.Fatalf("%s: seek to byte %d: %v", name, at, err)
			}
			var b [1]byte
			if _, err := io.ReadFull(r, b[:]); err != nil || b[0] != text[at] {
				t.Errorf("%s: byte %d is %q at its virtual offset, not %q: %v", name, at, b[0], text[at], err)
			}
		}
		bgzip, err := exec.LookPath("bgzip")
		if err != nil {
			continue
		}
		test := exec.Command(bgzip, "-t")
		test.Stdin = bytes.NewReader(data)
		if said, err := test.CombinedOutput(); err != nil {
			t.Errorf("%s: bgzip -t: %v: %s", name, err, said)
		}
	}
}

// failingWriter takes so many bytes and then fails.
type failingWriter struct{ left int }

var errFull = errors.New("no space left")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// A full disk is an error of Write or Close, never a wait for ever.
func TestWriterFails(t *testing.T) {
	noise := make([]byte, 20*BlockText)
	rand.NewChaCha8([32]byte{2}).Read(noise)
	for _, left := range []int{0, 1, BlockText + 100, 5 * BlockText, 20 * BlockText} {
		for _, workers := range []int{1, 3} {
			w := NewWriter(&failingWriter{left}, workers)
			_, err := w.Write(noise)
			if closed := w.Close(); !errors.Is(errors.Join(err, closed), errFull) || closed == nil {
				t.Errorf("%d bytes, %d workers: Write says %v, Close %v", left, workers, err, closed)
			}
			if _, err := w.Write(noise[:1]); err == nil {
				t.Error("a closed Writer takes text")
			}
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	text := bytes.Repeat([]byte("0|0\t0|0\t0|0\t0|0\t0|1\t0|0\t1|1\t"), 1<<16)
	w := NewWriter(io.Discard, 1)
	defer w.Close()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
	}
}
