package bgzf

import (
	"errors"
	"fmt"
	"io"
)

// splitWindow holds, from any byte of a file: the rest of the block it is in,
// a chain of blocks longer than any block, and the last of them whole.
const splitWindow = 4 * maxBlock

// NextBlock returns the compressed offset of the first block with text that
// begins at target or later in a BGZF file of size bytes, and size where there
// is none. It finds blocks by what they look like: a chain of them longer than
// a block. Who reads from an offset that it returned up to the next one, with
// [Options].End, has proof that both are true if the first is. It reads some
// 256 KiB. Errors wrap ErrTruncated (r is shorter than size) or ErrCorrupt (no
// block where one must be).
func NextBlock(r io.ReaderAt, size, target int64) (int64, error) {
	buf := make([]byte, splitWindow)
	window, err := readAt(r, buf, target, size)
	if err != nil {
		return 0, err
	}
	last := target+int64(len(window)) == size
	at, ok := findBlock(window, last)
	if !ok && last && len(window) <= maxBlock { // target is within the last block
		return size, nil
	}
	if !ok {
		return 0, fmt.Errorf("%w: no block starts in the %d bytes from byte %d on; %s", ErrCorrupt, min(len(window), maxBlock), target, again)
	}
	rest := window[at:]
	for start := target + int64(at); start < size; {
		if len(rest) < maxBlock { // the block may not be whole in it
			if rest, err = readAt(r, buf, start, size); err != nil {
				return 0, err
			}
		}
		f, err := parseFrame(rest)
		if err != nil || f.size > len(rest) {
			return 0, fmt.Errorf("%w: no whole block starts at byte %d; %s", ErrCorrupt, start, again)
		}
		if _, isize := trailer(rest[:f.size]); isize > 0 {
			return start, nil
		}
		start, rest = start+int64(f.size), rest[f.size:]
	}
	return size, nil
}

// findBlock returns where the first block starts in window, which the block
// before it may have up to 64 KiB of. last tells that window ends the file.
func findBlock(window []byte, last bool) (int, bool) {
	for at := range min(len(window), maxBlock+1) {
		if window[at] == blockMagic[0] && chained(window[at:], last) && sound(window[at:]) {
			return at, true
		}
	}
	return 0, false
}

// chained tells whether b begins with blocks that follow each other for more
// than the length of a block, or to the end of the file. A shorter chain could
// lie inside one block: the content of a stored block may itself be BGZF.
func chained(b []byte, last bool) bool {
	at := 0
	for at <= maxBlock {
		if last && at > 0 && at == len(b) {
			return true
		}
		f, err := parseFrame(b[at:])
		if err != nil || at+f.size > len(b) {
			return false
		}
		at += f.size
	}
	return true
}

// sound tells whether the block that b begins with has the text that its
// trailer says: a head alone, in the content of a stored block, may lead to
// where a true block begins.
func sound(b []byte) bool {
	f, err := parseFrame(b)
	if err != nil {
		return false
	}
	_, isize := trailer(b[:f.size])
	return isize <= maxBlock && newInflater().block(make([]byte, isize), b[:f.size], f.data) == nil
}

// readAt reads what r has from offset on, as far as buf and the file reach.
func readAt(r io.ReaderAt, buf []byte, offset, size int64) ([]byte, error) {
	buf = buf[:max(0, min(int64(len(buf)), size-offset))]
	n, err := r.ReadAt(buf, offset)
	switch {
	case n == len(buf):
		return buf, nil
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: the file ends at byte %d, not at %d; %s", ErrTruncated, offset+int64(n), size, again)
	}
	return nil, fmt.Errorf("reading at byte %d: %w", offset, err)
}
