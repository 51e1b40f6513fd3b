package bucket

import (
	"context"
	"fmt"
	"io"
	"io/fs"
)

// A Reader begins with one small range, since who looks at a header only wants no more, and grows to maxAhead ranges of maxRange bytes in flight.
const (
	firstRange = 128 << 10
	maxRange   = 4 << 20
	maxAhead   = 4
)

// FirstBytes is a good number of them for ReadFirst where no more than a header may be wanted.
const FirstBytes = firstRange

// Reader reads an object from start to end, with ranges fetched ahead. At most maxAhead ranges are in flight and one is being read. For one goroutine.
type Reader struct {
	bucket    *Bucket
	key, etag string
	ctx       context.Context // ends the requests
	stop      context.CancelCauseFunc

	pending []*piece // in order
	ahead   int      // ranges that may be pending
	size    int      // of the next range
	next    int64    // where it begins
	until   int64    // nothing behind it is fetched ahead
	end     int64
	current *piece
	rest    []byte // of current
	err     error  // what Read returns from now on
}

// piece is a range that is being fetched.
type piece struct {
	data []byte
	done chan error
}

// NewReader starts to read an object of this size and ETag. The Reader must be closed. The end of ctx ends it too.
func (b *Bucket) NewReader(ctx context.Context, key, etag string, size int64) *Reader {
	return b.NewReaderAt(ctx, key, etag, size, 0, size)
}

// NewReaderAt is NewReader from a byte on. What lies at until and behind it is fetched when it is read, in small ranges, and not ahead: few readers want much of it.
func (b *Bucket) NewReaderAt(ctx context.Context, key, etag string, size, from, until int64) *Reader {
	r := &Reader{bucket: b, key: key, etag: etag, ahead: 1, size: firstRange, next: from, until: until, end: size}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	r.fetch()
	return r
}

// NewReaderAfter is NewReader where the first bytes are at hand, as ReadFirst returns them.
func (b *Bucket) NewReaderAfter(ctx context.Context, key, etag string, size int64, first []byte) *Reader {
	r := &Reader{bucket: b, key: key, etag: etag, ahead: 2, size: 2 * len(first), next: int64(len(first)), until: size, end: size, rest: first}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	r.fetch()
	return r
}

// fetch has ranges fetched until as many are pending as may be.
func (r *Reader) fetch() {
	for len(r.pending) < r.ahead && r.next < r.until {
		n := int(min(int64(r.size), r.until-r.next))
		p := &piece{data: r.bucket.buffer(n), done: make(chan error, 1)}
		offset := r.next
		go func() { p.done <- r.bucket.ReadAt(r.ctx, r.key, r.etag, p.data, offset) }()
		r.pending = append(r.pending, p)
		r.next += int64(n)
		r.size = min(2*r.size, maxRange)
	}
}

// Read implements io.Reader. Its errors stay.
func (r *Reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		r.err = r.advance()
	}
	if r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// advance goes to the next range and waits for it.
func (r *Reader) advance() error {
	if r.current != nil {
		r.bucket.release(r.current.data)
		r.current = nil
	}
	r.fetch()
	if len(r.pending) == 0 && r.next < r.end {
		r.until, r.size = min(r.next+firstRange, r.end), firstRange
		r.fetch()
	}
	if len(r.pending) == 0 {
		return io.EOF
	}
	next := r.pending[0]
	select {
	case err := <-next.done:
		if err != nil {
			return err
		}
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
	r.pending = r.pending[1:]
	r.current, r.rest = next, next.data
	r.fetch() // what comes next is on its way while this is read
	r.ahead = min(r.ahead+1, maxAhead)
	return nil
}

// Close ends the requests. It does not wait for them: their buffers are left to the garbage collector.
func (r *Reader) Close() error {
	r.stop(fmt.Errorf("read %s: %w", r.bucket.URI(r.key), fs.ErrClosed))
	return nil
}

// buffer returns a buffer of n bytes: one of the pool where it is large.
func (b *Bucket) buffer(n int) []byte {
	if n <= maxRange/2 {
		return make([]byte, n)
	}
	if p, ok := b.buffers.Get().(*[]byte); ok {
		return (*p)[:n]
	}
	return make([]byte, n, maxRange)
}

func (b *Bucket) release(p []byte) {
	if cap(p) == maxRange {
		b.buffers.Put(&p)
	}
}
