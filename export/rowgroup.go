package export

import (
	"errors"
	"slices"
	"sync"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
)

// Limits of a row group. They are fixed, so that the bytes of a dataset depend on nothing but its inputs and options.
const (
	maxGroupRows  = 122_880
	maxGroupBytes = 32 << 20 // estimated, encoded
	// maxGroupRejects bounds the lines set aside that wait in memory: they are written with the row group.
	maxGroupRejects = 100_000
)

// placeRows is how many rows a page of positions has in a cohort of so many samples. Readers ask its bounds which rows they need of the other columns, and pages of FORMAT
// fields, of a megabyte of ids, hold about as few.
func placeRows(samples int) int { return min(max(1<<18/max(1, samples), 1000), 20_000) }

// compressible is how much smaller pages of genotypes are, at least, than the runs they are made from.
const compressible = 4

// rowGroup collects the batches of one row group of the record tables, to which belong several of carriers. Batches are added by one goroutine, in file order; their
// pages are encoded by others.
type rowGroup struct {
	chrom       string
	rows        int64
	records     int64
	sorted      bool
	first       recordPlace // of a row
	firstPos    int64
	lastPos     int64
	last        recordPlace
	chunk       place       // of the last
	variants    []*pq.Chunk // by leaf
	annotations []*pq.Chunk // the first are the keys, and those of variants: the same rows make the same bytes
	tally       *annotate.Tally
	conflicts   conflicts
	rejects     []Reject
	carriers    carrierStretches

	pending sync.WaitGroup // encoding under way
	mu      sync.Mutex
	err     error // of encoding
}

// groupPool makes row groups for one schema and keeps those that are free.
type groupPool struct {
	batches *batchPool
	codec   *pq.Codec
	free    spares[*rowGroup]
}

// newGroupPool returns a pool of row groups whose pages are compressed by codec.
func newGroupPool(batches *batchPool, codec *pq.Codec) *groupPool {
	return &groupPool{batches: batches, codec: codec, free: make(spares[*rowGroup], 2)}
}

func (p *groupPool) get(chrom string) *rowGroup {
	g := p.free.take(p.newGroup)
	g.chrom, g.sorted = chrom, true
	return g
}

func (p *groupPool) newGroup() *rowGroup {
	g := &rowGroup{tally: annotate.NewTally(p.batches.samples), conflicts: make(conflicts)}
	for i, leaf := range p.batches.schemas.variants.Leaves() {
		opt := pq.Options{Codec: p.codec}
		if i == p.batches.leaves.variants[colPos] || i == p.batches.leaves.variants[colEnd] {
			opt.PageRows = placeRows(p.batches.samples)
		}
		g.variants = append(g.variants, pq.NewChunk(leaf, opt))
	}
	for _, key := range keyOf {
		g.annotations = append(g.annotations, g.variants[p.batches.leaves.variants[key]])
	}
	for _, leaf := range p.batches.schemas.annotations.Leaves()[len(keyOf):] {
		g.annotations = append(g.annotations, pq.NewChunk(leaf, pq.Options{Codec: p.codec}))
	}
	return g
}

// put takes back a row group that has been written.
func (p *groupPool) put(g *rowGroup) {
	for _, c := range g.chunks() {
		c.Reset()
	}
	g.carriers.reset()
	g.tally.Reset()
	clear(g.conflicts)
	g.rows, g.records, g.lastPos, g.rejects, g.err = 0, 0, 0, nil, nil
	p.free.keep(g)
}

// takes reports whether a batch belongs to the row group: it is of the same contig and within the limits.
func (g *rowGroup) takes(b *batch) bool {
	if len(g.rejects) >= maxGroupRejects {
		return false
	}
	if b.rows == 0 || g.rows == 0 {
		return true
	}
	return g.chrom == b.chrom && g.rows+int64(b.rows) <= maxGroupRows && g.estimate() < maxGroupBytes
}

// estimate foresees the encoded size of the largest table.
func (g *rowGroup) estimate() int64 {
	var variants, annotations int64
	for _, c := range g.variants {
		variants += c.RawBytes()
	}
	for _, c := range g.annotations {
		annotations += c.RawBytes()
	}
	return max(variants/compressible, annotations, g.carriers.size/compressible)
}

// add appends a batch and returns the jobs, for any goroutine: the first encodes its pages and gives it back.
func (g *rowGroup) add(b *batch, batches *batchPool) (jobs []func(), err error) {
	if b.rows > 0 {
		g.chrom = b.chrom
		if g.rows == 0 {
			g.firstPos, g.lastPos = b.firstPos, b.firstPos
			g.first = recordPlace{b.last.Input, b.first.Offset, b.first.Line}
		}
		g.sorted = g.sorted && b.sorted && b.firstPos >= g.lastPos
		g.lastPos = b.lastPos
	}
	g.last, g.chunk = b.last, b.chunk
	g.rows += int64(b.rows)
	g.records += b.records
	g.conflicts.merge(b.conflicts)
	g.rejects = append(g.rejects, b.rejects...)
	if err := g.tally.Merge(b.tally); err != nil {
		return nil, err
	}
	work := appendVectors(nil, g.variants, b.variants)
	work = appendVectors(work, g.annotations[len(keyOf):], b.annotations[len(keyOf):])
	g.pending.Add(1)
	jobs = append(jobs, func() {
		defer g.pending.Done()
		for _, w := range work {
			g.fail(w.Encode())
		}
		batches.put(b)
	})
	for _, block := range b.carriers {
		jobs = g.appendJobs(jobs, g.carriers.add(batches.carriers, block))
	}
	return jobs, nil
}

// appendJobs appends the jobs of carriers.
func (g *rowGroup) appendJobs(jobs []func(), carriers []carrierJob) []func() {
	g.pending.Add(len(carriers))
	for _, job := range carriers {
		jobs = append(jobs, func() {
			defer g.pending.Done()
			g.fail(job())
		})
	}
	return jobs
}

// chunks returns all chunks, those of the keys once.
func (g *rowGroup) chunks() []*pq.Chunk {
	return slices.Concat(g.variants, g.annotations[len(keyOf):])
}

func appendVectors(work []pq.Work, chunks []*pq.Chunk, vectors []pq.Vector) []pq.Work {
	for i, c := range chunks {
		if w := c.Append(&vectors[i]); w != nil {
			work = append(work, w)
		}
	}
	return work
}

// finish returns the jobs that encode what Append left, for any goroutine.
func (g *rowGroup) finish() []func() {
	var jobs []func()
	for _, c := range g.chunks() {
		jobs = append(jobs, func() {
			defer g.pending.Done()
			g.fail(c.Finish())
		})
	}
	g.pending.Add(len(jobs))
	return g.appendJobs(jobs, g.carriers.finish())
}

func (g *rowGroup) fail(err error) {
	if err == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = errors.Join(g.err, err)
}

// wait returns when all pages are encoded.
func (g *rowGroup) wait() error {
	g.pending.Wait()
	return g.err
}
