package bgzf

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// block inflates one block, which begins with its header and ends with its
// trailer, into text, whose length is the block's ISIZE.
func (z *inflater) block(text, block []byte, data int) error {
	inflate := z.inflate
	if !fast {
		inflate = inflatePlain
	}
	done, left, err := inflate(text, block[data:], trailerSize)
	switch {
	case err == errNoEnd:
		return err
	case err == errTextTooLong:
		return fmt.Errorf("its text is longer than the %d bytes that its trailer says", len(text))
	case err != nil:
		return fmt.Errorf("bad compressed data: %w", err)
	case done < len(text):
		return fmt.Errorf("its text has %d bytes, its trailer says %d", done, len(text))
	case left > 0:
		return fmt.Errorf("%d bytes lie between the compressed data and the trailer", left)
	}
	want, _ := trailer(block)
	if got := crc32.ChecksumIEEE(text); got != want {
		return fmt.Errorf("the CRC32 of its text is %08x, its trailer says %08x", got, want)
	}
	return nil
}

// inflatePlain is inflater.inflate by the standard library.
func inflatePlain(text, padded []byte, padding int) (done, left int, err error) {
	in := bytes.NewReader(padded[:len(padded)-padding])
	r := flate.NewReader(in)
	for beyond := make([]byte, 1); err == nil; {
		rest := text[done:]
		if len(rest) == 0 {
			rest = beyond
		}
		var n int
		n, err = r.Read(rest)
		if done += n; done > len(text) {
			return done, in.Len(), errTextTooLong
		}
	}
	switch {
	case err == io.EOF:
		err = nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errNoEnd
	}
	return done, in.Len(), err
}
