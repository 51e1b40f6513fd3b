package export

import (
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// infoColumn is the column of an INFO field.
type infoColumn struct {
	field vcf.Field
	name  string // for conflicts: INFO/ID
	flag  bool
	list  bool
	form  infoForm
	leaf  int
}

// fill appends NULL, or false for a flag, for the records that did not have the field, so that the column has so many rows.
func (c *infoColumn) fill(v *pq.Vector, rows int) {
	absent := rows - v.Rows
	if absent <= 0 {
		return
	}
	if c.flag {
		v.Bool = append(v.Bool, make([]bool, absent)...)
		v.AddLevel(0, 1, uint32(absent))
	} else {
		v.AddNulls(absent)
	}
}

// infoEntry is a key and what follows the first '=' after it; borrowed from the record.
type infoEntry struct {
	key, value []byte
	hasValue   bool
}

// undeclaredKey is a key that the header does not declare.
type undeclaredKey struct {
	name string // for conflicts: INFO/KEY
	seen int64  // the record that last had the key
}

// maxUndeclared bounds the undeclared keys that are remembered from record to record: a hostile file has others in each.
const maxUndeclared = 10_000

// infoDecoder turns the INFO of records into columns. A column gets its NULLs when the next record has the field, or the batch ends: so a record costs
// what it has, not what is declared.
type infoDecoder struct {
	columns    []infoColumn
	index      map[string]*infoColumn
	paths      infoPaths
	undeclared map[string]*undeclaredKey
	other      []otherEntry
	keys       []byte
	list       listScratch
	record     int64
	batch      int64 // 1-based

	keysLeaf, otherLeaf int // info_keys, and the keys of info_other, which its values come after
}

func newInfoDecoder(l *layout, leafOf []int) *infoDecoder {
	d := &infoDecoder{batch: 1, list: listScratch{reserved: vcf.InfoReserved}, index: make(map[string]*infoColumn, len(l.info)), undeclared: make(map[string]*undeclaredKey),
		columns: make([]infoColumn, len(l.info)), keysLeaf: leafOf[l.infoKeys], otherLeaf: leafOf[l.infoOther]}
	for i, b := range l.info {
		flag := isFlag(b.field)
		d.columns[i] = infoColumn{field: b.field, name: "INFO/" + b.field.ID, flag: flag, list: !flag && isList(b.field), form: infoFormOf(b.field), leaf: leafOf[b.column]}
		d.index[b.field.ID] = &d.columns[i]
	}
	return d
}

// decode appends the INFO of one record to its columns. The vectors are those of variant_annotations, row is the number of rows before.
func (d *infoDecoder) decode(ctx *recordContext, info []byte, row int, vectors []pq.Vector) {
	d.record++
	if len(d.undeclared) > maxUndeclared {
		clear(d.undeclared)
	}
	d.other = d.other[:0]
	step := &d.paths.root // nil where the keys so far are not in the tree
	keepWhole := false
	for rest, more := info, !missing(info) && len(info) > 0; more; {
		var next *infoStep
		if step != nil {
			next = step.follow(rest)
		}
		if next != nil {
			if width := next.readValue(ctx, rest[len(next.text):], row, vectors); width >= 0 {
				end := len(next.text) + width
				if more = end < len(rest); more {
					rest = rest[end+1:]
				}
				step = next
				continue
			}
		}
		var e infoEntry
		e, rest, more = cutEntry(rest)
		if len(e.key) == 0 {
			ctx.conflict("INFO", Malformed, info)
			keepWhole, step = true, nil
			continue
		}
		c := d.index[string(e.key)]
		if c == nil {
			keepWhole = d.undeclaredEntry(ctx, e) || keepWhole
		} else {
			keepWhole = d.entry(ctx, c, e, row, &vectors[c.leaf]) || keepWhole
		}
		if next == nil && step != nil {
			next = d.paths.add(step, e, c)
		}
		step = next
	}
	d.appendKeys(ctx, step, info, &vectors[d.keysLeaf])
	if keepWhole {
		d.other = append(d.other[:0], otherEntry{key: whole, value: info})
	}
	d.appendOther(ctx, row, vectors)
}

// end completes the columns of a batch of so many rows.
func (d *infoDecoder) end(rows int, vectors []pq.Vector) {
	for i := range d.columns {
		c := &d.columns[i]
		c.fill(&vectors[c.leaf], rows)
	}
	d.fillOther(rows, vectors)
	d.paths.renew()
	d.batch++
}

// cutEntry cuts off the first entry of INFO.
func cutEntry(info []byte) (e infoEntry, rest []byte, more bool) {
	var text []byte
	text, rest, more = vcf.Cut(info, ';')
	e.key, e.value, e.hasValue = vcf.Cut(text, '=')
	return e, rest, more
}

// appendKeys appends info_keys of an INFO that ends with the step, or nil.
func (d *infoDecoder) appendKeys(ctx *recordContext, step *infoStep, info []byte, v *pq.Vector) {
	if step != nil && step.batch == d.batch {
		v.AddID(step.keysID)
		return
	}
	text := d.keysTo(step, info)
	if len(text) == 0 || !ctx.validUTF8(text) {
		v.AddNulls(1)
		return
	}
	id := v.Dict.InternBytes(text)
	v.AddID(id)
	if step != nil {
		step.keysID, step.batch = id, d.batch
	}
}

// keysTo returns the keys of an INFO that ends with the step, or nil, joined.
func (d *infoDecoder) keysTo(step *infoStep, info []byte) []byte {
	if step != nil && (step.keys != nil || step == &d.paths.root) {
		return step.keys
	}
	d.keys = d.keys[:0]
	for cursor := vcf.NewInfoCursor(info); cursor.Next(); {
		if len(d.keys) > 0 && len(cursor.Key) > 0 {
			d.keys = append(d.keys, ';')
		}
		d.keys = append(d.keys, cursor.Key...)
	}
	if step != nil {
		d.paths.setKeys(step, d.keys)
	}
	return d.keys
}

// entry decodes a field. It reports whether INFO as a whole must be kept.
func (d *infoDecoder) entry(ctx *recordContext, c *infoColumn, e infoEntry, row int, vector *pq.Vector) (keepWhole bool) {
	v := column{vector}
	c.fill(vector, row)
	if v.Rows > row {
		ctx.conflict(c.name, Duplicate, e.value)
		return true
	}
	switch {
	case c.flag:
		v.AddBool(true)
		if e.hasValue {
			d.keep(ctx, c, e, Misfit)
		}
	case !e.hasValue:
		v.AddNulls(1)
		d.keep(ctx, c, e, Misfit)
	case missing(e.value):
		v.AddNulls(1)
		if c.list { // a list that is one missing value, and one that is missing, are both NULL
			d.other = append(d.other, otherEntry{key: c.field.ID, value: e.value})
		}
	case c.list:
		if problem := d.list.parse(ctx, c.field, e.value, ctx.infoCount(c.field.Number)); problem != "" {
			v.AddNulls(1)
			d.keep(ctx, c, e, problem)
		} else if d.list.appendInfo(v); d.list.inexact {
			d.keep(ctx, c, e, Malformed)
		}
	default:
		if problem := appendScalar(ctx, v, c.field.Type, e.value); problem != "" {
			d.keep(ctx, c, e, problem)
		}
	}
	return false
}

// undeclaredEntry keeps what the header does not declare. It reports whether INFO as a whole must be kept.
func (d *infoDecoder) undeclaredEntry(ctx *recordContext, e infoEntry) (keepWhole bool) {
	if !ctx.validUTF8(e.key) {
		ctx.conflict("INFO", Malformed, e.key)
		return true
	}
	k := d.undeclaredKey(e.key)
	if k.seen == d.record {
		ctx.conflict(k.name, Duplicate, e.value)
		return true
	}
	k.seen = d.record
	ctx.conflict(k.name, Undeclared, e.value)
	d.other = append(d.other, otherEntry{k.name[len("INFO/"):], e.value, !e.hasValue})
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
