package vcf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/varlake/varlake/bgzf"
)

// ErrLineTooLong is wrapped by the error for a line above Options.MaxLine.
var ErrLineTooLong = errors.New("line too long")

// DefaultChunkSize is the ChunkSize that 0 stands for, in bytes.
const DefaultChunkSize = 2 << 20

// Options of a Reader; zero values stand for the defaults.
type Options struct {
	ChunkSize  int   // bytes of text aimed at in a chunk, at least 2; 2 MiB
	ChunkLines int   // most lines of a chunk; 100,000, which only lines too short for records reach
	MaxHeader  int64 // bytes of header allowed; 256 MiB
	MaxLine    int64 // bytes of a record line allowed, newline not counted; 512 MiB
}

func (o Options) withDefaults() Options {
	if o.ChunkSize <= 0 {
		o.ChunkSize = DefaultChunkSize
	}
	o.ChunkSize = max(o.ChunkSize, len("\r\n")) // the last chunk must hold a blank line to drop it
	if o.ChunkLines <= 0 {
		o.ChunkLines = 100_000
	}
	if o.MaxHeader <= 0 {
		o.MaxHeader = 256 << 20
	}
	if o.MaxLine <= 0 {
		o.MaxLine = 512 << 20
	}
	return o
}

// Reader cuts the text of a VCF into its header and chunks of record lines. It
// is for one goroutine; the chunks may go to others.
type Reader struct {
	src    *bgzf.Reader
	name   string
	opt    Options
	header *Header
	end    int64 // Start.End
	ended  bool  // the line of end has been found
	beyond bool  // and there is text behind it

	segment *bgzf.Segment // nil before the first and after the last
	taken   int           // segment.Text[:taken] is used up
	ahead   *Chunk        // begins with what did not fit in the last chunk
	line    int64         // number of the next chunk's first line; 0: not known
	records int64         // offset of the first byte behind the header
	err     error         // what Next goes on to return
	chunks  sync.Pool
}

// NewReader reads the header from src, which stays the caller's to close; name
// stands in messages. Errors wrap [ErrHeader] or are those of src.
func NewReader(src *bgzf.Reader, name string, opt Options) (*Reader, error) {
	r := newReader(src, name, opt)
	text, err := r.headerText()
	if err != nil {
		return nil, err
	}
	if r.header, err = ParseHeader(text); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.line = int64(r.header.numLines) + 1
	r.ahead = r.newChunk()
	return r, nil
}

func newReader(src *bgzf.Reader, name string, opt Options) *Reader {
	r := &Reader{src: src, name: name, opt: opt.withDefaults(), end: math.MaxInt64, records: math.MaxInt64}
	r.chunks.New = func() any { return &Chunk{Text: make([]byte, 0, r.opt.ChunkSize+1), owner: r} }
	return r
}

// Header returns the header, the same for the life of the reader.
func (r *Reader) Header() *Header { return r.header }

// Next returns the next chunk, which the caller releases. It returns io.EOF
// after the last one, where src is proven whole, and otherwise an error of src
// or one that wraps [ErrLineTooLong]. A blank line at the very end of the file
// is left out; any other comes as a line of the chunk.
func (r *Reader) Next() (*Chunk, error) {
	if r.err != nil {
		return nil, r.err
	}
	chunk, err := r.nextChunk()
	if err != nil {
		r.err = err
		return nil, err
	}
	return chunk, nil
}

func (r *Reader) nextChunk() (*Chunk, error) {
	c := r.ahead
	// A byte more than fits tells that this is not the last chunk.
	if err := r.fill(c, r.opt.ChunkSize+1); err != nil {
		return nil, err
	}
	r.ahead = r.newChunk()
	if len(c.Text) <= r.opt.ChunkSize && countLines(c.Text) <= r.opt.ChunkLines {
		if err := r.dropBlankEnd(c); err != nil {
			return nil, err
		}
	} else if err := r.cut(c); err != nil {
		return nil, err
	}
	if len(c.Text) == 0 {
		return nil, io.EOF
	}
	return c, r.number(c)
}

