package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/vcf"
)

// firstBytes is how much of an input in S3 comes with its header: some tens of milliseconds of work, until what is asked for next arrives.
const firstBytes = 1 << 20

// ErrSamples is wrapped by the error for inputs whose samples differ.
var ErrSamples = errors.New("inputs have different samples")

// input is one VCF: where it is, its header, and while it is read its reader.
type input struct {
	source.Input
	header  *vcf.Header
	contigs map[string]bool // that the header declares
	format  bgzf.Format
	// Where the records begin: virtual offset in BGZF, byte offset of the text otherwise, and number of the line.
	records, recordsLine int64

	file   io.ReadCloser
	blocks *bgzf.Reader
	reader *vcf.Reader
}

// open opens the input and reads its header; an input that is open already, as standard input is after its header was read, goes on from there.
func (in *input) open(ctx context.Context, opt vcf.Options) error {
	if in.reader != nil {
		return nil
	}
	file, err := in.Open(ctx)
	if err != nil {
		return err
	}
	blocks, err := openBlocks(ctx, file, in.Name)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	in.file, in.blocks, in.format = file, blocks, blocks.Format()
	in.reader, err = vcf.NewReader(blocks, in.Name, opt)
	if err != nil {
		return errors.Join(err, in.close())
	}
	in.setHeader(in.reader.Header())
	in.records, in.recordsLine = in.reader.Records()
	return nil
}

func (in *input) setHeader(h *vcf.Header) {
	if in.header != nil { // opened again, to read the records
		return
	}
	in.header, in.contigs = h, make(map[string]bool, len(h.Contigs))
	for _, c := range h.Contigs {
		in.contigs[c.ID] = true
	}
}

// openBlocks is bgzf.NewReader that does not outlast ctx: the first bytes of a pipe may be long in coming.
func openBlocks(ctx context.Context, file io.Reader, name string) (*bgzf.Reader, error) {
	type opened struct {
		blocks *bgzf.Reader
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		blocks, err := bgzf.NewReader(ctx, file, name, bgzf.Options{})
		done <- opened{blocks, err}
	}()
	select {
	case o := <-done:
		return o.blocks, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (in *input) close() error {
	if in.file == nil {
		return nil
	}
	err := errors.Join(in.blocks.Close(), in.file.Close())
	in.file, in.blocks, in.reader = nil, nil, nil
	return err
}

// maxOpen is how many headers are read at once, for the sake of stores that are far away.
const maxOpen = 8

// openInputs reads the headers of all inputs and makes sure that their samples are the same, in the same order. The error is that of the first input that has one,
// whichever was read first; what comes after it may not have been read.
func openInputs(ctx context.Context, list []source.Input, opt vcf.Options) ([]*input, error) {
	inputs := make([]*input, len(list))
	errs := make([]error, len(list))
	var group errgroup.Group
	var failed atomic.Bool
	group.SetLimit(maxOpen)
	for i, s := range list {
		if failed.Load() {
			break
		}
		inputs[i] = &input{Input: s}
		group.Go(func() error {
			errs[i] = inputs[i].readHeader(ctx, opt, len(list) > 1)
			if errs[i] != nil {
				failed.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait()
	for i, err := range errs {
		if err == nil {
			err = sameSamples(inputs[0], inputs[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// readHeader opens the input, and closes it again if it is one of many: no more are open than are read, but for those that can be read only once.
func (in *input) readHeader(ctx context.Context, opt vcf.Options, many bool) error {
	if err := in.open(ctx, opt); err != nil {
		return err
	}
	if in.Rereadable() && many {
		if err := in.close(); err != nil {
			return fmt.Errorf("input %s: %w", in.Name, err)
		}
	}
	return nil
}

// sameSamples returns an error that names the first difference between the samples of two inputs.
func sameSamples(a, b *input) error {
	x, y := a.header.Samples, b.header.Samples
	if slices.Equal(x, y) {
		return nil
	}
	advice := "give files of the same samples in the same order"
	if len(x) == 1 && len(y) == 1 {
		advice = "merge single-sample files first with: bcftools merge"
	}
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Errorf("%w: sample %d is %q in %s and %q in %s; %s", ErrSamples, i+1, x[i], a.Name, y[i], b.Name, advice)
		}
	}
	return fmt.Errorf("%w: %d in %s and %d in %s; %s", ErrSamples, len(x), a.Name, len(y), b.Name, advice)
}

// unchanged makes sure that a file that was read is still the one that was listed.
func (in *input) unchanged(ctx context.Context) error {
	if !in.Rereadable() || in.ETag != "" { // every answer of S3 was of the object that was listed
		return nil
	}
	now, err := new(source.Finder).List(ctx, []string{in.Name})
	if err != nil {
		return err
	}
	if got := now.Inputs[0]; got.Size != in.Size || !got.ModTime.Equal(in.ModTime) {
		return fmt.Errorf("%w: %s while it was read; run the command again when nothing writes to it", ErrInputChanged, in.Name)
	}
	return nil
}

// readInputs is the chunkSource of files: of their slices, without what an interrupted run has done. The next slice is opened while one is read.
func (e *exporter) readInputs(ctx context.Context, emit func(input int, chunk *vcf.Chunk) error) error {
	rest := e.slicesLeft()
	open := func(s slice) func() error {
		return start(func() error { return e.openSlice(ctx, s) })
	}
	if len(rest) == 0 {
		return nil
	}
	opened := open(rest[0])
	defer func() { _ = opened() }() // what is opened is closed in the end, and so must not be on its way
	for i, s := range rest {
		if err := opened(); err != nil {
			return err
		}
		if i+1 < len(rest) {
			opened = open(rest[i+1])
		}
		if err := e.readSlice(ctx, s, emit); err != nil {
			return err
		}
	}
	return nil
}

// slicesLeft are the slices that an interrupted run has not read to their end.
func (e *exporter) slicesLeft() []slice {
	if e.resume == nil {
		return e.slices
	}
	return slices.DeleteFunc(slices.Clone(e.slices), func(s slice) bool { return s.Input < e.resume.Input })
}

func (e *exporter) openSlice(ctx context.Context, s slice) error {
	in, opt := e.inputs[s.Input], vcf.Options{ChunkSize: e.opt.chunk, MaxLine: e.opt.lineLimit()}
	resume := e.resumeIn(s.Input)
	if resume == nil && s.From == 0 && s.To == in.Size {
		return in.open(ctx, opt)
	}
	return in.openSlice(ctx, s, resume, opt)
}

// resumeIn returns where an input is taken up again, nil if it is not.
func (e *exporter) resumeIn(input int) *resumePoint {
	if e.resume == nil || e.resume.Input != input {
		return nil
	}
	return e.resume
}

func (e *exporter) readSlice(ctx context.Context, s slice, emit func(input int, chunk *vcf.Chunk) error) (err error) {
	in := e.inputs[s.Input]
	defer func() { err = errors.Join(err, in.close()) }()
	resume := e.resumeIn(s.Input)
	for {
		chunk, err := in.reader.Next()
		e.opt.Progress.setBytes(s.Input, in.blocks.BytesRead())
		if errors.Is(err, io.EOF) {
			return in.unchanged(ctx)
		}
		if err != nil {
			return err
		}
		if resume != nil {
			chunk.DropThrough(resume.Last)
			if len(chunk.Text) == 0 {
				chunk.Release()
				continue
			}
		}
		if err := emit(s.Input, chunk); err != nil {
			return err
		}
	}
}
