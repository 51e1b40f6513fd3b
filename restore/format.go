package restore

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/vcf"
)

// cellWriter puts the sample columns of a record together.
type cellWriter struct {
	samples    int
	gt         *leaf
	columns    map[string]cellColumn
	otherKey   *leaf
	otherValue *leaf

	format []byte    // FORMAT that keys was made for
	keys   []cellKey // of FORMAT, and last what cells have beyond it
	calls  callCells
	other  []byte // texts of fmt_other of the record at hand
}

// cellColumn is where the values of a FORMAT field are: nowhere, where leaf is nil.
type cellColumn struct {
	leaf *leaf
	list bool
	gt   bool
}

// cellKey is one key of FORMAT.
type cellKey struct {
	otherName string // its key in fmt_other
	cellColumn
	absent bool   // the record at hand has no values in the column
	other  []cell // the texts that fmt_other has of the record at hand, nil where there are none
}

// cell is text of one sample in cellWriter.other.
type cell struct {
	start, end int
	there      bool
}

func newCellWriter(t *table, samples int) *cellWriter {
	w := &cellWriter{samples: samples, columns: make(map[string]cellColumn)}
	if samples == 0 {
		return w
	}
	w.gt = t.list("gt", 1, "")
	w.otherKey, w.otherValue = t.keys("fmt_other"), t.values("fmt_other", 1)
	for _, c := range t.columns {
		id, ok := strings.CutPrefix(c.Source, "FORMAT/")
		if ok && id != "GT" {
			w.columns[id] = cellColumn{leaf: t.list(c.Name, depth(c), vcf.FormatReserved), list: depth(c) == 2}
		}
	}
	w.columns["GT"] = cellColumn{leaf: w.gt, gt: true}
	return w
}

// append appends the sample columns of the row at hand, a tab before each.
func (w *cellWriter) append(dst, format []byte, encoded bool) ([]byte, error) {
	if w.samples == 0 {
		return dst, nil
	}
	w.setKeys(format)
	if len(w.keys) == 2 && w.keys[0].gt && w.otherKey.isNull() && w.calls.fits(w.gt, w.samples) {
		return w.calls.append(dst, w.gt), nil
	}
	if err := w.readOther(); err != nil {
		return dst, err
	}
	for i := range w.keys {
		if k := &w.keys[i]; k.leaf != nil {
			k.absent = k.leaf.isNull()
			if !k.absent && k.leaf.end-k.leaf.at < w.samples {
				return dst, damaged("fewer values of FORMAT/%s than samples", k.otherName)
			}
		}
	}
	for sample := range w.samples {
		dst = append(dst, '\t')
		var err error
		if dst, err = w.cell(dst, sample, encoded); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// cell appends the cell of one sample. Trailing fields that are missing are dropped, unless there is text beyond FORMAT.
func (w *cellWriter) cell(dst []byte, sample int, encoded bool) ([]byte, error) {
	last := len(w.keys) - 1
	keep := 0
	for i := range last {
		k := &w.keys[i]
		if i > 0 {
			dst = append(dst, ':')
		}
		start := len(dst)
		dst = k.value(dst, encoded)
		there := len(dst) != start+1 || dst[start] != '.'
		if k.gt && len(dst) == start { // NULL: an empty text, or none
			there = false
		}
		if k.other != nil && k.other[sample].there {
			text := k.other[sample]
			dst, there = append(dst[:start], w.other[text.start:text.end]...), true
		}
		if k.leaf != nil && k.leaf.at > k.leaf.end {
			return dst, damaged("fewer values of FORMAT/%s than samples", k.otherName)
		}
		if there || i == 0 {
			keep = len(dst)
		}
	}
	if beyond := w.keys[last].other; beyond != nil && beyond[sample].there {
		return append(append(dst, ':'), w.other[beyond[sample].start:beyond[sample].end]...), nil
	}
	return dst[:keep], nil
}

// value appends the value of the next sample. A GT that is NULL has no text; other fields then are the missing value.
func (k *cellKey) value(dst []byte, encoded bool) []byte {
	l := k.leaf
	switch {
	case l == nil || k.absent:
		return append(dst, '.')
	case l.at >= l.end: // damaged: the caller sees that it has gone beyond
		l.at++
		return dst
	case k.gt && !l.has():
		l.at++
		return dst
	case !k.list:
		dst = appendElement(dst, l, encoded)
		l.at++
		return dst
	}
	switch l.def[l.at] {
	case defNullCell:
		l.at++
		return append(dst, '.')
	case defEmptyCell:
		l.at++
		return dst
	}
	for first := true; first || l.at < l.end && l.rep[l.at] == 2; l.at++ {
		if !first {
			dst = append(dst, ',')
		}
		dst = appendElement(dst, l, encoded)
		first = false
	}
	return dst
}

// setKeys finds the columns of the keys of FORMAT, which are mostly those of the record before. A key that comes again or is empty has no column, and its name
// in fmt_other ends in its place (1-based), as in DP:3.
func (w *cellWriter) setKeys(format []byte) {
	for i := range w.keys {
		w.keys[i].other = nil
	}
	if bytes.Equal(format, w.format) && len(w.keys) > 0 {
		return
	}
	w.format = append(w.format[:0], format...)
	w.keys = w.keys[:0]
	seen := make(map[string]bool)
	for id := range strings.SplitSeq(string(format), ":") {
		k := cellKey{otherName: id, cellColumn: w.columns[id]}
		if seen[id] || id == "" {
			k = cellKey{otherName: id + ":" + strconv.Itoa(len(w.keys)+1)}
		}
		seen[id] = true
		w.keys = append(w.keys, k)
	}
	w.keys = append(w.keys, cellKey{})
}

// readOther gives the texts of fmt_other to their keys.
func (w *cellWriter) readOther() error {
	w.other = w.other[:0]
	name, value := w.otherKey, w.otherValue
	for ; name.at < name.end && name.has(); name.at++ {
		k := w.find(name.text(false))
		name.value++
		if k == nil {
			return damaged("fmt_other has text of %q, which FORMAT does not name", name.text(false))
		}
		k.other = make([]cell, w.samples)
		for sample := range k.other {
			if value.at >= value.end {
				return damaged("fewer texts of %q in fmt_other than samples", k.otherName)
			}
			if value.has() {
				start := len(w.other)
				w.other = export.AppendRaw(w.other, value.text(false))
				k.other[sample] = cell{start, len(w.other), true}
				value.value++
			}
			value.at++
		}
	}
	return nil
}

func (w *cellWriter) find(name []byte) *cellKey {
	for i := range w.keys {
		if k := &w.keys[i]; k.otherName == string(name) {
			return k
		}
	}
	return nil
}
