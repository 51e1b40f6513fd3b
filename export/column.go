package export

import (
	"bytes"
	"math"
	"slices"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// Definition levels of the columns (Parquet format, "Nested Encoding"): everything is optional, so each step down to the value adds one for being there.
//
//	T                    value 1
//	array<T>             empty list 1, null element 2, value 3
//	array<array<T>>      empty list 1, null inner list 2, empty inner list 3, null element 4, value 5
//	map<string,string>   key 2, null value 2, value 3
//	map<string,array>    key 2, null list 2, empty list 3, null element 4, value 5
const (
	defScalar   = 1
	defEmpty    = 1
	defElemNull = 2
	defElem     = 3
	defCellNull = 2
	defCellZero = 3
	defItemNull = 4
	defItem     = 5
	defKey      = 2
	defMapNull  = 2
	defMapValue = 3
)

// column appends values to one leaf: what pq.Vector has for one value, for lists and for what may be missing.
type column struct{ *pq.Vector }

// double appends a value, or NULL where it is NaN, which stands for what can't be computed.
func (c column) double(v float64) {
	if math.IsNaN(v) {
		c.AddNulls(1)
	} else {
		c.AddDouble(v)
	}
}

// text appends a string, or NULL for the missing value.
func (c column) text(v []byte) {
	if missing(v) {
		c.AddNulls(1)
	} else {
		c.AddBytes(v)
	}
}

// lastText is the last text that was looked up in a dictionary: neighbouring records often have the same.
type lastText struct {
	text  []byte
	last  uint32
	known bool // there is one, of the dictionary at hand
}

// id returns the id of text in the dictionary.
func (l *lastText) id(dict *pq.Dict, text []byte) uint32 {
	if !l.known || !bytes.Equal(l.text, text) {
		l.text = append(l.text[:0], text...)
		l.last, l.known = dict.InternBytes(text), true
	}
	return l.last
}

// element appends the levels of one element of a list or one entry of a map, the first of its row or a later one.
func (c column) element(first bool, def uint8) {
	rep := uint8(1)
	if first {
		rep = 0
	}
	c.AddLevel(rep, def, 1)
}

// elements appends the levels of a list of n elements, none of them NULL.
func (c column) elements(n int) {
	if n == 0 {
		c.element(true, defEmpty)
		return
	}
	c.AddRep(0, 1)
	if n > 1 {
		c.AddRep(1, uint32(n-1))
	}
	c.AddDef(defElem, uint32(n))
}

// int32s appends a list of values.
func (c column) int32s(values []int32) {
	c.elements(len(values))
	c.Int32 = append(c.Int32, values...)
}

// doubles appends a list of values.
func (c column) doubles(values []float64) {
	c.elements(len(values))
	c.Double = append(c.Double, values...)
}

// oneText appends a list of one text.
func (c column) oneText(text []byte) {
	c.AddRep(0, 1)
	c.AddDef(defElem, 1)
	c.AppendBytes(text)
}

// texts appends a list of the parts of text between separators. The missing value alone is a NULL list, as a part it is a NULL element.
func (c column) texts(text []byte, separator byte) {
	if missing(text) {
		c.AddNulls(1)
		return
	}
	n := uint32(0)
	for more := true; more; n++ {
		var part []byte
		part, text, more = vcf.Cut(text, separator)
		if missing(part) {
			c.AddDef(defElemNull, 1)
			continue
		}
		c.AddDef(defElem, 1)
		c.AppendBytes(part)
	}
	c.AddRep(0, 1)
	if n > 1 {
		c.AddRep(1, n-1)
	}
}

// none stands for NULL among ids.
const none = ^uint32(0)

// room returns n ids, in the memory of ids where that is enough.
func room(ids []uint32, n int) []uint32 { return slices.Grow(ids[:0], n)[:n] }

// setIDs makes ids, where none stands for NULL, the rows of a scalar column, which takes their memory over.
func setIDs(v *pq.Vector, ids []uint32) {
	v.Rows = len(ids)
	if !slices.Contains(ids, none) {
		v.IDs = ids
		v.AddDef(defScalar, uint32(len(ids)))
		return
	}
	v.IDs = ids[:0]
	for _, id := range ids {
		if id == none {
			v.AddDef(0, 1)
			continue
		}
		v.AddDef(defScalar, 1)
		v.IDs = append(v.IDs, id)
	}
}
