package restore

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// leaf reads one leaf of a row group, a row at a time: its levels, and its values as text or as numbers. Pages are read one by one, so a leaf holds one page
// and the dictionary.
type leaf struct {
	path     []string
	reserved string // characters that are percent-encoded in text, where the input's version has it so
	numeric  bool   // values are wanted as numbers

	pages  parquet.Pages
	page   parquet.Page
	maxDef byte

	// Of the page: levels of its entries, and where its values are. The levels rep are empty where every row is one entry.
	rep, def []byte
	ids      []int32 // of the values in the dictionary; nil where they stand in the page itself
	dict     parquet.Dictionary
	plain    texts   // values of the dictionary or of the page
	encoded  texts   // the same, percent-encoded
	numbers  []int64 // instead of texts

	// Of the row: its entries, and the first of its values. Who reads the row may move at and value along.
	at, end      int
	value, after int
}

// texts are strings side by side: string i is data[offsets[i]:offsets[i+1]].
type texts struct {
	data    []byte
	offsets []uint32
}

func (t *texts) at(i int32) []byte { return t.data[t.offsets[i]:t.offsets[i+1]] }

func (t *texts) count() int { return len(t.offsets) - 1 }

// open goes to the leaf's chunk in a row group.
func (l *leaf) open(schema *parquet.Schema, group parquet.RowGroup) error {
	column, ok := schema.Lookup(l.path...)
	if !ok {
		return damaged("column %s is not in the file", l.path[0])
	}
	if err := l.close(); err != nil {
		return err
	}
	l.maxDef = byte(column.MaxDefinitionLevel)
	l.pages = group.ColumnChunks()[column.ColumnIndex].Pages()
	l.rep, l.def, l.dict = nil, nil, nil
	l.at, l.end, l.value, l.after = 0, 0, 0, 0
	return nil
}

func (l *leaf) close() error {
	if l.pages == nil {
		return nil
	}
	parquet.Release(l.page)
	err := l.pages.Close()
	l.pages, l.page = nil, nil
	return err
}

// next goes to the next row.
func (l *leaf) next() error {
	for l.end == len(l.def) {
		if err := l.load(); err != nil {
			return fmt.Errorf("column %s: %w", l.path[0], err)
		}
	}
	l.at, l.value = l.end, l.after
	if len(l.rep) == 0 {
		l.end++
		if l.def[l.at] == l.maxDef {
			l.after++
		}
		return nil
	}
	if n := bytes.IndexByte(l.rep[l.at+1:], 0); n >= 0 {
		l.end += n + 1
	} else {
		l.end = len(l.rep)
	}
	l.after += bytes.Count(l.def[l.at:l.end], []byte{l.maxDef})
	return nil
}

// load reads the next page. It makes sure of all that reading rows and values takes for granted.
func (l *leaf) load() error {
	page, err := l.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return damaged("fewer rows than the row group has")
	}
	if err != nil {
		return err
	}
	parquet.Release(l.page)
	l.page = page
	l.rep, l.def = page.RepetitionLevels(), page.DefinitionLevels()
	l.at, l.end, l.value, l.after = 0, 0, 0, 0
	if l.maxDef == 0 || len(l.rep) > 0 && (len(l.rep) != len(l.def) || l.rep[0] != 0) {
		return damaged("levels do not fit the schema")
	}
	values := bytes.Count(l.def, []byte{l.maxDef})
	dict := page.Dictionary()
	if dict == nil {
		l.ids, l.dict = nil, nil
		if err := l.spell(page.Data()); err != nil {
			return err
		}
		if values > l.held() {
			return damaged("%d values where the levels tell of %d", l.held(), values)
		}
		return nil
	}
	if dict != l.dict {
		l.dict = dict
		if err := l.spell(dict.Page().Data()); err != nil {
			return err
		}
	}
	ids := page.Data()
	l.ids = ids.Int32()
	if values > len(l.ids) {
		return damaged("%d values where the levels tell of %d", len(l.ids), values)
	}
	l.ids = l.ids[:values]
	var last uint32
	for _, id := range l.ids {
		last = max(last, uint32(id))
	}
	if values > 0 && int(last) >= l.held() {
		return damaged("value %d of a dictionary of %d", last, l.held())
	}
	return nil
}

// held is how many values spell took up.
func (l *leaf) held() int {
	if l.numeric {
		return len(l.numbers)
	}
	return l.plain.count()
}

// spell takes up values of a page or a dictionary.
func (l *leaf) spell(values encoding.Values) error {
	if l.numeric {
		return l.setNumbers(values)
	}
	if values.Kind() == encoding.ByteArray {
		data, offsets := values.ByteArray()
		if len(offsets) == 0 {
			offsets = []uint32{0}
		}
		l.plain = texts{data, offsets}
	} else {
		spelt, err := spellNumbers(texts{}, values)
		if err != nil {
			return err
		}
		l.plain = spelt
	}
	l.encoded = l.plain
	if l.reserved != "" && bytes.ContainsAny(l.plain.data, l.reserved) {
		l.encoded = encode(l.plain, l.reserved)
	}
	return nil
}

func (l *leaf) setNumbers(values encoding.Values) error {
	l.numbers = l.numbers[:0]
	switch values.Kind() {
	case encoding.Int32:
		for _, n := range values.Int32() {
			l.numbers = append(l.numbers, int64(n))
		}
	case encoding.Int64:
		l.numbers = append(l.numbers, values.Int64()...)
	default:
		return damaged("values of type %v where there should be integers", values.Kind())
	}
	return nil
}

// isNull reports whether a scalar is NULL, or a list or map as a whole is.
func (l *leaf) isNull() bool { return l.def[l.at] == 0 }

// has reports whether the entry at hand has a value.
func (l *leaf) has() bool { return l.def[l.at] == l.maxDef }

// text returns the value at hand, which lives as long as the row.
func (l *leaf) text(encoded bool) []byte {
	i := int32(l.value)
	if l.ids != nil {
		i = l.ids[i]
	}
	if encoded {
		return l.encoded.at(i)
	}
	return l.plain.at(i)
}

// number returns the value of a numeric leaf, 0 where it is NULL.
func (l *leaf) number() int64 {
	switch {
	case !l.has():
		return 0
	case l.ids != nil:
		return l.numbers[l.ids[l.value]]
	}
	return l.numbers[l.value]
}
