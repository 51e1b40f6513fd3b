// Package audit looks after finished datasets: Verify finds what is no longer as it was written, and Survey what can be deleted.
package audit

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// Report is what Verify compared and found.
type Report struct {
	Run    string
	Checks []Check
}

// Check is one kind of comparison.
type Check struct {
	Name    string
	Checked string // what was compared, in words and numbers
	Faults  []Fault
}

// Fault is a file that is not as it should be.
type Fault struct {
	Path   string // relative to the root of the dataset, slash-separated; it may hold any character
	Found  string // and what was expected
	Advice string // what to do
}

// Faults returns the number of faults of all checks.
func (r *Report) Faults() (n int) {
	for _, c := range r.Checks {
		n += len(c.Faults)
	}
	return n
}

// What to do about a fault.
const (
	putBack  = "put a copy of it back, or export to a new dataset"
	distrust = "the dataset contradicts itself; export to a new one"
)

// Verify compares all files of the current run of a dataset with the manifest, and the manifest with itself. Faults of the files are in the report;
// an error means that they could not be looked for: it wraps export.ErrNoDataset or export.ErrManifest, or is ctx's.
func Verify(ctx context.Context, files store.Store) (*Report, error) {
	dataset, err := export.ReadDataset(files)
	if err != nil {
		return nil, err
	}
	v := newVerifier(dataset)
	report := &Report{Run: dataset.Manifest.Run}
	for _, check := range []func(context.Context) (Check, error){
		v.manifest, v.listing, v.checksums, v.footers, v.balance, v.rejects, v.headers, v.plans,
	} {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		c, err := check(ctx)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", files.Root(), err)
		}
		report.Checks = append(report.Checks, c)
	}
	return report, nil
}

// verifier holds what the checks share.
type verifier struct {
	dataset *export.Dataset
	stored  store.Store
	m       *export.Manifest
	run     string // folder of the run
	files   []namedFile
	sums    map[string]string // SHA-256 of the files by path, as the manifest has them
	bad     map[string]bool   // files with a fault: what they hold is not looked at
}

// namedFile is a file that the manifest names.
type namedFile struct {
	path   string
	bytes  int64
	sha256 string
}

func newVerifier(d *export.Dataset) *verifier {
	v := &verifier{dataset: d, stored: d.Files(), m: d.Manifest, run: export.RunPath(d.Manifest.Run), sums: make(map[string]string), bad: make(map[string]bool)}
	for _, t := range v.m.Tables {
		for _, f := range t.Files {
			v.files = append(v.files, namedFile{f.Path, f.Bytes, f.SHA256})
		}
	}
	for _, f := range v.m.Support {
		v.files = append(v.files, namedFile{f.Path, f.Bytes, f.SHA256})
	}
	for _, f := range v.files {
		v.sums[f.path] = f.sha256
	}
	return v
}

// support returns the paths of the sound files of a folder of the run that the manifest names.
func (v *verifier) support(folder, extension string) (names []string) {
	for _, f := range v.m.Support {
		if path.Dir(f.Path) == path.Join(v.run, folder) && strings.HasSuffix(f.Path, extension) && !v.bad[f.Path] {
			names = append(names, f.Path)
		}
	}
	return names
}

// anyBad tells whether a file of a folder of the run has a fault, so that sums over the folder mean nothing.
func (v *verifier) anyBad(folder string) bool {
	for name := range v.bad {
		if path.Dir(name) == path.Join(v.run, folder) {
			return true
		}
	}
	return false
}

// fault counts a fault of a file, whose content the checks that follow leave alone.
func (v *verifier) fault(c *Check, name, advice, found string, args ...any) {
	v.bad[name] = true
	c.Faults = append(c.Faults, Fault{name, fmt.Sprintf(found, args...), advice})
}

// plural writes a number and what it counts.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n) + " " + many
}
