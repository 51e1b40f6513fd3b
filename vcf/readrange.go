package vcf

import (
	"bytes"
	"io"

	"github.com/varlake/varlake/bgzf"
)

// Start says which part of the lines of a file a Reader gives. Offsets are
// virtual offsets in BGZF, and byte offsets of the text otherwise.
//
// A file that is cut at blocks, by MidLine and End with the offsets of the same
// blocks, gives every line once: that of a cut, which may begin with it or
// reach over it, belongs to the part before.
type Start struct {
	Offset  int64 // text before it is passed over
	MidLine bool  // so is what is left of a line there: reading begins behind the first line end at Offset or later
	Line    int64 // 1-based number of the line at Offset; 0: not known, and so for all that follow
	End     int64 // the last line is that whose end is the first at End or later; 0: the end of the file
}

// NewReaderAt returns a reader of the lines of a part of a file whose header is
// known. src begins at or before start.Offset; if start has an End, that is the
// End of src too. src stays the caller's to close. Errors are those of src.
func NewReaderAt(src *bgzf.Reader, name string, header *Header, start Start, opt Options) (*Reader, error) {
	r := newReader(src, name, opt)
	r.header, r.line = header, start.Line
	if start.End > 0 {
		r.end = start.End
	}
	r.ahead = r.newChunk()
	if err := r.seek(start); err != nil && err != io.EOF { // which Next finds too
		return nil, err
	}
	return r, nil
}

// Records returns where the records begin, of a reader that read the header: the
// offset of the first byte behind the header, and the 1-based number of its line.
// Where nothing follows the header, that is behind every offset.
func (r *Reader) Records() (offset, line int64) { return r.records, int64(r.header.numLines) + 1 }

// seek passes over the text before the start.
func (r *Reader) seek(start Start) error {
	for {
		if err := r.advance(); err != nil {
			return err
		}
		s := r.segment
		if r.taken = indexOf(s.Marks, len(s.Text), start.Offset); r.taken < len(s.Text) {
			break
		}
	}
	for start.MidLine {
		if err := r.advance(); err != nil {
			return err
		}
		i := bytes.IndexByte(r.segment.Text[r.taken:], '\n')
		if i >= 0 {
			r.taken += i + 1
			break
		}
		r.taken = len(r.segment.Text)
	}
	return nil
}

// limit ends the text of the segment at hand behind the last line.
func (r *Reader) limit() {
	if r.segment.Marks[0].Offset < r.end {
		return
	}
	if i := bytes.IndexByte(r.segment.Text, '\n'); i >= 0 {
		r.ended, r.beyond = true, i+1 < len(r.segment.Text)
		r.segment.Text = r.segment.Text[:i+1]
	}
}

// dropBlankEnd cuts off a last line of the file that is blank. That of a part is dropped only where nothing comes behind it.
func (r *Reader) dropBlankEnd(c *Chunk) error {
	if len(c.Text) == 0 {
		return nil
	}
	body := trimCR(bytes.TrimSuffix(c.Text, newline))
	if len(body) > 0 && body[len(body)-1] != '\n' {
		return nil
	}
	if r.ended {
		if r.beyond {
			return nil
		}
		switch segment, err := r.src.Next(); {
		case err == nil:
			segment.Release()
			r.beyond = true
			return nil
		case err != io.EOF:
			return err
		}
	}
	c.Text = body
	return nil
}

// place is where a line is.
type place struct{ offset, line int64 }

// Start returns where the chunk began when it was cut from the text: a Reader
// that begins there cuts the same chunk.
func (c *Chunk) Start() (offset, line int64) {
	if c.cut != (place{}) {
		return c.cut.offset, c.cut.line
	}
	return c.Offset(0), c.Line
}

// DropThrough takes the lines that begin at offset or before it from the chunk,
// all of them perhaps.
func (c *Chunk) DropThrough(offset int64) {
	end := indexOf(c.marks, len(c.Text), offset+1)
	if end == 0 {
		return
	}
	if n := bytes.IndexByte(c.Text[end-1:], '\n'); n >= 0 { // end is within the line, or behind its end
		end += n
	} else {
		end = len(c.Text)
	}
	c.cut = place{c.Offset(0), c.Line}
	if c.Line > 0 {
		c.Line += int64(countLines(c.Text[:end]))
	}
	rest := &Chunk{}
	rest.take(c.Text, c.marks, end, len(c.Text))
	c.Text, c.marks = rest.Text, rest.marks
}
