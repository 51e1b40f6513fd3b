package source

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// readParts reads an input from each of its bytes on, and here and there.
func readParts(t *testing.T, in Input, content string) {
	t.Helper()
	for from := range len(content) {
		for _, until := range []int{from, len(content)} {
			r, err := in.OpenAt(t.Context(), int64(from), int64(until))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(r); err != nil || string(text) != content[from:] {
				t.Errorf("from byte %d on: %q, %v", from, text, err)
			}
			r.Close()
		}
	}
	r, err := in.OpenRandom(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := make([]byte, 3)
	if n, err := r.ReadAt(p, 1); n != 3 || err != nil || string(p) != content[1:4] {
		t.Errorf("ReadAt: %q, %v", p[:n], err)
	}
	if n, err := r.ReadAt(p, int64(len(content)-2)); n != 2 || err != io.EOF {
		t.Errorf("ReadAt over the end: %d bytes, %v", n, err)
	}
}

func TestOpenPart(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.vcf")
	if err := os.WriteFile(name, []byte("content"), 0o666); err != nil {
		t.Fatal(err)
	}
	list, err := new(Finder).List(t.Context(), []string{name})
	if err != nil {
		t.Fatal(err)
	}
	readParts(t, list.Inputs[0], "content")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := list.Inputs[0].OpenAt(t.Context(), 1, 2); err == nil {
		t.Error("a file that is gone was opened")
	}
	if _, err := list.Inputs[0].OpenRandom(t.Context()); err == nil {
		t.Error("a file that is gone was opened")
	}
}
