package estimate

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
)

// How much is read. Many short windows tell how many records there are. Genotypes take less the more their neighbours have in common, so few windows that go on for longer tell what tables take.
const (
	mostWindows   = 48
	leastWindows  = 12
	textCounted   = 256 << 20 // of all
	windowText    = 2 << 20
	mostText      = 16 << 20 // of a window, where records are long
	longestWindow = 64 << 20 // text in which a record must end
	wantedRecords = 8        // of a window

	keptWindows = 8 // that are exported
	leastKept   = 3
	windowKept  = 4 << 20  // text of each
	wantedKept  = 16       // records of each
	textKept    = 48 << 20 // of all

	allText    = 32 << 20 // inputs of no more text are read as a whole
	allInputs  = 64
	gzipBytes  = 1 << 20 // that are read of a gzip file
	gzipPiece  = 128 << 10
	gzipInputs = 8
	atOnce     = 4 // windows that are read at the same time
)

// sample is what was read of the inputs.
type sample struct {
	total      int64
	bytes      map[bgzf.Format]int64 // of the inputs
	wholeFiles int64                 // inputs that can't be cut
	windows    []*window             // in the order of the inputs
	kept       []keptLines
	all        bool // the windows are the inputs
}

// reach is how far a window goes.
type reach struct {
	text   int64   // that is enough to count
	kept   int64   // text that is enough to keep
	ratio  float64 // of text to what it takes in the file
	record bool    // and until a record is whole
	whole  bool    // to the end of the file
}

// drawSample reads the windows, and writes the lines that are to be exported below dir.
func drawSample(ctx context.Context, survey *export.Survey, dir string) (*sample, error) {
	inputs := survey.Inputs
	s := &sample{total: totalSize(inputs), bytes: make(map[bgzf.Format]int64)}
	for _, in := range inputs {
		s.bytes[in.Format] += in.Size
		if in.Format != bgzf.BGZF {
			s.wholeFiles++
		}
	}
	if err := checkEnds(ctx, inputs); err != nil {
		return nil, err
	}
	probe, err := readInput(ctx, inputs, 0, place{}, reach{text: windowText, kept: windowText, ratio: 2, record: true}, nil)
	if err != nil {
		return nil, err
	}
	drawn, every, far := s.plan(inputs, probe)
	k := keeper{dir: dir}
	if !s.all {
		k.contig = contigOf(probe)
	}
	read := make([][]*window, len(drawn))
	kept := make([]keptLines, len(drawn))
	group, readCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	if far.text == mostText { // for the sake of the memory
		group.SetLimit(1)
	}
	for i, p := range drawn {
		group.Go(func() (err error) {
			var keep *keptLines
			if i%every == every/2 || inputs[p.input].Format == bgzf.Gzip {
				keep = &kept[i]
				*keep = k.lines(i, p.input, inputs[p.input].Format)
			}
			read[i], err = readInput(readCtx, inputs, p.input, p, far, keep)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s.windows = slices.Concat(read...)
	s.kept = slices.DeleteFunc(kept, func(k keptLines) bool { return k.records == 0 })
	return s, nil
}

// plan says what to read, in view of the beginning of the first input, and that one window of so many is kept.
func (s *sample) plan(inputs []export.Surveyed, probe []*window) (drawn []place, every int, far reach) {
	var text, bytes, longest int64 = 1, 1, 1
	for _, w := range probe {
		text, bytes, longest = text+w.text, bytes+w.bytes, max(longest, w.longest)
	}
	far.ratio = float64(text) / float64(bytes)
	if len(inputs) <= allInputs && float64(s.total)*far.ratio <= allText {
		s.all, far.whole = true, true
		for i, in := range inputs {
			drawn = append(drawn, place{i, 0, in.Size})
		}
		return drawn, 1, far
	}
	far.text = max(windowText, min(wantedRecords*longest, mostText))
	far.kept = max(windowKept, min(wantedKept*longest, mostText))
	kept := max(leastKept, min(keptWindows, textKept/max(far.kept, longest)))
	n := max(leastWindows, min(mostWindows, int(textCounted/far.text)))
	return thinned(inputs, places(inputs, n)), n / int(kept), far
}

// thinned leaves of the places in gzip files, which can be read from the start alone, the start, and that of a few.
func thinned(inputs []export.Surveyed, drawn []place) []place {
	last, n := -1, 0
	return slices.DeleteFunc(drawn, func(p place) bool {
		if inputs[p.input].Format != bgzf.Gzip {
			return false
		}
		if p.input == last || n == gzipInputs {
			return true
		}
		last, n = p.input, n+1
		return false
	})
}

// readInput reads what begins at a place: one window, or of gzip several.
func readInput(ctx context.Context, inputs []export.Surveyed, index int, p place, far reach, keep *keptLines) ([]*window, error) {
	in := inputs[index]
	p.input = index
	if p.end == 0 {
		p.end = in.Size
	}
	file, err := in.OpenRandom(ctx)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var windows []*window
	switch in.Format {
	case bgzf.BGZF:
		windows, err = readBlocks(file, in.Size, p, far, keep)
	case bgzf.Gzip:
		windows, err = readGzip(file, in.Size, p, far, keep)
	default:
		windows, err = readText(file, in.Size, p, far, keep)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	return windows, ctx.Err()
}

// checkEnds makes sure that no input of BGZF was cut: an export would fail at its end, after all the work.
func checkEnds(ctx context.Context, inputs []export.Surveyed) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * atOnce)
	for _, in := range inputs {
		if in.Format != bgzf.BGZF {
			continue
		}
		group.Go(func() error {
			file, err := in.OpenRandom(ctx)
			if err != nil {
				return err
			}
			defer file.Close()
			if err := bgzf.CheckEnd(file, in.Size); err != nil {
				return fmt.Errorf("%s: %w", in.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// contigOf is a contig of the windows, "1" where they have none.
func contigOf(windows []*window) string {
	for _, w := range windows {
		if len(w.contigs) > 0 {
			return w.contigs[0].name
		}
	}
	return "1"
}
