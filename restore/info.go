package restore

import (
	"bytes"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/vcf"
)

// infoWriter puts the INFO of a record together.
type infoWriter struct {
	keys       *leaf
	columns    map[string]infoColumn
	otherKey   *leaf
	otherValue *leaf

	text  []byte      // info_keys that plan was made for
	plan  []infoEntry // a key of info_keys each
	other []otherEntry
}

// infoColumn is where the values of an INFO field are. A Flag has none.
type infoColumn struct {
	leaf *leaf
	list bool
}

type infoEntry struct {
	key []byte
	infoColumn
}

// otherEntry is an entry of info_other, borrowed from the row.
type otherEntry struct {
	key, value []byte
	null       bool // a key without a value
}

func newInfoWriter(t *table) *infoWriter {
	w := &infoWriter{keys: t.text("info_keys", ""), columns: make(map[string]infoColumn), otherKey: t.keys("info_other"), otherValue: t.values("info_other", 0)}
	for _, c := range t.columns {
		id, ok := bytes.CutPrefix([]byte(c.Source), []byte("INFO/"))
		switch {
		case !ok:
		case c.Type == "boolean":
			w.columns[string(id)] = infoColumn{}
		case depth(c) == 0:
			w.columns[string(id)] = infoColumn{leaf: t.text(c.Name, vcf.InfoReserved)}
		default:
			w.columns[string(id)] = infoColumn{t.list(c.Name, depth(c), vcf.InfoReserved), true}
		}
	}
	return w
}

// append appends the INFO of the row at hand. encoded says that its input percent-encodes.
func (w *infoWriter) append(dst []byte, encoded bool) []byte {
	w.readOther()
	if whole := w.find(nil); whole != nil { // could not be had back from its keys
		return export.AppendRaw(dst, whole.value)
	}
	if w.keys.isNull() {
		return append(dst, '.')
	}
	w.setPlan(w.keys.text(false))
	for i := range w.plan {
		e := &w.plan[i]
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(dst, e.key...)
		switch other := w.find(e.key); {
		case other != nil && other.null:
		case other != nil:
			dst = export.AppendRaw(append(dst, '='), other.value)
		case e.leaf == nil:
		case e.list:
			dst = appendList(append(dst, '='), e.leaf, ',', encoded)
		default:
			dst = appendScalar(append(dst, '='), e.leaf, encoded)
		}
	}
	return dst
}

// setPlan finds the columns of the keys, which are mostly those of the record before.
func (w *infoWriter) setPlan(keys []byte) {
	if bytes.Equal(w.text, keys) && len(w.plan) > 0 {
		return
	}
	w.text = append(w.text[:0], keys...)
	w.plan = w.plan[:0]
	for rest, more := w.text, true; more; {
		var key []byte
		key, rest, more = vcf.Cut(rest, ';')
		w.plan = append(w.plan, infoEntry{key, w.columns[string(key)]})
	}
}

// readOther reads info_other.
func (w *infoWriter) readOther() {
	w.other = w.other[:0]
	key, value := w.otherKey, w.otherValue
	for ; key.at < key.end && key.has(); key.at++ {
		e := otherEntry{key: key.text(false), null: true}
		key.value++
		if value.at < value.end && value.has() {
			e.value, e.null = value.text(false), false
			value.value++
		}
		value.at++
		w.other = append(w.other, e)
	}
}

// find returns the entry of info_other under a key, nil where there is none.
func (w *infoWriter) find(key []byte) *otherEntry {
	for i := range w.other {
		if bytes.Equal(w.other[i].key, key) {
			return &w.other[i]
		}
	}
	return nil
}
