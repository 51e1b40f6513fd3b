package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/export"
)

// cohort is a VCF of two contigs and three samples; one line in ten is no record.
func cohort(records int) string {
	var b strings.Builder
	b.WriteString("##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"\">\n" +
		"##INFO=<ID=AF,Number=A,Type=Float,Description=\"\">\n##INFO=<ID=DB,Number=0,Type=Flag,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\n")
	for i := range records {
		pos := fmt.Sprint(i + 1)
		if i%10 == 9 {
			pos = "bad"
		}
		fmt.Fprintf(&b, "chr%d\t%s\t.\tA\tG\t%d\tPASS\tAF=0.%d;DB;XX=1\tGT:AD\t0/%d:%d,1\t./.\t1/1:x\n", 1+i*2/records, pos, i, i%100, i%2, i)
	}
	return b.String()
}

// makeDataset exports VCFs to a new directory.
func makeDataset(t *testing.T, opt export.Options, vcfs ...string) string {
	t.Helper()
	for i, text := range vcfs {
		name := filepath.Join(t.TempDir(), fmt.Sprintf("%d.vcf", i))
		write(t, name, text)
		opt.Inputs = append(opt.Inputs, name)
	}
	if opt.Out == "" {
		opt.Out = filepath.Join(t.TempDir(), "dataset")
	}
	opt.Quarantine = true
	if _, err := export.Run(t.Context(), "test", opt); err != nil {
		t.Fatal(err)
	}
	return opt.Out
}

// copyOf copies a dataset to a new directory.
func copyOf(t *testing.T, root string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	return to
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// contents reads all files below a directory. Names are relative and slash-separated.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func names(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

// edit changes the manifest and what vouches for it, as one would who knows how.
func edit(t *testing.T, root string, change func(m *export.Manifest)) {
	t.Helper()
	d, err := export.OpenDataset(root)
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(root, export.RunPath(d.Manifest.Run))
	change(d.Manifest)
	text, err := json.Marshal(d.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(run, export.ManifestName), string(text))
	write(t, filepath.Join(run, export.SuccessName), digest(string(text))+"  "+export.ManifestName+"\n")
}

// replace changes a file beside the tables, and the manifest accordingly.
func replace(t *testing.T, root, name, old, new string) {
	t.Helper()
	edit(t, root, func(m *export.Manifest) {
		name := export.RunPath(m.Run) + "/" + name
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("%s: %v, or it does not hold %q", name, err, old)
		}
		changed := strings.Replace(string(text), old, new, 1)
		write(t, filepath.Join(root, name), changed)
		i := slices.IndexFunc(m.Support, func(f export.SupportFile) bool { return f.Path == name })
		m.Support[i].Bytes, m.Support[i].SHA256 = int64(len(changed)), digest(changed)
	})
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
