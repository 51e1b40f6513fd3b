package source

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCompareNatural(t *testing.T) {
	want := []string{"a", "chr1.vcf", "chr2.vcf", "chr02.vcf", "chr10.vcf", "chr10a.vcf", "chrX.vcf"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareNatural)
	// chr2 and chr02 are equal as numbers: bytes decide.
	want[2], want[3] = want[3], want[2]
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte(n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func names(list *Listing) (out []string) {
	for _, in := range list.Inputs {
		out = append(out, filepath.Base(in.Name))
	}
	return out
}

func TestListDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "chr10.vcf.gz", "chr2.vcf.gz", "chr1.vcf", "X.VCF.BGZ", "chr2.vcf.gz.tbi", "notes.txt")
	if err := os.Mkdir(filepath.Join(dir, "sub.vcf"), 0o755); err != nil {
		t.Fatal(err)
	}
	list, err := new(Finder).List(t.Context(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(list), []string{"X.VCF.BGZ", "chr1.vcf", "chr2.vcf.gz", "chr10.vcf.gz"}; !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	if len(list.Skipped) != 2 {
		t.Errorf("skipped %q, want the index and the notes", list.Skipped)
	}
	if list.Inputs[1].Size != int64(len("chr1.vcf")) || !list.Inputs[1].Rereadable() {
		t.Errorf("input %+v", list.Inputs[1])
	}
}

func TestListGlobKeepsArgumentOrder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "chr10.vcf", "chr9.vcf", "a.vcf")
	list, err := new(Finder).List(t.Context(), []string{filepath.Join(dir, "chr*.vcf"), filepath.Join(dir, "a.vcf")})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(list), []string{"chr9.vcf", "chr10.vcf", "a.vcf"}; !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
}

func TestListErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.vcf")
	empty := t.TempDir()
	for _, tt := range []struct {
		args []string
		want error
		text string
	}{
		{[]string{filepath.Join(dir, "none.vcf")}, ErrNoInput, "does not exist"},
		{[]string{filepath.Join(dir, "none*.vcf")}, ErrNoInput, "nothing matches"},
		{[]string{empty}, ErrNoInput, "holds no *.vcf"},
		{[]string{dir, filepath.Join(dir, "a.vcf")}, ErrDuplicate, "name it once"},
		{[]string{"-", "-"}, ErrDuplicate, "name it once"},
	} {
		_, err := new(Finder).List(t.Context(), tt.args)
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("List(%q) = %v, want %v with %q", tt.args, err, tt.want, tt.text)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.vcf")
	list, err := new(Finder).List(t.Context(), []string{filepath.Join(dir, "a.vcf")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := list.Inputs[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != "a.vcf" {
		t.Errorf("read %q, %v", text, err)
	}
}
