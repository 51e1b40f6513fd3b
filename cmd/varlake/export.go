package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/store"
	"github.com/varlake/varlake/restore"
)

// conversion is what export and plan are told alike: what to convert, and how.
type conversion struct {
	Inputs []string `arg:"" name:"input" help:"Files, directories, globs, the same in S3, or - for standard input, read in the order given, all of the same samples; or one dataset."`
	Out    string   `required:"" placeholder:"DATASET" help:"Dataset to write: a directory, or s3://bucket/prefix."`

	Samples   string      `placeholder:"FILE" help:"Sample table: TSV, CSV or PED, plain or gzipped, of this machine or in S3." group:"Sample table"`
	SampleKey string      `placeholder:"COLUMN" help:"Column with the names of the samples (the first; in a PED the individual ID)." group:"Sample table"`
	Missing   []string    `default:"NA,." placeholder:"TEXT" help:"What stands for a missing value, beside the empty field (${default})." group:"Sample table"`
	Type      columnTypes `placeholder:"COLUMN=TYPE,…" help:"Types in place of the inferred: boolean, int, bigint, double, string." group:"Sample table"`
	Unmatched string      `enum:"warn,fail,ignore" default:"warn" placeholder:"WHAT" help:"Samples in only one of VCF and table: warn, fail or ignore (${default})." group:"Sample table"`
	GroupBy   []string    `placeholder:"COLUMN" help:"Count alleles for each value of these columns." group:"Sample table"`

	Tables           []string `placeholder:"TABLE" help:"Tables to write: variants, variant_annotations and sample_annotations (these), and carriers, which is else a view." group:"Dataset"`
	OnBadRecord      string   `enum:"fail,quarantine" default:"fail" placeholder:"WHAT" help:"A line that is no record: fail, or quarantine, which sets it aside and goes on (${default})." group:"Dataset"`
	OnHeaderMismatch string   `enum:"keep,fail" default:"keep" placeholder:"WHAT" help:"A value that departs from the header: keep it as text, or fail (${default})." group:"Dataset"`
	PartSize         size     `default:"256MiB" placeholder:"SIZE" help:"Size from which on a file is followed by another (${default})." group:"Dataset"`
	Overwrite        bool     `help:"Replace a dataset made from other inputs or options." group:"Dataset"`

	datasetFlags
	inputFlags

	Shards  int  `default:"1" placeholder:"N" help:"Do one of N pieces of the work, in one of N processes; the last to end makes the dataset." group:"Running"`
	Workers int  `placeholder:"N" help:"CPU cores to use (all). The result is the same with any number." group:"Running"`
	Memory  size `default:"1GiB" placeholder:"SIZE" help:"Memory to stay within (${default}); lines may have a quarter of it." group:"Running"`
}

type exportCommand struct {
	conversion

	Database    string `placeholder:"NAME" help:"Register the dataset in this Glue database when it is done; --out must be in S3." group:"Athena"`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of tables and views in --database begin with." group:"Athena"`

	KMSKey string `name:"kms-key" placeholder:"ARN" help:"KMS key that what is written to S3 is encrypted with (as the bucket says)." group:"S3"`
	Shard  *int   `placeholder:"I" help:"Which of --shards, from 0 ($$AWS_BATCH_JOB_ARRAY_INDEX)." group:"Running"`
	progressFlags
	operatorFlags
}

func (exportCommand) Help() string {
	return `Writes the tables variants (a row per record, an array per FORMAT field), variant_annotations (INFO and variant QC) and sample_annotations (sample table and sample QC), when asked for carriers (a row per call that is not homozygous reference), and a manifest that says what they were made from. Readers see the dataset when all of it is there. The same command run again finds it done; one that was interrupted goes on behind the last parts that were whole.

Examples:

	varlake export cohort.vcf.gz --out cohort
	varlake export s3://bucket/vcf/ --samples s3://bucket/samples.tsv --out s3://bucket/cohort --database genomes
	varlake export chr*.vcf.gz --out cohort --samples samples.tsv --group-by population
	varlake export cohort.vcf.gz --out cohort --tables variants,variant_annotations,sample_annotations,carriers
	bcftools view -f PASS calls.bcf | varlake export - --out passed
	varlake export cohort --samples corrected.tsv --out corrected
	varlake export s3://bucket/vcf/ --out s3://bucket/cohort --shards 64 --shard 0   (one of 64 processes; see docs/batch.md)

` + exitCodes
}

func (c *exportCommand) Run(ctx context.Context, std *streams, interrupt interrupter) error {
	if c.KMSKey != "" && !bucket.Is(c.Out) {
		return fmt.Errorf("%w: --kms-key is for datasets in S3, and %s is a directory", errUsage, c.Out)
	}
	if err := c.useWorkers(); err != nil {
		return err
	}
	shard, err := c.shard(os.LookupEnv)
	if err != nil {
		return err
	}
	j := newJob(c.Out, newLog(std.err, c.Log))
	j.shards, j.shard = c.Shards, shard
	std.about = j.names
	if c.WatchSpot {
		stop, err := j.watchSpot(ctx, interrupt)
		if err != nil {
			return err
		}
		defer stop()
	}
	m := c.meter(std, j)
	topic, err := c.topic(ctx, j)
	var result *export.Result
	if err == nil {
		result, err = c.export(ctx, std, j, m)
	}
	code := exitDone
	if err != nil {
		code = exitCode(ctx, err)
	}
	m.last(code)
	j.tell(ctx, topic, result, err, code)
	return err
}

