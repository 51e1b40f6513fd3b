package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/varlake/varlake/audit"
)

var errFaults = errors.New("not as it was written")

type verifyCommand struct {
	Dataset string   `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	Source  []string `sep:"none" placeholder:"INPUT" help:"Compare with this VCF too, value by value; once for each input of the export, in its order."`
	datasetFlags
	inputFlags
}

func (verifyCommand) Help() string {
	return `Compares every file of the current run with the manifest: names, sizes and SHA-256, rows and columns of every Parquet file, headers, the lines set aside, and that no record is lost: records = rows + rejected, in all and in every part. Prints a line a kind of check, and a line a fault that names the file, what was found and what to do. With --source, the records are restored and compared with those of the VCFs, value by value, once all else is as it should be.

Examples:

	varlake verify cohort
	varlake verify cohort --source cohort.vcf.gz

` + exitCodes
}

func (c *verifyCommand) Run(ctx context.Context, std *streams) error {
	files, err := c.stores(ctx)(c.Dataset)
	if err != nil {
		return err
	}
	report, err := audit.Verify(ctx, files)
	if err != nil {
		return err
	}
	if len(c.Source) > 0 && report.Faults() == 0 {
		check, err := audit.CompareSource(ctx, files, c.finder(c.cloud()), c.Source)
		if err != nil {
			return err
		}
		report.Checks = append(report.Checks, check)
	}
	if err := printReport(std.out, report); err != nil {
		return err
	}
	if n := report.Faults(); n > 0 {
		return fmt.Errorf("%s is %w: %s, listed above", c.Dataset, errFaults, count(int64(n), "fault", "faults"))
	}
	return nil
}

func printReport(w io.Writer, report *audit.Report) error {
	out := bufio.NewWriter(w)
	for _, c := range report.Checks {
		result := "ok"
		if n := len(c.Faults); n > 0 {
			result = count(int64(n), "fault", "faults")
		}
		fmt.Fprintf(out, "%-10s %-9s %s\n", c.Name, result, visible(c.Checked))
		for _, f := range c.Faults {
			fmt.Fprintf(out, "  %s %s; %s\n", visible(f.Path), visible(f.Found), f.Advice)
		}
	}
	return out.Flush()
}
