// Package estimate foresees what an export would come to: records, bytes, shards and what queries would scan, from the headers of the inputs and a sample of their records.
//
// The sample is a number of windows, stretches of text at places that are drawn at random but are the same each time. How many there are, and how much is read of each, does not depend on the
// size or number of the inputs. What the tables would take is not guessed: the records of some of the windows are exported, to a temporary directory.
package estimate

import (
	"context"
	"fmt"
	"os"

	"github.com/varlake/varlake/export"
)

// Estimate is what an export is foreseen to come to. Bytes are those of files unless another thing is said.
type Estimate struct {
	Dataset    string                 `json:"dataset"`
	Outlook    export.Outlook         `json:"outlook"`
	Inputs     []Input                `json:"inputs"`
	InputBytes int64                  `json:"input_bytes"`
	Samples    int64                  `json:"samples"`
	Groups     []export.ManifestGroup `json:"groups,omitempty"`
	Records    Quantity               `json:"records"`
	Text       Quantity               `json:"text_bytes"` // of the inputs, inflated
	Contigs    []string               `json:"contigs"`    // that the sample has, in its order
	Tables     []Table                `json:"tables"`
	Bytes      int64                  `json:"bytes"` // of all tables
	Files      int64                  `json:"files"` // of all tables
	Shards     Shards                 `json:"shards"`
	Batch      Batch                  `json:"batch"`
	LargestRow Row                    `json:"largest_row"`
	Queries    []Query                `json:"queries"`
	Conflicts  []export.Conflict      `json:"conflicts"`           // of the headers, with each other and with the standard
	Misfits    []export.Conflict      `json:"conflicts_of_sample"` // of values with the headers, in the records that were exported
	Warnings   []string               `json:"warnings"`
	Notes      []string               `json:"notes,omitempty"`
	Sample     Sample                 `json:"sample"`
}

// Input is a file to be exported.
type Input struct {
	URI    string `json:"uri"`
	Bytes  int64  `json:"bytes"`
	Format string `json:"format"`
}

// Quantity is an estimate.
type Quantity struct {
	Value int64 `json:"value"`
	// Error is the half width of the interval that holds the true value in 95 of 100 samples, as a share of Value; 0 where all was counted.
	Error float64 `json:"error"`
	// Beginning tells that gzip is among the inputs, of which the beginning alone was looked at: Error holds if the rest is as that.
	Beginning bool `json:"beginning_only,omitempty"`
}

// Table is a table as it would be.
type Table struct {
	Name    string   `json:"name"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	Files   int64    `json:"files"`
	Columns []Column `json:"columns"`
}

// Column is a column with what it would take in all files.
type Column struct {
	export.Column
	Bytes int64 `json:"bytes"`
}

// Row is the largest record of the sample beside what Athena reads.
type Row struct {
	Bytes  int64 `json:"bytes"`        // of text, about what its row takes in Athena
	Limit  int64 `json:"limit"`        // of Athena
	Fit    int64 `json:"samples_fit"`  // samples of as many bytes that a row could have; 0 where there are no samples
	Beyond bool  `json:"beyond_limit"` // the row is larger
}

// Sample is what the estimate rests on.
type Sample struct {
	Windows int   `json:"windows"`
	Bytes   int64 `json:"bytes"`      // of the inputs that are in windows
	Text    int64 `json:"text_bytes"` // the same, inflated
	Records int64 `json:"records"`
	// Exported is how many records were exported, to learn what they take.
	Exported int64 `json:"records_exported"`
	All      bool  `json:"all"` // the inputs are in it as a whole
}

// Make foresees the export that opt describes. It reads headers, the sample table and the windows, and writes to a temporary directory alone, which it removes. Errors are those of export.NewSurvey, and
// of reading a sample, as bgzf has them.
func Make(ctx context.Context, version string, opt export.Options) (*Estimate, error) {
	survey, err := export.NewSurvey(ctx, version, opt)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "varlake-plan-")
	if err != nil {
		return nil, fmt.Errorf("%w; set TMPDIR to a directory that can be written", err)
	}
	defer os.RemoveAll(dir)
	sample, err := drawSample(ctx, survey, dir)
	if err != nil {
		return nil, err
	}
	trial, err := runTrial(ctx, version, survey, sample, dir)
	if err != nil {
		return nil, err
	}
	return assemble(survey, sample, trial), nil
}

// assemble puts the estimate together.
func assemble(survey *export.Survey, s *sample, trial *trial) *Estimate {
	m := survey.Manifest
	e := &Estimate{
		Dataset: survey.Options.Out, Outlook: survey.Outlook, InputBytes: s.total, Samples: m.Samples, Groups: m.Groups,
		Records: s.quantity(func(w *window) int64 { return w.records }), Text: s.quantity(func(w *window) int64 { return w.text }),
		Contigs: s.contigs(), Conflicts: m.Conflicts, Misfits: trial.misfits, Notes: survey.Notes, Sample: s.summary(),
	}
	e.Sample.Exported = trial.records
	for i, in := range m.Inputs {
		e.Inputs = append(e.Inputs, Input{in.URI, survey.Inputs[i].Size, in.Format})
	}
	e.LargestRow = largestRow(s, m.Samples)
	e.Tables = trial.tables(m, e.Records.Value, e.Text.Value)
	for _, t := range e.Tables {
		e.Bytes += t.Bytes
	}
	work := work{records: e.Records.Value, text: e.Text.Value, written: e.Bytes}
	e.Batch = batch(work, s, e.LargestRow.Bytes, survey.Options.Memory)
	e.Shards = shards(survey, s, max(1, survey.Options.Shards), work)
	e.countFiles(survey.Options.PartSize, s.switches(), trial)
	e.Queries = queries(e, trial)
	e.Warnings = warnings(survey, s, e, trial)
	return e
}

// table returns a table that would be written, nil where it would not.
func (e *Estimate) table(name string) *Table {
	for i := range e.Tables {
		if e.Tables[i].Name == name {
			return &e.Tables[i]
		}
	}
	return nil
}

// countFiles foresees the files of every table. All record tables cut their row groups and parts at the same records: a part ends with a shard, where the contig switches, and with the row group in which the
// largest file comes to the part size.
func (e *Estimate) countFiles(partSize, switches int64, trial *trial) {
	var rows, largest, groups int64
	for i := range e.Tables {
		if t := &e.Tables[i]; t.Name != export.SampleAnnotations {
			rows, largest, groups = max(rows, t.Rows), max(largest, t.Bytes), max(groups, trial.rowGroups(t))
		}
	}
	var parts int64
	if rows > 0 {
		stretches := max(1, int64(e.Shards.Count-e.Shards.Empty)+switches) // of one shard and contig
		ofPart := ceil(partSize, max(1, largest/groups))
		parts = min(rows, stretches*ceil(ceil(groups, stretches), ofPart))
	}
	for i := range e.Tables {
		t := &e.Tables[i]
		if t.Files = parts; t.Name == export.SampleAnnotations {
			t.Files = 1
		}
		e.Files += t.Files
	}
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }
