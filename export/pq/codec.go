package pq

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Codec compresses pages with ZSTD and lends out scratch buffers. One serves all goroutines and all files of a program.
// Nil is a Codec too: it leaves pages as they are.
type Codec struct {
	// Genotypes of a cohort repeat in long stretches, which the default level of ZSTD finds. Other values hardly repeat: it costs them a tenth of all CPU
	// for one part in a hundred of the bytes.
	thorough, fast *zstd.Encoder

	scratch sync.Pool            // of *scratch
	buffers sync.Pool            // of *buffers
	tails   [Bytes + 1]sync.Pool // of *Vector, by kind
}

// scratch is what one page needs while it is encoded.
type scratch struct {
	body, packed []byte
	header       format.PageHeader
	headerBytes  bytes.Buffer
	thrift       *thrift.Encoder // writes to headerBytes
}

func newScratch() *scratch {
	s := new(scratch)
	s.thrift = thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&s.headerBytes))
	return s
}

// window is how far back ZSTD looks. It takes twice that for every page at a time, and few pages are larger.
const window = 1 << 20

// NewCodec returns a Codec for up to the given number of pages at a time; more wait. Each takes some megabytes.
func NewCodec(concurrency int) (*Codec, error) {
	c := new(Codec)
	var err error
	if c.thorough, err = newEncoder(concurrency, zstd.SpeedDefault); err != nil {
		return nil, err
	}
	if c.fast, err = newEncoder(concurrency, zstd.SpeedFastest); err != nil {
		return nil, err
	}
	return c, nil
}

func newEncoder(concurrency int, level zstd.EncoderLevel) (*zstd.Encoder, error) {
	e, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(max(1, concurrency)),
		zstd.WithEncoderLevel(level),
		zstd.WithWindowSize(window),
		zstd.WithAllLitEntropyCompression(true), // depths and qualities repeat by frequency, seldom by sequence
		zstd.WithEncoderCRC(false),
		zstd.WithZeroFrames(true),
	)
	if err != nil {
		return nil, fmt.Errorf("pq: zstd: %w", err)
	}
	return e, nil
}

func (c *Codec) format() format.CompressionCodec {
	if c == nil {
		return format.Uncompressed
	}
	return format.Zstd
}

func (c *Codec) borrow() *scratch {
	if c != nil {
		if s, ok := c.scratch.Get().(*scratch); ok {
			return s
		}
	}
	return newScratch()
}

func (c *Codec) giveBack(s *scratch) {
	if c != nil {
		c.scratch.Put(s)
	}
}

func (c *Codec) borrowBuffers() *buffers {
	if c != nil {
		if b, ok := c.buffers.Get().(*buffers); ok {
			return b
		}
	}
	return new(buffers)
}

func (c *Codec) giveBackBuffers(b *buffers) {
	if c != nil {
		c.buffers.Put(b)
	}
}

// keptRuns and keptBytes are what a vector for another column may bring along.
const (
	keptRuns  = 1 << 10
	keptBytes = 1 << 18
)

// borrowTail returns an empty vector for plain values of a kind. Columns share them, as each needs one more only while a page is encoded.
func (c *Codec) borrowTail(k Kind) *Vector {
	if c != nil {
		if v, ok := c.tails[k].Get().(*Vector); ok {
			return v
		}
	}
	return new(Vector)
}

func (c *Codec) giveBackTail(k Kind, v *Vector) {
	if c == nil {
		return
	}
	v.Reset()
	// What one column had many of, another would carry along for nothing.
	if cap(v.Def) > keptRuns {
		v.Def = nil
	}
	if cap(v.Rep) > keptRuns {
		v.Rep = nil
	}
	if cap(v.Bytes) > keptBytes {
		v.Bytes = nil
	}
	c.tails[k].Put(v)
}

// compress returns body, of a page that repeats in long stretches or another, as it is stored. What it returns is good until s is given back.
func (c *Codec) compress(s *scratch, body []byte, repeats bool) []byte {
	switch {
	case c == nil:
		return body
	case repeats:
		s.packed = c.thorough.EncodeAll(body, s.packed[:0])
	default:
		s.packed = c.fast.EncodeAll(body, s.packed[:0])
	}
	return s.packed
}
