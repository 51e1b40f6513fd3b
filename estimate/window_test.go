package estimate

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTake(t *testing.T) {
	const header = "##fileformat=VCFv4.2\n#CHROM\tPOS\n"
	for name, tt := range map[string]struct {
		text           string
		atStart, atEnd bool
		records        int64
		longest        int64
		kept           string
		half           int64
	}{
		"whole file":                  {header + "1\t5\tA\n1\t6\tAC\n", true, true, 2, 6, "X\t5\tA\nX\t6\tAC\n", 6},
		"no newline at the end":       {header + "1\t5\tA\n1\t6\tAC", true, true, 2, 6, "X\t5\tA\nX\t6\tAC\n", 6},
		"header alone":                {header, true, true, 0, 0, "", 0},
		"from the middle of a record": {"5\tA\n1\t6\tA\n1\t7\tA\n1\t8", false, false, 3, 5, "X\t6\tA\nX\t7\tA\n", 6},
		"from the middle of a header": {"format\n#CHROM\tPOS\n1\t6\tA\n1\t7\tA\n", false, false, 2, 5, "X\t6\tA\nX\t7\tA\n", 6},
		"up to the end of a record":   {"A\n1\t6\tA\n", false, false, 2, 5, "X\t6\tA\n", 0},
		"no line ends":                {"AAAAAAAA", false, false, 0, 8, "", 0},
		"the last is the longest":     {"1\t6\tA\n1\t7\tAAAAAAA", true, false, 1, 11, "X\t6\tA\n", 0},
		"not a record":                {"nothing\n\n1\t7\tA\n", true, true, 2, 7, "nothing\nX\t7\tA\n", 8},
	} {
		t.Run(name, func(t *testing.T) {
			keep := keeper{t.TempDir(), "X"}.lines(0, 0, 0)
			w := new(window)
			if err := w.take([]byte(tt.text), tt.atStart, tt.atEnd, &keep); err != nil {
				t.Fatal(err)
			}
			kept, err := os.ReadFile(keep.path)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if w.records != tt.records || w.longest != tt.longest || string(kept) != tt.kept || keep.half.size != tt.half || w.text != int64(len(tt.text)) {
				t.Errorf("%d records, longest %d, kept %q, half %d; want %d, %d, %q, %d", w.records, w.longest, kept, keep.half.size, tt.records, tt.longest, tt.kept, tt.half)
			}
		})
	}
}

// TestKeptBytes makes sure that lines are given the bytes of the file that their text takes.
func TestKeptBytes(t *testing.T) {
	keep := keptLines{path: filepath.Join(t.TempDir(), "lines"), marks: marks{{6, 60}, {12, 72}, {20, 80}}}
	// Ten bytes of the file for each of the text, then two, then one. The lines are bytes 3 to 15 of the text.
	if err := new(window).take([]byte("aa\nbbbbb\nccccc\nddddd"), false, false, &keep); err != nil {
		t.Fatal(err)
	}
	if keep.records != 2 || keep.bytes != 30+12+3 || keep.half.bytes != 30+6 {
		t.Errorf("%d records that take %v bytes, the first half %v; want 2, 45, 36", keep.records, keep.bytes, keep.half.bytes)
	}
}

func TestStretches(t *testing.T) {
	w := new(window)
	if err := w.take([]byte("1\t5\tA\n1\t9\tA\n2\t7\tA\n2\t6\tA\n1\t9\tA\n"), true, true, nil); err != nil {
		t.Fatal(err)
	}
	want := []stretch{{"1", 5, 9, true}, {"2", 7, 6, false}, {"1", 9, 9, true}}
	for i, s := range want {
		if len(w.contigs) != len(want) || w.contigs[i] != s {
			t.Fatalf("%v, want %v", w.contigs, want)
		}
	}
}
