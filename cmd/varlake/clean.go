package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/varlake/varlake/audit"
)

type cleanCommand struct {
	Dataset string `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	DryRun  bool   `help:"Only list what would be deleted."`
	datasetFlags
	OlderThan time.Duration `default:"24h" placeholder:"TIME" help:"Keep what is younger, and every run with anything in it that is (${default})."`
}

func (cleanCommand) Help() string {
	return `Deletes what no manifest names: files that killed exports were writing, runs that are not current, and the plans of runs that are gone. It lists them first, with their sizes. The current run stays as it is, and so does what an export may still be working on. Give a shorter --older-than only where no export is running.

Examples:

	varlake clean cohort --dry-run
	varlake clean cohort --older-than 168h

` + exitCodes
}

func (c *cleanCommand) Run(ctx context.Context, std *streams) error {
	if c.OlderThan < 0 {
		return fmt.Errorf("%w: --older-than %v; give a time of 0 or more, as 24h", errUsage, c.OlderThan)
	}
	dataset, err := c.stores(ctx)(c.Dataset)
	if err != nil {
		return err
	}
	survey, err := audit.Look(dataset, time.Now().Add(-c.OlderThan))
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
