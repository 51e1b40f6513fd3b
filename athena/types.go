package athena

import (
	"errors"
	"fmt"
	"strings"
)

// ErrType is the error of a column type that datasets do not have.
var ErrType = errors.New("unknown column type")

// scalars are the scalar types of a dataset: as Athena's DDL spells them, as
// Trino does in queries and stored views, and as DuckDB does.
var scalars = map[string]struct{ trino, duckdb string }{
	"boolean": {"boolean", "BOOLEAN"},
	"int":     {"integer", "INTEGER"},
	"bigint":  {"bigint", "BIGINT"},
	"double":  {"double", "DOUBLE"},
	"string":  {"varchar", "VARCHAR"},
}

// Type is the type of a column.
type Type struct {
	name string // of a scalar, or "array", or "map"
	args []Type // element; or key and value
}

// ParseType reads a type as Athena's DDL spells it, e.g. map<string,array<int>>.
// The error is ErrType.
func ParseType(s string) (Type, error) {
	t, rest, ok := cutType(s)
	if !ok || rest != "" {
		return Type{}, fmt.Errorf("%w: %q", ErrType, s)
	}
	return t, nil
}

// cutType reads the type that s begins with.
func cutType(s string) (t Type, rest string, ok bool) {
	end := strings.IndexAny(s, "<>,")
	if end < 0 {
		end = len(s)
	}
	t.name, rest = s[:end], s[end:]
	parameters := map[string]int{"array": 1, "map": 2}[t.name]
	if parameters == 0 {
		_, ok = scalars[t.name]
		return t, rest, ok
	}
	for i := range parameters {
		if !strings.HasPrefix(rest, "<,"[i:i+1]) {
			return t, rest, false
		}
		var arg Type
		if arg, rest, ok = cutType(rest[1:]); !ok {
			return t, rest, false
		}
		t.args = append(t.args, arg)
	}
	rest, ok = strings.CutPrefix(rest, ">")
	return t, rest, ok
}

// Elem returns the type of an array's elements; ok is false for other types.
func (t Type) Elem() (elem Type, ok bool) {
	if t.name != "array" {
		return Type{}, false
	}
	return t.args[0], true
}

// String returns the type as Athena's DDL and Glue spell it.
func (t Type) String() string {
	switch t.name {
	case "array":
		return "array<" + t.args[0].String() + ">"
	case "map":
		return "map<" + t.args[0].String() + "," + t.args[1].String() + ">"
	default:
		return t.name
	}
}

// Trino returns the type as Athena's queries and stored views spell it.
func (t Type) Trino() string {
	switch t.name {
	case "array":
		return "array(" + t.args[0].Trino() + ")"
	case "map":
		return "map(" + t.args[0].Trino() + ", " + t.args[1].Trino() + ")"
	default:
		return scalars[t.name].trino
	}
}

// DuckDB returns the type as DuckDB spells it.
func (t Type) DuckDB() string {
	switch t.name {
	case "array":
		return t.args[0].DuckDB() + "[]"
	case "map":
		return "MAP(" + t.args[0].DuckDB() + ", " + t.args[1].DuckDB() + ")"
	default:
		return scalars[t.name].duckdb
	}
}
