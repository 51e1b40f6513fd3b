package athena

import (
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/export"
)

// assembler makes the values of a column from those of its leaves, by the
// levels that Parquet stores beside them (the record assembly of the Dremel
// paper, for the lists and maps of the Parquet format page "LogicalTypes").
type assembler struct {
	node        parquet.Node // nil: the file does not have the column
	first, last int          // leaves of the column: from first up to last
}

// assemblers returns one for each column, by name.
func assemblers(schema *parquet.Schema, columns []export.Column) ([]assembler, error) {
	byName := make(map[string]assembler)
	leaf := 0
	for _, field := range schema.Fields() {
		a := assembler{node: field, first: leaf, last: leaf + countLeaves(field)}
		leaf = a.last
		byName[field.Name()] = a
	}
	out := make([]assembler, len(columns))
	for i, c := range columns {
		out[i] = byName[c.Name]
		if out[i].node == nil {
			continue
		}
		if err := checkNode(out[i].node); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return out, nil
}

func countLeaves(n parquet.Node) int {
	if n.Leaf() {
		return 1
	}
	sum := 0
	for _, field := range n.Fields() {
		sum += countLeaves(field)
	}
	return sum
}

// checkNode finds what assemble can't read: all but scalars, lists and maps.
func checkNode(n parquet.Node) error {
	if n.Leaf() {
		if n.Repeated() {
			return fmt.Errorf("%w: repeated without a list", ErrType)
		}
		return nil
	}
	if len(n.Fields()) != 1 || n.Repeated() || !n.Fields()[0].Repeated() || n.Fields()[0].Leaf() {
		return fmt.Errorf("%w: neither a list nor a map", ErrType)
	}
	fields := n.Fields()[0].Fields()
	if len(fields) == 0 || len(fields) > 2 {
		return fmt.Errorf("%w: neither a list nor a map", ErrType)
	}
	for _, field := range fields {
		if err := checkNode(field); err != nil {
			return err
		}
	}
	return nil
}

// value makes the value of one row from the values of all its leaves.
func (a assembler) value(leaves [][]parquet.Value) any {
	if a.node == nil {
		return nil
	}
	return assemble(a.node, 0, 0, leaves[a.first:a.last])
}

// assemble makes the value of a node. Its parent is repeated rep times and
// defined def times over; leaves are the values of this one instance.
func assemble(n parquet.Node, rep, def int, leaves [][]parquet.Value) any {
	if n.Optional() {
		def++
		if leaves[0][0].DefinitionLevel() < def {
			return nil
		}
	}
	if n.Leaf() {
		return scalar(n, leaves[0][0])
	}
	rep++
	def++
	entry := n.Fields()[0].Fields() // the element; or key and value
	var list []any
	var entries Map
	if leaves[0][0].DefinitionLevel() >= def {
		for instance := range instances(leaves, rep) {
			if len(entry) == 1 {
				list = append(list, assemble(entry[0], rep, def, instance))
				continue
			}
			keys := countLeaves(entry[0])
			entries = append(entries, Entry{
				Key:   assemble(entry[0], rep, def, instance[:keys]),
				Value: assemble(entry[1], rep, def, instance[keys:]),
			})
		}
	}
	switch {
	case len(entry) == 2 && entries == nil:
		return Map{}
	case len(entry) == 2:
		return entries
	case list == nil:
		return []any{}
	default:
		return list
	}
}

// instances cuts the values of each leaf where an instance at repetition level
// rep begins. The slice is reused from one to the next.
func instances(leaves [][]parquet.Value, rep int) func(yield func([][]parquet.Value) bool) {
	return func(yield func([][]parquet.Value) bool) {
		rest := append([][]parquet.Value(nil), leaves...)
		instance := make([][]parquet.Value, len(leaves))
		for len(rest[0]) > 0 {
			for i, values := range rest {
				end := 1
				for end < len(values) && values[end].RepetitionLevel() > rep {
					end++
				}
				instance[i], rest[i] = values[:end], values[end:]
			}
			if !yield(instance) {
				return
			}
		}
	}
}

func scalar(n parquet.Node, v parquet.Value) any {
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean()
	case parquet.Int32:
		return int64(v.Int32())
	case parquet.Int64:
		return v.Int64()
	case parquet.Float:
		return float64(v.Float())
	case parquet.Double:
		return v.Double()
	default:
		return string(v.ByteArray())
	}
}
