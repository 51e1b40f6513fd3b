package main

import (
	"bufio"
	"fmt"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/export"
)

type ddlCommand struct {
	Dataset     string `arg:"" help:"Directory of a dataset."`
	Database    string `required:"" placeholder:"NAME" help:"Athena database to create the tables in."`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of tables and views begin with."`
	Location    string `required:"" placeholder:"s3://BUCKET/PREFIX" help:"Where the dataset will be when Athena reads it."`
}

func (ddlCommand) Help() string {
	return `The statements create the database, the tables with all partitions, and the views genotypes and carriers. Athena runs one at a time, in this order.

Examples:

	aws s3 cp --recursive cohort s3://bucket/cohort
	varlake ddl cohort --database genomes --location s3://bucket/cohort >cohort.sql

` + exitCodes
}

func (c *ddlCommand) Run(std *streams) error {
	dataset, err := openDataset(c.Dataset)
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

func openDataset(root string) (*export.Dataset, error) {
	if err := local(root); err != nil {
		return nil, err
	}
	return export.OpenDataset(root)
}
