package bgzf

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// stream cuts text that can only be read from start to end into segments.
type stream struct {
	in     *source
	text   io.Reader
	size   int   // bytes of a segment
	offset int64 // of the next segment in the text
}

func newText(in *source, size int) *stream {
	return &stream{in: in, text: in, size: size}
}

// newGzip reads all members of a gzip file as one text.
func newGzip(in *source, size int) *stream {
	return &stream{in: in, text: &members{in: in}, size: size}
}

func (s *stream) fill(seg *Segment) error {
	var err error
	n := 0
	for buf := seg.Text[:s.size]; n < len(buf) && err == nil; {
		var m int
		m, err = s.text.Read(buf[n:])
		n += m
	}
	seg.Text = seg.Text[:n]
	seg.Marks = append(seg.Marks, Mark{Index: 0, Offset: s.offset})
	s.offset += int64(n)
	return s.explain(err)
}

// explain names what ended the text, if not its proper end.
func (s *stream) explain(err error) error {
	if err == nil {
		return nil
	}
	if failure := s.in.failure(err); failure != nil {
		return failure
	}
	if err == io.EOF {
		return io.EOF
	}
	kind := ErrCorrupt
	if errors.Is(err, io.ErrUnexpectedEOF) {
		kind, err = ErrTruncated, errors.New("a gzip member has no end")
	}
	return fmt.Errorf("%s: %w: near byte %d, byte %d of the text: %w; %s",
		s.in.name, kind, s.in.consumed(), s.offset, err, again)
}

// members reads the members of a gzip file one after another. The gzip package
// could, but takes a member that is cut within the name in its header for the
// end of the file.
type members struct {
	in    *source
	z     *gzip.Reader // of the current member; nil before the first
	extra bool         // the first has an extra field, as a BGZF block has
}

// errDamagedHeader says that a file read as gzip, as its first member is no BGZF
// block, is BGZF from the second on: the header of the first block is damaged.
var errDamagedHeader = errors.New("BGZF blocks follow a first member that is none, though it has an extra field: its header is damaged")

func (m *members) Read(p []byte) (int, error) {
	if m.z == nil {
		m.z = new(gzip.Reader)
		err := m.begin()
		m.extra = len(m.z.Extra) > 0
		return 0, err
	}
	n, err := m.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	if _, err := m.in.Peek(1); err != nil {
		return n, err // io.EOF: the member was the last
	}
	if m.extra && m.atBlock() {
		return n, errDamagedHeader
	}
	return n, m.begin()
}

// atBlock tells whether a BGZF block comes next.
func (m *members) atBlock() bool {
	head, _ := m.in.Peek(commonHeader) // fewer bytes are no block either
	_, err := parseFrame(head)
	return err == nil
}

// begin reads the header of the next member.
func (m *members) begin() error {
	err := m.z.Reset(m.in.Reader)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	m.z.Multistream(false)
	return err
}
