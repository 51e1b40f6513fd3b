package estimate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/varlake/varlake/bgzf"
)

// window is what was seen in a stretch of an input.
type window struct {
	input   int
	format  bgzf.Format
	from    int64 // where in the file it begins
	bytes   int64 // of the file
	text    int64
	records int64 // that end in it
	longest int64 // bytes of a record, or what there is of one that does not end
	blocks  []int // sizes in the file, of BGZF
	contigs []stretch
}

// stretch is a number of records of a contig, one after another.
type stretch struct {
	name        string
	first, last int64 // positions
	sorted      bool
}

// keptLines are records that are written to a file, to be exported.
type keptLines struct {
	path   string
	input  int
	format bgzf.Format
	contig string // that they are given, lest each contig begin a row group; "" for their own
	marks  marks  // of the text they are in

	records int64
	bytes   float64 // of the input
	half    kept    // the first half of the records
}

// kept is a part of the lines.
type kept struct {
	size  int64   // bytes in the file that they are written to
	bytes float64 // of the input
}

// keeper gives windows a place for their lines.
type keeper struct{ dir, contig string }

func (k keeper) lines(window, input int, format bgzf.Format) keptLines {
	return keptLines{path: filepath.Join(k.dir, fmt.Sprintf("window-%03d", window)), input: input, format: format, contig: k.contig}
}

// take counts the records of a window, and writes those that are whole where keep says. atStart tells that the text begins a file, atEnd that it ends one.
func (w *window) take(text []byte, atStart, atEnd bool, keep *keptLines) error {
	w.text = int64(len(text))
	rest := text
	if !atStart {
		_, after, found := bytes.Cut(rest, []byte{'\n'})
		if !found {
			w.longest = int64(len(text))
			return nil
		}
		if rest = after; len(rest) > 0 && rest[0] != '#' { // else it was the rest of a header line
			w.records++
		}
	}
	var whole [][]byte
	for len(rest) > 0 {
		line, after, found := bytes.Cut(rest, []byte{'\n'})
		if !found && !atEnd {
			w.longest = max(w.longest, int64(len(line)))
			break
		}
		rest = after
		if len(line) > 0 && line[0] != '#' {
			w.records++
			w.longest = max(w.longest, int64(len(line)))
			w.place(line)
			whole = append(whole, line)
		}
	}
	if keep == nil {
		return nil
	}
	return keep.write(whole, int64(len(text)-len(rest)))
}

// place notes contig and position of a record.
func (w *window) place(line []byte) {
	chrom, rest, ok := bytes.Cut(line, []byte{'\t'})
	if !ok {
		return
	}
	digits, _, _ := bytes.Cut(rest, []byte{'\t'})
	pos, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return
	}
	if n := len(w.contigs); n == 0 || w.contigs[n-1].name != string(chrom) {
		w.contigs = append(w.contigs, stretch{string(chrom), pos, pos, true})
		return
	}
	c := &w.contigs[len(w.contigs)-1]
	c.sorted = c.sorted && pos >= c.last
	c.last = pos
}

// write writes the lines, which end before byte end of the text.
func (k *keptLines) write(lines [][]byte, end int64) error {
	var out bytes.Buffer
	for i, line := range lines {
		if i == len(lines)/2 {
			k.half.size = int64(out.Len())
		}
		if k.contig != "" {
			if tab := bytes.IndexByte(line, '\t'); tab >= 0 {
				out.WriteString(k.contig)
				line = line[tab:]
			}
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	k.records = int64(len(lines))
	if k.records > 0 {
		text := k.span(lines)
		k.bytes = k.marks.at(end) - k.marks.at(end-text)
		k.half.bytes = k.marks.at(end-k.span(lines[len(lines)/2:])) - k.marks.at(end-text)
	}
	return os.WriteFile(k.path, out.Bytes(), 0o600)
}

// span is how much text lines take.
func (k *keptLines) span(lines [][]byte) (n int64) {
	for _, line := range lines {
		n += int64(len(line)) + 1
	}
	return n
}
