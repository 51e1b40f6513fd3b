package restore

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	hts "github.com/biogo/hts/bgzf"

	"github.com/varlake/varlake/export"
)

// TestMain makes fewer checks than rapid's default, unless told: each is an export, whose files are synced to the disk.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "rapid.checks" })
	if !told {
		flag.Set("rapid.checks", "25")
	}
	os.Exit(m.Run())
}

// failer is what helpers need of testing.T, testing.B and rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// dataset exports texts of VCFs, given by file name in the order of the inputs, with lines that are no records set aside.
func dataset(t failer, dir string, names []string, texts map[string][]byte) *export.Dataset {
	t.Helper()
	opt := export.Options{Out: filepath.Join(dir, "dataset"), Quarantine: true}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, texts[name], 0o666); err != nil {
			t.Fatalf("%v", err)
		}
		opt.Inputs = append(opt.Inputs, path)
	}
	return exported(t, opt)
}

func exported(t failer, opt export.Options) *export.Dataset {
	t.Helper()
	if _, err := export.Run(context.Background(), "test", opt); err != nil {
		t.Fatalf("%v", err)
	}
	ds, err := export.OpenDataset(opt.Out)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return ds
}

// restored returns what Run writes to a stream.
func restored(t failer, ds *export.Dataset, rejects bool) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := Run(context.Background(), ds, Options{Stdout: &out, Rejects: rejects}); err != nil {
		t.Fatalf("%v", err)
	}
	return out.String()
}

// bgzip compresses text in blocks of size bytes.
func bgzip(t failer, text []byte, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := hts.NewWriter(&out, 1)
	for rest := text; len(rest) > 0; {
		n := min(size, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatalf("%v", err)
		}
		if err := w.Flush(); err != nil {
			t.Fatalf("%v", err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatalf("%v", err)
	}
	return out.Bytes()
}

// leftovers are the names of all files in a directory, hidden ones too.
func leftovers(t failer, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
