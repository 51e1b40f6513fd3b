package export

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
)

const sitesHeader = "##fileformat=VCFv4.2\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"

// A text that ends inside its last line may have been cut: the record is kept, and it is reported.
func TestLastLineWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"", "\n"} {
		input := writeInput(t, "in.vcf", []byte(sitesHeader+"1\t5\t.\tA\tC\t.\t.\t.\n1\t6\t.\tA\tC\t.\t.\t."+end))
		result, _ := mustRun(t, Options{Inputs: []string{input}, Out: filepath.Join(t.TempDir(), "out")})
		reported := false
		for _, c := range result.Manifest.Conflicts {
			reported = reported || c.Kind == NoNewline && c.Line == 5 && c.Count == 1
		}
		if reported != (end == "") || result.Manifest.Rows != 2 {
			t.Errorf("end %q: %d rows, conflicts %v", end, result.Manifest.Rows, result.Manifest.Conflicts)
		}
	}
}

// More lines are set aside than may wait in memory: they are written in groups, in order, and the balance holds.
func TestManyRejects(t *testing.T) {
	t.Parallel()
	const blank = 4*maxGroupRejects + 50_000
	input := writeInput(t, "in.vcf", []byte(sitesHeader+"1\t5\t.\tA\tC\t.\t.\t.\n"+strings.Repeat("\n", blank)+"1\t6\t.\tA\tC\t.\t.\t.\n"))
	result, d := mustRun(t, Options{Inputs: []string{input}, Out: filepath.Join(t.TempDir(), "out"), Quarantine: true})
	m := result.Manifest
	if m.Records != blank+2 || m.Rows != 2 || m.Rejected != blank {
		t.Errorf("%d records, %d rows, %d rejected", m.Records, m.Rows, m.Rejected)
	}
	table, _ := m.Table(Variants)
	if by := sortedBy(t, filepath.Join(d.Root, table.Files[0].Path)); by != "pos" {
		t.Errorf("sorted by %q, want pos: what is set aside between records changes nothing", by)
	}
	data, err := os.ReadFile(filepath.Join(d.Root, RunPath(m.Run), "_rejects", "00000.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i, line := range lines[:len(lines)-1] {
		if want := fmt.Sprintf(`"line":%d,`, i+5); !strings.Contains(line, want) {
			t.Fatalf("line %d of the rejects: %s has no %s", i+1, line, want)
		}
	}
	if len(lines)-1 != blank {
		t.Errorf("%d lines in the rejects, want %d", len(lines)-1, blank)
	}
}

// A record of very many keys that the header does not declare: all are kept, a key that comes again is told, and the conflicts are bounded.
func TestManyUndeclaredKeys(t *testing.T) {
	t.Parallel()
	const keys = 3 * maxConflicts
	var info strings.Builder
	for i := range keys {
		fmt.Fprintf(&info, "K%d=%d;", i, i)
	}
	input := writeInput(t, "in.vcf", []byte(sitesHeader+
		"1\t5\t.\tA\tC\t.\t.\t"+strings.TrimSuffix(info.String(), ";")+"\n"+
		"1\t6\t.\tA\tC\t.\t.\tK7=1;K8=2;K7=3\n"))
	result, d := mustRun(t, Options{Inputs: []string{input}, Out: filepath.Join(t.TempDir(), "out")})
	var undeclared, duplicate int64
	for _, c := range result.Manifest.Conflicts {
		switch c.Kind {
		case Undeclared:
			undeclared += c.Count
		case Duplicate:
			duplicate += c.Count
		}
	}
	if undeclared != keys+2 || duplicate != 1 {
		t.Errorf("%d undeclared and %d duplicate keys, want %d and 1", undeclared, duplicate, keys+2)
	}
	if n := len(result.Manifest.Conflicts); n > maxConflicts+10 {
		t.Errorf("%d conflicts are told apart", n)
	}
	rows := readRows(t, d, VariantAnnotations)
	if got := strings.Count(rows[0]["info_other"], "K"); got != keys {
		t.Errorf("%d keys of the first record are kept, want %d", got, keys)
	}
	if got := rows[1]["info_other"]; !strings.Contains(got, "K7=1;K8=2;K7=3") {
		t.Errorf("the second record has %s", got)
	}
}

// A record near the largest row that Athena reads is kept, and reported with the number of samples that fit.
func TestLargeRow(t *testing.T) {
	t.Parallel()
	cell := strings.Repeat("x", 13<<20)
	input := writeInput(t, "in.vcf", []byte("##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=S,Number=1,Type=String,Description=\"\">\n"+
		"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\n"+
		"1\t5\t.\tA\tC\t.\t.\t.\tS\t"+cell+"\tx\n1\t6\t.\tA\tC\t.\t.\t.\tS\t"+cell+"\t"+cell+"\n"))
	result, _ := mustRun(t, Options{Inputs: []string{input}, Out: filepath.Join(t.TempDir(), "out")})
	want := Conflict{Field: "row", Kind: LargeRow, Count: 1, Input: input, Line: 6, Text: "26 MiB, where Athena reads rows of up to 32; about 2 of the 2 samples fit"}
	found := false
	for _, c := range result.Manifest.Conflicts {
		found = found || c == want
	}
	if !found {
		t.Errorf("conflicts %+v, want %+v among them", result.Manifest.Conflicts, want)
	}
}

// A file that was written to after it was listed is not what the run is named after.
func TestInputChangesWhileRead(t *testing.T) {
	t.Parallel()
	path := writeInput(t, "in.vcf", []byte(sitesHeader))
	list, err := new(source.Finder).List(t.Context(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	in := &input{Input: list.Inputs[0]}
	if err := in.unchanged(t.Context()); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	if err := os.WriteFile(path, []byte(sitesHeader+"1\t5\t.\tA\tC\t.\t.\t.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := in.unchanged(t.Context()); !errors.Is(err, ErrInputChanged) || !strings.Contains(err.Error(), path) {
		t.Errorf("changed: %v", err)
	}
}

// What a file is is told by its content: the same records come of text, BGZF and gzip of several members, whatever their names say.
func TestContentDecides(t *testing.T) {
	t.Parallel()
	text := cohort(50)
	var members bytes.Buffer
	for _, part := range []string{text[:len(text)/3], text[len(text)/3:]} {
		z := gzip.NewWriter(&members)
		if _, err := z.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	blocks := append(bgzfBlock(t, text), bgzfBlock(t, "")...)
	var want []row
	for name, content := range map[string][]byte{"text.vcf.bgz": []byte(text), "blocks.vcf": blocks, "members.vcf.bgz": members.Bytes()} {
		result, d := mustRun(t, Options{Inputs: []string{writeInput(t, name, content)}, Out: filepath.Join(t.TempDir(), "out"), Quarantine: true})
		rows := readRows(t, d, VariantAnnotations)
		for _, r := range rows {
			delete(r, "record_offset") // virtual in BGZF
		}
		if want == nil {
			want = rows
		}
		if len(rows) < 40 || len(differences(rows, want)) > 0 {
			t.Errorf("%s: %d rows, differences %v", name, len(rows), differences(rows, want))
		}
		slow := slices.ContainsFunc(result.Notes, func(note string) bool {
			return strings.Contains(note, "compressed with bgzip it would be read in parallel")
		})
		if slow != (name == "members.vcf.bgz") {
			t.Errorf("%s: notes %q", name, result.Notes)
		}
	}
}

// Contigs that change too often make too many files for Athena: that fails, with advice.
func TestTooManyParts(t *testing.T) {
	t.Parallel()
	dir, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := newPartWriter(dir, "run", 0, 1, 0, []recordTable{{name: Variants}})
	w.next, w.part = maxParts, &part{}
	if err := w.openFiles(); err == nil || !strings.Contains(err.Error(), "bcftools sort") {
		t.Errorf("part %d: %v", maxParts+1, err)
	}
}
