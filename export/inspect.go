package export

import (
	"context"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/vcf"
)

// Inspection is what the header of one input says, and the tables that it would get.
type Inspection struct {
	Name   string
	Format bgzf.Format
	Header *vcf.Header
	Tables []Table // without files
}

// Inspect reads the header of every input. Records are not read.
func Inspect(ctx context.Context, finder source.Finder, inputs []string) ([]Inspection, error) {
	list, err := finder.List(ctx, inputs)
	if err != nil {
		return nil, err
	}
	var found []Inspection
	for _, s := range list.Inputs {
		in := &input{Input: s}
		if err := in.open(ctx, vcf.Options{}); err != nil {
			return nil, err
		}
		if err := in.close(); err != nil {
			return nil, err
		}
		var infos, formats fields
		infos.merge(in.header.Infos, nil) // one header has no field twice: there is nothing to disagree on
		formats.merge(in.header.Formats, nil)
		l := newLayout(infos.list, formats.list, nil, nil)
		found = append(found, Inspection{Name: s.Name, Format: in.format, Header: in.header, Tables: []Table{
			{Name: Variants, Partition: "chrom", Columns: l.variants},
			{Name: VariantAnnotations, Partition: "chrom", Columns: l.annotations},
			{Name: SampleAnnotations, Columns: l.samples},
		}})
	}
	return found, nil
}
