package export

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/varlake/varlake/annotate"
)

// totals are the counts of a shard, or of several that follow one another.
type totals struct {
	records, rows, rejected int64
	sets                    int
	firstRow                *rowPlace // nil where there are no rows
	lastRow                 *locus
	tally                   *annotate.Tally
	conflicts               conflicts
	files                   map[string][]File // by table
	support                 []SupportFile
}

func newTotals(samples int) totals {
	return totals{tally: annotate.NewTally(samples), conflicts: make(conflicts), files: make(map[string][]File)}
}

// addSet adds the next set of parts, with what was counted in it.
func (t *totals) addSet(set *partSet, found conflicts, tally *annotate.Tally) error {
	t.sets++
	t.records += set.Records
	t.rows += set.Rows
	t.rejected += set.Rejected
	t.addRows(set.FirstRow, set.LastRow)
	t.conflicts.merge(found)
	t.addFiles(set.Files)
	return t.tally.Merge(tally)
}

func (t *totals) addRows(first *rowPlace, last *locus) {
	if t.firstRow == nil {
		t.firstRow = first
	}
	if last != nil {
		t.lastRow = last
	}
}

func (t *totals) addFiles(files []partFile) {
	for _, f := range files {
		t.files[f.Table] = append(t.files[f.Table], f.File)
	}
}

// packTally is the compressed binary form of a tally.
func packTally(t *annotate.Tally) ([]byte, error) {
	data, err := t.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("tally: %w", err)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("tally: %w", err)
	}
	return encoder.EncodeAll(data, nil), nil
}

// unpackTally is the inverse of packTally, for a tally of so many samples.
func unpackTally(data []byte, samples int) (*annotate.Tally, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("tally: %w", err)
	}
	defer decoder.Close()
	raw, err := decoder.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("tally: %w", err)
	}
	t := new(annotate.Tally)
	if err := t.UnmarshalBinary(raw); err != nil {
		return nil, err
	}
	if t.Samples() != samples {
		return nil, fmt.Errorf("%w: of %d samples, not %d", annotate.ErrTally, t.Samples(), samples)
	}
	return t, nil
}
