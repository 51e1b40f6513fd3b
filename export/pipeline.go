package export

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

// ErrBadRecord is wrapped by the error for a record that can't be read, unless such records are set aside.
var ErrBadRecord = errors.New("bad record")

// pipeline turns the records of all inputs into parts:
//
//	read → decode (workers) → assemble → encode (workers) → write
//
// Reading, assembling and writing are one goroutine each and keep file order; decoding and encoding share the workers. Every step takes its memory from
// a pool of bounded size, so a step that is behind holds up those before it.
type pipeline struct {
	inputs   []*input
	chunks   chunkSource
	layout   *layout
	groups   *annotate.Groups
	batches  *batchPool
	rowPool  *groupPool
	workers  int
	failBad  bool // at the first bad record
	strict   bool // fail at the first value that departs from the header
	progress *Progress
	rows     order // where the rows before the first record ended
}

// chunkSource cuts all inputs into chunks, in order, and calls emit with each. The chunks are the receiver's to release.
type chunkSource func(ctx context.Context, emit func(input int, chunk *vcf.Chunk) error) error

// decodeTask is a chunk on its way through the workers.
type decodeTask struct {
	input   int
	chunk   *vcf.Chunk
	batches []*batch
	done    chan struct{}
}

// worker is the state of one of the workers: its decoder, made anew for each input.
type worker struct {
	decoder *decoder
	input   int
}

// run feeds write with row groups in file order, each encoded or about to be. It returns the first error of any step.
func (p *pipeline) run(ctx context.Context, write func(*rowGroup) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var (
		jobs      = make(chan func(*worker))
		tasks     = make(chan *decodeTask, p.workers+1)
		groups    = make(chan *rowGroup)
		producers sync.WaitGroup
	)
	submit := func(job func(*worker)) error {
		select {
		case jobs <- job:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	producers.Add(2)
	g.Go(func() error {
		defer producers.Done()
		defer close(tasks)
		return p.read(ctx, tasks, submit)
	})
	g.Go(func() error {
		defer producers.Done()
		defer close(groups)
		return p.assemble(ctx, tasks, groups, submit)
	})
	g.Go(func() error {
		producers.Wait()
		close(jobs)
		return nil
	})
	for range p.workers {
		g.Go(func() error {
			w := &worker{input: -1}
			for job := range jobs {
				job(w)
			}
			return nil
		})
	}
	g.Go(func() error {
		for group := range groups {
			if err := group.wait(); err != nil {
				return err
			}
			began := time.Now()
			if err := write(group); err != nil {
				return err
			}
			p.progress.spend(StageWrite, began)
			p.rowPool.put(group)
		}
		return nil
	})
	return g.Wait()
}

// read hands the chunks of all inputs to the workers.
func (p *pipeline) read(ctx context.Context, tasks chan<- *decodeTask, submit func(func(*worker)) error) error {
	began := time.Now()
	return p.chunks(ctx, func(input int, chunk *vcf.Chunk) error {
		p.progress.spend(StageRead, began)
		defer func() { began = time.Now() }() // a step that is behind holds this up, which is not its own time
		task := &decodeTask{input: input, chunk: chunk, done: make(chan struct{})}
		select {
		case tasks <- task:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return submit(func(w *worker) { p.decode(w, task) })
	})
}

func (p *pipeline) decode(w *worker, task *decodeTask) {
	defer p.progress.spend(StageDecode, time.Now())
	if w.input != task.input {
		w.decoder = newDecoder(p.layout, p.groups, p.batches, task.input, p.inputs[task.input], p.failBad)
		w.input = task.input
	}
	task.batches = w.decoder.decode(task.chunk, nil)
	task.chunk.Release()
	close(task.done)
}

// encode returns a job of a row group as one of the workers'.
func (p *pipeline) encode(job func()) func(*worker) {
	return func(*worker) {
		defer p.progress.spend(StageEncode, time.Now())
		job()
	}
}

// assemble gathers batches into row groups, in file order, and has their pages encoded.
func (p *pipeline) assemble(ctx context.Context, tasks <-chan *decodeTask, groups chan<- *rowGroup, submit func(func(*worker)) error) error {
	var group *rowGroup
	rows := p.rows
	flush := func() error {
		if group == nil {
			return nil
		}
		for _, job := range group.finish() {
			if err := submit(p.encode(job)); err != nil {
				return err
			}
		}
		select {
		case groups <- group:
			group = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for task := range tasks {
		select {
		case <-task.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for _, b := range task.batches {
			if p.failBad && len(b.rejects) > 0 {
				return badRecordError(b.rejects[0])
			}
			if p.strict {
				if err := b.conflicts.mismatch(); err != nil {
					return err
				}
			}
			if group != nil && !group.takes(b) {
				if err := flush(); err != nil {
					return err
				}
			}
			if group == nil {
				group = p.rowPool.get(b.chrom)
			}
			p.progress.addRecords(b.records, int64(len(b.rejects)))
			rows.check(b, p.inputs[b.last.Input].Name)
			jobs, err := group.add(b, p.batches)
			if err != nil {
				return err
			}
			for _, job := range jobs {
				if err := submit(p.encode(job)); err != nil {
					return err
				}
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return flush()
}

func badRecordError(r Reject) error {
	return fmt.Errorf("%w: %s, %s: %s; mend the file, or set such records aside with --on-bad-record quarantine",
		ErrBadRecord, r.Input, vcf.Place(r.Line, r.Offset), r.Reason)
}
