package estimate

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/varlake/varlake/export"
)

// trial is what became of the records that were exported: all that were kept, and the first half of each window again. The difference is what records take that have others before them. The rest, of
// dictionaries and of the first records of a window, is there once in a row group, which may have more records than all windows.
type trial struct {
	records  int64 // read, those set aside included
	rows     int64
	rejected int64
	misfits  []export.Conflict
	full     map[string]*footprint // by table
	half     map[string]*footprint // empty where no half was exported
	halfRows int64
	// What the exported records stand for, as sample.weight has it.
	fullWeight, halfWeight float64
	all                    bool
}

// fewRows are too few to tell how much less half of them take. What they take on average is rather too much for more.
const fewRows = 32

// trialSuffix ends the name of a VCF of kept lines, behind the number of its input.
const trialSuffix = ".vcf"

// runTrial exports the lines that were kept. Bad records are set aside, as the export may fail and the estimate should not.
func runTrial(ctx context.Context, version string, survey *export.Survey, s *sample, dir string) (*trial, error) {
	m, full, err := tryExport(ctx, version, survey, s, filepath.Join(dir, "full"), false)
	if err != nil {
		return nil, err
	}
	t := &trial{records: m.Records, rows: m.Rows, rejected: m.Rejected, full: full, all: s.all, misfits: departures(survey, s.all, m.Conflicts)}
	halves := !s.all && t.rows >= fewRows
	for _, k := range s.kept {
		t.fullWeight += s.weight(k.format, k.bytes)
		t.halfWeight += s.weight(k.format, k.half.bytes)
	}
	if halves {
		if m, t.half, err = tryExport(ctx, version, survey, s, filepath.Join(dir, "half"), true); err == nil {
			t.halfRows = m.Rows
		}
	}
	return t, err
}

// tryExport exports the kept lines, or the first half of each, as an export of the inputs would, and returns what the tables take.
func tryExport(ctx context.Context, version string, survey *export.Survey, s *sample, dir string, half bool) (*export.Manifest, map[string]*footprint, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, err
	}
	opt := survey.Options
	opt.Inputs = nil
	for i, in := range survey.Inputs {
		name := filepath.Join(dir, strconv.Itoa(i)+trialSuffix)
		kept := slices.DeleteFunc(slices.Clone(s.kept), func(k keptLines) bool { return k.input != i })
		if len(kept) == 0 && i > 0 {
			continue
		}
		if err := writeVCF(name, in.Header(), kept, half); err != nil {
			return nil, nil, err
		}
		opt.Inputs = append(opt.Inputs, name)
	}
	opt.Out, opt.Stores, opt.Lines = filepath.Join(dir, "dataset"), nil, nil
	opt.Quarantine, opt.StrictHeader, opt.Overwrite, opt.Unmatched, opt.Shards, opt.Progress = true, false, false, "ignore", 1, nil
	result, err := export.Run(ctx, version, opt)
	if err != nil {
		return nil, nil, fmt.Errorf("export of a sample: %w", err)
	}
	prints := make(map[string]*footprint)
	for _, table := range result.Manifest.Tables {
		if prints[table.Name], err = footprintOf(result.Dataset, &table); err != nil {
			return nil, nil, err
		}
	}
	return result.Manifest, prints, nil
}

// writeVCF writes a VCF of kept lines.
func writeVCF(name, header string, kept []keptLines, half bool) (err error) {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if closed := out.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := io.WriteString(out, header); err != nil {
		return err
	}
	for _, k := range kept {
		if err := k.copyTo(out, half); err != nil {
			return err
		}
	}
	return nil
}

func (k keptLines) copyTo(out io.Writer, half bool) error {
	in, err := os.Open(k.path)
	if err != nil {
		return err
	}
	defer in.Close()
	if half {
		_, err = io.CopyN(out, in, k.half.size)
	} else {
		_, err = io.Copy(out, in)
	}
	return err
}

// departures leaves of the conflicts of the records those that do not come of how they were drawn, nor are told otherwise. Lines are those of the inputs where these were read as a whole, else they are not known.
func departures(survey *export.Survey, all bool, conflicts []export.Conflict) []export.Conflict {
	kinds := []export.ConflictKind{export.Undeclared, export.Misfit, export.WrongCount, export.BadGenotype, export.Malformed, export.Duplicate}
	left := []export.Conflict{}
	for _, c := range conflicts {
		if !slices.Contains(kinds, c.Kind) {
			continue
		}
		if i, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(c.Input), trialSuffix)); err == nil {
			c.Input = survey.Inputs[i].Name
		}
		if !all {
			c.Line = 0
		}
		left = append(left, c)
	}
	return left
}

// tables foresees the tables for so many records and so much text. What a record has once grows with the records, and what it has for each sample with the bytes of the inputs: what compresses well there does so in
// the tables too.
func (t *trial) tables(m *export.Manifest, records, text int64) []Table {
	rows := records
	if t.records > 0 {
		rows = int64(float64(records) * float64(t.rows) / float64(t.records))
	}
	byRow := growth{float64(t.rows), float64(t.halfRows), float64(rows)}
	byText := growth{t.fullWeight, t.halfWeight, float64(text)}
	var tables []Table
	for _, of := range m.Tables {
		full, half := t.full[of.Name], t.half[of.Name]
		table := Table{Name: of.Name, Rows: rows}
		by := func(string) growth { return byRow }
		switch {
		case of.Name == export.SampleAnnotations || t.all:
			by = func(string) growth { return growth{} }
		case of.Name == export.Carriers:
			by = func(string) growth { return byText }
		case m.Samples > 0:
			by = func(column string) growth {
				if isCall(column) {
					return byText
				}
				return byRow
			}
		}
		if of.Name == export.SampleAnnotations {
			table.Rows = m.Samples
		} else if of.Name == export.Carriers && t.rows > 0 {
			table.Rows = by("").of(full.rows, half.countRows())
		}
		for _, c := range of.Columns {
			table.Columns = append(table.Columns, Column{c, by(c.Name).of(full.columns[c.Name], half.column(c.Name))})
			table.Bytes += table.Columns[len(table.Columns)-1].Bytes
		}
		table.Bytes += full.rest / max(1, full.groups) * t.rowGroups(&table)
		tables = append(tables, table)
	}
	return tables
}

// isCall tells whether a column of variants has an element for each sample.
func isCall(column string) bool {
	return column == "gt" || column == "n_alt" || strings.HasPrefix(column, "fmt_")
}

// growth is by how much more there is of what was exported: in full, in half, and in the inputs. The zero value is no growth.
type growth struct{ full, half, all float64 }

// of foresees what the inputs have of what the full and half export had so much of.
func (g growth) of(full, half int64) int64 {
	switch {
	case g.full == 0:
		return full
	case g.half == 0 || g.half >= g.full || g.all < g.full:
		return int64(float64(full) * g.all / g.full)
	}
	return full + int64(float64(max(0, full-half))/(g.full-g.half)*(g.all-g.full))
}
