package bgzf

import (
	"bufio"
	"fmt"
	"io"
	"sync/atomic"
)

// readAhead is the size of one read of the input: large enough for one call a
// few blocks, and for the largest header and the head that detection needs.
const readAhead = 4 * maxBlock

// source is the input, buffered and counted.
type source struct {
	*bufio.Reader
	name  string
	input counter
}

func newSource(r io.Reader, name string) *source {
	s := &source{name: name}
	s.input.r = r
	s.Reader = bufio.NewReaderSize(&s.input, readAhead)
	return s
}

// consumed returns how many bytes were taken out of the buffer.
func (s *source) consumed() int64 { return s.input.n.Load() - int64(s.Buffered()) }

// failure returns why the input could not be read, or nil where err only
// speaks of the end of the input or of what it holds. Decompressors give one
// error for both, and a broken connection is not a truncated file.
func (s *source) failure(err error) error {
	if s.input.err != nil {
		err = s.input.err
	} else if err != io.ErrNoProgress {
		return nil
	}
	return fmt.Errorf("%s: reading at byte %d: %w", s.name, s.input.n.Load(), err)
}

// counter counts the bytes of a reader and keeps the error that ended it.
type counter struct {
	r   io.Reader
	n   atomic.Int64
	err error // any but io.EOF
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
