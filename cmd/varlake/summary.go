package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/varlake/varlake/export"
)

// maxConflicts is how many kinds of conflicts a summary lists.
const maxConflicts = 5

// printSummary says what an export came to, and what to do next.
func printSummary(w io.Writer, root string, result *export.Result) error {
	m := result.Manifest
	out := bufio.NewWriter(w)
	if result.Done {
		fmt.Fprintf(out, "already done: %s is what this command makes\n", visible(root))
	}
	fmt.Fprintf(out, "samples    %s\n", grouped(m.Samples))
	kept := ""
	if result.Shards == 1 {
		kept = keptText(result.Shard)
	}
	fmt.Fprintf(out, "records    %s: %s, %s rejected%s\n", grouped(m.Records), count(m.Rows, "row", "rows"), grouped(m.Rejected), kept)
	if text := qcLine(result.QC); text != "" {
		fmt.Fprintf(out, "QC         %s\n", text)
	}
	for i, t := range m.Tables {
		title := "tables"
		if i > 0 {
			title = ""
		}
		fmt.Fprintf(out, "%-10s %-20s %15s  %10s  in %s\n", title, t.Name, count(t.Rows, "row", "rows"), size(t.Bytes), count(int64(len(t.Files)), "file", "files"))
	}
	printConflicts(out, m.Conflicts)
	for _, note := range result.Notes {
		fmt.Fprintf(out, "note       %s\n", visible(note))
	}
	fmt.Fprintf(out, "next       varlake query %s %s\n", visible(shellWord(root)), question(m))
	return out.Flush()
}

// keptText says how many records of a shard earlier attempts had done.
func keptText(s export.ShardCounts) string {
	switch s.Kept {
	case 0:
		return ""
	case s.Records:
		return "; an earlier attempt had done all"
	}
	return fmt.Sprintf("; earlier attempts had done %s", count(s.Kept, "record", "records"))
}

func qcLine(qc export.QCSummary) string {
	if qc.Called+qc.NotCalled == 0 {
		return ""
	}
	parts := []string{
		// Not rounded up: 100% is said where every call is there.
		fmt.Sprintf("call rate %g%%", math.Floor(1e5*float64(qc.Called)/float64(qc.Called+qc.NotCalled))/1e3),
		count(qc.Het, "heterozygous call", "heterozygous calls"),
		count(qc.Singletons, "singleton", "singletons"),
	}
	if qc.Transversions > 0 {
		parts = append(parts, fmt.Sprintf("Ti/Tv %.3g", float64(qc.Transitions)/float64(qc.Transversions)))
	}
	return strings.Join(parts, ", ")
}

// printConflicts lists the most frequent kinds, and counts the rest.
func printConflicts(out io.Writer, conflicts []export.Conflict) {
	conflicts = slices.Clone(conflicts)
	slices.SortStableFunc(conflicts, func(a, b export.Conflict) int { return cmp.Compare(b.Count, a.Count) })
	for i, c := range conflicts {
		title := "conflicts"
		if i > 0 {
			title = ""
		}
		if i == maxConflicts {
			fmt.Fprintf(out, "%-10s and %s, all in the manifest\n", title, count(int64(len(conflicts)-i), "more kind", "more kinds"))
			return
		}
		where := visible(c.Input)
		if c.Line > 0 {
			where += ", line " + grouped(c.Line)
		} else if at := c.Where(); at != "" {
			where += ", " + at
		}
		fmt.Fprintf(out, "%-10s %s %s, %s; first in %s: %s\n", title, visible(c.Field), c.Kind, count(c.Count, "time", "times"), where, visible(c.Text))
	}
}

// question is SQL that says something about any dataset, as an argument to type.
func question(m *export.Manifest) string {
	if len(m.Groups) > 0 {
		if t, ok := m.Table(export.SampleAnnotations); ok {
			source := "sample table, " + m.Groups[0].Column
			if i := slices.IndexFunc(t.Columns, func(c export.Column) bool { return c.Source == source }); i >= 0 {
				name := t.Columns[i].Name
				return fmt.Sprintf(`"SELECT %s, count(*) AS samples, avg(qc_call_rate) AS call_rate FROM sample_annotations GROUP BY %s"`, name, name)
			}
		}
	}
	if _, ok := m.Table(export.VariantAnnotations); ok {
		return `"SELECT chrom, count(*) AS records, avg(qc_call_rate) AS call_rate FROM variant_annotations GROUP BY chrom"`
	}
	return `"SELECT sample_id, qc_call_rate, qc_n_het FROM sample_annotations ORDER BY qc_call_rate LIMIT 10"`
}
