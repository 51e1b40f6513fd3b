package export

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
	"github.com/varlake/varlake/vcf"
)

// Lines gives the records of a dataset again: it calls yield for each line of VCF in the order of their keys, lines that were set aside among them. yield borrows the
// line, which has no line end. Its error ends the reading and is returned.
type Lines func(ctx context.Context, ds *Dataset, yield func(input int, offset int64, line []byte) error) error

// datasetInput returns the dataset that the inputs name, nil where they name files. A dataset can't stand beside other inputs: its samples are joined anew, and
// its keys are kept.
func datasetInput(inputs []string, stores store.Opener) (*Dataset, error) {
	for _, in := range inputs {
		if in == source.Stdin || bucket.Is(in) && (source.IsVCF(in) || strings.ContainsAny(in, "*?[")) { // a request that can be spared
			continue
		}
		files, err := stores(in)
		if err != nil { // listing the inputs says more of it, as of what is not there
			continue
		}
		if _, err := files.ReadFile(CurrentName); err != nil {
			continue
		}
		if len(inputs) > 1 {
			return nil, fmt.Errorf("%w: %s is a dataset, which can't be exported together with other inputs; export the VCFs together", ErrUsage, in)
		}
		return ReadDataset(files)
	}
	return nil, nil
}

// openDataset takes the inputs of a dataset, with their headers, as those of this export.
func (e *exporter) openDataset(ds *Dataset) error {
	if e.opt.Lines == nil {
		return fmt.Errorf("%w: %s is a dataset", errors.ErrUnsupported, ds.Root)
	}
	for i, in := range ds.Manifest.Inputs {
		name := fmt.Sprintf("%s/_headers/%05d.vcf", RunPath(ds.Manifest.Run), i)
		text, err := ds.Files().ReadFile(name)
		if err != nil {
			return fmt.Errorf("%s: %w: %w", ds.Root, ErrManifest, err)
		}
		header, err := vcf.ParseHeader(text)
		if err != nil {
			return fmt.Errorf("%s: %w: %s: %w", ds.Root, ErrManifest, name, err)
		}
		restored := &input{Input: source.Input{Name: in.URI, URI: in.URI, Size: in.Bytes}}
		restored.setHeader(header)
		e.inputs = append(e.inputs, restored)
	}
	if e.opt.Shards > 1 {
		return fmt.Errorf("%w: %s is a dataset, which one process exports anew; leave out --shards, or give the VCFs", ErrUsage, ds.Root)
	}
	e.from = ds
	// What was set aside is among the lines, and is set aside again.
	e.opt.Quarantine = e.opt.Quarantine || ds.Manifest.Rejected > 0
	return nil
}

// reload cuts the lines of a dataset into chunks, as readInputs does with files.
func (e *exporter) reload(ctx context.Context, emit func(input int, chunk *vcf.Chunk) error) error {
	size := e.opt.chunk
	if size <= 0 {
		size = vcf.DefaultChunkSize
	}
	var (
		text    []byte
		marks   []bgzf.Mark
		current int
		line    int64
	)
	flush := func() error {
		if len(text) == 0 {
			return nil
		}
		chunk := vcf.NewChunk(text, line, marks)
		line += int64(len(marks))
		text, marks = make([]byte, 0, size), nil
		if r := e.resumeIn(current); r != nil {
			if chunk.DropThrough(r.Last); len(chunk.Text) == 0 {
				return nil
			}
		}
		return emit(current, chunk)
	}
	resume := e.resume
	err := e.opt.Lines(ctx, e.from, func(input int, offset int64, record []byte) error {
		if resume != nil && (input < resume.Input || input == resume.Input && offset < resume.Offset) {
			return nil
		}
		if input >= len(e.inputs) {
			return fmt.Errorf("%s: %w: a record is of input %d, and there are %d", e.from.Root, ErrManifest, input, len(e.inputs))
		}
		if input != current || len(text)+len(record) >= size {
			if err := flush(); err != nil {
				return err
			}
		}
		if input != current || line == 0 {
			current, line = input, int64(len(e.inputs[input].header.Lines))+2
			if r := e.resumeIn(input); r != nil {
				line = r.Line
			}
		}
		marks = append(marks, bgzf.Mark{Index: len(text), Offset: offset})
		text = append(append(text, record...), '\n')
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}
