package restore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/varlake/varlake/export"
)

const small = `##fileformat=VCFv4.2
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	a	b
1	5	.	A	G	.	.	.	GT	0|1	1|1
broken
2	5	.	A	G	.	.	.	GT	0|1	1|1
broken again
`

func smallDataset(t *testing.T) *export.Dataset {
	return dataset(t, t.TempDir(), []string{"in.vcf"}, map[string][]byte{"in.vcf": []byte(small)})
}

func TestRejects(t *testing.T) {
	ds := smallDataset(t)
	for _, put := range []bool{false, true} {
		var out bytes.Buffer
		result, err := Run(context.Background(), ds, Options{Out: Stdout, Stdout: &out, Rejects: put})
		if err != nil {
			t.Fatal(err)
		}
		want, expect := small, Result{Records: 2, Put: 2}
		if !put {
			want, expect = strings.ReplaceAll(strings.ReplaceAll(small, "broken again\n", ""), "broken\n", ""), Result{Records: 2, Missing: 2}
		}
		if out.String() != want || *result != expect {
			t.Errorf("rejects %v: %+v\n%s", put, *result, out.String())
		}
	}
}

// A file is text or BGZF by its name, replaces what was there, keeps links and writes to pipes.
func TestOutputs(t *testing.T) {
	ds, dir := smallDataset(t), t.TempDir()
	want := restored(t, ds, false)
	os.Symlink(writeFile(t, dir, "target.vcf", "old"), filepath.Join(dir, "link.vcf"))
	writeFile(t, dir, "old.vcf", strings.Repeat("old", 1000))
	for name, read := range map[string]string{"plain.vcf": "plain.vcf", "old.vcf": "old.vcf", "link.vcf": "target.vcf"} {
		if _, err := Run(context.Background(), ds, Options{Out: filepath.Join(dir, name)}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, read)); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	for _, name := range []string{"a.vcf.gz", "b.vcf.bgz"} {
		if _, err := Run(context.Background(), ds, Options{Out: filepath.Join(dir, name)}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got[:4], []byte("\x1f\x8b\x08\x04")) {
			t.Errorf("%s: %v, %x", name, err, got[:4])
		}
	}
	pipe := filepath.Join(dir, "pipe.vcf")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	got := make(chan []byte)
	go func() {
		text, _ := os.ReadFile(pipe)
		got <- text
	}()
	if _, err := Run(context.Background(), ds, Options{Out: pipe}); err != nil {
		t.Fatal(err)
	}
	if text := <-got; string(text) != want {
		t.Errorf("through a pipe comes %q", text)
	}
	names := leftovers(t, dir)
	if want := []string{"a.vcf.gz", "b.vcf.bgz", "link.vcf", "old.vcf", "pipe.vcf", "plain.vcf", "target.vcf"}; !slices.Equal(names, want) {
		t.Errorf("there are %q", names)
	}
}

func TestTablesMissing(t *testing.T) {
	dir := t.TempDir()
	for _, tables := range [][]string{{export.Variants}, {export.VariantAnnotations}, {export.SampleAnnotations}} {
		ds := exported(t, export.Options{Inputs: []string{writeFile(t, dir, "in.vcf", small)}, Out: filepath.Join(dir, tables[0]), Tables: tables, Quarantine: true})
		_, err := Run(context.Background(), ds, Options{Stdout: io.Discard})
		if !errors.Is(err, ErrTables) || !strings.Contains(err.Error(), "takes variants and variant_annotations") {
			t.Errorf("%v: %v", tables, err)
		}
	}
}

// Whatever is wrong with the files of a dataset, there is an error and no output.
func TestDamaged(t *testing.T) {
	overwrite := func(pattern string, change func([]byte) []byte) func(*testing.T, *export.Dataset) {
		return func(t *testing.T, ds *export.Dataset) {
			files, err := filepath.Glob(filepath.Join(ds.Root, runFile(ds, pattern)))
			if err != nil || len(files) == 0 {
				t.Fatalf("no %s: %v", pattern, err)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			os.Chmod(files[0], 0o600)
			if err := os.WriteFile(files[0], change(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	half := func(text []byte) []byte { return text[:len(text)/2] }
	nothing := func([]byte) []byte { return nil }
	for name, damage := range map[string]func(*testing.T, *export.Dataset){
		"variants cut":     overwrite("variants/*/*", half),
		"annotations cut":  overwrite("variant_annotations/*/*", half),
		"header gone":      overwrite("_header.vcf", nothing),
		"own header gone":  overwrite("_headers/*", nothing),
		"rejects cut":      overwrite("_rejects/*", half),
		"rejects gone":     overwrite("_rejects/*", nothing),
		"a file fewer":     func(t *testing.T, ds *export.Dataset) { v := &ds.Manifest.Tables[0]; v.Files = v.Files[1:] },
		"files in reverse": func(t *testing.T, ds *export.Dataset) { slices.Reverse(ds.Manifest.Tables[0].Files) },
		"all in reverse": func(t *testing.T, ds *export.Dataset) {
			slices.Reverse(ds.Manifest.Tables[0].Files)
			slices.Reverse(ds.Manifest.Tables[1].Files)
		},
		"more rows": func(t *testing.T, ds *export.Dataset) { ds.Manifest.Rows++ },
	} {
		t.Run(name, func(t *testing.T) {
			ds, dir := smallDataset(t), t.TempDir()
			damage(t, ds)
			if _, err := Run(context.Background(), ds, Options{Out: filepath.Join(dir, "out.vcf.gz"), Rejects: true}); err == nil {
				t.Error("no error")
			}
			if names := leftovers(t, dir); len(names) > 0 {
				t.Errorf("it leaves %q", names)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	dir := t.TempDir()
	if _, err := Run(ctx, smallDataset(t), Options{Out: filepath.Join(dir, "out.vcf.gz")}); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if names := leftovers(t, dir); len(names) > 0 {
		t.Errorf("it leaves %q", names)
	}
}

// Full disks and places that are no file are errors.
func TestOutputFails(t *testing.T) {
	ds := smallDataset(t)
	if _, err := Run(context.Background(), ds, Options{Stdout: failing{}}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full disk: %v", err)
	}
	dir := t.TempDir()
	for _, out := range []string{dir, filepath.Join(dir, "none", "out.vcf")} {
		if _, err := Run(context.Background(), ds, Options{Out: out}); err == nil {
			t.Errorf("no error for %s", out)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
