package export

import (
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/vcf"
)

// altLists gives ids to the ALT of records. Mostly it is one allele, and the id that of the allele; else the id is listFlag and the number of a list.
type altLists struct {
	alleles pq.Dict
	texts   pq.Dict  // ALT as records have it
	known   []uint32 // ids by text
	lists   [][2]int // begin and end in items; the same: NULL
	items   []uint32 // ids in alleles, none for NULL
}

const listFlag = 1 << 31

func (l *altLists) reset() {
	l.alleles.Reset()
	l.texts.Reset()
	l.known, l.lists, l.items = l.known[:0], l.lists[:0], l.items[:0]
}

func (l *altLists) id(alt []byte) uint32 {
	id := l.texts.InternBytes(alt)
	if int(id) < len(l.known) {
		return l.known[id]
	}
	begin := len(l.items)
	for more := !missing(alt); more; {
		var one []byte
		one, alt, more = vcf.Cut(alt, ',')
		if missing(one) {
			l.items = append(l.items, none)
		} else {
			l.items = append(l.items, l.alleles.InternBytes(one))
		}
	}
	if end := len(l.items); end == begin+1 && l.items[begin] != none {
		id, l.items = l.items[begin], l.items[:begin]
	} else {
		id = listFlag | uint32(len(l.lists))
		l.lists = append(l.lists, [2]int{begin, end})
	}
	l.known = append(l.known, id)
	return id
}

// appendTo appends a row for each id to a column of lists.
func (l *altLists) appendTo(v *pq.Vector, ids []uint32) {
	for i := 0; i < len(ids); i++ {
		from := i
		for i < len(ids) && ids[i] < listFlag {
			i++
		}
		v.AddLevel(0, defElem, uint32(i-from))
		v.IDs = append(v.IDs, ids[from:i]...)
		if i == len(ids) {
			return
		}
		list := l.lists[ids[i]&^listFlag]
		items := l.items[list[0]:list[1]]
		if len(items) == 0 {
			v.AddNulls(1)
		}
		for n, item := range items {
			rep := uint8(min(n, 1))
			if item == none {
				v.AddLevel(rep, defElemNull, 1)
				continue
			}
			v.AddLevel(rep, defElem, 1)
			v.IDs = append(v.IDs, item)
		}
	}
}
