package estimate

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/internal/source"
)

// ahead reads what a window is foreseen to take in one request.
type ahead struct {
	source.RandomAccess
	from int64
	data []byte
}

// Most and least that is asked for at once: a block is found in four times its size.
const (
	leastAhead = 320 << 10
	mostAhead  = 4 << 20
)

func readAhead(r source.RandomAccess, size, from, length int64) (*ahead, error) {
	a := &ahead{r, from, make([]byte, min(max(length+leastAhead, leastAhead), mostAhead, size-from))}
	_, err := r.ReadAt(a.data, from)
	if err == io.EOF {
		err = nil
	}
	return a, err
}

// ReadAt implements io.ReaderAt.
func (a *ahead) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= a.from && offset+int64(len(p)) <= a.from+int64(len(a.data)) {
		return copy(p, a.data[offset-a.from:]), nil
	}
	return a.RandomAccess.ReadAt(p, offset)
}

// ahead is how much of the file a window is foreseen to take.
func (far reach) ahead(keep *keptLines) int64 {
	text := far.text
	if keep != nil {
		text = max(text, far.kept)
	}
	return int64(float64(text) / far.ratio)
}

// grown is a window whose text still grows.
type grown struct {
	*window
	far     reach
	place   place
	keep    *keptLines
	text    []byte
	read    int64 // bytes of the file that the text takes
	counted int   // bytes of the text that are in the window; the rest is only kept
	full    bool  // counted is all
	marks   marks

	fresh    bool // a line begins with the next text
	inRecord bool // the text ends in a record that began in it
	whole    bool // a record is
}

// marks tell what text takes in a file: pairs of text and file bytes up to a point, both growing.
type marks [][2]int64

// at returns the bytes of the file up to a byte of the text.
func (m marks) at(text int64) float64 {
	before := [2]int64{}
	for _, next := range m {
		if next[0] >= text {
			return float64(before[1]) + float64(next[1]-before[1])*float64(text-before[0])/float64(max(1, next[0]-before[0]))
		}
		before = next
	}
	return float64(before[1])
}

// add adds text that takes so many bytes of the file, up to byte next, and tells whether more is wanted.
func (g *grown) add(text []byte, bytes, next int64) (more bool) {
	g.look(text)
	g.text = append(g.text, text...)
	g.read += bytes
	g.marks = append(g.marks, [2]int64{int64(len(g.text)), g.read})
	if !g.full {
		g.counted = len(g.text)
		g.bytes += bytes
		g.full = g.enough(g.far.text, next) && (g.whole || !g.far.record)
	}
	return !g.full || g.keep != nil && !(g.enough(g.far.kept, next) && (g.whole || len(g.text) >= longestWindow))
}

// enough tells whether the text, which goes on at byte next of the file, has the length that is wanted. That must not depend on where records end: windows that end with a record would have too many.
func (g *grown) enough(want, next int64) bool {
	return !g.far.whole && (int64(len(g.text)) >= want || next >= g.place.end)
}

// look finds out whether a record is whole.
func (g *grown) look(text []byte) {
	for len(text) > 0 && !g.whole {
		if g.fresh {
			g.inRecord, g.fresh = text[0] != '#', false
		}
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return
		}
		g.whole, g.fresh = g.inRecord, true
		text = text[i+1:]
	}
}

// close counts the records of a window that began at byte start of a file, of which the text goes up to byte next.
func (g *grown) close(start, next, size int64) ([]*window, error) {
	atEnd := next >= size
	if err := g.take(g.text[:g.counted], start == 0, atEnd && g.counted == len(g.text), nil); err != nil {
		return nil, err
	}
	if g.keep == nil {
		return []*window{g.window}, nil
	}
	g.keep.marks = g.marks
	longer := new(window)
	err := longer.take(g.text, start == 0, atEnd, g.keep)
	g.longest = max(g.longest, longer.longest)
	if len(g.contigs) == 0 { // no record is whole in what is counted
		g.contigs = longer.contigs
	}
	return []*window{g.window}, err
}

// readBlocks reads a window of BGZF: the blocks from the first at or after the place.
func readBlocks(file source.RandomAccess, size int64, p place, far reach, keep *keptLines) ([]*window, error) {
	r, err := readAhead(file, size, p.offset, far.ahead(keep))
	if err != nil {
		return nil, err
	}
	start := p.offset
	if start > 0 {
		if start, err = bgzf.NextBlock(r, size, start); err != nil {
			return nil, err
		}
	}
	g := grown{window: &window{input: p.input, format: bgzf.BGZF, from: start}, far: far, place: p, keep: keep, fresh: start == 0}
	next := start
	err = bgzf.ReadBlocks(r, size, start, func(b bgzf.Block) bool {
		next = b.Offset + int64(b.Size)
		if !g.full {
			g.blocks = append(g.blocks, b.Size)
		}
		return g.add(b.Text, int64(b.Size), next)
	})
	if err != nil {
		return nil, err
	}
	return g.close(start, next, size)
}

// textPiece is how much of a text is read before it is asked whether that is enough.
const textPiece = 256 << 10

// readText reads a window of a text that is not compressed.
func readText(file source.RandomAccess, size int64, p place, far reach, keep *keptLines) ([]*window, error) {
	r, err := readAhead(file, size, p.offset, far.ahead(keep))
	if err != nil {
		return nil, err
	}
	g := grown{window: &window{input: p.input, format: bgzf.Text, from: p.offset}, far: far, place: p, keep: keep, fresh: p.offset == 0}
	next := p.offset
	for more := true; more && next < size; {
		piece := make([]byte, min(textPiece, size-next))
		if _, err := r.ReadAt(piece, next); err != nil && err != io.EOF {
			return nil, err
		}
		next += int64(len(piece))
		more = g.add(piece, int64(len(piece)), next)
	}
	return g.close(p.offset, next, size)
}

// readGzip reads the beginning of a gzip file, and makes windows of it that tell how its parts differ.
func readGzip(file source.RandomAccess, size int64, p place, far reach, keep *keptLines) ([]*window, error) {
	most := min(size, gzipBytes)
	if far.whole {
		most = size
	}
	data := make([]byte, most)
	if _, err := file.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	in := bytes.NewReader(data) // which is read byte by byte: what is left of it is what was not needed
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	var text []byte
	var windows []*window
	piece := make([]byte, 64<<10)
	from, began := int64(0), 0 // of the window: in the file, in the text
	var marks marks
	closeWindow := func(last bool) error {
		to := most - int64(in.Len())
		w := &window{input: p.input, format: bgzf.Gzip, from: from, bytes: to - from}
		windows = append(windows, w)
		marks = append(marks, [2]int64{int64(len(text)), to})
		err := w.take(text[began:], from == 0, last && most == size, nil)
		from, began = to, len(text)
		return err
	}
	for err == nil && (far.whole || int64(len(text)) < 4*far.kept) {
		var n int
		n, err = z.Read(piece)
		text = append(text, piece[:n]...)
		if !far.whole && (most-int64(in.Len())-from >= gzipPiece || int64(len(text)-began) >= far.text) {
			if err := closeWindow(false); err != nil {
				return nil, err
			}
		}
	}
	if err != nil && err != io.EOF && (most == size || !errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil, err
	}
	if len(text) > began {
		if err := closeWindow(err == io.EOF); err != nil {
			return nil, err
		}
	}
	if keep != nil {
		keep.marks = marks
	}
	return windows, new(window).take(text, true, err == io.EOF && most == size, keep)
}
