package export

import (
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// commit writes what stands beside the parts, from the counts of all shards. Any number of workers may do it at the same time: they write the same bytes, and who finds a
// file there compares it. Stores are far away, so it goes in few steps. What nobody looks for before _SUCCESS needs no order: the headers, sample_annotations and the
// manifest may be there before named returns, which waits until all else has its name. beside is done together with _SUCCESS.
func (e *exporter) commit(dir store.Store, run string, t *totals, codec *pq.Codec, named, beside func() error) (*Manifest, error) {
	if t.records != t.rows+t.rejected {
		return nil, fmt.Errorf("%w: %d records were read, and %d written and %d rejected", ErrManifest, t.records, t.rows, t.rejected)
	}
	var headers []SupportFile
	var samples File
	var group errgroup.Group
	group.Go(func() (err error) {
		headers, err = e.putHeaders(dir, run)
		return err
	})
	group.Go(func() (err error) {
		samples, err = writeSamples(dir, run, e.layout, e.samples(), e.table, e.rows, t.tally, e.metadata(e.layout.samples), codec)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	t.files[SampleAnnotations] = []File{samples}
	t.support = append(t.support, headers...)
	m := e.manifest(run, t)
	manifest, err := marshal(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	if err := put(dir, RunPath(run)+"/"+ManifestName, manifest); err != nil {
		return nil, err
	}
	if err := named(); err != nil {
		return nil, err
	}
	var last errgroup.Group
	last.Go(beside)
	last.Go(func() error { return put(dir, RunPath(run)+"/"+SuccessName, successText(manifest)) })
	return m, last.Wait()
}
