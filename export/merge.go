package export

import (
	"fmt"

	"github.com/varlake/varlake/vcf"
)

// fields are the INFO or FORMAT lines of all inputs together, in the order of their first appearance.
type fields struct {
	list  []vcf.Field
	index map[string]int
}

// merge adds the lines of one more header. Where two inputs disagree, Integer and Float give Float, other types String, and two Numbers a list of any
// length. It calls disagree for each difference, with the ID and what differs.
func (f *fields) merge(more []vcf.Field, disagree func(id, what string)) {
	if f.index == nil {
		f.index = make(map[string]int)
	}
	for _, field := range more {
		i, known := f.index[field.ID]
		if !known {
			f.index[field.ID] = len(f.list)
			f.list = append(f.list, field)
			continue
		}
		have := &f.list[i]
		if have.Type != field.Type {
			disagree(field.ID, fmt.Sprintf("Type=%v and Type=%v", have.Type, field.Type))
			have.Type = commonType(have.Type, field.Type)
		}
		if have.Number != field.Number {
			disagree(field.ID, fmt.Sprintf("Number=%v and Number=%v", have.Number, field.Number))
			have.Number = vcf.Number{Kind: vcf.NumberUnknown}
		}
	}
}

func commonType(a, b vcf.Type) vcf.Type {
	numeric := func(t vcf.Type) bool { return t == vcf.Integer || t == vcf.Float }
	if numeric(a) && numeric(b) {
		return vcf.Float
	}
	return vcf.String
}

// isList reports whether values of the field are lists: every Number other than 0 and 1.
func isList(f vcf.Field) bool {
	return f.Number.Kind != vcf.NumberCount || f.Number.N > 1
}

// isFlag reports whether the INFO field has no value.
func isFlag(f vcf.Field) bool {
	return f.Type == vcf.Flag || f.Number == vcf.Number{Kind: vcf.NumberCount, N: 0}
}
