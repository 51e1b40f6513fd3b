package bgzf

import (
	"fmt"
	"io"
	"math"
	"slices"
)

const again = "fetch or make the file again"

// blocks reads the blocks of a BGZF file into segments, still compressed: the
// trailers say how long their texts are, so each text has its place before it
// is inflated.
type blocks struct {
	in     *source
	size   int   // bytes of text aimed at in a segment
	offset int64 // of the next block
	end    int64 // Options.End
	whole  bool  // the block before was the end marker
}

func newBlocks(in *source, size int, opt Options) *blocks {
	b := &blocks{in: in, size: size, offset: opt.Offset, end: opt.End}
	if b.end <= 0 {
		b.end = math.MaxInt64
	}
	return b
}

// fill reads blocks until the segment is full. Empty blocks are legal anywhere,
// so the compressed bytes are limited too.
func (b *blocks) fill(s *Segment) error {
	text := 0
	for text < b.size && len(s.raw) < b.size {
		blk, err := b.next(s, text)
		if err != nil {
			return err
		}
		if blk.end > text {
			s.Marks = append(s.Marks, Mark{Index: text, Offset: blk.offset << 16})
		}
		s.blocks = append(s.blocks, blk)
		text = blk.end
		s.Text = s.Text[:text]
		if b.offset >= b.end {
			break
		}
	}
	return nil
}

// next appends one block to s.raw. io.EOF means that the file is whole.
func (b *blocks) next(s *Segment, text int) (block, error) {
	f, err := b.frame()
	if err != nil {
		return block{}, err
	}
	raw := len(s.raw)
	s.raw = slices.Grow(s.raw, f.size)[:raw+f.size]
	bytes := s.raw[raw:]
	if n, err := io.ReadFull(b.in, bytes); err != nil {
		s.raw = s.raw[:raw]
		if failure := b.in.failure(err); failure != nil {
			return block{}, failure
		}
		return block{}, b.fault(ErrTruncated, "the block has %d of its %d bytes", n, f.size)
	}
	_, isize := trailer(bytes)
	if isize > maxBlock {
		return block{}, b.fault(ErrCorrupt, "ISIZE is %d, more than the %d bytes that a block may hold", isize, maxBlock)
	}
	blk := block{offset: b.offset, frame: f, raw: raw, text: text, end: text + int(isize)}
	if blk.offset < b.end && b.end-blk.offset < int64(f.size) {
		return block{}, b.fault(ErrCorrupt, "it reaches over byte %d, where another block seemed to start", b.end)
	}
	b.offset += int64(f.size)
	b.whole = string(bytes) == endMarker
	return blk, nil
}

// frame looks at the header of the next block.
func (b *blocks) frame() (frame, error) {
	head, err := b.in.Peek(commonHeader)
	if err == nil && headerSize(head) > commonHeader {
		head, err = b.in.Peek(headerSize(head))
	}
	if err != nil {
		if failure := b.in.failure(err); failure != nil {
			return frame{}, failure
		}
		if len(head) == 0 && b.whole {
			return frame{}, io.EOF
		}
		if len(head) == 0 {
			return frame{}, b.fault(ErrTruncated, "the file ends here without the BGZF end marker")
		}
	}
	f, err := parseFrame(head)
	switch {
	case err == errShortHeader:
		return frame{}, b.fault(ErrTruncated, "%w", err)
	case err != nil && b.whole:
		return frame{}, b.fault(ErrCorrupt, "something follows the BGZF end marker: %w", err)
	case err != nil:
		return frame{}, b.fault(ErrCorrupt, "%w", err)
	}
	return f, nil
}

func (b *blocks) fault(kind error, format string, args ...any) error {
	return blockFault(b.in.name, b.offset, kind, fmt.Errorf(format, args...))
}

// blockFault is the error about the block at a compressed offset.
func blockFault(name string, offset int64, kind, what error) error {
	return fmt.Errorf("%s: %w: block at byte %d (virtual offset %d): %w; %s", name, kind, offset, offset<<16, what, again)
}

// inflate inflates the blocks of s into their places in its text. The first bad one
// ends the segment.
func inflate(s *Segment, z *inflater, name string) {
	for _, b := range s.blocks {
		if err := z.block(s.Text[b.text:b.end], s.raw[b.raw:b.raw+b.size], b.data); err != nil {
			s.cut(b.text, blockFault(name, b.offset, ErrCorrupt, err))
			return
		}
	}
}
