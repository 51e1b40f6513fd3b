package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/restore"
)

type restoreCommand struct {
	Dataset     string            `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	Out         string            `short:"o" default:"-" placeholder:"FILE" help:"File to write, compressed with BGZF where its name ends in .gz or .bgz (standard output)."`
	Index       restore.IndexKind `enum:",tbi,csi" default:"" placeholder:"KIND" help:"Write an index beside the file: tbi or csi, which also holds positions beyond 2^29."`
	WithRejects bool              `help:"Put lines that were set aside, as no records, back in their place."`
	Workers     int               `placeholder:"N" help:"CPU cores to compress with (all)."`
	datasetFlags
}

func (restoreCommand) Help() string {
	return `Writes the VCF that a dataset was made from: the header, and the records in order with every field. Numbers are in their shortest form, lines end in LF, and FORMAT fields that are missing at the end of a sample's column are dropped; all other text is as it was. Of several inputs it makes one VCF, with the lines that their headers have together. The file appears whole or not at all.

Examples:

	varlake restore cohort -o cohort.vcf.gz --index tbi
	varlake restore cohort | bcftools stats -
	varlake restore cohort --with-rejects -o as-it-was.vcf

` + exitCodes
}

func (c *restoreCommand) Run(ctx context.Context, std *streams) error {
	if bucket.Is(c.Out) {
		return fmt.Errorf("%w: %s: the VCF is written to a file of this machine; give -o a path, then copy it with aws s3 cp", errUsage, c.Out)
	}
	dataset, err := c.open(ctx, c.Dataset)
	if err != nil {
		return err
	}
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	result, err := restore.Run(ctx, dataset, restore.Options{Out: c.Out, Stdout: std.out, Index: c.Index, Rejects: c.WithRejects, Workers: workers})
	if err != nil {
		return err
	}
	if result.Missing > 0 {
		fmt.Fprintf(std.err, "varlake: %s: set aside by export as no records; give --with-rejects to put them back in their place\n", count(result.Missing, "line is missing", "lines are missing"))
	}
	return nil
}
