package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/estimate"
	"github.com/varlake/varlake/export"
)

// shownInputs is how many inputs a plan lists; of the others the count is given.
const shownInputs = 30

// printPlan prints what an export would come to, the most important first and the columns last.
func printPlan(w io.Writer, e *estimate.Estimate) error {
	out := bufio.NewWriter(w)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%-11s %s\n", name, visible(fmt.Sprintf(format, args...)))
	}
	line("dataset", "%s: %s", e.Dataset, outlook(e.Outlook))
	line("inputs", "%s, %s", count(int64(len(e.Inputs)), "file", "files"), size(e.InputBytes))
	line("samples", "%s", grouped(e.Samples))
	line("records", "%s", quantity(e.Records, grouped(e.Records.Value)))
	line("text", "%s", quantity(e.Text, size(e.Text.Value).String()))
	line("sample", "%s", sampled(e.Sample))
	line("contigs", "%s", listed(e.Contigs))
	line("tables", "%s in %s", size(e.Bytes), count(e.Files, "file", "files"))
	line("shards", "%s", shardsLine(e.Shards))
	line("AWS Batch", "%s", batchLine(e.Batch))
	line("row", "%s", rowLine(e.LargestRow, e.Samples))
	for _, text := range e.Warnings {
		line("warning", "%s", text)
	}
	for _, text := range e.Notes {
		line("note", "%s", text)
	}
	printPlanInputs(out, e.Inputs)
	printPlanTables(out, e.Tables)
	printQueries(out, e.Queries)
	printHeaderConflicts(out, "Headers that disagree or depart from the standard", e.Conflicts)
	printHeaderConflicts(out, "Records of the sample that depart from the header", e.Misfits)
	for _, t := range e.Tables {
		printPlanColumns(out, t)
	}
	return out.Flush()
}

func outlook(o export.Outlook) string {
	switch o.Would {
	case export.Nothing:
		return "nothing to do, run " + o.Run + " is what this command makes"
	case export.Resume:
		return fmt.Sprintf("the export would go on with run %s: %s and %s are done", o.Run,
			count(int64(o.ShardsDone), "shard", "shards"), count(int64(o.PartSets), "set of parts", "sets of parts"))
	case export.Refuse:
		return "the export would refuse: " + o.Reason
	}
	if o.Replaces != "" {
		return "the export would make run " + o.Run + " in place of " + o.Replaces
	}
	return "the export would make run " + o.Run
}

// quantity writes a value with its error.
func quantity(q estimate.Quantity, value string) string {
	if q.Error == 0 && !q.Beginning {
		return value
	}
	condition := ""
	if q.Beginning {
		condition = ", if gzip goes on as it begins"
	}
	return fmt.Sprintf("about %s (± %.2g %%%s)", value, 100*q.Error, condition)
}

func sampled(s estimate.Sample) string {
	if s.All {
		return "all of the inputs, as they are small"
	}
	return fmt.Sprintf("%s in %s, %s of text; %s exported", count(s.Records, "record", "records"), count(int64(s.Windows), "place", "places"), size(s.Text), grouped(s.Exported))
}

func shardsLine(s estimate.Shards) string {
	text := fmt.Sprintf("%s of %s on average, %s at most", grouped(int64(s.Count)), size(s.Mean), size(s.Largest))
	if s.Empty > 0 {
		text += fmt.Sprintf("; about %s of them empty", grouped(int64(s.Empty)))
	}
	return text + "; " + minutes(s.Minutes) + " on 2 vCPUs at most"
}

func batchLine(b estimate.Batch) string {
	what := "one job, no array"
	if b.ArraySize > 1 {
		what = "array size " + grouped(int64(b.ArraySize))
	}
	return fmt.Sprintf("%s; %d vCPUs and %s a job, --memory %dMiB; %s each", what, b.VCPUs, size(b.JobMemory), b.Memory>>20, minutes(b.Minutes))
}

func minutes(m float64) string {
	if m < 1 {
		return "less than a minute"
	}
	return fmt.Sprintf("about %.0f minutes", m)
}

func rowLine(r estimate.Row, samples int64) string {
	text := fmt.Sprintf("%s at most in the sample, where Athena reads %s", size(r.Bytes), size(r.Limit))
	if samples > 0 {
		text += fmt.Sprintf("; about %s samples would fit", grouped(r.Fit))
	}
	return text
}

func printPlanInputs(out io.Writer, inputs []estimate.Input) {
	t := newGrid([]string{"input", "size", "format"}, 2)
	for _, in := range inputs[:min(len(inputs), shownInputs)] {
		t.AppendRow(cells([]string{in.URI, size(in.Bytes).String(), in.Format}))
	}
	if more := len(inputs) - shownInputs; more > 0 {
		t.AppendRow(cells([]string{"and " + count(int64(more), "file", "files") + " more", "", ""}))
	}
	fmt.Fprintf(out, "\n%s\n", t.Render())
}

func printPlanTables(out io.Writer, tables []estimate.Table) {
	t := newGrid([]string{"table", "rows", "size", "files", "columns"}, 2, 3, 4, 5)
	for _, table := range tables {
		t.AppendRow(cells([]string{table.Name, grouped(table.Rows), size(table.Bytes).String(), grouped(table.Files), strconv.Itoa(len(table.Columns))}))
	}
	fmt.Fprintf(out, "\n%s\n", t.Render())
}

// printQueries lists the queries with their bill, and then their SQL, which is to be copied and so not cut.
func printQueries(out io.Writer, queries []estimate.Query) {
	t := newGrid([]string{"query", "Athena scans", "USD"}, 2, 3)
	for _, q := range queries {
		t.AppendRow(cells([]string{q.Name, size(q.Bytes).String(), fmt.Sprintf("%.5f", athena.CostOf(q.Bytes))}))
	}
	fmt.Fprintf(out, "\n%s\n", t.Render())
	for _, q := range queries {
		fmt.Fprintf(out, "  %s\n", visible(q.SQL))
	}
}

func printHeaderConflicts(out io.Writer, title string, conflicts []export.Conflict) {
	if len(conflicts) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", title)
	for _, c := range conflicts {
		fmt.Fprintf(out, "  %s %s, %s; first in %s: %s\n", visible(c.Field), c.Kind, count(c.Count, "time", "times"), visible(c.Input), visible(c.Text))
	}
}

// printPlanColumns prints the name map of a table: what each column is made from, and what it would take.
func printPlanColumns(out io.Writer, table estimate.Table) {
	t := newGrid([]string{"column", "type", "source", "size"}, 4)
	for _, c := range table.Columns {
		t.AppendRow(cells([]string{c.Name, c.Type, c.Source, size(c.Bytes).String()}))
	}
	fmt.Fprintf(out, "\n%s\n%s\n", visible(table.Name), t.Render())
}
