// Package export turns VCFs into a dataset: Parquet tables, and the manifest that says what they were made from.
//
// The way of a record is decode → rowGroup → part. A decoder turns a chunk of text into a batch of columns; row groups gather batches in file order and have their
// pages encoded by any worker; parts are files that appear whole, or not at all. A dataset becomes visible with the last step, _current.json.
package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
	"github.com/varlake/varlake/vcf"
)

// ErrUnmatched is wrapped by the error for samples in only one of VCF and table, where those are not to be.
var ErrUnmatched = errors.New("samples do not match")

// ErrHeaderMismatch is wrapped by the error for a value that departs from the header, where none may.
var ErrHeaderMismatch = errors.New("header mismatch")

// Result is what an export came to.
type Result struct {
	*Dataset           // nil while other shards are not done
	Done     bool      // nothing was to do: the same command had finished before
	QC       QCSummary // of the samples
	Notes    []string  // what the user should know of: unmatched samples, inputs that can't be read in parallel, files skipped

	Run                string
	Shard              ShardCounts // of this shard, unless Done
	Shards, ShardsDone int         // of the run, this one among them
}

// ShardCounts says what a shard came to, in records.
type ShardCounts struct {
	Records, Rows, Rejected int64
	Kept                    int64 // of Records: an earlier attempt had done them
}

// exporter is one export on its way.
type exporter struct {
	opt     Options
	version string
	from    *Dataset // what is exported anew; nil: files are
	inputs  []*input
	infos   fields
	formats fields
	issues  conflicts // of the headers
	table   *annotate.Table
	sha256  string // of the sample table
	rows    []int  // of the samples in the table
	groups  *annotate.Groups
	layout  *layout
	notes   []string
	slices  []slice      // that the shard reads
	resume  *resumePoint // nil: from their beginning
}

// Run exports the inputs of opt. version is that of the program, for the manifest. It returns when the dataset is visible, or an error and nothing has changed for readers.
// Errors wrap the sentinels of this package, of source, bgzf, vcf, annotate and store, or are the cause of ctx's end.
func Run(ctx context.Context, version string, opt Options) (*Result, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &exporter{opt: opt, version: version, issues: make(conflicts)}
	defer e.close()
	out := early(func() (*destination, error) { return approach(opt.Stores, opt.Out) })
	e.opt.Finder.First = func() int { return firstOf(out) }
	table := early(func() ([]byte, error) { return e.sampleTable(ctx) })
	listed, err := e.list(ctx)
	if err != nil {
		return nil, err
	}
	if done := e.finished(out, table, listed); done != nil {
		return done, nil
	}
	if err := e.openInputs(ctx, listed); err != nil {
		return nil, err
	}
	e.mergeHeaders()
	if err := e.readTable(table); err != nil {
		return nil, err
	}
	e.layout = newLayout(e.infos.list, e.formats.list, e.table, e.groups)
	return e.export(ctx, out)
}

func (e *exporter) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

func (e *exporter) close() {
	for _, in := range e.inputs {
		in.close() // of what was only read, nothing can be lost
	}
}

func (e *exporter) samples() []string { return e.inputs[0].header.Samples }

// list finds the inputs: VCFs, or a dataset, which it opens and of which no list comes.
func (e *exporter) list(ctx context.Context) ([]source.Input, error) {
	ds, err := datasetInput(e.opt.Inputs, e.opt.Stores)
	if err != nil {
		return nil, err
	}
	if ds != nil {
		return nil, e.openDataset(ds)
	}
	list, err := e.opt.Finder.List(ctx, e.opt.Inputs)
	if err != nil {
		return nil, err
	}
	for _, name := range list.Skipped {
		e.note("skipped %s: not a VCF by its name", name)
	}
	return list.Inputs, e.opt.checkShards(list.Inputs)
}

// openInputs reads the headers of VCFs.
func (e *exporter) openInputs(ctx context.Context, list []source.Input) (err error) {
	if e.from == nil {
		e.inputs, err = openInputs(ctx, list, vcf.Options{ChunkSize: e.opt.chunk, MaxLine: e.opt.lineLimit()})
	}
	return err
}

// mergeHeaders merges what the headers declare.
func (e *exporter) mergeHeaders() {
	for _, in := range e.inputs {
		disagree := func(kind string) func(id, what string) {
			return func(id, what string) { e.issues.add(kind+"/"+id, Disagreement, in.Name, place{}, []byte(what)) }
		}
		e.infos.merge(in.header.Infos, disagree("INFO"))
		e.formats.merge(in.header.Formats, disagree("FORMAT"))
		for _, issue := range in.header.Issues {
			e.issues.add("header", HeaderIssue, in.Name, place{Line: int64(issue.Line)}, []byte(issue.Text))
		}
		if note := slowFormat(in.format); note != "" {
			e.note("%s is %v: %s", in.Name, in.format, note)
		}
	}
}

// sampleTable returns the content of the sample table, nil where there is none.
func (e *exporter) sampleTable(ctx context.Context) ([]byte, error) {
	if e.opt.Samples == "" {
		return nil, nil
	}
	data, err := e.opt.Finder.ReadFile(ctx, e.opt.Samples)
	if err != nil {
		return nil, fmt.Errorf("sample table: %w; give --samples a TSV, CSV or PED file that can be read", err)
	}
	return data, nil
}

