package export

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// write makes all files of the shard, and where it is the last one, all of the run but _current.json.
func (e *exporter) write(ctx context.Context, dir store.Store, s beginning) (*Result, error) {
	codec, err := pq.NewCodec(e.opt.Workers)
	if err != nil {
		return nil, err
	}
	batches, err := e.newBatches(codec)
	if err != nil {
		return nil, err
	}
	w := newPartWriter(dir, s.Run, e.opt.Shard, e.opt.PartSize, len(e.samples()), e.recordTables(batches))
	defer w.abort()
	result := &Result{Run: s.Run, Shards: e.opt.Shards}
	if s.again {
		done, err := e.takeUp(ctx, w, &result.Shard)
		if err != nil {
			return nil, err
		}
		e.opt.Progress.setKept(result.Shard.Kept)
		if done {
			if err := s.first.put(); err != nil { // another run may have become current than the plan replaces
				return nil, err
			}
			defer e.opt.Progress.spend(StageCommit, time.Now())
			return result, e.commitAll(ctx, dir, result, codec)
		}
	}
	if err := e.writeShard(ctx, w, s.first, batches, codec); err != nil {
		return nil, err
	}
	defer e.opt.Progress.spend(StageCommit, time.Now())
	end, err := e.end(w)
	if err != nil {
		return nil, err
	}
	result.Shard.Records, result.Shard.Rows, result.Shard.Rejected = w.total.records, w.total.rows, w.total.rejected
	if e.opt.Shards > 1 {
		if err := w.named(); err != nil {
			return nil, err
		}
		if err := end.put(dir); err != nil {
			return nil, err
		}
		return result, e.commitAll(ctx, dir, result, codec)
	}
	m, err := e.commit(dir, s.Run, &w.total, codec, w.named, func() error { return end.put(dir) })
	if err != nil {
		return nil, err
	}
	result.Dataset, result.QC, result.ShardsDone = NewDataset(dir, m), e.sumQC(w.total.tally), 1
	return result, nil
}

// takeUp finds what earlier attempts at the shard have done: all of it, or some sets of parts.
func (e *exporter) takeUp(ctx context.Context, w *partWriter, counts *ShardCounts) (done bool, err error) {
	var s shardFile
	switch _, err := readShard(w.store, shardName(w.run, w.shard), &s); {
	case err == nil:
		*counts = ShardCounts{s.Records, s.Rows, s.Rejected, s.Records}
		return true, checkShard(ctx, w.store, &s)
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	if e.resume, err = w.keep(ctx); err != nil {
		return false, err
	}
	counts.Kept = w.total.records
	return false, w.abortUploads()
}

// writeShard reads the slices of the shard, as far as they are not done, and writes their parts.
func (e *exporter) writeShard(ctx context.Context, w *partWriter, first firstFile, batches *batchPool, codec *pq.Codec) (err error) {
	if e.from == nil {
		if e.slices, err = sliceOf(ctx, e.inputs, e.opt.Shard, e.opt.Shards); err != nil {
			return err
		}
	}
	if err := writeRecords(ctx, e.pipeline(batches, codec, w.total.lastRow), w, first); err != nil {
		return err
	}
	return w.closePart()
}

// commitAll commits the run if all of its shards are done.
func (e *exporter) commitAll(ctx context.Context, dir store.Store, r *Result, codec *pq.Codec) error {
	total, done, err := e.gather(ctx, dir, r.Run)
	if r.ShardsDone = done; err != nil || total == nil {
		return err
	}
	nothing := func() error { return nil }
	m, err := e.commit(dir, r.Run, total, codec, nothing, nothing)
	if err != nil {
		return err
	}
	r.Dataset, r.QC = NewDataset(dir, m), e.sumQC(total.tally)
	return nil
}

// writeRecords writes the parts. The first file is written and read back while the first records are read, and it is found out whether uploads may be aborted: nothing else is
// written before, and what is not allowed ends the work when it has hardly begun.
func writeRecords(ctx context.Context, p *pipeline, w *partWriter, first firstFile) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	stopping := func(try func() error) func() error {
		return start(func() error {
			err := try()
			if err != nil {
				stop(err)
			}
			return err
		})
	}
	mayAbort := stopping(w.store.MayAbort)
	mayWrite := stopping(func() error {
		if err := first.put(); err != nil {
			return err
		}
		_, err := w.store.ReadFile(first.name)
		return errors.Join(err, mayAbort())
	})
	err := p.run(ctx, func(g *rowGroup) error {
		if err := mayWrite(); err != nil {
			return err
		}
		return w.write(g)
	})
	if startErr := mayWrite(); startErr != nil { // what came of going on says less
		return unwritable(startErr)
	}
	return err
}
