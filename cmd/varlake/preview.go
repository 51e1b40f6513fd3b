package main

import (
	"context"
	"errors"

	"github.com/varlake/varlake/athena"
)

type previewCommand struct {
	Dataset string `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	Table   string `arg:"" optional:"" default:"variants" help:"Table to show (${default}); varlake tables DATASET lists them."`
	Rows    int    `short:"n" default:"10" placeholder:"N" help:"How many rows (${default})."`
	formatFlag
	datasetFlags
}

func (previewCommand) Help() string {
	return `Reads the files without an SQL engine. As a table, long values are cut and rows of more than 12 columns are printed one below the other; the other formats print all.

Examples:

	varlake preview cohort
	varlake preview cohort sample_annotations -n 3 --format csv

` + exitCodes
}

func (c *previewCommand) Run(ctx context.Context, std *streams) (err error) {
	dataset, err := c.open(ctx, c.Dataset)
	if err != nil {
		return err
	}
	rows, err := athena.Preview(dataset, c.Table, max(c.Rows, 0))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return c.print(std, rows.Columns, rows.Next)
}
