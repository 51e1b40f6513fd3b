package main

import (
	"bufio"
	"context"
	"fmt"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/internal/bucket"
)

type ddlCommand struct {
	Dataset     string `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	Database    string `required:"" placeholder:"NAME" help:"Athena database to create the tables in."`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of tables and views begin with."`
	Location    string `placeholder:"s3://BUCKET/PREFIX" help:"Where the dataset will be when Athena reads it (where it is, in S3)."`
	datasetFlags
}

func (ddlCommand) Help() string {
	return `The statements create the database, the tables with all partitions, and the views genotypes and, where that is no table, carriers. Athena runs one at a time, in this order.

Examples:

	aws s3 cp --recursive cohort s3://bucket/cohort
	varlake ddl s3://bucket/cohort --database genomes
	varlake ddl cohort --database genomes --location s3://bucket/cohort >cohort.sql

` + exitCodes
}

func (c *ddlCommand) Run(ctx context.Context, std *streams) error {
	if c.Location == "" {
		if !bucket.Is(c.Dataset) {
			return fmt.Errorf("%w: Athena does not read %s; give --location s3://BUCKET/PREFIX, where the dataset will be", errUsage, c.Dataset)
		}
		c.Location = c.Dataset
	}
	dataset, err := c.open(ctx, c.Dataset)
	if err != nil {
		return err
	}
	statements, err := athena.DDL(dataset.Manifest, athena.DDLOptions{Database: c.Database, TablePrefix: c.TablePrefix, Location: c.Location})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(std.out)
	for _, s := range statements {
		fmt.Fprintf(out, "%s;\n\n", s)
	}
	return out.Flush()
}
