package bgzf

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sharedData = "../../shared/data"

// largestRealFile is less under the race detector, which makes inflating ten
// times slower.
var largestRealFile int64 = 1 << 40

// TestRealFiles reads what other programs wrote: text as the standard library
// has it, marks as its gzip members lie.
func TestRealFiles(t *testing.T) {
	root := filepath.Join(sharedData, "real")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the collection of real files is not here: ", err)
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		t.Run(strings.TrimPrefix(path, root+"/"), func(t *testing.T) {
			if info, err := d.Info(); err != nil || info.Size() > largestRealFile {
				t.Skip("too large for the race detector; ", err)
			}
			checkRealFile(t, path)
		})
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
}

func checkRealFile(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	format := Detect(data[:min(len(data), headSize)])
	got, marks, err := readAll(t, bytes.NewReader(data), Options{Workers: 2, SegmentSize: 1 << 18})
	if format == BCF {
		if !errors.Is(err, ErrFormat) {
			t.Errorf("BCF: %v, want ErrFormat", err)
		}
		return
	}
	if err != nil {
		t.Fatal(format, err)
	}
	want := data
	switch format {
	case BGZF:
		var wantMarks []place
		want, wantMarks = standardMembers(t, data)
		if !slices.Equal(marks, wantMarks) {
			t.Errorf("%d marks, want %d", len(marks), len(wantMarks))
		}
	case Gzip:
		if want, err = standardGzip(data); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%v: %d bytes, want %d", format, len(got), len(want))
	}
}

func TestRealFileWithoutEndMarker(t *testing.T) {
	path := filepath.Join(sharedData, "bad/broadinstitute+gatk/4featuresHG38Header.NO_BGZF_TERMINATOR_BLOCK.vcf.gz")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skip("the collection of malformed files is not here: ", err)
	}
	got, _, err := readAll(t, bytes.NewReader(data), Options{})
	if !errors.Is(err, ErrTruncated) {
		t.Errorf("%v, want ErrTruncated", err)
	}
	if want, _ := standardMembers(t, data); !bytes.Equal(got, want) {
		t.Errorf("%d bytes before the error, want %d", len(got), len(want))
	}
}
