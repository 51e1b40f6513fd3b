package audit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
	"github.com/varlake/varlake/restore"
	"github.com/varlake/varlake/vcf"
)

// ErrSource is wrapped by the error for VCFs that a dataset can't be compared with.
var ErrSource = errors.New("not the VCFs of this dataset")

// maxDifferences is how many lines that differ are reported: after one that is missing, all do.
const maxDifferences = 20

// CompareSource compares what a dataset holds, restored to lines, with the VCFs it was made from, in the order of the export: headers, then record by
// record, value by value, lines set aside included. Numbers are equal by value, and FORMAT fields that are missing at the end of a sample's column may be left out. Errors are those
// of restore.Run and of reading the VCFs, wrap ErrSource, or are ctx's.
func CompareSource(ctx context.Context, files store.Store, finder source.Finder, inputs []string) (Check, error) {
	dataset, err := export.ReadDataset(files)
	if err != nil {
		return Check{}, err
	}
	list, err := finder.List(ctx, inputs)
	if err != nil {
		return Check{}, err
	}
	if have, made := len(list.Inputs), len(dataset.Manifest.Inputs); have != made {
		return Check{}, fmt.Errorf("%w: there are %d, and %s was made from %d; give them in the order of the export", ErrSource, have, dataset.Root, made)
	}
	c := &comparison{check: Check{Name: "source"}, values: newValues(dataset.Manifest)}
	restored, written := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := restore.Run(ctx, dataset, restore.Options{Stdout: written, Rejects: dataset.Manifest.Rejected > 0})
		written.CloseWithError(err)
		done <- err
	}()
	err = c.compare(ctx, dataset, list.Inputs, restored)
	restored.CloseWithError(errEnough)
	if failed := <-done; failed != nil && !errors.Is(failed, errEnough) {
		err = failed // the other is but its echo
	}
	c.check.Checked = fmt.Sprintf("%d records of %s", c.records, plural(int64(len(list.Inputs)), "VCF", "VCFs"))
	if errors.Is(err, errEnough) {
		err = nil
	}
	return c.check, err
}

// errEnough ends a comparison early.
var errEnough = errors.New("enough differences")

// comparison goes through the restored lines and those of one input after the other.
type comparison struct {
	check   Check
	values  values
	lines   *bufio.Reader // restored
	long    []byte        // a line that did not fit into lines
	records int64
}

func (c *comparison) compare(ctx context.Context, d *export.Dataset, inputs []source.Input, restored io.Reader) error {
	c.lines = bufio.NewReaderSize(restored, 1<<20)
	for {
		line, err := c.next()
		if err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte("#CHROM")) {
			break
		}
	}
	v := newVerifier(d)
	for i, in := range inputs {
		if err := c.input(ctx, v, i, in); err != nil {
			return err
		}
	}
	line, err := c.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		c.differ(d.Root, "has a record that no VCF has: %.100q", line)
	}
	return err
}

// next returns the next restored line without its newline, good until the call after.
func (c *comparison) next() ([]byte, error) {
	line, err := c.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for c.long = c.long[:0]; errors.Is(err, bufio.ErrBufferFull); line, err = c.lines.ReadSlice('\n') {
			c.long = append(c.long, line...)
		}
		c.long = append(c.long, line...)
		line = c.long
	}
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// input compares one VCF.
func (c *comparison) input(ctx context.Context, v *verifier, index int, in source.Input) error {
	file, err := in.Open(ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	blocks, err := bgzf.NewReader(ctx, file, in.Name, bgzf.Options{})
	if err != nil {
		return err
	}
	defer blocks.Close()
	records, err := vcf.NewReader(blocks, in.Name, vcf.Options{})
	if err != nil {
		return err
	}
	kept, ok := v.header(&c.check, headerName(v.run, index))
	if h := records.Header(); ok && !(slices.Equal(h.Lines, kept.Lines) && slices.Equal(h.Samples, kept.Samples)) {
		c.differ(in.Name, "has another header than the dataset")
	}
	for {
		chunk, err := records.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = c.chunk(in.Name, chunk)
		chunk.Release()
		if err != nil {
			return err
		}
	}
}

func (c *comparison) chunk(name string, chunk *vcf.Chunk) error {
	for lines := chunk.Lines(); lines.Next(); {
		line, err := c.next()
		if errors.Is(err, io.EOF) {
			c.differ(name, "goes on at line %d, where the dataset ends", lines.Number)
			return errEnough
		}
		if err != nil {
			return err
		}
		c.records++
		if bytes.Equal(line, lines.Line) {
			continue
		}
		if difference := c.values.difference(lines.Line, line); difference != "" {
			c.differ(name, "differs in line %d, %s", lines.Number, difference)
		}
		if len(c.check.Faults) >= maxDifferences {
			return errEnough
		}
	}
	return nil
}

func (c *comparison) differ(name, found string, args ...any) {
	c.check.Faults = append(c.check.Faults, Fault{name, fmt.Sprintf(found, args...), "make sure that this is the VCF of the export; if so, export to a new dataset"})
}
