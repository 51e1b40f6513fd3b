package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
)

type registerCommand struct {
	Dataset     string `arg:"" help:"Dataset: s3://bucket/prefix."`
	Database    string `required:"" placeholder:"NAME" help:"Glue database of the tables; it is created where it is missing."`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of tables and views begin with."`
	Adopt       bool   `help:"Take over tables and views of these names that were not made from this dataset."`
	datasetFlags
}

func (registerCommand) Help() string {
	return `Creates the database, the tables with a partition a contig, and the views genotypes and carriers, or brings them up to date with the current run of the dataset. Athena can query them at once. What is as it should be is not written again. A table of another making stops the command before it writes anything, unless --adopt is given.

Examples:

	varlake register s3://bucket/cohort --database genomes
	varlake register s3://bucket/cohort --database genomes --table-prefix kg_ --region eu-west-1

` + exitCodes
}

func (c *registerCommand) Run(ctx context.Context, std *streams) error {
	target := registration{Database: c.Database, TablePrefix: c.TablePrefix, Adopt: c.Adopt, dataset: c.Dataset, aws: c.cloud()}
	if err := target.check(); err != nil {
		return err
	}
	dataset, err := c.open(ctx, c.Dataset)
	if err != nil {
		return err
	}
	return target.register(ctx, std.out, dataset)
}

// registration says where a dataset is registered.
type registration struct {
	Database, TablePrefix string
	Adopt                 bool
	dataset               string
	aws                   cloud.Options
}

func (r registration) options() athena.GlueOptions {
	return athena.GlueOptions{Location: r.dataset, Database: r.Database, TablePrefix: r.TablePrefix, Adopt: r.Adopt}
}

// check finds what can be told without asking anyone.
func (r registration) check() error {
	if !bucket.Is(r.dataset) {
		return fmt.Errorf("%w: Athena does not read %s, a directory; export to s3://BUCKET/PREFIX or copy the dataset there, and register that", errUsage, r.dataset)
	}
	return r.options().Check()
}

// wanted tells whether a registration is asked for where it need not be, and finds what can be told of it without asking anyone.
func (r registration) wanted() (bool, error) {
	switch {
	case r.Database != "":
		return true, r.check()
	case r.TablePrefix != "":
		return false, fmt.Errorf("%w: --table-prefix is for tables in Glue; give --database too", errUsage)
	}
	return false, nil
}

// checkGlue finds what would keep these tables from being registered.
func (r registration) checkGlue(ctx context.Context, tables []string) error {
	client, err := cloud.Glue(ctx, r.aws)
	if err != nil {
		return err
	}
	if err := athena.CheckGlue(ctx, client, r.options(), tables); err != nil {
		return err
	}
	return athena.MayRegister(ctx, client, r.options(), tables)
}

// register registers the dataset and says what came of it.
func (r registration) register(ctx context.Context, w io.Writer, d *export.Dataset) error {
	client, err := cloud.Glue(ctx, r.aws)
	if err != nil {
		return err
	}
	done, err := athena.RegisterCurrent(ctx, client, d, r.options())
	if err != nil {
		return err
	}
	return printRegistration(w, r.Database, done)
}

func printRegistration(w io.Writer, database string, done *athena.Registration) error {
	out := bufio.NewWriter(w)
	change := athena.Unchanged
	if done.NewDatabase {
		change = athena.Created
	}
	width := len(database)
	for _, t := range done.Tables {
		width = max(width, len(t.Name))
	}
	fmt.Fprintf(out, "database   %-*s  %s\n", width, visible(database), change)
	for _, t := range done.Tables {
		kind, partitions := "table", ""
		if t.View {
			kind = "view"
		}
		if t.Partitions > 0 {
			partitions = ", " + count(int64(t.Partitions), "partition", "partitions")
		}
		fmt.Fprintf(out, "%-10s %-*s  %s%s\n", kind, width, visible(t.Name), t.Change, partitions)
	}
	return out.Flush()
}
