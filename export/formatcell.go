package export

import (
	"bytes"

	"github.com/varlake/varlake/vcf"
)

// Cells are scanned in one pass: genotypes of three bytes and integers go straight into their columns. A field that is anything else, or not as its
// declaration has it, leaves no trace in the scan and goes the plain way (formatfield.go), which knows all that may be in one.

// scanKind says how a field is scanned.
type scanKind uint8

const (
	scanPlain scanKind = iota // not at all
	scanGT
	scanInt
	scanInts
)

func scanOf(f vcf.Field) scanKind {
	switch {
	case !fast:
		return scanPlain
	case f.Type != vcf.Integer || f.ID == "LEN": // LEN counts for the end of its record
		return scanPlain
	case isList(f):
		return scanInts
	}
	return scanInt
}

// padding is how far beyond the end of a cell the scan may read.
const padding = 8

// cells decodes the sample columns of a record. The last of them are copied, to have a tab and padding behind each.
func (d *formatDecoder) cells(ctx *recordContext, samples []byte) {
	cut := 0
	if len(samples) > padding {
		cut = bytes.LastIndexByte(samples[:len(samples)-padding], '\t') + 1
	}
	d.tail = append(append(d.tail[:0], samples[cut:]...), "\t\x00\x00\x00\x00\x00\x00\x00\x00"...)
	sample := 0
	for at := 0; at < cut; sample++ {
		at = d.cell(ctx, samples, at, sample)
	}
	for at := 0; sample < d.samples; sample++ {
		at = d.cell(ctx, d.tail, at, sample)
	}
}

// cell decodes the fields of one sample, trailing ones dropped or not, and returns where the next cell begins. There are a tab and padding behind the cell.
func (d *formatDecoder) cell(ctx *recordContext, s []byte, at, sample int) (next int) {
	ploidy := 2 // where there is no GT
	keys := d.keys[:len(d.keys)-1]
	for i := range keys {
		k := &keys[i]
		end := 0 // of the field; 0: not scanned
		switch k.scan {
		case scanGT:
			w := uint32(load(s, at)) // no text that the calls know has a colon or a tab
			if code, ok := d.calls.Known(w); fast && ok && isEnd(byte(w>>24)) {
				d.codes[sample] = code
				ploidy = d.calls.Calls()[code].Ploidy()
				end = at + 3
			}
		case scanInt:
			end = k.column.scanInt(s, at, sample)
		case scanInts:
			c := k.column
			want := c.want
			if c.field.Number.Kind == vcf.NumberG {
				want = d.lengths.of(ploidy)
			}
			end = c.scanInts(s, at, want)
		}
		switch {
		case end > 0:
		case s[at] == '.' && k.column != nil && isEnd(s[at+1]):
			d.null(k.column, sample)
			end = at + 1
		default:
			end = fieldEnd(s, at)
			ploidy = d.field(ctx, k, s[at:end], sample, ploidy)
		}
		at = end + 1
		if s[end] == '\t' {
			for j := i + 1; j < len(keys); j++ {
				d.absent(&keys[j], sample)
			}
			return at
		}
	}
	end := at + bytes.IndexByte(s[at:], '\t')
	d.beyond(ctx, s[at:end], sample)
	return end + 1
}

// isEnd reports whether c ends a field.
func isEnd(c byte) bool { return c == ':' || c == '\t' }

// fieldEnd returns where the field that begins at at ends.
func fieldEnd(s []byte, at int) int {
	for !isEnd(s[at]) {
		at++
	}
	return at
}

// scanInt appends the number at at and returns where it ends; 0, and appends nothing, where there is something else.
func (c *formatColumn) scanInt(s []byte, at, sample int) (end int) {
	w := load(s, at)
	n, digits := number(w)
	if n < shortest[digits] {
		if n, digits = longNumber(w); digits == 0 {
			return 0
		}
	}
	end = at + digits
	if !isEnd(s[end]) {
		return 0
	}
	v := c.vector
	v.IDs = append(v.IDs, n)
	c.full++
	if c.values != nil {
		c.values[sample] = int32(n)
	}
	return end
}

// scanInts appends the list of numbers at at and returns where it ends; 0, and appends nothing, where there is something else or a list of a length other
// than want.
func (c *formatColumn) scanInts(s []byte, at, want int) (end int) {
	v := c.vector
	ids := v.IDs
	for {
		w := load(s, at)
		n, digits := number(w)
		if n < shortest[digits] {
			if n, digits = longNumber(w); digits == 0 {
				v.IDs = ids[:len(v.IDs)] // append may have made room, which must not be made again for each list like this
				return 0
			}
		}
		ids = append(ids, n)
		end = at + digits
		if s[end] != ',' {
			break
		}
		at = end + 1
	}
	size := len(ids) - len(v.IDs)
	if !isEnd(s[end]) || size != want && want != anyCount {
		v.IDs = ids[:len(v.IDs)]
		return 0
	}
	if c.size != size {
		v.IDs = ids[:len(v.IDs)]
		c.flush()
		c.size = size
	}
	v.IDs = ids
	c.full++
	return end
}

// genotypeCounts are the lengths of Number=G lists of a record, by ploidy.
type genotypeCounts struct {
	alleles int
	counts  [5]int
}

func (g *genotypeCounts) set(alleles int) {
	if g.alleles == alleles {
		return
	}
	g.alleles = alleles
	for ploidy := 1; ploidy < len(g.counts); ploidy++ {
		g.counts[ploidy] = genotypes(alleles, ploidy)
	}
}

// of returns the length for a ploidy; 0, which no scanned list has, where none is known.
func (g *genotypeCounts) of(ploidy int) int {
	if ploidy < len(g.counts) {
		return g.counts[ploidy]
	}
	return genotypes(g.alleles, ploidy)
}
