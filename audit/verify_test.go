package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// faults lists the faults as "check: path found".
func faults(t *testing.T, root string) (list []string) {
	t.Helper()
	report, err := Verify(t.Context(), store.At(root))
	if err != nil {
		return []string{err.Error()}
	}
	for _, c := range report.Checks {
		for _, f := range c.Faults {
			if f.Path == "" || f.Found == "" || f.Advice == "" {
				t.Errorf("%s: incomplete fault %+v", c.Name, f)
			}
			list = append(list, fmt.Sprintf("%s: %s %s", c.Name, f.Path, f.Found))
		}
	}
	if len(list) != report.Faults() {
		t.Errorf("%d faults listed, %d counted", len(list), report.Faults())
	}
	return list
}

func TestSoundDatasets(t *testing.T) {
	t.Parallel()
	header := cohort(0)
	sites := "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t1\t.\tA\tC\t.\t.\t.\n"
	for name, root := range map[string]string{
		"a cohort":      makeDataset(t, export.Options{}, cohort(200)),
		"small parts":   makeDataset(t, export.Options{PartSize: 1}, cohort(200)),
		"two inputs":    makeDataset(t, export.Options{}, cohort(50), cohort(20)),
		"no records":    makeDataset(t, export.Options{}, header),
		"only rejects":  makeDataset(t, export.Options{}, header+"1\tx\n"),
		"no samples":    makeDataset(t, export.Options{}, sites),
		"samples alone": makeDataset(t, export.Options{Tables: []string{export.SampleAnnotations}}, cohort(50)),
		"one table":     makeDataset(t, export.Options{Tables: []string{export.VariantAnnotations}}, cohort(50)),
		"odd contigs":   makeDataset(t, export.Options{}, header+"HLA-A*01:01\t1\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/1\t0/1\n"),
	} {
		if found := faults(t, root); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// A byte that is changed, anywhere in any file, is found; so is a file that is cut, longer, or gone.
func TestAnyDamageIsFound(t *testing.T) {
	t.Parallel()
	root := makeDataset(t, export.Options{}, cohort(30))
	if err := os.Remove(filepath.Join(root, "_lock")); err != nil { // it is empty, and nothing but a name
		t.Fatal(err)
	}
	files := contents(t, root)
	damages := 0
	check := func(what, name, text string) {
		t.Helper()
		write(t, filepath.Join(root, name), text)
		if len(faults(t, root)) == 0 {
			t.Errorf("%s: %s is not found", name, what)
		}
		damages++
	}
	for _, name := range names(files) {
		text := files[name]
		step := max(1, len(text)/10)
		if len(text) < 200 {
			step = 1
		}
		for at := 0; at < len(text); at += step {
			bits := []byte{0x01, 0x20, 0xff}[damages%3] // of JSON keys, 0x20 changes the case
			damaged := []byte(text)
			damaged[at] ^= bits
			check(fmt.Sprintf("byte %d ^ %#x", at, bits), name, string(damaged))
		}
		check("a byte less", name, text[:len(text)-1])
		check("half", name, text[:len(text)/2])
		check("nothing left", name, "")
		check("a byte more", name, text+"\n")
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
		if len(faults(t, root)) == 0 && !strings.HasPrefix(name, plansFolder) {
			t.Errorf("%s: its absence is not found", name)
		}
		write(t, filepath.Join(root, name), text)
		if found := faults(t, root); len(found) > 0 {
			t.Fatalf("%s is back, and there is still %q", name, found)
		}
	}
	t.Logf("%d damages of %d files", damages, len(files))
}

// What the checksums do not tell: the manifest itself says what is not so.
func TestLies(t *testing.T) {
	t.Parallel()
	const (
		variants = "variants/chrom=chr1/part-00000-000000.parquet"
		part     = "_parts/00000-000000.json"
		manifest = "_manifest.json"
	)
	whole := makeDataset(t, export.Options{Tables: []string{export.Variants, export.VariantAnnotations, export.SampleAnnotations, export.Carriers}}, cohort(40))
	for name, test := range map[string]struct {
		do   func(t *testing.T, root string)
		want string // "check: path found"
	}{
		"rows of a file": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Files[0].Rows++ })
		}, "footers: " + variants + " has 18 rows, the manifest says 19"},
		"rows of a table": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Rows-- })
		}, "balance: " + manifest + " says that variants has 35 rows"},
		"rows of the dataset": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Rows++ })
		}, "balance: " + manifest + " says 40 records, 37 rows and 4 rejected, which do not add up"},
		"rows of carriers": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[3].Rows-- })
		}, "balance: " + manifest + " says that carriers has 87 rows and "},
		"more carriers than calls": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[3].Rows += 100; m.Tables[3].Files[0].Rows += 100 })
		}, "balance: " + manifest + " says that carriers has 188 rows, the dataset 36 rows of 3 samples"},
		"rows of a file of carriers": {func(t *testing.T, root string) {
			replace(t, root, part, `"rows": 44`, `"rows": 45`)
		}, "balance: " + part + " says of carriers/chrom=chr1/part-00000-000000.parquet other than the manifest"},
		"records and rows": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Records++; m.Rows++ })
		}, "balance: " + manifest + " says 41 records, 37 rows and 4 rejected, the sets of parts 40"},
		"samples": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Samples = 4 })
		}, "headers: _header.vcf has 3 samples, the manifest says 4"},
		"name of a column": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Columns[2].Name = "position" })
		}, "footers: " + variants + ` has "pos" for column`},
		"type of a column": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Columns[2].Type = "int" })
		}, "footers: " + variants + " has column pos as bigint, the manifest says int"},
		"one column less": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Columns = m.Tables[0].Columns[1:] })
		}, "footers: " + variants + " has 14 columns, the manifest says 13"},
		"contig": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Files[0].Chrom = "chr2" })
		}, "footers: " + variants + " belongs in "},
		"a file less": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Files = m.Tables[0].Files[1:] })
		}, "names: " + variants + " is not named by the manifest"},
		"a file twice": {func(t *testing.T, root string) {
			edit(t, root, func(m *export.Manifest) { m.Tables[0].Files = append(m.Tables[0].Files, m.Tables[0].Files[0]) })
		}, "names: " + variants + " is named twice"},
		"a set of parts": {func(t *testing.T, root string) {
			replace(t, root, part, `"rejected": 2`, `"rejected": 1`)
		}, "balance: " + part + " says 20 records, 18 rows and 1 rejected, which do not add up"},
		"a shorter set of parts": {func(t *testing.T, root string) {
			replace(t, root, part, `"records": 20`, `"records": 19`)
			replace(t, root, part, `"rejected": 2`, `"rejected": 1`)
		}, "balance: _parts/00000-000001.json begins at record 20 of its shard, the sets before it end at 19"},
		"a file of a set": {func(t *testing.T, root string) {
			replace(t, root, part, `"chrom": "chr1",`+"\n   ", `"chrom": "chr2",`+"\n   ")
		}, "balance: " + part + " says of "},
		"tallies": {func(t *testing.T, root string) {
			replace(t, root, part, `"tally_sha256": "`, `"tally_sha256": "0`)
		}, "balance: " + part + " says that the tallies"},
		"a shard": {func(t *testing.T, root string) {
			replace(t, root, "_shards/00000.json", `"records": 40`, `"records": 41`)
		}, "balance: _shards/00000.json says 41 records"},
		"a line of rejects": {func(t *testing.T, root string) {
			text, err := os.ReadFile(filepath.Join(runFolder(t, root), "_rejects/00000.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			line, _, _ := strings.Cut(string(text), "\n")
			replace(t, root, "_rejects/00000.jsonl", line+"\n", "")
		}, "rejects: _rejects/00000.jsonl has 3 lines, 00000.json says 4"},
		"no rejects": {func(t *testing.T, root string) {
			replace(t, root, "_rejects/00000.jsonl", `{"`, `["`)
		}, "rejects: _rejects/00000.jsonl can't be read after line 0"},
		"a header": {func(t *testing.T, root string) {
			replace(t, root, "_headers/00000.vcf", "ID=AF", "ID=AG")
		}, "headers: _headers/00000.vcf has the SHA-256"},
		"the merged header": {func(t *testing.T, root string) {
			replace(t, root, "_header.vcf", "\ta\tb\tc", "\ta\tb\td")
		}, "headers: _headers/00000.vcf has other samples"},
		"no header": {func(t *testing.T, root string) {
			replace(t, root, "_header.vcf", "##fileformat", "#fileformat")
		}, "headers: _header.vcf can't be read"},
	} {
		root := copyOf(t, whole)
		test.do(t, root)
		found := faults(t, root)
		run, _ := filepath.Rel(root, runFolder(t, root))
		if !strings.Contains(strings.ReplaceAll(strings.Join(found, "\n"), filepath.ToSlash(run)+"/", ""), test.want) {
			t.Errorf("%s: %q is not among %q", name, test.want, found)
		}
	}
}

