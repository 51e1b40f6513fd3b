package annotate

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ColumnType is the type of a column of the sample table.
type ColumnType uint8

// The types, in the order in which inference prefers them.
const (
	Boolean ColumnType = iota
	Int                // 32 bits
	BigInt             // 64 bits
	Double
	String
)

// String returns the name that Athena gives the type.
func (t ColumnType) String() string {
	switch t {
	case Boolean:
		return "boolean"
	case Int:
		return "int"
	case BigInt:
		return "bigint"
	case Double:
		return "double"
	case String:
		return "string"
	default:
		return fmt.Sprintf("ColumnType(%d)", uint8(t))
	}
}

// ParseColumnType is the inverse of [ColumnType.String].
func ParseColumnType(name string) (ColumnType, error) {
	for t := Boolean; t <= String; t++ {
		if t.String() == name {
			return t, nil
		}
	}
	return String, fmt.Errorf("no column type %q; there are boolean, int, bigint, double and string", name)
}

// Column is one typed column of a [Table]. Of the slices of values only the one
// that goes with Type is filled; it has an element per row, zero where the value
// is missing.
type Column struct {
	Name    string // as in the header, not made fit for SQL; may be empty
	Type    ColumnType
	Valid   []bool    // false where the value is missing
	Bools   []bool    // of Boolean
	Ints    []int64   // of Int and BigInt
	Doubles []float64 // of Double
	Strings []string  // of String
}

// Text returns the value of a row as text, "" where it is missing: numbers in
// their shortest form, booleans as true and false.
func (c *Column) Text(row int) string {
	if !c.Valid[row] {
		return ""
	}
	switch c.Type {
	case Boolean:
		return strconv.FormatBool(c.Bools[row])
	case Int, BigInt:
		return strconv.FormatInt(c.Ints[row], 10)
	case Double:
		return strconv.FormatFloat(c.Doubles[row], 'g', -1, 64)
	default:
		return c.Strings[row]
	}
}

// compare orders the values of two rows, numbers as numbers.
func (c *Column) compare(a, b int) int {
	switch c.Type {
	case Int, BigInt:
		return cmp.Compare(c.Ints[a], c.Ints[b])
	case Double:
		return cmp.Compare(c.Doubles[a], c.Doubles[b])
	default:
		return strings.Compare(c.Text(a), c.Text(b))
	}
}

// newColumn converts cells to a type. bad is the row of the first value that
// does not read as one, -1 if all do. A type asked for takes more than inference
// would give it: 007 and +5 are integers if the user says so.
func newColumn(name string, typ ColumnType, cells []string, isMissing func(string) bool) (c Column, bad int) {
	c = Column{Name: name, Type: typ, Valid: make([]bool, len(cells))}
	switch typ {
	case Boolean:
		c.Bools, bad = convert(cells, c.Valid, isMissing, parseBoolean)
	case Int:
		c.Ints, bad = convert(cells, c.Valid, isMissing, parseInt32)
	case BigInt:
		c.Ints, bad = convert(cells, c.Valid, isMissing, parseInt64)
	case Double:
		c.Doubles, bad = convert(cells, c.Valid, isMissing, parseDouble)
	default:
		c.Strings, bad = convert(cells, c.Valid, isMissing, func(text string) (string, bool) { return text, true })
	}
	return c, bad
}

// convert parses what is not missing, and says in valid where that is.
func convert[T any](cells []string, valid []bool, isMissing func(string) bool, parse func(string) (T, bool)) (values []T, bad int) {
	values = make([]T, len(cells))
	for row, text := range cells {
		if isMissing(text) {
			continue
		}
		v, ok := parse(text)
		if !ok {
			return nil, row
		}
		values[row], valid[row] = v, true
	}
	return values, -1
}

func parseBoolean(text string) (value, ok bool) {
	switch {
	case len(text) == len("true") && strings.EqualFold(text, "true"):
		return true, true
	case len(text) == len("false") && strings.EqualFold(text, "false"):
		return false, true
	}
	return false, false
}

func parseInt32(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return n, err == nil
}

func parseInt64(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parseDouble reads a decimal number, an infinity or NaN; hexadecimal numbers
// and those too large for a double are refused.
func parseDouble(text string) (float64, bool) {
	if strings.ContainsAny(text, "xX_") {
		return math.NaN(), false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}
