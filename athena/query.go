package athena

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrNoEngine is the error of Query in a build without DuckDB.
	ErrNoEngine = errors.New("this build of varlake has no SQL engine: it was built without cgo; " +
		"give --athena and --database to let Athena run it, or build varlake with CGO_ENABLED=1 and a C compiler")
	// ErrNoTable is the error of a table that the dataset does not have.
	ErrNoTable = errors.New("no such table")
)

// Rows is a result, read row by row. For one goroutine.
type Rows struct {
	Columns []ResultColumn
	next    func() ([]any, error)
	close   func() error
}

// ResultColumn is a column of a result.
type ResultColumn struct {
	Name string
	Type string // as the engine spells it
}

// Next returns the values of the next row, in the order of Columns, which the
// caller may keep, or io.EOF after the last. A value is nil (NULL), bool, int64,
// float64, json.Number (a number that neither holds exactly), string, time.Time,
// []byte, []any (an array), Map, or map[string]any (a row with named fields).
func (r *Rows) Next() ([]any, error) { return r.next() }

// Close ends the query. It must be called, also after io.EOF.
func (r *Rows) Close() error { return r.close() }

// Map is the value of a map column, in the order of the file.
type Map []Entry

// Entry is a key of a Map and its value.
type Entry struct{ Key, Value any }

// MarshalJSON writes the map as an object, keys that are not strings as Text
// writes them.
func (m Map) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(Text(e.Key, "null"))
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Text returns a value of a row as it is shown in a cell: numbers in shortest
// form, lists as [a, b], maps as {k=v}, and NULL as the text given, or as NULL
// inside of lists and maps.
func Text(v any, null string) string {
	switch v := v.(type) {
	case nil:
		return null
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Format("2006-01-02 15:04:05.999999")
	case []byte:
		return fmt.Sprintf("%x", v)
	case []any:
		return joined("[", "]", v, func(v any) string { return Text(v, "NULL") })
	case Map:
		return joined("{", "}", v, func(e Entry) string { return Text(e.Key, "NULL") + "=" + Text(e.Value, "NULL") })
	default:
		return fmt.Sprint(v)
	}
}

func joined[T any](open, shut string, list []T, text func(T) string) string {
	var b strings.Builder
	b.WriteString(open)
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(text(v))
	}
	b.WriteString(shut)
	return b.String()
}
