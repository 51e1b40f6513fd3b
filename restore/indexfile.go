package restore

import (
	"cmp"
	"encoding/binary"
	"io"
	"maps"
	"slices"

	"github.com/varlake/varlake/bgzf"
)

func sameBlock(a, b int64) bool { return a/bgzf.BlockText == b/bgzf.BlockText }

// write writes the index, compressed with BGZF as the formats want it. virtual turns offsets of the text into virtual offsets.
func (x *index) write(w io.Writer, virtual func(int64) int64) error {
	f := indexFile{virtual: virtual, csi: x.kind == CSI, depth: tbiDepth}
	if f.csi {
		f.depth = max(x.depth, tbiDepth)
	}
	f.header(x.contigs)
	for _, c := range x.contigs {
		f.contig(c)
	}
	f.uint64(0) // records without a position
	out := bgzf.NewWriter(w, 1)
	if _, err := out.Write(f.data); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// indexFile is an index as the formats have it (https://samtools.github.io/hts-specs/tabix.pdf, CSIv1.pdf). All integers are little-endian.
type indexFile struct {
	data    []byte
	virtual func(int64) int64
	csi     bool
	depth   int
}

func (f *indexFile) int32(n int)     { f.data = binary.LittleEndian.AppendUint32(f.data, uint32(n)) }
func (f *indexFile) uint64(n uint64) { f.data = binary.LittleEndian.AppendUint64(f.data, n) }
func (f *indexFile) offset(text int64) {
	f.uint64(uint64(f.virtual(text)))
}

// header writes what stands before the contigs; in CSI what tabix needs to know is auxiliary data.
func (f *indexFile) header(contigs []*contigIndex) {
	const (
		formatVCF = 2
		colChrom  = 1
		colPos    = 2
	)
	var names []byte
	for _, c := range contigs {
		names = append(append(names, c.name...), 0)
	}
	tabix := func() {
		for _, n := range []int{formatVCF, colChrom, colPos, 0, '#', 0, len(names)} {
			f.int32(n)
		}
		f.data = append(f.data, names...)
	}
	if f.csi {
		f.data = append(f.data, "CSI\x01"...)
		f.int32(windowShift)
		f.int32(f.depth)
		f.int32(7*4 + len(names))
		tabix()
		f.int32(len(contigs))
		return
	}
	f.data = append(f.data, "TBI\x01"...)
	f.int32(len(contigs))
	tabix()
}

func (f *indexFile) contig(c *contigIndex) {
	c.fillWindows()
	bins := slices.SortedFunc(maps.Keys(c.bins), func(a, b bin) int { return cmp.Compare(f.number(a), f.number(b)) })
	f.int32(len(bins) + 1)
	for _, b := range bins {
		f.int32(f.number(b))
		if f.csi {
			f.offset(c.windows[b.number<<(levelShift*b.level)])
		}
		spans := c.bins[b]
		f.int32(len(spans))
		for _, s := range spans {
			f.offset(s.begin)
			f.offset(s.end)
		}
	}
	f.counts(c)
	if f.csi {
		return
	}
	f.int32(len(c.windows))
	for _, begin := range c.windows {
		f.offset(begin)
	}
}

// counts writes the bin beyond all others, in which htslib keeps where a contig is and how many records it has.
func (f *indexFile) counts(c *contigIndex) {
	f.int32(firstBin(f.depth+1) + 1)
	if f.csi {
		f.uint64(0)
	}
	f.int32(2)
	f.offset(c.all.begin)
	f.offset(c.all.end)
	f.uint64(c.records)
	f.uint64(0)
}

// number is the number of a bin in an index of the file's depth.
func (f *indexFile) number(b bin) int { return firstBin(f.depth-b.level) + int(b.number) }

// firstBin is the number of the first bin of a level, counted from the bin that holds all.
func firstBin(level int) int { return (1<<(levelShift*level) - 1) / (1<<levelShift - 1) }

// fillWindows gives windows that no record overlaps the offset of the next: nothing before it can be of interest.
func (c *contigIndex) fillWindows() {
	for i := len(c.windows) - 2; i >= 0; i-- {
		if c.windows[i] < 0 {
			c.windows[i] = c.windows[i+1]
		}
	}
}
