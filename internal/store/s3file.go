package store

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/varlake/varlake/internal/bucket"
)

// What is read here and there of an object comes in blocks, of which the last used are kept: a Parquet reader goes through many columns at once, a little of each at a time.
const (
	blockSize   = 512 << 10
	maxBlocks   = 64
	blocksAhead = 4
	// blocksInFlight bounds the requests for one object.
	blocksInFlight = 16
)

// openObject is an open object. Read reads ahead from start to end, ReadAt through blocks.
type openObject struct {
	store  *S3
	info   objectInfo
	object bucket.Object
	ctx    context.Context // ends the requests for blocks
	stop   context.CancelCauseFunc
	slots  chan struct{} // one for each request under way

	reader *bucket.Reader // of Read; nil before the first

	mu     sync.Mutex
	blocks map[int64]*block // by number
	clock  int64
	closed bool
}

// block is a stretch of an object. data and err are there when done is closed, and then stay as they are.
type block struct {
	data []byte
	err  error
	done chan struct{}
	used int64 // when, by the clock
}

func (s *S3) openObject(info objectInfo, object bucket.Object) *openObject {
	f := &openObject{store: s, info: info, object: object, blocks: make(map[int64]*block), slots: make(chan struct{}, blocksInFlight)}
	f.ctx, f.stop = context.WithCancelCause(s.ctx)
	return f
}

func (f *openObject) Stat() (fs.FileInfo, error) { return f.info, nil }

// Size returns the number of bytes.
func (f *openObject) Size() int64 { return f.info.size }

func (f *openObject) closedError() error {
	return &fs.PathError{Op: "read", Path: f.store.bucket.URI(f.object.Key), Err: fs.ErrClosed}
}

func (f *openObject) Read(p []byte) (int, error) {
	if f.closed {
		return 0, f.closedError()
	}
	if f.reader == nil {
		f.reader = f.store.bucket.NewReader(f.store.ctx, f.object.Key, f.object.ETag, f.object.Size)
	}
	return f.reader.Read(p)
}

// ReadAt implements io.ReaderAt.
func (f *openObject) ReadAt(p []byte, offset int64) (n int, err error) {
	if offset < 0 {
		return 0, fmt.Errorf("read %s: offset %d", f.store.bucket.URI(f.object.Key), offset)
	}
	for more := true; more; more = n < len(p) && offset < f.info.size { // once at least, for the error of a file that is closed
		data, err := f.block(offset / blockSize)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], data[min(offset%blockSize, int64(len(data))):])
		n += m
		offset += int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Prefetch implements Prefetcher. It fetches half of what is kept at most.
func (f *openObject) Prefetch(offset, length int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || offset < 0 || length <= 0 {
		return
	}
	first, last := offset/blockSize, min(offset+length, f.info.size)-1
	for number := first; number <= last/blockSize && number < first+maxBlocks/2; number++ {
		f.want(number)
	}
}

// block returns a block. As many as are at hand right before it, as when a chunk of a column is read, are fetched behind it.
func (f *openObject) block(number int64) ([]byte, error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, f.closedError()
	}
	if number*blockSize >= f.info.size {
		f.mu.Unlock()
		return nil, nil
	}
	b := f.want(number)
	ahead := int64(0)
	for ahead < blocksAhead && f.blocks[number-ahead-1] != nil {
		ahead++
	}
	for next := number + 1; next <= number+ahead && next*blockSize < f.info.size; next++ {
		f.want(next)
	}
	f.mu.Unlock()
	<-b.done
	return b.data, b.err
}

// want returns a block, which is being fetched if it is not at hand.
func (f *openObject) want(number int64) *block {
	f.clock++
	if b, ok := f.blocks[number]; ok {
		b.used = f.clock
		return b
	}
	if len(f.blocks) >= maxBlocks {
		f.evict()
	}
	b := &block{used: f.clock, done: make(chan struct{})}
	f.blocks[number] = b
	go func() {
		defer close(b.done)
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		data := make([]byte, min(blockSize, f.info.size-number*blockSize))
		if b.err = f.store.bucket.ReadAt(f.ctx, f.object.Key, f.object.ETag, data, number*blockSize); b.err == nil {
			b.data = data
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.blocks[number] == b { // who asks again may have more luck
			delete(f.blocks, number)
		}
	}()
	return b
}

// evict drops the block that was used longest ago.
func (f *openObject) evict() {
	oldest := int64(-1)
	for number, b := range f.blocks {
		if oldest < 0 || b.used < f.blocks[oldest].used {
			oldest = number
		}
	}
	delete(f.blocks, oldest)
}

// Close implements fs.File.
func (f *openObject) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.closedError()
	}
	f.closed, f.blocks = true, nil
	f.stop(f.closedError())
	if f.reader != nil {
		return f.reader.Close()
	}
	return nil
}
