package vcf

import (
	"sort"

	"github.com/varlake/varlake/bgzf"
)

// Chunk is a stretch of whole record lines: the longest run that fits
// Options.ChunkSize, at least one line, counted from the end of the chunk
// before. It depends on the text and ChunkSize only, never on segments, blocks
// or workers. The last line of a file may lack its newline.
type Chunk struct {
	Text []byte // the lines with their line ends; the chunk's until Release
	Line int64  // 1-based number of the first line in the file; 0: not known

	marks []bgzf.Mark // as in bgzf.Segment, of Text
	cut   place       // where the chunk began before DropThrough; zero: it begins there still
	owner *Reader     // nil: of NewChunk
}

// NewChunk returns a chunk of lines that no Reader cut: line is the number of the
// first, and marks say where the lines are from, as in bgzf.Segment. The chunk
// keeps both slices.
func NewChunk(text []byte, line int64, marks []bgzf.Mark) *Chunk {
	return &Chunk{Text: text, Line: line, marks: marks}
}

// Offset returns where Text[i], 0 <= i < len(Text), begins in the input: the
// virtual offset (SAM specification §4.1.1) in BGZF, else the byte offset in
// the text.
func (c *Chunk) Offset(i int) int64 { return offsetAt(c.marks, i) }

// Release gives the buffers back to the reader, once and from any goroutine.
// The chunk and all that borrows it must not be used after that.
func (c *Chunk) Release() {
	if c.owner != nil {
		c.owner.chunks.Put(c)
	}
}

// take appends text[from:to], the marks of which are marks.
func (c *Chunk) take(text []byte, marks []bgzf.Mark, from, to int) {
	if from == to {
		return
	}
	shift := len(c.Text) - from
	first := markIndex(marks, from)
	c.mark(len(c.Text), offsetAt(marks, from))
	for _, m := range marks[first+1:] {
		if m.Index >= to {
			break
		}
		c.mark(m.Index+shift, m.Offset)
	}
	c.Text = append(c.Text, text[from:to]...)
}

// mark adds a mark unless the last one says the same.
func (c *Chunk) mark(index int, offset int64) {
	if len(c.marks) == 0 || c.Offset(index) != offset {
		c.marks = append(c.marks, bgzf.Mark{Index: index, Offset: offset})
	}
}

// offsetAt returns what marks say of the byte at index.
func offsetAt(marks []bgzf.Mark, index int) int64 {
	m := marks[markIndex(marks, index)]
	return m.Offset + int64(index-m.Index)
}

// indexOf returns the index of the first byte of a text of n bytes that lies at offset or behind it, n where there is none.
func indexOf(marks []bgzf.Mark, n int, offset int64) int {
	i := sort.Search(len(marks), func(i int) bool { return marks[i].Offset > offset })
	if i == 0 {
		return 0
	}
	end := n
	if i < len(marks) {
		end = marks[i].Index
	}
	m := marks[i-1]
	return m.Index + int(min(int64(end-m.Index), offset-m.Offset))
}

// markIndex returns the last of marks that is not behind index.
func markIndex(marks []bgzf.Mark, index int) int {
	return sort.Search(len(marks), func(i int) bool { return marks[i].Index > index }) - 1
}
