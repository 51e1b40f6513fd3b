package bgzf

import (
	"bufio"
	"fmt"
	"io"
)

// blocksBuffer is how much is read at once by ReadBlocks.
const blocksBuffer = 256 << 10

// Block is one block of a BGZF file.
type Block struct {
	Offset int64  // where it begins in the file
	Size   int    // bytes in the file
	Text   []byte // until yield returns
}

// ReadBlocks calls yield with each block from start, which begins one, to the end of a file of size bytes, or until yield returns false. Empty blocks are given too; whether
// the last is the end marker is not looked at. Errors wrap ErrCorrupt or ErrTruncated.
func ReadBlocks(r io.ReaderAt, size, start int64, yield func(Block) bool) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r, start, size-start), blocksBuffer)
	z := newInflater()
	text, raw := make([]byte, maxBlock), make([]byte, maxBlock)
	for start < size {
		n, err := readBlock(in, z, raw, text[:maxBlock])
		if err != nil {
			return fmt.Errorf("block at byte %d: %w; %s", start, err, again)
		}
		_, isize := trailer(raw[:n])
		if !yield(Block{start, n, text[:isize]}) {
			return nil
		}
		start += int64(n)
	}
	return nil
}

// readBlock reads a block into raw, inflates it into text, and returns its size.
func readBlock(in *bufio.Reader, z *inflater, raw, text []byte) (int, error) {
	head, err := in.Peek(commonHeader)
	if err == nil && isPrefix(head, blockMagic) && headerSize(head) > commonHeader {
		head, err = in.Peek(headerSize(head))
	}
	if err != nil && err != io.EOF {
		return 0, err
	}
	f, err := parseFrame(head)
	if err == errShortHeader {
		return 0, fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	raw = raw[:f.size]
	if n, err := io.ReadFull(in, raw); err == io.EOF || err == io.ErrUnexpectedEOF {
		return 0, fmt.Errorf("%w: the block has %d of its %d bytes", ErrTruncated, n, f.size)
	} else if err != nil {
		return 0, err
	}
	_, isize := trailer(raw)
	if isize > maxBlock {
		return 0, fmt.Errorf("%w: ISIZE is %d, more than the %d bytes that a block may hold", ErrCorrupt, isize, maxBlock)
	}
	if err := z.block(text[:isize], raw, f.data); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return f.size, nil
}

// CheckEnd makes sure that a BGZF file of size bytes ends with the end marker: the last bytes alone are read. The error of one that does not wraps ErrTruncated.
func CheckEnd(r io.ReaderAt, size int64) error {
	last, err := readAt(r, make([]byte, len(endMarker)), max(size-int64(len(endMarker)), 0), size)
	if err == nil && string(last) != endMarker {
		err = fmt.Errorf("%w: the file ends at byte %d without the BGZF end marker; %s", ErrTruncated, size, again)
	}
	return err
}
