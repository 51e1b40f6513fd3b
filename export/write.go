package export

import (
	"context"
	"errors"
	"io/fs"

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
	w := newPartWriter(dir, s.run, e.opt.Shard, e.opt.PartSize, len(e.samples()), e.recordTables(batches))
	defer w.abort()
	result := &Result{Run: s.run, Shards: e.opt.Shards, ShardsDone: 1}
	if s.again {
		var done shardFile
		switch _, err := readShard(dir, shardName(s.run, e.opt.Shard), &done); {
		case err == nil:
			result.Shard = ShardCounts{done.Records, done.Rows, done.Rejected, done.Records}
			if err := checkShard(dir, &done); err != nil {
				return nil, err
			}
			return result, e.commitAll(dir, result, codec)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		if e.resume, err = w.keep(); err != nil {
			return nil, err
		}
		result.Shard.Kept = w.total.records
		if err := w.abortUploads(); err != nil {
			return nil, err
		}
	}
	if e.from == nil {
		if e.slices, err = sliceOf(ctx, e.inputs, e.opt.Shard, e.opt.Shards); err != nil {
			return nil, err
		}
	}
	if err := writeRecords(ctx, e.pipeline(batches, codec, w.total.lastRow), w, s.first); err != nil {
		return nil, err
	}
	if err := w.closePart(); err != nil {
		return nil, err
	}
	end, err := e.end(w)
	if err != nil {
		return nil, err
	}
	result.Shard.Records, result.Shard.Rows, result.Shard.Rejected = w.total.records, w.total.rows, w.total.rejected
	done := func() error { return end.put(dir, s.run, e.opt.Shard) }
	if e.opt.Shards > 1 {
		if err := w.named(); err != nil {
			return nil, err
		}
		if err := done(); err != nil {
			return nil, err
		}
		return result, e.commitAll(dir, result, codec)
	}
	m, err := e.commit(dir, s.run, &w.total, codec, w.named, done)
	if err != nil {
		return nil, err
	}
	result.Dataset, result.QC = NewDataset(dir, m), e.sumQC(w.total.tally)
	return result, nil
}

// commitAll commits the run if all of its shards are done.
func (e *exporter) commitAll(dir store.Store, r *Result, codec *pq.Codec) error {
	total, done, err := e.gather(dir, r.Run)
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
