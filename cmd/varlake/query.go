package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
)

type queryCommand struct {
	Dataset     string `arg:"" help:"Dataset: a directory, or s3://bucket/prefix."`
	SQL         string `arg:"" name:"sql" help:"One statement, in quotes; it names tables and views as varlake tables DATASET lists them, or for Athena as they are registered."`
	MaxDownload size   `placeholder:"SIZE" help:"Most to copy of a dataset in S3 (1GiB)." group:"S3"`
	datasetFlags
	athenaFlags
	progressFlags
	formatFlag
}

// defaultDownload is the most to copy where no flag says otherwise.
const defaultDownload size = 1 << 30

func (queryCommand) Help() string {
	return `SQL runs in DuckDB, on this machine. Macros give it the functions of Athena that it calls otherwise: cardinality, element_at, transform, any_match and more. As a table, long values are cut and rows of more than 12 columns are printed one below the other; the other formats print all. NULL is an empty field in csv and tsv. Of a dataset in S3, the tables that the statement names are copied to the cache of this user first.

With --athena, SQL runs in Athena, over the tables that are registered for DATASET, which is in S3. They have their names of --database, with the prefix that they are registered with: genotypes under --table-prefix kg_ is kg_genotypes in the SQL. Arrays and maps are text as Athena writes it, in json too. Interrupted, the query is stopped. Bytes scanned and what they cost go to stderr.

Examples:

	varlake query cohort "SELECT super_pop, count(*) FROM sample_annotations GROUP BY super_pop"
	varlake query cohort "SELECT pos, qc_af FROM variant_annotations WHERE chrom = '22' AND qc_call_rate > 0.95" --format csv
	varlake query cohort "SELECT * FROM genotypes WHERE pos BETWEEN 16050000 AND 16060000 AND n_alt > 0 LIMIT 20"
	varlake query s3://bucket/cohort "SELECT super_pop, avg(n_alt) / 2 AS af FROM kg_genotypes WHERE chrom = '22' AND pos = 16050075 GROUP BY super_pop" --athena --database genomes --table-prefix kg_ --output s3://bucket/results/

` + exitCodes
}

func (c *queryCommand) Run(ctx context.Context, std *streams) error {
	if err := c.athenaFlags.check(c.Dataset, c.MaxDownload != 0); err != nil {
		return err
	}
	dataset, err := c.open(ctx, c.Dataset)
	switch {
	case err != nil:
		return err
	case c.Athena:
		return c.inAthena(ctx, std, dataset)
	case bucket.Is(c.Dataset):
		return c.overCopy(ctx, std, dataset)
	}
	return c.here(ctx, std, dataset)
}

// here queries a dataset of this machine.
func (c *queryCommand) here(ctx context.Context, std *streams, dataset *export.Dataset) (err error) {
	rows, err := athena.Query(ctx, dataset, c.SQL)
	if err != nil {
		return explainSQL(err, dataset.Manifest)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return c.print(std, rows.Columns, func() ([]any, error) {
		row, err := rows.Next()
		if err != nil && err != io.EOF {
			err = explainSQL(err, dataset.Manifest)
		}
		return row, err
	})
}

// overCopy copies what the statement needs, after saying how much that is, and queries the copy.
func (c *queryCommand) overCopy(ctx context.Context, std *streams, dataset *export.Dataset) error {
	if !athena.HasEngine {
		return athena.ErrNoEngine
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	needed, err := athena.PlanCopy(dataset, c.SQL, filepath.Join(cache, "varlake", "datasets"))
	if err != nil {
		return err
	}
	defer needed.Close()
	files, limit := count(int64(len(needed.Files)), "file", "files"), cmp.Or(c.MaxDownload, defaultDownload)
	if needed.Bytes > int64(limit) {
		return fmt.Errorf("%w: the tables that the statement names have %v in %s, --max-download is %v; give more, or let Athena run it: varlake query --athena",
			athena.ErrTooLarge, size(needed.Bytes), files, limit)
	}
	if len(needed.Files) > 0 {
		fmt.Fprintf(std.err, "varlake: copying %v in %s to %s\n", size(needed.Bytes), files, filepath.Join(cache, "varlake"))
		if err := needed.Tidy(); err != nil {
			fmt.Fprintf(std.err, "varlake: note: old copies are not deleted: %s\n", oneLine(err.Error()))
		}
	}
	copied, err := needed.Run(ctx)
	if err != nil {
		return err
	}
	return c.here(ctx, std, copied)
}

// explainSQL keeps of an error of DuckDB, which has many lines and draws arrows, what is wrong and what could have been meant.
func explainSQL(err error, m *export.Manifest) error {
	if errors.Is(err, athena.ErrNoEngine) {
		return err
	}
	message, rest, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	message = strings.TrimSuffix(message, "!")
	if _, columns, ok := strings.Cut(rest, "Candidate bindings: "); ok {
		columns, _, _ = strings.Cut(columns, "\n")
		return fmt.Errorf("%s; it may be one of %s", message, columns)
	}
	if strings.Contains(message, "Parser Error") || strings.Contains(message, "Catalog Error: Table") {
		return fmt.Errorf("%s; mend the SQL; there are %s", message, strings.Join(tableNames(m), ", "))
	}
	return errors.New(message)
}

// tableNames are the names that a statement may use.
func tableNames(m *export.Manifest) (names []string) {
	for _, t := range m.Tables {
		names = append(names, t.Name)
	}
	views, err := athena.Views(m, athena.DuckDB, "", "")
	if err != nil {
		return names // of tables; the statement has failed for another reason already
	}
	for _, v := range views {
		names = append(names, v.Name)
	}
	return names
}
