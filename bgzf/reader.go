package bgzf

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync"
)

// Options says how to read. The zero value is good for most.
type Options struct {
	Workers     int // goroutines that inflate BGZF blocks; 0: all cores
	SegmentSize int // bytes of text aimed at in a segment; 0: 1 MiB

	// Offset is the byte of the file that the input begins at, in BGZF the start of a block; 0: the input is the whole file.
	Offset int64
	// End is the start of a block, in BGZF: a segment ends there, and behind it each block is a segment of its own, as a reader that
	// comes for the rest of a line may not want more. A file in which no block starts at End is corrupt. 0: there is none.
	End int64
}

// ahead is how many finished segments may wait for Next, beside those that
// the workers have in hand.
const ahead = 2

// Reader gives the text of an input in segments. One goroutine reads the
// input, Workers goroutines inflate, and Next hands out what they did in file
// order; segments depend on the input and SegmentSize only. At most Workers
// and a few segments are in memory, and those that the caller holds.
type Reader struct {
	in      *source
	format  Format
	size    int
	pool    sync.Pool
	queue   chan *Segment // in file order, perhaps still being inflated
	workers sync.WaitGroup
	ctx     context.Context // ends the goroutines
	stop    context.CancelCauseFunc
	err     error // what Next returns from now on
}

// NewReader tells by its first bytes what r is and starts to read it. name is
// for messages. A content that can't be read is an error that wraps ErrFormat
// and says what it is and what to do. The Reader must be closed. The end of
// ctx ends it too: Next then returns the cause.
func NewReader(ctx context.Context, r io.Reader, name string, opt Options) (*Reader, error) {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.SegmentSize <= 0 {
		opt.SegmentSize = 1 << 20
	}
	in := newSource(r, name)
	head, err := in.Peek(headSize)
	if err != nil {
		if failure := in.failure(err); failure != nil {
			return nil, failure
		}
	}
	z := &Reader{in: in, format: Detect(head), size: opt.SegmentSize}
	z.pool.New = func() any { return &Segment{ready: make(chan struct{}, 1), pool: &z.pool} }
	z.ctx, z.stop = context.WithCancelCause(ctx)
	switch z.format {
	case BGZF:
		z.start(newBlocks(in, z.size, opt).fill, opt.Workers)
	case Gzip:
		z.start(newGzip(in, z.size).fill, 0)
	case Text:
		z.start(newText(in, z.size).fill, 0)
	default:
		err := z.format.refuse(name, head)
		z.stop(err)
		return nil, err
	}
	return z, nil
}

// start starts the goroutine that fills segments, and workers that inflate
// them; without workers a segment is ready as soon as it is filled.
func (r *Reader) start(fill func(*Segment) error, workers int) {
	r.queue = make(chan *Segment, workers+ahead)
	var jobs chan *Segment
	if workers > 0 {
		jobs = make(chan *Segment, workers)
	}
	for range workers {
		r.workers.Go(func() { r.inflate(jobs) })
	}
	go r.read(fill, jobs)
}

// read fills segments until the input ends or fails. The last one has the
// error, io.EOF at best.
func (r *Reader) read(fill func(*Segment) error, jobs chan<- *Segment) {
	if jobs != nil {
		defer close(jobs)
	}
	for last := false; !last; {
		s := r.pool.Get().(*Segment)
		s.clear(r.size + maxBlock)
		s.err = fill(s)
		last = s.err != nil
		select {
		case r.queue <- s:
		case <-r.ctx.Done():
			return
		}
		if jobs == nil {
			s.ready <- struct{}{}
			continue
		}
		select {
		case jobs <- s:
		case <-r.ctx.Done():
			return
		}
	}
}

// inflate is one worker.
func (r *Reader) inflate(jobs <-chan *Segment) {
	z := newInflater()
	for {
		select {
		case s, ok := <-jobs:
			if !ok {
				return
			}
			inflate(s, z, r.in.name)
			s.ready <- struct{}{}
		case <-r.ctx.Done():
			return
		}
	}
}

// Format returns what the input is: BGZF, Gzip or Text.
func (r *Reader) Format() Format { return r.format }

// BytesRead returns how many bytes of the input, compressed where it is, have
// been read so far, those read ahead included. Any goroutine may call it.
func (r *Reader) BytesRead() int64 { return r.in.input.n.Load() }

// Next returns the next segment, which is the caller's until Release. All text
// before a fault is returned before the error. io.EOF means that the input was
// read to its end and is whole; for BGZF, that the end marker is the very last
// thing. Errors stay: the next call returns the same. Next is for one goroutine.
func (r *Reader) Next() (*Segment, error) {
	for r.err == nil {
		s, err := r.await()
		if err != nil {
			r.fail(err)
			break
		}
		if s.err != nil {
			r.fail(s.err)
		}
		if len(s.Text) > 0 {
			return s, nil
		}
		s.Release()
	}
	return nil, r.err
}

// await waits for the first segment of the queue and for its text.
func (r *Reader) await() (*Segment, error) {
	if r.ctx.Err() != nil { // select would take either of two that are ready
		return nil, r.interrupted()
	}
	var s *Segment
	select {
	case s = <-r.queue:
	case <-r.ctx.Done():
		return nil, r.interrupted()
	}
	select {
	case <-s.ready:
		return s, nil
	case <-r.ctx.Done():
		return nil, r.interrupted()
	}
}

func (r *Reader) fail(err error) {
	r.err = err
	r.stop(err)
}

func (r *Reader) interrupted() error {
	return fmt.Errorf("%s: %w", r.in.name, context.Cause(r.ctx))
}

// Close ends the goroutines; a Next that waits returns an error that wraps
// fs.ErrClosed. Segments stay valid. Close does not close the input, nor does
// it wait for a Read of the input that is under way, which may never return:
// the goroutine that reads ends with that Read.
func (r *Reader) Close() error {
	r.stop(fs.ErrClosed)
	r.workers.Wait()
	return nil
}
