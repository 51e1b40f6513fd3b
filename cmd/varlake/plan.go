package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/varlake/varlake/estimate"
)

type planCommand struct {
	conversion

	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"How the plan is printed: table, or json, which has all of it (${default})."`
}

func (planCommand) Help() string {
	return `A dry run: reads headers, the sample table and some 50 stretches of the inputs, however large they are, and writes nothing but to a temporary directory. Says what there would be (schema, records, bytes, files), how to run it on AWS Batch, what typical queries would scan, what is wrong with the inputs as far as that shows, and whether the export would begin, go on, do nothing or refuse. Estimates of records have their error; what tables take is foreseen by exporting a sample.

Examples:

	varlake plan cohort.vcf.gz --out cohort
	varlake plan s3://bucket/vcf/ --samples s3://bucket/samples.tsv --out s3://bucket/cohort --shards 200
	varlake plan chr*.vcf.gz --out cohort --format json

` + exitCodes
}

// planMemory is what the collector is to stay within: a plan is made where there is little, as in the smallest of jobs.
const planMemory = 128 << 20

func (c *planCommand) Run(ctx context.Context, std *streams) error {
	if c.Shards < 1 {
		return fmt.Errorf("%w: --shards %d; give how many slices the export is to be cut into, 1 at least", errUsage, c.Shards)
	}
	if err := c.useWorkers(); err != nil {
		return err
	}
	debug.SetMemoryLimit(planMemory)
	opt := c.options(ctx)
	opt.Shards = c.Shards
	e, err := estimate.Make(ctx, version, opt)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		out := json.NewEncoder(std.out)
		out.SetIndent("", "  ")
		return out.Encode(e)
	}
	return printPlan(std.out, e)
}
