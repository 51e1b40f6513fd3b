package export

import (
	"context"
	"errors"
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

// decodeTask is a chunk on its way through the workers: once as a rule, and as often as it takes where its contig changes all the time.
type decodeTask struct {
	input   int
	chunk   *vcf.Chunk
	lines   vcf.LineScanner // before those that are left
	batches []*batch
	more    chan bool // one value each time, when batches are there: whether lines are left
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
		return (&assembler{p, submit, groups, nil, p.rows}).run(ctx, tasks)
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
		task := &decodeTask{input: input, chunk: chunk, lines: chunk.Lines(), more: make(chan bool, 1)}
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
	var more bool
	if task.batches, more = w.decoder.decode(task.chunk, &task.lines, nil); !more {
		task.chunk.Release()
	}
	task.more <- more
}

// encode returns a job of a row group as one of the workers'.
func (p *pipeline) encode(job func()) func(*worker) {
	return func(*worker) {
		defer p.progress.spend(StageEncode, time.Now())
		job()
	}
}
