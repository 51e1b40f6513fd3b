package bgzf

import (
	"errors"
	"fmt"
	"io"
)

// splitWindow holds, from any byte of a file: the rest of the block it is in,
// a chain of blocks longer than any block, and the last of them whole.
const splitWindow = 4 * maxBlock

// Split returns compressed offsets of block starts that cut a BGZF file of size
// bytes into n ranges, near-equal in compressed bytes. The first is 0; each
// range goes to the start of the next and the last to the end of the file.
// There are fewer than n where the file has not as many blocks. It reads a few
// hundred KiB for each range. Errors wrap ErrFormat (no BGZF), ErrTruncated (no
// end marker) or ErrCorrupt (no block start where one must be).
func Split(r io.ReaderAt, size int64, n int) ([]int64, error) {
	buf := make([]byte, splitWindow)
	head, err := readAt(r, buf, 0, size)
	if err != nil {
		return nil, err
	}
	if f := Detect(head[:min(len(head), headSize)]); f != BGZF {
		return nil, fmt.Errorf("%w: only BGZF can be split, this is %s", ErrFormat, f)
	}
	end, err := textEnd(r, size)
	if err != nil {
		return nil, err
	}
	starts := []int64{0}
	for i := range max(n-1, 0) {
		target := share(size, i+1, n)
		if target >= end {
			break
		}
		if target <= starts[len(starts)-1] {
			continue
		}
		window, err := readAt(r, buf, target, size)
		if err != nil {
			return nil, err
		}
		at, ok := findBlock(window, target+int64(len(window)) == size)
		if !ok {
			return nil, fmt.Errorf("%w: no block starts in the %d bytes from byte %d on; %s",
				ErrCorrupt, min(len(window), maxBlock), target, again)
		}
		start := target + int64(at)
		if start >= end {
			break
		}
		starts = append(starts, start)
	}
	return starts, nil
}

// share returns i/n of size.
func share(size int64, i, n int) int64 {
	return size/int64(n)*int64(i) + size%int64(n)*int64(i)/int64(n)
}

// textEnd returns where the end marker begins, after checking that it does.
func textEnd(r io.ReaderAt, size int64) (int64, error) {
	end := max(size-int64(len(endMarker)), 0)
	last, err := readAt(r, make([]byte, len(endMarker)), end, size)
	if err != nil {
		return 0, err
	}
	if string(last) != endMarker {
		return 0, fmt.Errorf("%w: the file ends at byte %d without the BGZF end marker; %s", ErrTruncated, size, again)
	}
	return end, nil
}

// findBlock returns where the first block starts in window, which the block
// before it may have up to 64 KiB of. last tells that window ends the file.
func findBlock(window []byte, last bool) (int, bool) {
	for at := range min(len(window), maxBlock+1) {
		if window[at] == blockMagic[0] && chained(window[at:], last) {
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