// export exports and registers. A result without an error is that of an export that came to its end.
func (c *exportCommand) export(ctx context.Context, std *streams, j *job, m *meter) (*export.Result, error) {
	registration := c.registration(j)
	if err := c.checkRegistration(ctx, registration); err != nil {
		return nil, err
	}
	// The collector works harder as the heap comes near; the eighth that is left is for the program itself.
	debug.SetMemoryLimit(int64(c.Memory) / 8 * 7)
	stop := c.watch(std, j, m)
	opt := c.options(ctx)
	opt.Finder, opt.Stores = c.finder(c.clients(j)), store.Counted(encrypted(graceful(ctx), c.clients(j), c.KMSKey), &j.written)
	opt.Shards, opt.Shard, opt.Progress = j.shards, j.shard, j.progress
	result, err := export.Run(ctx, version, opt)
	stop(err == nil)
	if err != nil {
		return nil, err
	}
	if result.Dataset == nil {
		_, err := fmt.Fprintf(std.out, "shard %d of %d: %s, %s, %d rejected%s; %d of %d shards are done\n", j.shard, j.shards,
			count(result.Shard.Records, "record", "records"), count(result.Shard.Rows, "row", "rows"), result.Shard.Rejected, keptText(result.Shard), result.ShardsDone, result.Shards)
		return result, err
	}
	if err := printSummary(std.out, c.Out, result); err != nil || c.Database == "" {
		return result, err
	}
	return result, registration.register(ctx, std.out, result.Dataset)
}

// clients returns the options of the clients of a job, whose retries it counts.
func (c *exportCommand) clients(j *job) cloud.Options {
	opt := c.cloud()
	opt.Retries = &j.retries
	return opt
}

// arrayIndex is the variable that tells a child of an array job of AWS Batch which one it is.
const arrayIndex = "AWS_BATCH_JOB_ARRAY_INDEX"

// shard returns which shard this process does.
func (c *exportCommand) shard(env func(string) (string, bool)) (int, error) {
	index, child := env(arrayIndex)
	switch {
	case child && c.Shards == 1:
		return 0, fmt.Errorf("%w: this is child %s of an array job, and all children would do the same; give --shards with the size of the array", errUsage, index)
	case c.Shards < 1:
		return 0, fmt.Errorf("%w: --shards %d; give 1 or more", errUsage, c.Shards)
	case c.Shard != nil:
		return *c.Shard, nil
	case !child && c.Shards > 1:
		return 0, fmt.Errorf("%w: which of the %d shards? give --shard 0 to %d, or run it as a child of an array job, which has %s", errUsage, c.Shards, c.Shards-1, arrayIndex)
	case !child:
		return 0, nil
	}
	i, err := strconv.Atoi(index)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is %q, not a number", errUsage, arrayIndex, index)
	}
	return i, nil
}

func (c *exportCommand) registration(j *job) registration {
	return registration{Database: c.Database, TablePrefix: c.TablePrefix, dataset: c.Out, aws: c.clients(j)}
}

// checkRegistration finds before any work what would keep its result from being registered.
func (c *exportCommand) checkRegistration(ctx context.Context, r registration) error {
	if wanted, err := r.wanted(); err != nil || !wanted {
		return err
	}
	return r.checkGlue(ctx, c.Tables)
}

// useWorkers has the program use as many cores as it was told to.
func (c *conversion) useWorkers() error {
	if c.Workers < 0 {
		return fmt.Errorf("%w: --workers %d; give the number of CPU cores to use, or leave it out for all", errUsage, c.Workers)
	}
	if c.Workers > 0 {
		runtime.GOMAXPROCS(c.Workers)
	}
	return nil
}

func (c *conversion) options(ctx context.Context) export.Options {
	return export.Options{
		Inputs: c.Inputs, Finder: c.finder(c.cloud()), Lines: restore.Lines, Out: c.Out, Stores: c.stores(ctx),
		Samples: c.Samples, GroupBy: c.GroupBy, Unmatched: c.Unmatched,
		Table:  annotate.TableOptions{Key: c.SampleKey, Missing: append([]string{}, c.Missing...), Types: c.Type},
		Tables: c.Tables, Quarantine: c.OnBadRecord == "quarantine", StrictHeader: c.OnHeaderMismatch == "fail",
		PartSize: int64(c.PartSize), Workers: c.Workers, Memory: int64(c.Memory), Overwrite: c.Overwrite,
	}
}

// columnTypes are types of columns by name: height=double,batch=string.
type columnTypes map[string]annotate.ColumnType

// UnmarshalText adds the types of one flag. A name may have an = in it, a type can't.
func (types *columnTypes) UnmarshalText(text []byte) error {
	if *types == nil {
		*types = make(columnTypes)
	}
	for part := range strings.SplitSeq(string(text), ",") {
		i := strings.LastIndexByte(part, '=')
		if i < 0 {
			return fmt.Errorf("%q has no type; give COLUMN=TYPE", part)
		}
		t, err := annotate.ParseColumnType(part[i+1:])
		if err != nil {
			return err
		}
		(*types)[part[:i]] = t
	}
	return nil
}
