package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	SQL         string `arg:"" name:"sql" help:"One statement, in quotes; it names tables and views as varlake tables DATASET lists them."`
	MaxDownload size   `default:"1GiB" placeholder:"SIZE" help:"Most to copy of a dataset in S3 (${default})." group:"S3"`
	datasetFlags
	formatFlag
}

func (queryCommand) Help() string {
	return `SQL runs in DuckDB, on this machine. Macros give it the functions of Athena that it calls otherwise: cardinality, element_at, transform, any_match and more. As a table, long values are cut and rows of more than 12 columns are printed one below the other; the other formats print all. NULL is an empty field in csv and tsv. Of a dataset in S3, the tables that the statement names are copied to the cache of this user first.

Examples:

	varlake query cohort "SELECT super_pop, count(*) FROM sample_annotations GROUP BY super_pop"
	varlake query cohort "SELECT pos, qc_af FROM variant_annotations WHERE chrom = '22' AND qc_call_rate > 0.95" --format csv
	varlake query cohort "SELECT * FROM genotypes WHERE pos BETWEEN 16050000 AND 16060000 AND n_alt > 0 LIMIT 20"

` + exitCodes
}

func (c *queryCommand) Run(ctx context.Context, std *streams) (err error) {
	dataset, err := c.open(ctx, c.Dataset)
	if err != nil {
		return err
	}
	if bucket.Is(c.Dataset) {
		if dataset, err = c.fetch(ctx, std, dataset); err != nil {
			return err
		}
	}
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

// fetch copies what the statement needs, after saying how much that is.
func (c *queryCommand) fetch(ctx context.Context, std *streams, dataset *export.Dataset) (*export.Dataset, error) {
	if !athena.HasEngine {
		return nil, athena.ErrNoEngine
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	root := sha256.Sum256([]byte(dataset.Root))
	needed, err := athena.PlanCopy(dataset, c.SQL, filepath.Join(cache, "varlake", "datasets", hex.EncodeToString(root[:8])))
	if err != nil {
		return nil, err
	}
	files := count(int64(len(needed.Files)), "file", "files")
	if needed.Bytes > int64(c.MaxDownload) {
		return nil, fmt.Errorf("%w: the tables that the statement names have %v in %s, --max-download is %v; give more, or ask Athena: varlake ddl prints what it needs",
			athena.ErrTooLarge, size(needed.Bytes), files, c.MaxDownload)
	}
	if len(needed.Files) > 0 {
		fmt.Fprintf(std.err, "varlake: copying %v in %s to %s\n", size(needed.Bytes), files, filepath.Join(cache, "varlake"))
	}
	return needed.Run(ctx)
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
