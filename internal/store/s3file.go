package store

import (
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/varlake/varlake/internal/bucket"
)

// What is read here and there of an object comes in blocks, of which the last used are kept: a Parquet reader goes through many columns at once, a little of each at a time.
const (
	blockSize = 512 << 10
	maxBlocks = 64
)

// openObject is an open object. Read reads ahead from start to end, ReadAt through blocks.
type openObject struct {
	store  *S3
	info   objectInfo
	object bucket.Object

	reader *bucket.Reader // of Read; nil before the first

	mu     sync.Mutex
	blocks map[int64]*block // by number
	clock  int64
	closed bool
}

// block is a stretch of an object.
type block struct {
	data []byte
	used int64 // when, by the clock
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
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, f.closedError()
	}
	for n < len(p) && offset < f.info.size {
		data, err := f.block(offset / blockSize)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], data[offset%blockSize:])
		n += m
		offset += int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// block returns a block, fetching it if it is not at hand.
func (f *openObject) block(number int64) ([]byte, error) {
	f.clock++
	if b, ok := f.blocks[number]; ok {
		b.used = f.clock
		return b.data, nil
	}
	b := f.evict()
	b.data = b.data[:min(blockSize, f.info.size-number*blockSize)]
	if err := f.store.bucket.ReadAt(f.store.ctx, f.object.Key, f.object.ETag, b.data, number*blockSize); err != nil {
		return nil, err
	}
	b.used = f.clock
	f.blocks[number] = b
	return b.data, nil
}

// evict returns a block to fill: the one used longest ago, once there are enough.
func (f *openObject) evict() *block {
	if len(f.blocks) < maxBlocks {
		return &block{data: make([]byte, min(blockSize, f.info.size))}
	}
	oldest := int64(-1)
	for number, b := range f.blocks {
		if oldest < 0 || b.used < f.blocks[oldest].used {
			oldest = number
		}
	}
	b := f.blocks[oldest]
	delete(f.blocks, oldest)
	b.data = b.data[:cap(b.data)]
	return b
}

// Close implements fs.File.
func (f *openObject) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.closedError()
	}
	f.closed, f.blocks = true, nil
	if f.reader != nil {
		return f.reader.Close()
	}
	return nil
}
