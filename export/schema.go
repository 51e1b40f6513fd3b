package export

import (
	"fmt"
	"slices"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

// Names of the tables of a dataset.
const (
	Variants           = "variants"
	VariantAnnotations = "variant_annotations"
	SampleAnnotations  = "sample_annotations"
	Carriers           = "carriers" // when asked for
)

// layout is the schema of a dataset and where the decoder finds the columns of each VCF field. Column numbers count from 0 within their table.
type layout struct {
	variants, annotations, samples, carriers []Column

	info      []binding // INFO fields in header order
	infoKeys  int
	infoOther int
	qc        int     // first column of variant_qc in annotations; its columns stand in the order of qcColumns
	groups    []group // columns per group in annotations
	format    []binding
	fmtOther  int

	hasGT          bool // GT is declared: QC is computed
	depth, quality bool // DP, GQ are declared as one Integer a sample: their QC is computed
}

// binding ties a VCF field to its column.
type binding struct {
	field  vcf.Field
	column int
}

// group is the first of the three columns ac, an and af of one group of samples.
type group struct {
	annotate.Group
	column int
}

// recordColumns are the first columns of variants, before the FORMAT fields.
var recordColumns = []Column{
	{Name: "input_index", Type: "int", Description: "which input the record is from, 0-based, in the order of the manifest"},
	{Name: "record_offset", Type: "bigint", Description: "where in the input the record begins: virtual offset in BGZF, byte offset of the text otherwise"},
	{Name: "pos", Type: "bigint", Source: "POS", Description: "1-based position"},
	{Name: "end_pos", Type: "bigint", Description: "last position, inclusive: from INFO END, SVLEN or FORMAT LEN, else from the length of REF"},
	{Name: "id", Type: "string", Source: "ID"},
	{Name: "ref", Type: "string", Source: "REF"},
	{Name: "alt", Type: "array<string>", Source: "ALT"},
	{Name: "qual", Type: "double", Source: "QUAL"},
	{Name: "filter", Type: "array<string>", Source: "FILTER"},
	{Name: "format", Type: "string", Source: "FORMAT", Description: "the keys of the record's FORMAT, as they stand"},
	{Name: "gt", Type: "array<string>", Source: "FORMAT/GT", Description: "genotypes as they stand, in sample order"},
	{Name: "n_alt", Type: "array<int>", Description: "non-reference alleles of each call, NULL unless the call is complete"},
}

// Positions of recordColumns.
const (
	colInput = iota
	colOffset
	colPos
	colEnd
	colID
	colRef
	colAlt
	colQual
	colFilter
	colFormat
	colGT
	colNAlt
)

// keyOf are the columns of variants, of one leaf each, that come first in variant_annotations too: the key of the record and what it is.
var keyOf = [...]int{colInput, colOffset, colPos, colRef, colAlt}

// Positions of keyOf that are asked for.
const (
	keyOffset = 1
	keyPos    = 2
)

// qcColumns are the columns of variant_qc, in the order of variantQC.append.
var qcColumns = []Column{
	{Name: "qc_call_rate", Type: "double"}, {Name: "qc_n_called", Type: "int"}, {Name: "qc_n_not_called", Type: "int"},
	{Name: "qc_n_filtered", Type: "int"}, {Name: "qc_n_het", Type: "int"}, {Name: "qc_n_non_ref", Type: "int"},
	{Name: "qc_het_freq_hwe", Type: "double"}, {Name: "qc_p_value_hwe", Type: "double"}, {Name: "qc_p_value_excess_het", Type: "double"},
	{Name: "qc_ac", Type: "array<int>"}, {Name: "qc_af", Type: "array<double>"}, {Name: "qc_an", Type: "int"},
	{Name: "qc_homozygote_count", Type: "array<int>"},
	{Name: "qc_dp_mean", Type: "double"}, {Name: "qc_dp_stdev", Type: "double"}, {Name: "qc_dp_min", Type: "int"}, {Name: "qc_dp_max", Type: "int"},
	{Name: "qc_gq_mean", Type: "double"}, {Name: "qc_gq_stdev", Type: "double"}, {Name: "qc_gq_min", Type: "int"}, {Name: "qc_gq_max", Type: "int"},
}

// sampleQCColumns are the columns of sample_qc, in the order of appendSampleQC.
var sampleQCColumns = []Column{
	{Name: "qc_call_rate", Type: "double"}, {Name: "qc_n_called", Type: "bigint"}, {Name: "qc_n_not_called", Type: "bigint"},
	{Name: "qc_n_filtered", Type: "bigint"}, {Name: "qc_n_hom_ref", Type: "bigint"}, {Name: "qc_n_het", Type: "bigint"},
	{Name: "qc_n_hom_var", Type: "bigint"}, {Name: "qc_n_non_ref", Type: "bigint"}, {Name: "qc_n_singleton", Type: "bigint"},
	{Name: "qc_n_snp", Type: "bigint"}, {Name: "qc_n_insertion", Type: "bigint"}, {Name: "qc_n_deletion", Type: "bigint"},
	{Name: "qc_n_transition", Type: "bigint"}, {Name: "qc_n_transversion", Type: "bigint"}, {Name: "qc_n_star", Type: "bigint"},
	{Name: "qc_r_ti_tv", Type: "double"}, {Name: "qc_r_het_hom_var", Type: "double"}, {Name: "qc_r_insertion_deletion", Type: "double"},
	{Name: "qc_dp_mean", Type: "double"}, {Name: "qc_dp_stdev", Type: "double"}, {Name: "qc_dp_min", Type: "int"}, {Name: "qc_dp_max", Type: "int"},
	{Name: "qc_gq_mean", Type: "double"}, {Name: "qc_gq_stdev", Type: "double"}, {Name: "qc_gq_min", Type: "int"}, {Name: "qc_gq_max", Type: "int"},
}

// newLayout lays out the tables for the merged INFO and FORMAT fields, the sample table (nil: none) and the groups (nil: none).
func newLayout(infos, formats []vcf.Field, table *annotate.Table, groups *annotate.Groups) *layout {
	l := &layout{}
	l.layVariants(formats)
	l.layAnnotations(infos, groups)
	l.laySamples(table)
	l.layCarriers()
	return l
}

func (l *layout) layVariants(formats []vcf.Field) {
	names := namer{"chrom": true, "fmt_other": true}
	for _, c := range recordColumns {
		names.take(c.Name)
	}
	l.variants = append(l.variants, recordColumns...)
	for _, f := range formats {
		if f.ID == "GT" {
			l.hasGT = true
			continue
		}
		integer := f.Type == vcf.Integer && !isList(f)
		l.depth = l.depth || integer && f.ID == "DP"
		l.quality = l.quality || integer && f.ID == "GQ"
		typ := "array<" + scalarType(f.Type) + ">"
		if isList(f) {
			typ = "array<" + typ + ">"
		}
		l.format = append(l.format, binding{f, len(l.variants)})
		l.variants = append(l.variants, fieldColumn(names.take("fmt_"+columnName(f.ID)), typ, "FORMAT/", f))
	}
	l.fmtOther = len(l.variants)
	l.variants = append(l.variants, Column{Name: "fmt_other", Type: "map<string,array<string>>",
		Description: "text of undeclared FORMAT fields and of values that do not fit their declaration, an element a sample"})
}

func (l *layout) layAnnotations(infos []vcf.Field, groups *annotate.Groups) {
	names := namer{"chrom": true, "info_keys": true, "info_other": true}
	for _, key := range keyOf {
		l.annotations = append(l.annotations, recordColumns[key])
	}
	for _, c := range slices.Concat(l.annotations, qcColumns) {
		names.take(c.Name)
	}
	l.infoKeys = len(l.annotations)
	l.annotations = append(l.annotations, Column{Name: "info_keys", Type: "string", Source: "INFO", Description: "the keys of the record's INFO, in its order"})
	for _, f := range infos {
		typ := scalarType(f.Type)
		switch {
		case isFlag(f):
			typ = "boolean"
		case isList(f):
			typ = "array<" + typ + ">"
		}
		l.info = append(l.info, binding{f, len(l.annotations)})
		l.annotations = append(l.annotations, fieldColumn(names.take("info_"+columnName(f.ID)), typ, "INFO/", f))
	}
	l.infoOther = len(l.annotations)
	l.annotations = append(l.annotations, Column{Name: "info_other", Type: "map<string,string>",
		Description: "text of undeclared INFO fields and of values that do not fit their declaration"})
	l.qc = len(l.annotations)
	for _, c := range qcColumns {
		c.Source = "QC"
		l.annotations = append(l.annotations, c)
	}
	if groups == nil {
		return
	}
	for _, g := range groups.Groups {
		l.groups = append(l.groups, group{g, len(l.annotations)})
		prefix := names.takePrefix(ownName(g.Column+"_"+g.Value), "_ac", "_an", "_af")
		source := fmt.Sprintf("QC of the %d samples whose %s is %s", g.Samples, g.Column, g.Value)
		l.annotations = append(l.annotations,
			Column{Name: prefix + "_ac", Type: "array<int>", Source: source},
			Column{Name: prefix + "_an", Type: "int", Source: source},
			Column{Name: prefix + "_af", Type: "array<double>", Source: source})
	}
}

func (l *layout) laySamples(table *annotate.Table) {
	names := namer{"chrom": true, "sample_id": true, "sample_index": true}
	for _, c := range slices.Concat(l.variants, sampleQCColumns) {
		names[c.Name] = true
	}
	source := "#CHROM line"
	if table != nil {
		source = "sample table, " + table.Key
	}
	l.samples = append(l.samples,
		Column{Name: "sample_id", Type: "string", Source: source},
		Column{Name: "sample_index", Type: "bigint", Description: "1-based: the sample's element in the arrays of variants"})
	if table != nil {
		for i, c := range table.Columns {
			l.samples = append(l.samples, Column{Name: names.takeOwn(c.Name, i), Type: c.Type.String(), Source: "sample table, " + c.Name})
		}
	}
	for _, c := range sampleQCColumns {
		c.Source = "QC"
		l.samples = append(l.samples, c)
	}
}

func fieldColumn(name, typ, source string, f vcf.Field) Column {
	return Column{Name: name, Type: typ, Source: source + f.ID, Description: f.Description}
}

// scalarType is the Athena type of one value of an INFO or FORMAT field. A FORMAT field can't be a Flag: such a one is text.
func scalarType(t vcf.Type) string {
	switch t {
	case vcf.Integer:
		return "int"
	case vcf.Float:
		return "double"
	}
	return "string"
}
