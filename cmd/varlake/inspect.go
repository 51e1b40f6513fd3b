package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/vcf"
)

type inspectCommand struct {
	Input string `arg:"" help:"File, directory, glob, the same in S3, or - for standard input."`
	datasetFlags
	inputFlags
}

func (inspectCommand) Help() string {
	return `Reads the header only: what it says of a file of a terabyte is there at once.

Examples:

	varlake inspect cohort.vcf.gz
	bcftools view cohort.bcf | varlake inspect -

` + exitCodes
}

func (c *inspectCommand) Run(ctx context.Context, std *streams) error {
	found, err := export.Inspect(ctx, c.finder(c.cloud()), []string{c.Input})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(std.out)
	for i, in := range found {
		if i > 0 {
			fmt.Fprintln(out)
		}
		printInspection(out, &in)
	}
	return out.Flush()
}

// shown is how many samples and contigs are listed; of the others the count is given.
const shown = 5

func printInspection(out *bufio.Writer, in *export.Inspection) {
	h := in.Header
	line := func(name, value string) { fmt.Fprintf(out, "%-11s %s\n", name, visible(value)) }
	line("input", in.Name)
	line("compression", in.Format.String())
	line("version", fmt.Sprintf("VCF %d.%d", h.Version.Major, h.Version.Minor))
	line("samples", listed(h.Samples))
	contigs := make([]string, len(h.Contigs))
	for i, c := range h.Contigs {
		contigs[i] = c.ID
		if c.Length > 0 {
			contigs[i] += " (" + grouped(c.Length) + ")"
		}
	}
	line("contigs", listed(contigs))
	line("filters", listed(h.Filters))
	columns := columnsBySource(in.Tables)
	printFields(out, "INFO", "variant_annotations", h.Infos, columns)
	printFields(out, "FORMAT", "variants", h.Formats, columns)
	if len(h.Issues) > 0 {
		fmt.Fprintln(out, "\nHeader lines that were accepted, but are not as the standard has them")
	}
	for _, issue := range h.Issues {
		fmt.Fprintf(out, "  line %d: %s\n", issue.Line, visible(issue.Text))
	}
	fmt.Fprint(out, "\n", undeclaredNote(h))
}

// listed counts names and gives the first.
func listed(names []string) string {
	s := grouped(int64(len(names)))
	if len(names) == 0 {
		return s
	}
	s += ": " + strings.Join(names[:min(shown, len(names))], ", ")
	if len(names) > shown {
		s += ", …"
	}
	return s
}

// columnsBySource finds the columns of VCF fields: INFO/AF, FORMAT/DP.
func columnsBySource(tables []export.Table) map[string]export.Column {
	columns := make(map[string]export.Column)
	for _, t := range tables {
		for _, c := range t.Columns {
			columns[c.Source] = c
		}
	}
	return columns
}

func printFields(out *bufio.Writer, kind, table string, fields []vcf.Field, columns map[string]export.Column) {
	if len(fields) == 0 {
		fmt.Fprintf(out, "\nNo %s fields are declared\n", kind)
		return
	}
	t := newGrid([]string{kind, "number", "type", "column of " + table, "column type", "description"})
	for _, f := range fields {
		c := columns[kind+"/"+f.ID]
		t.AppendRow(cells([]string{f.ID, f.Number.String(), f.Type.String(), c.Name, c.Type, f.Description}))
	}
	fmt.Fprintf(out, "\n%s\n", t.Render())
}

// Fields that VCF 4.5 reserves (tables 1 and 2), and so would type where a header does not declare them.
const (
	reservedInfo   = "AA AC AD ADF ADR AF AN BQ CIGAR DB DP END H2 H3 MQ MQ0 NS SB SOMATIC VALIDATED 1000G"
	reservedFormat = "AD ADF ADR DP EC FT GL GP GQ HQ LAA LEN MQ PL PP PQ PS PSL PSO PSQ"
)

// undeclaredNote says what becomes of fields that records have and the header does not declare.
func undeclaredNote(h *vcf.Header) string {
	lacking := func(reserved string, declared func(string) (vcf.Field, bool)) string {
		ids := slices.DeleteFunc(strings.Fields(reserved), func(id string) bool { _, ok := declared(id); return ok })
		return strings.Join(ids, " ")
	}
	return fmt.Sprintf("Fields of records that the header does not declare are kept as text, in info_other and fmt_other: also those that\n"+
		"the standard has types for, here INFO %s\nand FORMAT %s. GT is typed always.\n", lacking(reservedInfo, h.Info), lacking(reservedFormat, h.Format))
}
