package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// ManifestGroup is a group of samples that variant_annotations has allele counts for.
type ManifestGroup struct {
	Column  string `json:"column"` // as the sample table has it
	Value   string `json:"value"`
	Samples int    `json:"samples"`
	Prefix  string `json:"prefix"` // of the columns _ac, _an and _af
}

// headerText is the header of the input as it stands, with LF.
func (in *input) headerText() string {
	var b strings.Builder
	for _, line := range in.header.Lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	b.WriteString(columnLine(in.header.Columns, in.header.Samples))
	return b.String()
}

func columnLine(columns int, samples []string) string {
	var b strings.Builder
	b.WriteString("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
	if columns > 8 {
		b.WriteString("\tFORMAT")
	}
	for _, s := range samples {
		b.WriteByte('\t')
		b.WriteString(s)
	}
	b.WriteByte('\n')
	return b.String()
}

// mergedHeader is the header that stands for all inputs: the lines of the first, and of the others what the first lacks.
func (e *exporter) mergedHeader() string {
	var b strings.Builder
	seen := make(map[string]bool)
	columns := 0 // an input without samples may have FORMAT or not
	for i, in := range e.inputs {
		columns = max(columns, in.header.Columns)
		for _, line := range in.header.Lines {
			key := lineKey(line)
			if i == 0 || !seen[key] {
				b.WriteString(line)
				b.WriteByte('\n')
			}
			seen[key] = true
		}
	}
	b.WriteString(columnLine(columns, e.samples()))
	return b.String()
}

// lineKey tells header lines apart that define different things: by kind and ID where the line has one, else by all of it.
func lineKey(line string) string {
	kind, rest, ok := strings.Cut(line, "=<")
	if kind, _, isFormat := strings.Cut(line, "=VCF"); isFormat && kind == "##fileformat" {
		return kind
	}
	if !ok {
		return line
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(rest, ">"), ",") {
		if id, ok := strings.CutPrefix(part, "ID="); ok {
			return kind + "=" + id
		}
	}
	return line
}

// metadata is the key-value metadata of the files of a table: who wrote them, and what its columns were made from.
func (e *exporter) metadata(columns []Column) []pq.KeyValue {
	names := make(map[string]string, len(columns))
	for _, c := range columns {
		if c.Source != "" {
			names[c.Name] = c.Source
		}
	}
	text, err := json.Marshal(names)
	if err != nil { // a map of strings always marshals
		text = nil
	}
	return []pq.KeyValue{
		{Key: "varlake.version", Value: e.version},
		{Key: "varlake.schema", Value: fmt.Sprint(SchemaVersion)},
		{Key: "varlake.names", Value: string(text)},
	}
}

// manifest says what the run holds.
func (e *exporter) manifest(run string, t *totals) *Manifest {
	t.conflicts.merge(e.issues)
	m := &Manifest{
		Tool: "varlake " + e.version, Schema: SchemaVersion, Run: run, Inputs: e.manifestInputs(), Samples: int64(len(e.samples())),
		Records: t.records, Rows: t.rows, Rejected: t.rejected, Conflicts: t.conflicts.list(), Support: t.support,
	}
	slices.SortFunc(m.Support, func(a, b SupportFile) int { return strings.Compare(a.Path, b.Path) })
	for _, g := range e.layout.groups {
		m.Groups = append(m.Groups, ManifestGroup{g.Column, g.Value, g.Samples, strings.TrimSuffix(e.layout.annotations[g.column].Name, "_ac")})
	}
	for _, t0 := range []Table{
		{Name: Variants, Partition: "chrom", Columns: e.layout.variants},
		{Name: VariantAnnotations, Partition: "chrom", Columns: e.layout.annotations},
		{Name: SampleAnnotations, Columns: e.layout.samples},
		{Name: Carriers, Partition: "chrom", Columns: e.layout.carriers},
	} {
		if t0.Name != SampleAnnotations && !e.opt.writes(t0.Name) {
			continue
		}
		t0.Files = append([]File{}, t.files[t0.Name]...)
		for _, f := range t0.Files {
			t0.Rows += f.Rows
			t0.Bytes += f.Bytes
		}
		m.Tables = append(m.Tables, t0)
	}
	return m
}

// headerName is where the merged header is in the folder of a run.
const headerName = "/_header.vcf"

// putHeaders writes the merged header and those of the inputs.
func (e *exporter) putHeaders(dir store.Store, run string) ([]SupportFile, error) {
	root, headers := RunPath(run), make([]SupportFile, 1+len(e.inputs))
	var group errgroup.Group // for the sake of stores that are far away
	group.SetLimit(8)
	header := func(i int, name, text string) {
		group.Go(func() error {
			headers[i] = supportFile(name, []byte(text))
			return put(dir, name, []byte(text))
		})
	}
	header(0, root+headerName, e.mergedHeader())
	for i, in := range e.inputs {
		header(i+1, fmt.Sprintf("%s/_headers/%05d.vcf", root, i), in.headerText())
	}
	return headers, group.Wait()
}

// successText is the content of _SUCCESS: a line that `sha256sum --check` reads.
func successText(manifest []byte) []byte {
	return []byte(digest(manifest) + "  " + ManifestName + "\n")
}

// slowFormat says what is lost with a content that can't be inflated in parallel.
func slowFormat(f bgzf.Format) string {
	if f == bgzf.Gzip {
		return "read as one stream; compressed with bgzip it would be read in parallel"
	}
	return ""
}
