package bgzf

import (
	"fmt"
	"hash/crc32"
)

// block inflates one block, which begins with its header and ends with its
// trailer, into text, whose length is the block's ISIZE.
func (z *inflater) block(text, block []byte, data int) error {
	done, left, err := z.inflate(text, block[data:], trailerSize)
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
