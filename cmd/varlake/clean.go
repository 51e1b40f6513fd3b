package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/audit"
	"github.com/varlake/varlake/internal/cloud"
)

type cleanCommand struct {
	Dataset string `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	DryRun  bool   `help:"Only list what would be deleted."`

	Database    string `placeholder:"NAME" help:"Keep the runs that tables of the dataset in this Glue database name."`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of these tables begin with."`
	datasetFlags
	OlderThan time.Duration `default:"24h" placeholder:"TIME" help:"Keep what is younger, and every run with anything in it that is (${default})."`
}

func (cleanCommand) Help() string {
	return `Deletes what no manifest names: files that killed exports were writing, runs that are not current, and the plans of runs that are gone. It lists them first, with their sizes. The current run stays as it is, and so does what an export may still be working on. A run that was replaced may be named by Glue still, if the new one was not registered: give --database to keep it, or run register first. Give a shorter --older-than only where no export is running.

Examples:

	varlake clean cohort --dry-run
	varlake clean cohort --older-than 168h
	varlake clean s3://bucket/cohort --database genomes --table-prefix kg_

` + exitCodes
}

func (c *cleanCommand) Run(ctx context.Context, std *streams) error {
	if c.OlderThan < 0 {
		return fmt.Errorf("%w: --older-than %v; give a time of 0 or more, as 24h", errUsage, c.OlderThan)
	}
	named, err := c.named(ctx)
	if err != nil {
		return err
	}
	dataset, err := c.stores(ctx)(c.Dataset)
	if err != nil {
		return err
	}
	survey, err := audit.Look(dataset, time.Now().Add(-c.OlderThan), named)
	if err != nil {
		return err
	}
	if err := printSurvey(std.out, survey); err != nil || c.DryRun || len(survey.Leftovers) == 0 {
		return err
	}
	var files, bytes int64
	for _, l := range survey.Leftovers {
		if err := survey.Delete(ctx, l); err != nil {
			return err
		}
		files += l.Files
		bytes += l.Bytes
	}
	_, err = fmt.Fprintf(std.out, "deleted    %s, %v\n", count(files, "file", "files"), size(bytes))
	return err
}

// named returns the runs that tables in Glue name, and that they do.
func (c *cleanCommand) named(ctx context.Context) (map[string]string, error) {
	tables := registration{Database: c.Database, TablePrefix: c.TablePrefix, dataset: c.Dataset, aws: c.cloud()}
	if wanted, err := tables.wanted(); err != nil || !wanted {
		return nil, err
	}
	client, err := cloud.Glue(ctx, tables.aws)
	if err != nil {
		return nil, err
	}
	runs, err := athena.NamedRuns(ctx, client, tables.options())
	for run, table := range runs {
		runs[run] = "table " + table + " of Glue names it; varlake register brings that up to date"
	}
	return runs, err
}

func printSurvey(w io.Writer, s *audit.Survey) error {
	out := bufio.NewWriter(w)
	line := func(l audit.Leftover, what string) {
		fmt.Fprintf(out, "%-10s %s  %s  %v  %s  %s\n", l.Kind, visible(l.Path), count(l.Files, "file", "files"), size(l.Bytes), lastChange(l.Newest), visible(what))
	}
	for _, l := range s.Leftovers {
		line(l, "to be deleted")
	}
	for _, l := range s.Kept {
		line(l, "kept: "+l.Why)
	}
	if len(s.Leftovers) == 0 {
		fmt.Fprintln(out, "nothing to delete")
	}
	return out.Flush()
}

func lastChange(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}