// cut ends c behind its last line that fits and leaves the rest to the chunk
// ahead. Where not even the first line fits, c becomes that line.
func (r *Reader) cut(c *Chunk) error {
	if end := r.lastEnd(c.Text[:min(r.opt.ChunkSize, len(c.Text))]); end > 0 {
		r.ahead.take(c.Text, c.marks, end, len(c.Text))
		c.Text = c.Text[:end]
		return nil
	}
	for c.Text[len(c.Text)-1] != '\n' {
		if int64(len(c.Text)) > r.opt.MaxLine {
			return r.tooLong(r.line, c.Offset(0))
		}
		if err := r.advance(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		rest := r.segment.Text[r.taken:]
		n := bytes.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		r.moveTo(c, n)
	}
	return nil
}

var newline = []byte{'\n'}

// countLines counts the lines of text, the last of which may lack its end.
func countLines(text []byte) int {
	n := bytes.Count(text, newline)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

// lastEnd returns where the last whole line of text ends that a chunk may have, 0 where none does.
func (r *Reader) lastEnd(text []byte) int {
	end := bytes.LastIndexByte(text, '\n') + 1
	if countLines(text[:end]) <= r.opt.ChunkLines {
		return end
	}
	end = 0
	for range r.opt.ChunkLines {
		end += bytes.IndexByte(text[end:], '\n') + 1
	}
	return end
}

// number gives c its line number, counts its lines and measures them.
func (r *Reader) number(c *Chunk) error {
	c.Line = r.line
	for start := 0; start < len(c.Text); {
		n := bytes.IndexByte(c.Text[start:], '\n')
		if n < 0 {
			n = len(c.Text) - start
		}
		if int64(n) > r.opt.MaxLine {
			return r.tooLong(r.line, c.Offset(start))
		}
		start += n + 1
		if r.line > 0 {
			r.line++
		}
	}
	return nil
}

func (r *Reader) tooLong(line, offset int64) error {
	return fmt.Errorf("%s: %s: %w: more than %d bytes; check that the file is a VCF, or allow longer lines",
		r.name, Place(line, offset), ErrLineTooLong, r.opt.MaxLine)
}

// Place names a line in a message: by its number, 0 where that is not known, and its offset.
func Place(line, offset int64) string {
	if line == 0 {
		return fmt.Sprintf("offset %d", offset)
	}
	return fmt.Sprintf("line %d (offset %d)", line, offset)
}

// maxFirstLine is more than ##fileformat can take: a file whose first line is longer is none to go on reading.
const maxFirstLine = 64 << 10

// headerText returns all lines up to and including the first that ends the
// header: #CHROM or any line that has no place in a header.
func (r *Reader) headerText() ([]byte, error) {
	var text []byte
	line := 0 // start of the first line not seen whole
	for {
		err := r.advance()
		if err != nil && err != io.EOF {
			return nil, err
		}
		atEOF := err == io.EOF
		seen := len(text)
		if !atEOF {
			text = append(text, r.segment.Text[r.taken:]...)
			r.taken = len(r.segment.Text)
		}
		if line == 0 && len(text) > maxFirstLine && bytes.IndexByte(text, '\n') < 0 {
			return text[:maxFirstLine], nil
		}
		end, done := headerEnd(text, seen, &line)
		if done {
			r.taken -= len(text) - end // the rest are records
			text = text[:end]
			r.records = offsetAt(r.segment.Marks, r.taken-1) + 1
		}
		if int64(len(text)) > r.opt.MaxHeader {
			return nil, fmt.Errorf("%s: %w: longer than %d bytes; check that the file is a VCF, or allow a longer header", r.name, ErrHeader, r.opt.MaxHeader)
		}
		if atEOF && r.src.Format() == bgzf.Text && bytes.Contains(text[line:], []byte("#CHROM")) {
			return nil, fmt.Errorf("%s: %w: line %d: the file ends inside the #CHROM line: it may be cut; if it is whole, end the line with a newline",
				r.name, ErrHeader, countLines(text))
		}
		if done || atEOF {
			return text, nil
		}
	}
}

// headerEnd looks for the end of the header from *line, the start of a line
// that has no line end in text[:seen]. It moves *line on to the first line that
// is not whole.
func headerEnd(text []byte, seen int, line *int) (end int, found bool) {
	for {
		from := max(*line, seen)
		n := bytes.IndexByte(text[from:], '\n')
		if n < 0 {
			return 0, false
		}
		content := trimCR(text[*line : from+n])
		if *line == 0 {
			content = bytes.TrimPrefix(content, []byte(byteOrderMark))
		}
		*line = from + n + 1
		if len(content) > 0 && !bytes.HasPrefix(content, []byte("##")) {
			return *line, true
		}
	}
}

// fill appends to c until it has n bytes or the input ends.
func (r *Reader) fill(c *Chunk, n int) error {
	for len(c.Text) < n {
		if err := r.advance(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		r.moveTo(c, min(n-len(c.Text), len(r.segment.Text)-r.taken))
	}
	return nil
}

func (r *Reader) moveTo(c *Chunk, n int) {
	c.take(r.segment.Text, r.segment.Marks, r.taken, r.taken+n)
	r.taken += n
}

// advance makes sure that the segment has text that was not used, and returns
// io.EOF where there is no more.
func (r *Reader) advance() error {
	for r.segment == nil || r.taken == len(r.segment.Text) {
		if r.segment != nil {
			r.segment.Release()
			r.segment = nil
		}
		if r.ended {
			return io.EOF
		}
		segment, err := r.src.Next()
		if err != nil {
			return err
		}
		r.segment, r.taken = segment, 0
		r.limit()
	}
	return nil
}

func (r *Reader) newChunk() *Chunk {
	c := r.chunks.Get().(*Chunk)
	c.Text, c.marks, c.cut = c.Text[:0], c.marks[:0], place{}
	return c
}
