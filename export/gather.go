package export

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/internal/store"
)

// maxShardsRead is how many shards are read together: the tallies of that many are in memory.
const maxShardsRead = 8

// gather adds up all shards of a run, in their order. Where some are not done yet, it returns how many are, and no totals.
func (e *exporter) gather(ctx context.Context, dir store.Store, run string) (t *totals, done int, err error) {
	names, err := dir.List(RunPath(run) + "/" + shardsFolder)
	if err != nil {
		return nil, 0, err
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
	}
	for shard := range e.opt.Shards {
		if there[shardName(run, shard)] {
			done++
		}
	}
	if done < e.opt.Shards {
		return nil, done, nil
	}
	total := newTotals(len(e.samples()))
	shards := make([]shardFile, e.opt.Shards)
	texts := make([]SupportFile, e.opt.Shards)
	var merging sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxShardsRead)
	for i := range shards {
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			var err error
			if texts[i], err = readShard(dir, shardName(run, i), &shards[i]); err != nil || shards[i].Tally == nil {
				return err
			}
			data, err := dir.ReadFile(shards[i].Tally.Path)
			if err != nil {
				return err
			}
			if digest(data) != shards[i].Tally.SHA256 {
				return fmt.Errorf("%s: %w (SHA-256 %s, %s says %s); remove the folder of its run, or export to another place",
					shards[i].Tally.Path, ErrConflictingFile, digest(data), texts[i].Path, shards[i].Tally.SHA256)
			}
			tally, err := unpackTally(data, len(e.samples()))
			if err != nil {
				return fmt.Errorf("%s: %w", shards[i].Tally.Path, err)
			}
			merging.Lock() // integers add up to the same in any order
			defer merging.Unlock()
			return total.tally.Merge(tally)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, done, err
	}
	for i := range shards {
		total.addShard(&shards[i], e.inputs)
		total.support = append(total.support, texts[i])
	}
	return &total, done, e.complete(shards)
}

func readShard(dir store.Store, name string, s *shardFile) (SupportFile, error) {
	text, err := dir.ReadFile(name)
	if err != nil {
		return SupportFile{}, err
	}
	if err := json.Unmarshal(text, s); err != nil {
		return SupportFile{}, fmt.Errorf("%s: %w: %w; remove the folder of its run, or export to another place", name, ErrConflictingFile, err)
	}
	return supportFile(name, text), nil
}

// addShard adds the next shard, but for its tally. Where its first row comes before the last of the shard before, no shard alone could tell.
func (t *totals) addShard(s *shardFile, inputs []*input) {
	t.records += s.Records
	t.rows += s.Rows
	t.rejected += s.Rejected
	if first, last := s.FirstRow, t.lastRow; first != nil && last != nil && first.Chrom == last.Chrom && first.Pos < last.Pos {
		t.conflicts.add("POS", Unsorted, inputs[first.Input].Name, place{first.Offset, first.Line}, []byte(first.Chrom))
	}
	t.addRows(s.FirstRow, s.LastRow)
	t.conflicts.merge(conflictsOf(s.Conflicts))
	t.addFiles(s.Files)
	t.support = append(t.support, s.Support...)
}

// complete makes sure that the shards together have read the whole of every input, and nothing twice.
func (e *exporter) complete(shards []shardFile) error {
	read := make([]int64, len(e.inputs))
	for i := range shards {
		for _, s := range shards[i].Slices {
			if s.Input < 0 || s.Input >= len(read) || read[s.Input] != s.From {
				return fmt.Errorf("%w: shard %d begins at byte %d of input %d, where the one before it did not end", ErrManifest, i, s.From, s.Input)
			}
			read[s.Input] = s.To
		}
	}
	for i, in := range e.inputs {
		if read[i] != in.Size {
			return fmt.Errorf("%w: the shards end at byte %d of %s, which has %d", ErrManifest, read[i], in.Name, in.Size)
		}
	}
	return nil
}
