package estimate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/varlake/varlake/export"
)

// Query is a question that analysts ask, with what Athena would scan for it.
type Query struct {
	Name  string `json:"name"`
	SQL   string `json:"sql"`
	Bytes int64  `json:"bytes"` // scanned: chunks of the columns it names, in the row groups that it is about
}

// Limits of a row group, as export has them.
const (
	groupRows  = 122_880
	groupBytes = 32 << 20
)

// scan is what a query reads of a table.
type scan struct {
	table   string
	columns []string
	part    bool // one row group; else all
}

// queries foresees what five typical queries scan. Readers of a region read the row groups whose statistics hold it, of which there is mostly one; within it they may read fewer pages than all, so that this is the most.
func queries(e *Estimate, t *trial) []Query {
	contig := "1"
	if len(e.Contigs) > 0 {
		contig = e.Contigs[0]
	}
	contig = "'" + strings.ReplaceAll(contig, "'", "''") + "'"
	list := []Query{}
	add := func(name, sql string, scans ...scan) {
		q := Query{Name: name, SQL: sql}
		for _, s := range scans {
			bytes, ok := t.scanned(e, s)
			if !ok {
				return
			}
			q.Bytes += bytes
		}
		list = append(list, q)
	}
	ids := scan{table: export.SampleAnnotations, columns: []string{"sample_id", "sample_index"}}
	add("variants of each contig",
		"SELECT chrom, count(*) AS variants FROM variant_annotations GROUP BY chrom",
		scan{table: export.VariantAnnotations})
	add("allele frequencies of a region",
		fmt.Sprintf("SELECT pos, ref, alt, qc_af FROM variant_annotations WHERE chrom = %s AND pos BETWEEN 1000000 AND 1100000", contig),
		scan{export.VariantAnnotations, []string{"pos", "ref", "alt", "qc_af"}, true})
	if e.Samples > 0 {
		sql := fmt.Sprintf("SELECT sample_id, gt FROM carriers WHERE chrom = %s AND pos = 1000000 AND n_alt > 0", contig)
		if e.table(export.Carriers) != nil {
			add("carriers of a variant", sql, scan{export.Carriers, []string{"sample_id", "pos", "gt", "n_alt"}, true})
		} else {
			add("carriers of a variant", sql, scan{export.Variants, []string{"pos", "format", "gt", "n_alt"}, true}, ids)
		}
		add("genotypes of a sample", "SELECT chrom, pos, gt FROM genotypes WHERE sample_id = 'ID'",
			scan{export.Variants, []string{"pos", "gt", "n_alt"}, false}, ids)
	}
	add("variants that pass QC",
		"SELECT chrom, pos, ref, alt FROM variant_annotations WHERE qc_call_rate >= 0.95 AND qc_p_value_hwe > 1e-6",
		scan{export.VariantAnnotations, []string{"pos", "ref", "alt", "qc_call_rate", "qc_p_value_hwe"}, false})
	return list
}

// scanned is what a scan reads; ok is false where the table would not be there.
func (t *trial) scanned(e *Estimate, s scan) (bytes int64, ok bool) {
	table := e.table(s.table)
	if table == nil {
		return 0, false
	}
	bytes = t.footers(table)
	for _, c := range table.Columns {
		if slices.Contains(s.columns, c.Name) {
			bytes += c.Bytes
		}
	}
	if s.part && table.Rows > 0 {
		bytes = int64(float64(bytes) / float64(t.rowGroups(table)))
	}
	return bytes, true
}

// rowGroups is how many row groups a table would have, but for those that end with a part.
func (t *trial) rowGroups(table *Table) int64 {
	f := t.full[table.Name]
	if t.all || f.rows == 0 {
		return max(1, f.groups)
	}
	each := int64(float64(groupBytes) / max(1, f.raw/float64(f.rows)))
	each = max(1, min(each, groupRows))
	return max(1, table.Files, ceil(table.Rows, each))
}

// footers is what the footers of a table take, which every query reads.
func (t *trial) footers(table *Table) int64 {
	f := t.full[table.Name]
	if t.all {
		return f.footers
	}
	groups := cmp.Or(f.groups, 1)
	return f.footers / groups * t.rowGroups(table)
}