// readTable reads the sample table, joins it and forms the groups.
func (e *exporter) readTable(content func() ([]byte, error)) error {
	if e.opt.Samples == "" {
		return nil
	}
	data, err := content()
	if err != nil {
		return err
	}
	e.sha256 = digest(data)
	if e.table, err = annotate.ReadTable(bytes.NewReader(data), e.opt.Samples, e.opt.Table); err != nil {
		return err
	}
	var notInTable, notInVCF []string
	e.rows, notInTable, notInVCF = e.table.Join(e.samples())
	if err := e.unmatched(notInTable, "of the VCF are not in the sample table"); err != nil {
		return err
	}
	if err := e.unmatched(notInVCF, "of the sample table are not in the VCF"); err != nil {
		return err
	}
	if len(e.opt.GroupBy) > 0 {
		e.groups, err = annotate.NewGroups(e.table, e.rows, e.opt.GroupBy)
	}
	return err
}

func (e *exporter) unmatched(samples []string, where string) error {
	if len(samples) == 0 || e.opt.Unmatched == "ignore" {
		return nil
	}
	text := fmt.Sprintf("%d of the samples %s; the first is %q", len(samples), where, samples[0])
	if e.opt.Unmatched == "fail" {
		return fmt.Errorf("%w: %s; mend the table, or give --unmatched warn", ErrUnmatched, text)
	}
	e.note("%s", text)
	return nil
}

// export writes the run, unless it is there.
func (e *exporter) export(ctx context.Context, out func() (*destination, error)) (*Result, error) {
	dir, err := out()
	if err != nil {
		return nil, err
	}
	if err := dir.Prepare(); err != nil {
		return nil, fmt.Errorf("%w; give --out a place that can be written", err)
	}
	state, err := dir.state()
	if err != nil {
		return nil, unwritable(err)
	}
	begun, err := e.begin(dir, state)
	if err != nil {
		return nil, unwritable(err)
	}
	e.opt.Progress.setRun(begun.Run)
	if state.currentRun == begun.Run {
		return e.done(dir.Store)
	}
	result, err := e.write(ctx, dir.Store, begun)
	if err != nil {
		return nil, err
	}
	result.Notes = e.notes
	if result.Dataset == nil {
		return result, nil
	}
	return result, publish(dir.Store, state, begun.Run)
}

// done is the result where the run is current already.
func (e *exporter) done(dir store.Store) (*Result, error) {
	d, err := ReadDataset(dir)
	if err != nil {
		return nil, err
	}
	qc, err := d.QC()
	if err != nil {
		return nil, err
	}
	e.opt.Progress.setRun(d.Manifest.Run)
	return &Result{Dataset: d, Done: true, QC: qc, Notes: e.notes, Run: d.Manifest.Run, Shards: e.opt.Shards, ShardsDone: e.opt.Shards}, nil
}

// newBatches returns the pool of batches, and of carriers where these are a table.
func (e *exporter) newBatches(codec *pq.Codec) (*batchPool, error) {
	batches, err := newBatchPool(e.layout, len(e.samples()), 4*e.opt.Workers)
	if err != nil || !e.opt.writes(Carriers) {
		return batches, err
	}
	if batches.carriers, err = newCarrierPool(e.layout, batches.leaves.variants, e.samples(), codec); err != nil {
		return nil, err
	}
	if e.opt.carrierRows > 0 {
		batches.carriers.maxRows, batches.carriers.groupRows = 3*e.opt.carrierRows, e.opt.carrierRows
	}
	return batches, nil
}

// pipeline returns what turns the records of the shard into row groups. last is the row before the first of these, nil if there is none.
func (e *exporter) pipeline(batches *batchPool, codec *pq.Codec, last *locus) *pipeline {
	p := &pipeline{inputs: e.inputs, chunks: e.readInputs, layout: e.layout, groups: e.groups, batches: batches, rowPool: newGroupPool(batches, codec),
		workers: e.opt.Workers, failBad: !e.opt.Quarantine, strict: e.opt.StrictHeader, progress: e.opt.Progress}
	if last != nil {
		p.rows.locus = *last
	}
	e.opt.Progress.setTotal(e.toRead())
	if e.from != nil {
		p.chunks = e.reload
	}
	return p
}

// toRead returns how many bytes of the inputs are still to be read, -1 where that is not known.
func (e *exporter) toRead() (n int64) {
	if e.from != nil {
		return -1
	}
	for _, s := range e.slicesLeft() {
		if s.To < 0 {
			return -1
		}
		n += s.To - s.From
		if resume := e.resumeIn(s.Input); resume != nil && e.inputs[s.Input].format == bgzf.BGZF { // all else is read from its beginning
			n -= resume.Offset>>16 - s.From
		}
	}
	return n
}

// recordTables are the tables that parts are written for.
func (e *exporter) recordTables(b *batchPool) []recordTable {
	byPos := func(leaf int) []pq.SortingColumn { return []pq.SortingColumn{{Leaf: leaf}} }
	all := []recordTable{
		{Variants, b.schemas.variants, e.metadata(e.layout.variants), byPos(b.leaves.variants[colPos]), true,
			func(f *pq.File, g *rowGroup) error { return f.WriteRowGroup(g.rows, g.variants) }},
		{VariantAnnotations, b.schemas.annotations, e.metadata(e.layout.annotations), byPos(b.leaves.annotations[keyPos]), true,
			func(f *pq.File, g *rowGroup) error { return f.WriteRowGroup(g.rows, g.annotations) }},
	}
	if b.carriers != nil {
		all = append(all, recordTable{Carriers, b.carriers.schema, e.metadata(e.layout.carriers), carrierSorting, false,
			func(f *pq.File, g *rowGroup) error { return g.carriers.writeTo(f) }})
	}
	return slices.DeleteFunc(all, func(t recordTable) bool { return !e.opt.writes(t.name) })
}

func totalSize(inputs []*input) (n int64) {
	for _, in := range inputs {
		if in.Size < 0 {
			return -1
		}
		n += in.Size
	}
	return n
}
