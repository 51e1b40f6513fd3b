package bgzf

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// inflater inflates whole blocks, one after another, without allocating.
type inflater struct {
	in    bytes.Reader
	flate io.ReadCloser
	spare [1]byte
}

func newInflater() *inflater {
	z := &inflater{}
	z.flate = flate.NewReader(&z.in)
	return z
}

// block inflates one block, which begins with its header and ends with its
// trailer, into text, whose length is the block's ISIZE.
func (z *inflater) block(text, block []byte, data int) error {
	z.in.Reset(block[data : len(block)-trailerSize])
	if err := z.flate.(flate.Resetter).Reset(&z.in, nil); err != nil {
		return err
	}
	if err := z.fill(text); err != nil {
		return err
	}
	if n := z.in.Len(); n > 0 {
		return fmt.Errorf("%d bytes lie between the compressed data and the trailer", n)
	}
	want, _ := trailer(block)
	if got := crc32.ChecksumIEEE(text); got != want {
		return fmt.Errorf("the CRC32 of its text is %08x, its trailer says %08x", got, want)
	}
	return nil
}

// fill reads text, and that nothing follows it.
func (z *inflater) fill(text []byte) error {
	for n := 0; ; {
		rest := text[n:]
		if len(rest) == 0 {
			rest = z.spare[:]
		}
		m, err := z.flate.Read(rest)
		if n += m; n > len(text) {
			return fmt.Errorf("its text is longer than the %d bytes that its trailer says", len(text))
		}
		switch {
		case err == io.EOF && n == len(text):
			return nil
		case err == io.EOF:
			return fmt.Errorf("its text has %d bytes, its trailer says %d", n, len(text))
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("its compressed data have no end")
		case err != nil:
			return fmt.Errorf("bad compressed data: %w", err)
		}
	}
}
