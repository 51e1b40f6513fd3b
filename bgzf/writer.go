package bgzf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
)

// BlockText is how many bytes of text a block holds that a Writer makes, the
// last one aside: what deflate can't make too large for BSIZE, as in bgzip.
const BlockText = 0xff00

const (
	writerHeader = 18 // bytes of a block before the deflated text, as appendBlock makes it
	writerLevel  = 6  // of compression, bgzip's default
)

var errWriterClosed = errors.New("write to a closed BGZF writer")

// Writer compresses text into BGZF on several cores. Every block but the last
// holds BlockText bytes, so the bytes written depend on the text alone. It is
// for one goroutine.
type Writer struct {
	out    io.Writer
	free   chan *outBlock
	work   chan *outBlock
	order  chan *outBlock // the blocks of work, to be written in this order
	done   sync.WaitGroup
	active *outBlock
	closed bool

	failed atomic.Pointer[error]
	starts []int64 // of the blocks in the compressed file; for the writing goroutine until it is done
	size   int64
}

// outBlock is a block on its way: text, then also its compressed form.
type outBlock struct {
	text  []byte
	data  []byte
	err   error
	ready chan struct{}
}

// NewWriter returns a Writer to w that compresses with so many goroutines. It
// must be closed, also after an error; w is not closed.
func NewWriter(w io.Writer, workers int) *Writer {
	workers = max(workers, 1)
	blocks := 4 * workers
	z := &Writer{out: w, free: make(chan *outBlock, blocks), work: make(chan *outBlock, blocks), order: make(chan *outBlock, blocks)}
	for range blocks {
		z.free <- &outBlock{text: make([]byte, 0, BlockText), ready: make(chan struct{}, 1)}
	}
	z.active = <-z.free
	for range workers {
		z.done.Go(z.compress)
	}
	z.done.Go(z.write)
	return z
}

// Write takes text. An error is that of an earlier block.
func (z *Writer) Write(p []byte) (n int, err error) {
	if z.closed {
		return 0, errWriterClosed
	}
	for len(p) > 0 {
		if failed := z.failed.Load(); failed != nil {
			return n, *failed
		}
		b := z.active
		some := copy(b.text[len(b.text):BlockText], p)
		b.text = b.text[:len(b.text)+some]
		n, p = n+some, p[some:]
		if len(b.text) == BlockText {
			z.send()
		}
	}
	return n, nil
}

// send hands the active block on and takes a free one. Blocks always come
// back, after an error too, so it waits for no more than the other goroutines.
func (z *Writer) send() {
	z.order <- z.active
	z.work <- z.active
	z.active = <-z.free
}

// Close writes what is left and the end marker, and stops the goroutines. It
// returns the first error.
func (z *Writer) Close() error {
	if z.closed {
		return nil
	}
	z.closed = true
	if len(z.active.text) > 0 {
		z.order <- z.active
		z.work <- z.active
	}
	close(z.work)
	close(z.order)
	z.done.Wait()
	if failed := z.failed.Load(); failed != nil {
		return *failed
	}
	z.starts = append(z.starts, z.size) // the end marker is what text beyond the end would be in
	_, err := io.WriteString(z.out, endMarker)
	return err
}

// VirtualOffset returns the virtual offset (compressed offset of the block <<
// 16 | offset in its text) of byte number at of the text, 0-based; at may be
// the length of the text. It is known once the Writer is closed.
func (z *Writer) VirtualOffset(at int64) int64 {
	return z.starts[at/BlockText]<<16 | at%BlockText
}

// compress is one of the compressing goroutines.
func (z *Writer) compress() {
	deflate, err := flate.NewWriter(nil, writerLevel)
	for b := range z.work {
		if b.err = err; err == nil {
			b.data, b.err = appendBlock(b.data[:0], deflate, b.text)
		}
		b.ready <- struct{}{}
	}
}

// write writes the blocks in order. After an error it takes them all the same.
func (z *Writer) write() {
	for b := range z.order {
		<-b.ready
		if z.failed.Load() == nil {
			err := b.err
			if err == nil {
				_, err = z.out.Write(b.data)
			}
			if err != nil {
				z.failed.Store(&err)
			}
			z.starts = append(z.starts, z.size)
			z.size += int64(len(b.data))
		}
		b.text = b.text[:0]
		z.free <- b
	}
}

// appendBlock appends text as a block (SAM specification section 4.1) to dst,
// which is empty.
func appendBlock(dst []byte, deflate *flate.Writer, text []byte) ([]byte, error) {
	dst = append(dst, endMarker[:writerHeader]...)
	deflate.Reset((*appender)(&dst))
	if _, err := deflate.Write(text); err != nil {
		return dst, err
	}
	if err := deflate.Close(); err != nil {
		return dst, err
	}
	dst = binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(text))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(text)))
	if len(dst) > 1<<16 { // deflate stores what it can't compress in at most 5 bytes more
		return dst, fmt.Errorf("BGZF block of %d bytes", len(dst))
	}
	binary.LittleEndian.PutUint16(dst[writerHeader-2:], uint16(len(dst)-1))
	return dst, nil
}

// appender is a slice of bytes to write to.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
