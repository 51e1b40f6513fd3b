package export

// finish gives the record to the columns that its FORMAT does not name, and what has no typed place to fmt_other.
func (d *formatDecoder) finish(ctx *recordContext, otherKey, otherValue column) {
	for i := range d.columns {
		if c := &d.columns[i]; c.seen != d.record {
			d.absentRow(c)
		}
	}
	first := true
	for i := range d.keys {
		if k := &d.keys[i]; len(k.other) > 0 {
			otherKey.element(first, defKey)
			otherKey.AppendString(k.key)
			d.appendOther(ctx, otherValue, first, k.other)
			first = false
		}
	}
	if first {
		otherKey.AddNulls(1)
		otherValue.AddNulls(1)
	}
}

// appendOther appends the list of one key of fmt_other: the texts, and NULL for the samples that have none.
func (d *formatDecoder) appendOther(ctx *recordContext, v column, first bool, texts []cellText) {
	next := 0
	gap := func(to int) {
		for ; next < to; next++ {
			v.AddLevel(otherLevel(first, next), defItemNull, 1)
		}
	}
	for _, t := range texts {
		gap(t.sample)
		v.AddLevel(otherLevel(first, next), defItem, 1)
		v.AppendBytes(ctx.escapeOther(t.text))
		next++
	}
	gap(d.samples)
}

// otherLevel is the repetition level of a sample's element in a map of lists.
func otherLevel(firstKey bool, sample int) uint8 {
	switch {
	case sample > 0:
		return 2
	case firstKey:
		return 0
	}
	return 1
}
