package export

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// datasetFiles writes files below a new directory.
func datasetFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOpenDataset(t *testing.T) {
	want := &Manifest{
		Tool: "varlake 0", Schema: 1, Run: "r1", Samples: 2, Records: 4, Rows: 3, Rejected: 1,
		Inputs: []Input{{URI: "s3://b/a.vcf.gz", Bytes: 9, ETag: "x"}},
		Tables: []Table{{Name: "variants", Partition: "chrom", Rows: 3, Bytes: 10,
			Columns: []Column{{Name: "pos", Type: "bigint", Source: "POS"}},
			Files:   []File{{Path: "runs/r1/variants/chrom=%3A/part-00000-000000.parquet", Chrom: ":", Rows: 3, Bytes: 10, SHA256: "00"}}}},
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	root := datasetFiles(t, map[string]string{"_current.json": `{"run":"r1"}`, "runs/r1/_manifest.json": string(text)})
	d, err := OpenDataset(root)
	if err != nil {
		t.Fatal(err)
	}
	if d.Root != root || !reflect.DeepEqual(d.Manifest, want) {
		t.Errorf("got %s, %+v", d.Root, d.Manifest)
	}
	if table, ok := d.Manifest.Table("variants"); !ok || table != &d.Manifest.Tables[0] {
		t.Errorf("Table(variants) = %v, %v", table, ok)
	}
	if _, ok := d.Manifest.Table("carriers"); ok {
		t.Error("found a table that is not there")
	}
}

func TestOpenDatasetErrors(t *testing.T) {
	manifest := func(path string) string {
		return `{"run":"r","tables":[{"name":"t","files":[{"path":"` + path + `"}]}]}`
	}
	tests := map[string]struct {
		files map[string]string
		want  error
		says  string
	}{
		"empty directory":   {nil, ErrNoDataset, "--out"},
		"unfinished":        {map[string]string{"runs/r/_header.vcf": ""}, ErrNoDataset, "interrupted"},
		"cut off":           {map[string]string{"_current.json": `{"run`}, ErrManifest, "_current.json"},
		"no run":            {map[string]string{"_current.json": `{}`}, ErrManifest, `""`},
		"run outside":       {map[string]string{"_current.json": `{"run":"../x"}`}, ErrManifest, `"../x"`},
		"no manifest":       {map[string]string{"_current.json": `{"run":"r"}`}, ErrManifest, "export it again"},
		"bad manifest":      {map[string]string{"_current.json": `{"run":"r"}`, "runs/r/_manifest.json": "["}, ErrManifest, "_manifest.json"},
		"another's":         {map[string]string{"_current.json": `{"run":"r"}`, "runs/r/_manifest.json": `{"run":"q"}`}, ErrManifest, `"q"`},
		"file outside":      {map[string]string{"_current.json": `{"run":"r"}`, "runs/r/_manifest.json": manifest("../../x")}, ErrManifest, "../../x"},
		"file at the root":  {map[string]string{"_current.json": `{"run":"r"}`, "runs/r/_manifest.json": manifest("/etc/x")}, ErrManifest, "/etc/x"},
		"file without name": {map[string]string{"_current.json": `{"run":"r"}`, "runs/r/_manifest.json": manifest("")}, ErrManifest, `""`},
	}
	for name, test := range tests {
		root := datasetFiles(t, test.files)
		_, err := OpenDataset(root)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), root) {
			t.Errorf("%s: %v, want %v that says %q", name, err, test.want, test.says)
		}
	}
	if _, err := OpenDataset(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, ErrNoDataset) {
		t.Errorf("absent directory: %v", err)
	}
}

func TestEscapePartition(t *testing.T) {
	// The outputs are those of Hive's FileUtils.escapePathName.
	tests := map[string]string{
		"22":                 "22",
		"chrUn_KI270302v1":   "chrUn_KI270302v1",
		"HLA-A*01:01:01:01":  "HLA-A%2A01%3A01%3A01%3A01",
		"100%":               "100%25",
		"a/b\\c=d?e":         "a%2Fb%5Cc%3Dd%3Fe",
		"\"#'[]{^":           "%22%23%27%5B%5D%7B%5E",
		"\x01\n\x1f\x7f":     "%01%0A%1F%7F",
		"a b<c>|d}e~f&g+h,i": "a b<c>|d}e~f&g+h,i",
		"染色体é":               "染色体é",
		"..":                 "..",
		"":                   "",
	}
	for in, want := range tests {
		if got := EscapePartition(in); got != want {
			t.Errorf("EscapePartition(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscapePartition(f *testing.F) {
	f.Add("HLA-A*01:01")
	f.Fuzz(func(t *testing.T, v string) {
		escaped := EscapePartition(v)
		if strings.ContainsAny(escaped, "\x00\n\x7f\"#'*/:=?\\{[]^") {
			t.Errorf("%q is escaped as %q", v, escaped)
		}
		// The way back is percent-decoding, as readers of Hive tables do it.
		if back, err := url.PathUnescape(escaped); err != nil || back != v {
			t.Errorf("%q is escaped as %q, which reads as %q, %v", v, escaped, back, err)
		}
	})
}