func runFolder(t *testing.T, root string) string {
	t.Helper()
	d, err := export.OpenDataset(root)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, export.RunPath(d.Manifest.Run))
}

func TestAddedFiles(t *testing.T) {
	t.Parallel()
	root := makeDataset(t, export.Options{}, cohort(40))
	run := runFolder(t, root)
	if err := os.Symlink(filepath.Join(run, "_header.vcf"), filepath.Join(run, "variants", "link")); err != nil {
		t.Fatal(err)
	}
	added := []string{"variants/link", "variants/chrom=chr1/part-00000-000009.parquet", "variants/chrom=chr9/x.parquet", "_parts/00000-000009.json", "notes.txt"}
	for _, name := range added[1:] {
		write(t, filepath.Join(run, name), "text")
	}
	write(t, filepath.Join(run, "variants/_tmp-XYZ"), "what a killed writer left is for clean")
	found := faults(t, root)
	for _, name := range added {
		if !strings.Contains(strings.Join(found, "\n"), name+" is not named by the manifest") {
			t.Errorf("%s is not found", name)
		}
	}
	if len(found) != len(added) {
		t.Errorf("faults %q", found)
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	root := makeDataset(t, export.Options{}, cohort(10))
	write(t, filepath.Join(root, "_plans/0.json"), "{\n \"run\": \"0123456789abcdef\",\n \"inputs\": null\n}\n")
	if found := faults(t, root); len(found) != 1 || !strings.Contains(found[0], `_plans/0.json is of run "0123456789abcdef", which is not there`) {
		t.Errorf("%q", found)
	}
}

func TestNothingToVerify(t *testing.T) {
	t.Parallel()
	if _, err := Verify(t.Context(), store.At(t.TempDir())); !errors.Is(err, export.ErrNoDataset) {
		t.Errorf("no dataset: %v", err)
	}
	root := makeDataset(t, export.Options{}, cohort(10))
	stopped, stop := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	stop(why)
	if _, err := Verify(stopped, store.At(root)); !errors.Is(err, why) {
		t.Errorf("stopped: %v", err)
	}
}
