package athena

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/awserr"
	"github.com/varlake/varlake/internal/bucket"
)

// probeValue is a partition that no table has: names of contigs have no spaces.
const probeValue = "varlake probe"

// MayRegister fails where Register would later for want of permissions to write, as far as requests tell that can't change anything: Glue looks at what is allowed before it
// looks at what there is. tables are as for CheckGlue; the first that has partitions is asked about. Not found out: CreateDatabase, DeleteTable, and of CreateTable and
// UpdateTable the one that would do its work. The error wraps bucket.ErrDenied and names all that is missing.
func MayRegister(ctx context.Context, api GlueAPI, opt GlueOptions, tables []string) error {
	r := newRegistrar(api, opt)
	name := opt.TablePrefix + export.Variants
	if i := slices.IndexFunc(tables, func(t string) bool { return t != export.SampleAnnotations }); i >= 0 {
		name = opt.TablePrefix + tables[i]
	}
	found, err := r.get(ctx, name)
	if err != nil {
		return err
	}
	probes := r.probes(ctx, name, found != nil)
	denied := make([]string, len(probes))
	var group errgroup.Group // for the sake of Glue being far away
	for i, p := range probes {
		group.Go(func() error {
			if err := p.try(); isDenied(err) {
				denied[i] = deniedBy(p.operation, err)
			}
			return nil // any other answer says that it was not denied
		})
	}
	_ = group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var missing []string
	for _, d := range denied {
		if d != "" {
			missing = append(missing, d)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("write table %s: %w: %s; or give other credentials", r.full(name), bucket.ErrDenied, strings.Join(missing, "; "))
	}
	return nil
}

// probe is a request that changes nothing.
type probe struct {
	operation string
	try       func() error
}

// probes are requests about a table that is there, or not. Where someone else makes or drops it at the same moment, what they write is what Register would begin with.
func (r *registrar) probes(ctx context.Context, name string, there bool) []probe {
	database, value := &r.opt.Database, []string{probeValue}
	input := &types.TableInput{Name: &name, TableType: aws.String(externalTable), Parameters: map[string]string{datasetParameter: r.dataset, stateParameter: loading}}
	probes := []probe{
		{"GetPartitions", func() error {
			_, err := r.api.GetPartitions(ctx, &glue.GetPartitionsInput{DatabaseName: database, TableName: &name, MaxResults: aws.Int32(1)})
			return err
		}},
		{"BatchCreatePartition", func() error {
			_, err := r.api.BatchCreatePartition(ctx, &glue.BatchCreatePartitionInput{DatabaseName: database, TableName: &name, PartitionInputList: []types.PartitionInput{}})
			return err
		}},
		{"BatchUpdatePartition", func() error {
			entry := types.BatchUpdatePartitionRequestEntry{PartitionValueList: value, PartitionInput: &types.PartitionInput{Values: value}}
			_, err := r.api.BatchUpdatePartition(ctx, &glue.BatchUpdatePartitionInput{DatabaseName: database, TableName: &name, Entries: []types.BatchUpdatePartitionRequestEntry{entry}})
			return err
		}},
		{"BatchDeletePartition", func() error {
			_, err := r.api.BatchDeletePartition(ctx, &glue.BatchDeletePartitionInput{DatabaseName: database, TableName: &name, PartitionsToDelete: []types.PartitionValueList{}})
			return err
		}},
	}
	if there {
		return append(probes, probe{"CreateTable", func() error {
			_, err := r.api.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: database, TableInput: input})
			return err
		}})
	}
	return append(probes, probe{"UpdateTable", func() error {
		_, err := r.api.UpdateTable(ctx, &glue.UpdateTableInput{DatabaseName: database, TableInput: input, VersionId: aws.String("none")})
		return err
	}})
}

// isDenied tells whether IAM denied a request. What Lake Formation says of a table that is not there says nothing of one that is.
func isDenied(err error) bool {
	return awserr.Code(err) == "AccessDeniedException" && !strings.Contains(err.Error(), "Lake Formation")
}
