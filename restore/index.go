package restore

import (
	"errors"
	"fmt"
)

// IndexKind is the kind of an index of positions; it is also the ending of the file's name.
type IndexKind string

// Kinds of indexes (SAM specification §5.2; htslib's tabix and CSI formats).
const (
	NoIndex IndexKind = ""
	TBI     IndexKind = "tbi" // positions up to 2^29
	CSI     IndexKind = "csi" // positions up to 2^32
)

// ErrUnsorted is wrapped by the error for an index of records that are not in order.
var ErrUnsorted = errors.New("records are not sorted")

const (
	windowShift = 14 // the smallest bins and the windows of the linear index hold 2^14 bases
	levelShift  = 3  // each level of bins is 8 times as wide as the one below
	tbiDepth    = 5  // levels of bins above the smallest
	maxDepth    = 6
)

// maxEnd is the last position that bins of a depth can hold.
func maxEnd(depth int) int64 { return 1 << (windowShift + levelShift*depth) }

// index collects where in the text the records of each range of positions are: the binning scheme of SAM specification §5.1.1 with a linear index. Offsets are of
// the text until it is written, so that it need not wait for the compression.
type index struct {
	kind    IndexKind
	contigs []*contigIndex
	seen    map[string]bool
	depth   int // that the positions need
}

// contigIndex is the part of one contig.
type contigIndex struct {
	name    string
	bins    map[bin][]span
	windows []int64 // by window: where the first record begins that overlaps it, -1 where none does
	records uint64
	all     span
	lastPos int64
}

// bin is a range of positions: number from 0 among those of 2^(14+3·level) bases. Levels count from the smallest, so that a bin does not depend on how deep
// the index gets.
type bin struct {
	level  int
	number int64
}

// span is a stretch of the text.
type span struct{ begin, end int64 }

func newIndex(kind IndexKind) *index { return &index{kind: kind, seen: make(map[string]bool)} }

// add takes up a record whose line is the text from begin up to end.
func (x *index) add(p position, begin, end int64) error {
	c, err := x.contig(p)
	if err != nil {
		return err
	}
	// 0-based, half open; position 0, the telomere, counts as the first base.
	first, last := max(p.pos-1, 0), max(p.end, 1)
	b := binOf(first, last)
	x.depth = max(x.depth, depthFor(last))
	if x.kind == TBI && last > maxEnd(tbiDepth) {
		return fmt.Errorf("%w: %s:%d-%d is beyond position %d, the last that tbi can hold; give --index csi", ErrUsage, p.chrom, p.pos, p.end, maxEnd(tbiDepth))
	}
	if last > maxEnd(maxDepth) {
		return fmt.Errorf("%w: %s:%d-%d is beyond position %d, the last that an index can hold; leave --index out", ErrUsage, p.chrom, p.pos, p.end, maxEnd(maxDepth))
	}
	c.put(b, span{begin, end})
	for len(c.windows) <= int((last-1)>>windowShift) {
		c.windows = append(c.windows, -1)
	}
	for i := first >> windowShift; i <= (last-1)>>windowShift; i++ {
		if c.windows[i] < 0 {
			c.windows[i] = begin
		}
	}
	if c.records == 0 {
		c.all.begin = begin
	}
	c.all.end = end
	c.records++
	return nil
}

// contig returns the index of the record's contig, where the record is in order.
func (x *index) contig(p position) (*contigIndex, error) {
	const advice = "leave --index out, then sort and index with bcftools sort --write-index"
	if n := len(x.contigs); n > 0 && x.contigs[n-1].name == p.chrom {
		c := x.contigs[n-1]
		if p.pos < c.lastPos {
			return nil, fmt.Errorf("%w: %s:%d comes after %s:%d; %s", ErrUnsorted, p.chrom, p.pos, p.chrom, c.lastPos, advice)
		}
		c.lastPos = p.pos
		return c, nil
	}
	if x.seen[p.chrom] {
		return nil, fmt.Errorf("%w: contig %s returns at %s:%d; %s", ErrUnsorted, p.chrom, p.chrom, p.pos, advice)
	}
	x.seen[p.chrom] = true
	c := &contigIndex{name: p.chrom, bins: make(map[bin][]span), lastPos: p.pos}
	x.contigs = append(x.contigs, c)
	return c, nil
}

// put adds a record to a bin. Where it begins in the block that the record before it ends in, the two make one span: a reader reads the block anyway.
func (c *contigIndex) put(b bin, s span) {
	spans := c.bins[b]
	if n := len(spans); n > 0 && sameBlock(spans[n-1].end, s.begin) {
		spans[n-1].end = s.end
		return
	}
	c.bins[b] = append(spans, s)
}

// binOf returns the smallest bin that holds the 0-based positions from first up to last, exclusive.
func binOf(first, last int64) bin {
	level := 0
	for first>>(windowShift+levelShift*level) != (last-1)>>(windowShift+levelShift*level) {
		level++
	}
	return bin{level, first >> (windowShift + levelShift*level)}
}

func depthFor(last int64) (depth int) {
	for last > maxEnd(depth) && depth <= maxDepth {
		depth++
	}
	return depth
}
