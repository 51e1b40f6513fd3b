package export

import "github.com/varlake/varlake/export/pq"

// whole is the key of info_other under which an INFO is kept that can't be had back from its keys: a key twice, an empty entry.
const whole = ""

// otherEntry is text for a map of what has no typed place.
type otherEntry struct {
	key   string
	value []byte // borrowed from the record
	null  bool   // a key without a value
}

// keep puts the text of a declared field among the others, and counts why.
func (d *infoDecoder) keep(ctx *recordContext, c *infoColumn, e infoEntry, why ConflictKind) {
	ctx.conflict(c.name, why, e.value)
	d.other = append(d.other, otherEntry{c.field.ID, e.value, !e.hasValue})
}

// appendOther appends a row of info_other; it leaves out what fillOther adds.
func (d *infoDecoder) appendOther(ctx *recordContext, row int, vectors []pq.Vector) {
	if len(d.other) == 0 {
		return
	}
	d.fillOther(row, vectors)
	key, value := column{&vectors[d.otherLeaf]}, column{&vectors[d.otherLeaf+1]}
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

// fillOther appends NULL for the records that had nothing for info_other, so that it has so many rows.
func (d *infoDecoder) fillOther(rows int, vectors []pq.Vector) {
	key, value := &vectors[d.otherLeaf], &vectors[d.otherLeaf+1]
	absent := rows - key.Rows
	key.AddNulls(absent)
	value.AddNulls(absent)
}
