package main

import (
	"bufio"
	"context"
	"fmt"
	"strconv"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/export"
)

type tablesCommand struct {
	Dataset string `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	Paths   bool   `help:"List the files instead, with rows, bytes and SHA-256."`
	formatFlag
	datasetFlags
}

func (tablesCommand) Help() string {
	return `Views have no rows and bytes of their own: they are made when a query asks for them.

Examples:

	varlake tables cohort
	varlake tables cohort --paths --format tsv

` + exitCodes
}

func (c *tablesCommand) Run(ctx context.Context, std *streams) error {
	dataset, err := c.open(ctx, c.Dataset)
	if err != nil {
		return err
	}
	views, err := athena.Views(dataset.Manifest, athena.AthenaSQL, "", "")
	if err != nil {
		return err
	}
	switch {
	case c.Paths:
		return c.printPaths(std, dataset.Manifest)
	case c.Format == "table":
		return printTables(std, dataset.Manifest, views)
	}
	return c.printColumns(std, dataset.Manifest, views)
}

func (c *tablesCommand) printPaths(std *streams, m *export.Manifest) error {
	var rows [][]any
	for _, t := range m.Tables {
		for _, f := range t.Files {
			rows = append(rows, []any{t.Name, f.Path, f.Rows, f.Bytes, f.SHA256})
		}
	}
	if c.Format == "table" { // paths and checksums are to be copied: they are not cut
		out := bufio.NewWriter(std.out)
		for _, row := range rows {
			fmt.Fprintf(out, "%s  %s  %d rows  %d bytes\n", row[4], visible(row[1].(string)), row[2], row[3])
		}
		return out.Flush()
	}
	return c.printRows(std, []string{"table", "path", "rows", "bytes", "sha256"}, rows)
}

// printColumns prints a row per column of every table and view.
func (c *tablesCommand) printColumns(std *streams, m *export.Manifest, views []athena.View) error {
	var rows [][]any
	for _, t := range m.Tables {
		for _, column := range allColumns(t) {
			rows = append(rows, []any{t.Name, column.Name, column.Type, column.Source, column.Description, t.Rows, t.Bytes})
		}
	}
	for _, v := range views {
		for _, column := range v.Columns {
			rows = append(rows, []any{v.Name, column.Name, column.Type, column.Source, column.Description, nil, nil})
		}
	}
	return c.printRows(std, []string{"table", "column", "type", "source", "description", "rows", "bytes"}, rows)
}

// printTables prints what there is, and then the columns of each.
func printTables(std *streams, m *export.Manifest, views []athena.View) error {
	out := bufio.NewWriter(std.out)
	overview := newGrid([]string{"table", "rows", "size", "files", "columns"}, 2, 3, 4, 5)
	for _, t := range m.Tables {
		overview.AppendRow(cells([]string{t.Name, grouped(t.Rows), size(t.Bytes).String(), strconv.Itoa(len(t.Files)), strconv.Itoa(len(allColumns(t)))}))
	}
	for _, v := range views {
		overview.AppendRow(cells([]string{v.Name, "view", "", "", strconv.Itoa(len(v.Columns))}))
	}
	fmt.Fprintln(out, overview.Render())
	for _, t := range m.Tables {
		printSchema(out, t.Name, allColumns(t))
	}
	for _, v := range views {
		printSchema(out, v.Name+" (view)", v.Columns)
	}
	return out.Flush()
}

func printSchema(out *bufio.Writer, name string, columns []export.Column) {
	t := newGrid([]string{"column", "type", "source", "description"})
	for _, c := range columns {
		t.AppendRow(cells([]string{c.Name, c.Type, c.Source, c.Description}))
	}
	fmt.Fprintf(out, "\n%s\n%s\n", visible(name), t.Render())
}

// allColumns are the columns of a table with the one that is in its paths.
func allColumns(t export.Table) []export.Column {
	if t.Partition == "" {
		return t.Columns
	}
	return append([]export.Column{{Name: t.Partition, Type: "string", Source: "CHROM", Description: "contig; partition"}}, t.Columns...)
}
