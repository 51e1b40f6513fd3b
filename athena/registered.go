package athena

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	service "github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
)

// checkAttempts is how often a table is asked for. The query itself is worth more patience.
const checkAttempts = 3

// Check compares the tables that a statement names, as the database has them, with the dataset, and returns what the reader of the result must know: that they are of another run
// than the dataset's current one, not yet complete, or can't be looked at. A table that is not there is for Athena to miss. The error is ErrForeign.
func (r *Remote) Check(ctx context.Context, ds *export.Dataset, statement string) (notes []string, err error) {
	for _, t := range namedTables(ds.Manifest, statement, r.TablePrefix) {
		name := r.TablePrefix + t.Name
		out, err := r.Client.GetTableMetadata(ctx, &service.GetTableMetadataInput{
			CatalogName: aws.String(catalog), DatabaseName: &r.Database, TableName: &name, WorkGroup: &r.Workgroup,
		}, func(o *service.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, checkAttempts) })
		if isMissing(err) {
			continue
		}
		full := r.Database + "." + name
		if err != nil {
			err = r.explain(ctx, "look at table "+full, "athena:GetTableMetadata and glue:GetTable", err)
			if errors.Is(err, bucket.ErrCredentials) || context.Cause(ctx) != nil {
				return nil, err
			}
			return append(notes, fmt.Sprintf("not checked whether the tables are of %s: %v", ds.Root, err)), nil
		}
		note, err := compare(full, out.TableMetadata, ds)
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return notes, nil
}

// compare compares a table with the dataset, by the parameters that register and ddl give it.
func compare(name string, table *types.TableMetadata, ds *export.Dataset) (note string, err error) {
	if table == nil {
		return "", fmt.Errorf("look at table %s: the answer has no table", name)
	}
	p := table.Parameters
	dataset, run := strings.TrimRight(p[datasetParameter], "/"), p[runParameter]
	switch {
	case dataset == "":
		return "", fmt.Errorf("table %s: %w: it was not made by varlake; give the --database and --table-prefix of %s", name, ErrForeign, ds.Root)
	case dataset != strings.TrimRight(ds.Root, "/"):
		return "", fmt.Errorf("table %s: %w: %s; give the --database and --table-prefix of %s, or that dataset", name, ErrForeign, dataset, ds.Root)
	case run != ds.Manifest.Run:
		return fmt.Sprintf("table %s is of run %s, the dataset's current run is %s; varlake register brings it up to date", name, run, ds.Manifest.Run), nil
	case p[stateParameter] == loading:
		return fmt.Sprintf("table %s is not complete yet: some partitions may be missing; varlake register completes it", name), nil
	}
	return "", nil
}

// isMissing tells the error of a table or database that is not there.
func isMissing(err error) bool {
	var metadata *types.MetadataException
	return errors.As(err, &metadata) && strings.Contains(metadata.ErrorMessage(), "EntityNotFound")
}
