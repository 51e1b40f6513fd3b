package export

import (
	"bytes"
	"unicode/utf8"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// whole is the key of info_other under which an INFO is kept that can't be had back from its keys: a key twice, an empty entry.
const whole = ""

// infoColumn decodes one INFO field.
type infoColumn struct {
	field vcf.Field
	name  string // for conflicts: INFO/ID
	flag  bool
	list  bool
	leaf  int
	seen  int64 // the record that last had the field
}

// otherEntry is text for a map of what has no typed place.
type otherEntry struct {
	key   string
	value []byte // borrowed from the record
	null  bool   // a key without a value
}

// undeclaredKey is a key that the header does not declare.
type undeclaredKey struct {
	name string // for conflicts: INFO/KEY
	seen int64  // the record that last had the key
}

// maxUndeclared bounds the undeclared keys that are remembered from record to record: a hostile file has others in each.
const maxUndeclared = 10_000

// infoDecoder turns the INFO of records into columns.
type infoDecoder struct {
	columns    []infoColumn
	index      map[string]int
	undeclared map[string]*undeclaredKey
	other      []otherEntry
	keys       []byte
	list       listScratch
	record     int64
}

func newInfoDecoder(l *layout, leafOf []int) *infoDecoder {
	d := &infoDecoder{list: listScratch{reserved: vcf.InfoReserved}, index: make(map[string]int, len(l.info)), undeclared: make(map[string]*undeclaredKey)}
	for i, b := range l.info {
		d.index[b.field.ID] = i
		d.columns = append(d.columns, infoColumn{field: b.field, name: "INFO/" + b.field.ID, flag: isFlag(b.field), list: !isFlag(b.field) && isList(b.field), leaf: leafOf[b.column]})
	}
	return d
}

// decode appends the INFO of one record to its columns. The vectors are those of variant_annotations.
func (d *infoDecoder) decode(ctx *recordContext, info []byte, vectors []pq.Vector, keys, otherKey, otherValue column) {
	d.record++
	if len(d.undeclared) > maxUndeclared {
		clear(d.undeclared)
	}
	d.other, d.keys = d.other[:0], d.keys[:0]
	keepWhole := false
	if !missing(info) {
		cursor := vcf.NewInfoCursor(info)
		for cursor.Next() {
			if len(cursor.Key) == 0 {
				ctx.conflict("INFO", Malformed, info)
				keepWhole = true
				continue
			}
			if len(d.keys) > 0 {
				d.keys = append(d.keys, ';')
			}
			d.keys = append(d.keys, cursor.Key...)
			keepWhole = d.entry(ctx, &cursor, vectors) || keepWhole
		}
	}
	for i := range d.columns {
		if c := &d.columns[i]; c.seen != d.record {
			v := column{&vectors[c.leaf]}
			if c.flag {
				v.AddBool(false)
			} else {
				v.AddNulls(1)
			}
		}
	}
	if len(d.keys) == 0 || !ctx.validUTF8(d.keys) {
		keys.AddNulls(1)
	} else {
		keys.AddBytes(d.keys)
	}
	if keepWhole {
		d.other = append(d.other[:0], otherEntry{key: whole, value: info})
	}
	d.appendOther(ctx, otherKey, otherValue)
}

// entry decodes one key and value. It reports whether INFO as a whole must be kept.
func (d *infoDecoder) entry(ctx *recordContext, cursor *vcf.InfoCursor, vectors []pq.Vector) (keepWhole bool) {
	i, declared := d.index[string(cursor.Key)]
	if !declared {
		if !ctx.validUTF8(cursor.Key) {
			ctx.conflict("INFO", Malformed, cursor.Key)
			return true
		}
		k := d.undeclaredKey(cursor.Key)
		if k.seen == d.record {
			ctx.conflict(k.name, Duplicate, cursor.Value)
			return true
		}
		k.seen = d.record
		ctx.conflict(k.name, Undeclared, cursor.Value)
		d.other = append(d.other, otherEntry{k.name[len("INFO/"):], cursor.Value, !cursor.HasValue})
		return false
	}
	c := &d.columns[i]
	if c.seen == d.record {
		ctx.conflict(c.name, Duplicate, cursor.Value)
		return true
	}
	c.seen = d.record
	v := column{&vectors[c.leaf]}
	switch {
	case c.flag:
		v.AddBool(true)
		if cursor.HasValue {
			d.keep(ctx, c, cursor, Misfit)
		}
	case !cursor.HasValue:
		v.AddNulls(1)
		d.keep(ctx, c, cursor, Misfit)
	case missing(cursor.Value):
		v.AddNulls(1)
		if c.list { // a list that is one missing value, and one that is missing, are both NULL
			d.other = append(d.other, otherEntry{key: c.field.ID, value: cursor.Value})
		}
	case c.list:
		if problem := d.list.parse(ctx, c.field, cursor.Value, ctx.infoCount(c.field.Number)); problem != "" {
			v.AddNulls(1)
			d.keep(ctx, c, cursor, problem)
		} else if d.list.appendInfo(v); d.list.inexact {
			d.keep(ctx, c, cursor, Malformed)
		}
	default:
		if problem := appendScalar(ctx, v, c.field.Type, cursor.Value); problem != "" {
			d.keep(ctx, c, cursor, problem)
		}
	}
	return false
}

// undeclaredKey returns what is remembered of a key that the header does not declare.
func (d *infoDecoder) undeclaredKey(key []byte) *undeclaredKey {
	k, ok := d.undeclared[string(key)]
	if !ok {
		k = &undeclaredKey{name: "INFO/" + string(key)}
		d.undeclared[string(key)] = k
	}
	return k
}

// keep puts the text of a declared field among the others, and counts why.
func (d *infoDecoder) keep(ctx *recordContext, c *infoColumn, cursor *vcf.InfoCursor, why ConflictKind) {
	ctx.conflict(c.name, why, cursor.Value)
	d.other = append(d.other, otherEntry{c.field.ID, cursor.Value, !cursor.HasValue})
}

func (d *infoDecoder) appendOther(ctx *recordContext, key, value column) {
	if len(d.other) == 0 {
		key.AddNulls(1)
		value.AddNulls(1)
		return
	}
	for i, o := range d.other {
		key.element(i == 0, defKey)
		key.AppendString(o.key)
		if o.null {
			value.element(i == 0, defMapNull)
			continue
		}
		value.element(i == 0, defMapValue)
		value.AppendBytes(ctx.escapeOther(o.value))
	}
}

// appendScalar appends one value, or NULL and why it does not fit. A value that fits but whose text can't be had back is appended and reported as Malformed.
func appendScalar(ctx *recordContext, v column, t vcf.Type, text []byte) ConflictKind {
	switch t {
	case vcf.Integer:
		n, ok := parseInt(text)
		if !ok {
			v.AddNulls(1)
			return Misfit
		}
		v.AddInt32(n)
	case vcf.Float:
		x, ok := parseFloat(text)
		if !ok {
			v.AddNulls(1)
			return Misfit
		}
		v.AddDouble(x)
	default:
		if bytes.IndexByte(text, ',') >= 0 {
			v.AddNulls(1)
			return WrongCount
		}
		value, exact := ctx.decodeText(text, vcf.InfoReserved)
		if !ctx.validUTF8(value) {
			v.AddNulls(1)
			return Misfit
		}
		v.AddBytes(value)
		if !exact {
			return Malformed
		}
	}
	return ""
}

// validUTF8 reports whether text can stand in a string column. Lines that are valid as a whole, which is nearly all, are not looked at again.
func (ctx *recordContext) validUTF8(text []byte) bool { return ctx.lineValid || utf8.Valid(text) }
