package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/varlake/varlake/internal/store"
)

// Where a dataset keeps what names the rest.
const (
	CurrentName  = "_current.json"  // in the root of the dataset
	ManifestName = "_manifest.json" // in the folder of a run
	SuccessName  = "_SUCCESS"       // in the folder of a run: the checksum of the manifest, as sha256sum writes it
)

var (
	// ErrNoDataset is the error of opening a place that holds no finished dataset.
	ErrNoDataset = errors.New("not a varlake dataset")
	// ErrManifest is the error of a _current.json or _manifest.json that can't be used.
	ErrManifest = errors.New("damaged dataset")
)

// Column is a column of a table.
type Column struct {
	Name        string `json:"name"`
	Type        string `json:"type"`             // Athena type: "array<int>"
	Source      string `json:"source,omitempty"` // what it was made from: "INFO/AF", "sample table: Super Pop", "QC"
	Description string `json:"description,omitempty"`
}

// File is a Parquet file of a table.
type File struct {
	Path   string `json:"path"`            // relative to the root of the dataset, slash-separated
	Chrom  string `json:"chrom,omitempty"` // contig as the VCF spells it; empty in a table without partitions
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// SupportFile is a file that is no table: a header, a list of rejects, what was counted in a set of parts.
type SupportFile struct {
	Path   string `json:"path"` // relative to the root of the dataset, slash-separated
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// Table is a table of a dataset.
type Table struct {
	Name      string   `json:"name"`
	Partition string   `json:"partition,omitempty"` // column that the folders of the files hold, a string: "chrom", or empty
	Columns   []Column `json:"columns"`             // in file order, without the partition column
	Files     []File   `json:"files"`               // in row order
	Rows      int64    `json:"rows"`
	Bytes     int64    `json:"bytes"`
}

// Manifest says what a finished run made, and from what. The balance of a
// dataset without loss is Records = Rows + Rejected.
type Manifest struct {
	Tool     string  `json:"tool"`   // name and version of the program
	Schema   int     `json:"schema"` // version of the layout that DESIGN fixes
	Run      string  `json:"run"`
	Inputs   []Input `json:"inputs"`
	Tables   []Table `json:"tables"`
	Samples  int64   `json:"samples"`
	Records  int64   `json:"records"`  // lines read after the headers
	Rows     int64   `json:"rows"`     // of each record table
	Rejected int64   `json:"rejected"` // lines set aside under --on-bad-record quarantine

	Groups    []ManifestGroup `json:"groups,omitempty"` // of --group-by
	Conflicts []Conflict      `json:"conflicts"`        // where values and lines depart from header and standard

	// Support is what stands beside the tables, in order of path: all other files of the run but the manifest, and _SUCCESS, which holds its checksum.
	Support []SupportFile `json:"support"`
}

// Input is a VCF that a dataset was made from.
type Input struct {
	URI   string `json:"uri"`
	Bytes int64  `json:"bytes"`
	ETag  string `json:"etag,omitempty"` // of an object; of a local file its modification time
	// Format is how the content is compressed, and Header the SHA-256 of the header with line ends of LF.
	Format string `json:"format,omitempty"`
	Header string `json:"header_sha256,omitempty"`
}

// Table returns the table of this name.
func (m *Manifest) Table(name string) (*Table, bool) {
	for i := range m.Tables {
		if m.Tables[i].Name == name {
			return &m.Tables[i], true
		}
	}
	return nil, false
}

// Current is the content of _current.json: the run that readers see.
type Current struct {
	Run string `json:"run"`
}

// RunPath returns the folder of a run, relative to the root of the dataset.
func RunPath(run string) string { return path.Join("runs", run) }

// Dataset is a finished dataset, open for reading.
type Dataset struct {
	Root     string // directory, or s3://bucket/prefix
	Manifest *Manifest

	files store.Store // nil: the directory Root
}

// NewDataset returns the dataset of a manifest.
func NewDataset(files store.Store, m *Manifest) *Dataset {
	return &Dataset{Root: files.Root(), Manifest: m, files: files}
}

// Files is where the files of the dataset are.
func (d *Dataset) Files() store.Store {
	if d.files == nil {
		return store.At(d.Root)
	}
	return d.files
}

// OpenFile opens a file of the dataset and returns its size.
func (d *Dataset) OpenFile(name string) (f store.File, size int64, err error) {
	opened, err := d.Files().Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("open a file that the manifest names: %w", err)
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	f, ok := opened.(store.File)
	if !ok {
		return nil, 0, errors.Join(fmt.Errorf("%w: %s is no file", ErrManifest, name), opened.Close())
	}
	return f, info.Size(), nil
}

// OpenDataset opens the dataset in a local directory. The error is ErrNoDataset
// where there is none, and ErrManifest where its manifest can't be used.
func OpenDataset(root string) (*Dataset, error) {
	return ReadDataset(store.At(root))
}

// ReadDataset opens the dataset in a store. Errors are as those of OpenDataset.
func ReadDataset(files store.Store) (*Dataset, error) {
	root := files.Root()
	var current Current
	err := readJSON(files, CurrentName, &current)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: it has no %s; give the --out of a finished export, or run the export that was interrupted once more", root, ErrNoDataset, CurrentName)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, err)
	}
	if current.Run == "" || current.Run == ".." || !fs.ValidPath(current.Run) || strings.Contains(current.Run, "/") {
		return nil, fmt.Errorf("%s: %w: %s names the run %q", root, ErrManifest, CurrentName, current.Run)
	}
	name := path.Join(RunPath(current.Run), ManifestName)
	m := new(Manifest)
	if err := readJSON(files, name, m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %s names run %s, whose %s is gone; export it again", ErrManifest, CurrentName, current.Run, name)
		}
		return nil, fmt.Errorf("%s: %w", root, err)
	}
	if err := m.check(current.Run); err != nil {
		return nil, fmt.Errorf("%s: %w: %s: %w", root, ErrManifest, name, err)
	}
	return NewDataset(files, m), nil
}

// Now returns the dataset as readers see it now: d itself while its run is current. Errors are as those of OpenDataset.
func (d *Dataset) Now() (*Dataset, error) {
	s, err := readState(d.Files())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Root, err)
	}
	if s.currentRun == d.Manifest.Run {
		return d, nil
	}
	return ReadDataset(d.Files())
}

// check finds what would lead a reader astray, out of the dataset above all: a
// manifest may have been made by anyone.
func (m *Manifest) check(run string) error {
	if m.Run != run {
		return fmt.Errorf("it is of run %q", m.Run)
	}
	for _, t := range m.Tables {
		for _, f := range t.Files {
			if !fs.ValidPath(f.Path) || f.Path == "." {
				return fmt.Errorf("a file of table %s has the path %q", t.Name, f.Path)
			}
		}
	}
	for _, f := range m.Support {
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return fmt.Errorf("a file beside the tables has the path %q", f.Path)
		}
	}
	return nil
}

func readJSON(files store.Store, name string, into any) error {
	data, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrManifest, name, err)
	}
	return nil
}

// EscapePartition writes a partition value as the folders of Hive tables spell
// it: control characters and those that have a meaning in paths, patterns or
// SQL as %XX (the table of Hive's FileUtils.escapePathName, which Trino and
// Spark share), all else, UTF-8 included, as it is.
func EscapePartition(v string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		c := v[i]
		if c < ' ' || c == 0x7F || strings.IndexByte(`"#%'*/:=?\{[]^`, c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
