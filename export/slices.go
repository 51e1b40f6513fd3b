package export

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/vcf"
)

// slice is what one shard reads of an input: From and To are bytes of the file, the starts of blocks or its ends. The lines of a slice are those that
// vcf.Start gives with these as MidLine and End, so that slices which meet have every line once.
type slice struct {
	Input int   `json:"input_index"`
	From  int64 `json:"from"`
	To    int64 `json:"to"` // -1: to the end of what can be read only once
}

// sliceOf returns the slices of shard number shard of n, in order of inputs; there may be none. With the inputs laid end to end, shard k begins at k/n of their bytes, moved on to
// the next block with text, and where it falls into a file that is not BGZF, to the end of that. It depends on nothing but the inputs and n.
func sliceOf(ctx context.Context, inputs []*input, shard, n int) ([]slice, error) {
	var parts []slice
	if n == 1 {
		for i, in := range inputs {
			parts = append(parts, slice{i, 0, in.Size})
		}
		return parts, nil
	}
	total := totalSize(inputs)
	low, high := share(total, shard, n), share(total, shard+1, n)
	begin := int64(0) // of the input among all
	for i, in := range inputs {
		if end := begin + in.Size; low < end && high > begin {
			parts = append(parts, slice{i, low - begin, high - begin})
		}
		begin += in.Size
	}
	var group errgroup.Group // for the sake of stores that are far away
	for i := range parts {
		for _, at := range []*int64{&parts[i].From, &parts[i].To} {
			group.Go(func() (err error) {
				*at, err = inputs[parts[i].Input].cut(ctx, *at)
				return err
			})
		}
	}
	err := group.Wait()
	return slices.DeleteFunc(parts, func(s slice) bool { return s.From >= s.To }), err
}

// share returns i/n of size.
func share(size int64, i, n int) int64 {
	return size/int64(n)*int64(i) + size%int64(n)*int64(i)/int64(n)
}

// cut returns where an input is cut for a byte of it: at the first block with text that begins there or later, and not within the header.
func (in *input) cut(ctx context.Context, target int64) (int64, error) {
	switch {
	case target <= 0:
		return 0, nil
	case target >= in.Size || in.format != bgzf.BGZF:
		return in.Size, nil
	}
	file, err := in.OpenRandom(ctx)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	cut, err := bgzf.NextBlock(file, in.Size, target)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", in.Name, err)
	}
	if cut<<16 < in.records { // the shard that has the first record has the header
		return 0, nil
	}
	return cut, nil
}

// openSlice opens the input at a part of it, to go on there with what resume says, nil to begin.
func (in *input) openSlice(ctx context.Context, s slice, resume *resumePoint, opt vcf.Options) error {
	if err := in.close(); err != nil {
		return err
	}
	start := vcf.Start{Offset: s.From << 16, MidLine: true}
	switch {
	case resume != nil:
		start = vcf.Start{Offset: resume.Offset, Line: resume.Line}
	case s.From == 0:
		start = vcf.Start{Offset: in.records, Line: in.recordsLine}
	}
	var blocks bgzf.Options
	if in.format == bgzf.BGZF {
		blocks.Offset = start.Offset >> 16
		if s.To < in.Size {
			blocks.End, start.End = s.To, s.To<<16
		}
	}
	file, err := in.OpenAt(ctx, blocks.Offset, s.To)
	if err != nil {
		return err
	}
	r, err := bgzf.NewReader(ctx, file, in.Name, blocks)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	in.file, in.blocks = file, r
	if in.reader, err = vcf.NewReaderAt(r, in.Name, in.header, start, opt); err != nil {
		return errors.Join(err, in.close())
	}
	return nil
}
