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
	zstd    *zstd.Encoder
	scratch sync.Pool // of *scratch
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

// NewCodec returns a Codec for up to the given number of pages at a time; more wait. Each takes some megabytes.
func NewCodec(concurrency int) (*Codec, error) {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(max(1, concurrency)),
		zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithAllLitEntropyCompression(true), // depths and qualities repeat by frequency, seldom by sequence
		zstd.WithEncoderCRC(false),
		zstd.WithZeroFrames(true),
	)
	if err != nil {
		return nil, fmt.Errorf("pq: zstd: %w", err)
	}
	return &Codec{zstd: enc}, nil
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

// compress returns body as it is stored. What it returns is good until s is given back.
func (c *Codec) compress(s *scratch, body []byte) []byte {
	if c == nil {
		return body
	}
	s.packed = c.zstd.EncodeAll(body, s.packed[:0])
	return s.packed
}
