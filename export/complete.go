package export

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

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

// complete writes what stands beside the parts. Stores are far away, so it goes in few steps. What nobody looks for before _SUCCESS needs no order: the headers,
// sample_annotations and the manifest are written while the last parts get their names. Then the shard is done, and all that _SUCCESS speaks for is there.
func (e *exporter) complete(dir store.Store, run string, w *partWriter, codec *pq.Codec) (*Manifest, error) {
	var headers []SupportFile
	var samples File
	var group errgroup.Group
	group.Go(func() (err error) {
		headers, err = e.putHeaders(dir, run)
		return err
	})
	group.Go(func() (err error) {
		samples, err = writeSamples(dir, run, e.layout, e.samples(), e.table, e.rows, w.total.tally, e.metadata(e.layout.samples), codec)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	shardName, shard, err := w.total.shard(run)
	if err != nil {
		return nil, err
	}
	w.total.files[SampleAnnotations] = []File{samples}
	w.total.support = append(append(w.total.support, headers...), supportFile(shardName, shard))
	m := e.manifest(run, &w.total)
	manifest, err := marshal(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	if err := put(dir, RunPath(run)+"/"+ManifestName, manifest); err != nil {
		return nil, err
	}
	if err := w.named(); err != nil {
		return nil, err
	}
	var last errgroup.Group
	last.Go(func() error { return put(dir, shardName, shard) })
	last.Go(func() error { return put(dir, RunPath(run)+"/"+SuccessName, successText(manifest)) })
	return m, last.Wait()
}
