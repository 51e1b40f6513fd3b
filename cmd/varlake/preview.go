package main

import (
	"errors"

	"github.com/varlake/varlake/athena"
)

type previewCommand struct {
	Dataset string `arg:"" help:"Directory of a dataset."`
	Table   string `arg:"" optional:"" default:"variants" help:"Table to show (${default}); varlake tables DATASET lists them."`
	Rows    int    `short:"n" default:"10" placeholder:"N" help:"How many rows (${default})."`
	formatFlag
}

func (previewCommand) Help() string {
	return `Reads the files without an SQL engine. As a table, long values are cut and rows of more than 12 columns are printed one below the other; the other formats print all.

Examples:

	varlake preview cohort
	varlake preview cohort sample_annotations -n 3 --format csv

` + exitCodes
}

func (c *previewCommand) Run(std *streams) (err error) {
	dataset, err := openDataset(c.Dataset)
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
