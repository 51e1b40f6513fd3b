// Package pq writes Parquet files column by column.
//
// A caller hands over whole columns, as values or as runs of dictionary ids with run-length levels, and gets pages back that any
// goroutine may encode. Nothing here holds a row, an interface value or a map per cell: a page of run data costs time by its runs.
// Files follow the Parquet format (https://parquet.apache.org/docs/file-format/): data pages V1, ZSTD, RLE_DICTIONARY where a dictionary
// pays, page indexes, three-level lists.
package pq

import (
	"errors"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// ErrSchema is wrapped by the errors of NewSchema.
var ErrSchema = errors.New("pq: schema")

// Type is an Athena type name: boolean, int, bigint, double, string, array<T>, or map<string,T>, with T any of these.
type Type string

// Field is a column of a table.
type Field struct {
	Name string
	Type Type
	// Delta asks for DELTA_BINARY_PACKED pages, good for integers that mostly ascend. It means nothing for other types.
	Delta bool
}

// Kind is the physical type of a leaf.
type Kind uint8

// The physical types of the format that varlake uses.
const (
	Boolean Kind = iota
	Int32
	Int64
	Double
	Bytes
)

func (k Kind) physical() format.Type {
	return [...]format.Type{format.Boolean, format.Int32, format.Int64, format.Double, format.ByteArray}[k]
}

// Leaf is a column of the file: the values of a scalar field, the elements of a list, the keys or the values of a map.
type Leaf struct {
	// Path is the leaf's place in the schema: ["pos"], ["gt" "list" "element"], ["fmt_other" "key_value" "key"].
	Path []string
	// Physical says which slice of Values the leaf uses.
	Physical Kind
	// MaxRep counts the repeated levels above a value, MaxDef the optional and repeated ones: a value is there where its definition
	// level is MaxDef. A scalar has 0 and 1, an array 1 and 3, an array of arrays 2 and 5, the key of a map 1 and 2, its scalar value 1 and 3.
	MaxRep, MaxDef uint8
	// Field is the index of the leaf's field among those given to NewSchema.
	Field int
	// Delta is the field's.
	Delta bool
}

// Name returns the leaf's path with dots.
func (l *Leaf) Name() string { return strings.Join(l.Path, ".") }

// Schema is the schema of a file. It does not change once made.
type Schema struct {
	elements []format.SchemaElement
	leaves   []Leaf
}

// NewSchema returns the schema of a table with these fields. Every field, list element and map value is optional; map keys are required.
// An error wraps ErrSchema: no field, an empty or repeated name, an unknown type.
func NewSchema(root string, fields []Field) (*Schema, error) {
	if len(fields) == 0 {
		return nil, fmt.Errorf("%w: %s has no columns", ErrSchema, root)
	}
	s := new(Schema)
	s.addGroup(root, thrift.Null[format.FieldRepetitionType]{}, len(fields))
	names := make(map[string]bool, len(fields))
	for i, f := range fields {
		if f.Name == "" || names[f.Name] {
			return nil, fmt.Errorf("%w: column %d has the name %q, which is empty or taken", ErrSchema, i+1, f.Name)
		}
		names[f.Name] = true
		if err := s.add(f.Name, f.Type, format.Optional, Leaf{Field: i, Delta: f.Delta}); err != nil {
			return nil, fmt.Errorf("%w: column %s has the type %q: %w", ErrSchema, f.Name, f.Type, err)
		}
	}
	return s, nil
}

// Leaves returns the columns of the file in order. A scalar field and an array have one each, a map two: its keys, then its values.
// The caller must not change them.
func (s *Schema) Leaves() []Leaf { return s.leaves }

// add appends the elements of a node called name, below the levels that parent has counted so far.
func (s *Schema) add(name string, t Type, repetition format.FieldRepetitionType, parent Leaf) error {
	parent.Path = append(parent.Path[:len(parent.Path):len(parent.Path)], name)
	if repetition == format.Optional {
		parent.MaxDef++
	}
	if kind, ok := scalarKind(t); ok {
		s.addLeaf(name, kind, repetition, parent)
		return nil
	}
	if item, ok := typeArgument(t, "array<"); ok {
		s.addGroup(name, thrift.New(repetition), 1)
		s.annotate(deprecated.List, &format.ListType{})
		return s.add("element", item, format.Optional, s.addRepeated("list", 1, parent))
	}
	if value, ok := typeArgument(t, "map<string,"); ok {
		s.addGroup(name, thrift.New(repetition), 1)
		s.annotate(deprecated.Map, &format.MapType{})
		entry := s.addRepeated("key_value", 2, parent)
		if err := s.add("key", "string", format.Required, entry); err != nil {
			return err
		}
		return s.add("value", value, format.Optional, entry)
	}
	return fmt.Errorf("%q is not known", t)
}

func (s *Schema) addRepeated(name string, children int, parent Leaf) Leaf {
	s.addGroup(name, thrift.New(format.Repeated), children)
	parent.Path = append(parent.Path[:len(parent.Path):len(parent.Path)], name)
	parent.MaxRep++
	parent.MaxDef++
	return parent
}

func (s *Schema) addGroup(name string, repetition thrift.Null[format.FieldRepetitionType], children int) {
	s.elements = append(s.elements, format.SchemaElement{
		Name: name, RepetitionType: repetition, NumChildren: thrift.New(int32(children)),
	})
}

func (s *Schema) addLeaf(name string, kind Kind, repetition format.FieldRepetitionType, leaf Leaf) {
	s.elements = append(s.elements, format.SchemaElement{
		Name: name, RepetitionType: thrift.New(repetition), Type: thrift.New(kind.physical()),
	})
	if kind == Bytes {
		s.annotate(deprecated.UTF8, &format.StringType{})
	}
	leaf.Physical = kind
	leaf.Delta = leaf.Delta && (kind == Int32 || kind == Int64)
	s.leaves = append(s.leaves, leaf)
}

func (s *Schema) annotate(converted deprecated.ConvertedType, logical format.LogicalTypeValue) {
	last := &s.elements[len(s.elements)-1]
	last.ConvertedType = thrift.New(converted)
	last.LogicalType = format.LogicalType{Value: logical}
}

func scalarKind(t Type) (Kind, bool) {
	switch t {
	case "boolean":
		return Boolean, true
	case "int":
		return Int32, true
	case "bigint":
		return Int64, true
	case "double":
		return Double, true
	case "string":
		return Bytes, true
	}
	return 0, false
}

func typeArgument(t Type, prefix string) (Type, bool) {
	rest, ok := strings.CutPrefix(string(t), prefix)
	if !ok {
		return "", false
	}
	argument, ok := strings.CutSuffix(rest, ">")
	return Type(argument), ok
}
