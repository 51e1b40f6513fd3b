package athena

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/varlake/varlake/export"
)

// ErrNoDatabase is wrapped by the error for a database that is not there, where it can't be made.
var ErrNoDatabase = errors.New("no such database")

// NamedRuns returns the runs of the dataset at opt.Location whose files are named by tables in Glue that have the names of its tables, whoever made them: by run, the name of such a table. They are several
// where tables are being registered, and other than the current run where that was not registered yet. Errors are ErrName, ErrLocation, ErrNoDatabase and those of GlueError.
func NamedRuns(ctx context.Context, api GlueAPI, opt GlueOptions) (map[string]string, error) {
	if err := opt.Check(); err != nil {
		return nil, err
	}
	r := newRegistrar(api, opt)
	there, err := r.hasDatabase(ctx)
	if err != nil {
		return nil, err
	}
	if !there { // perhaps a slip of the pen: to take it for one without tables could cost runs
		return nil, fmt.Errorf("%w: Glue has no database %s; give the one that the dataset is registered in", ErrNoDatabase, opt.Database)
	}
	runs := make(map[string]string)
	for _, e := range appendMissing(nil, opt.TablePrefix) {
		table, err := r.get(ctx, e.name)
		if err != nil {
			return nil, err
		}
		if table == nil {
			continue
		}
		name := func(at *types.StorageDescriptor) {
			if run := r.runAt(at); run != "" {
				runs[run] = r.full(e.name)
			}
		}
		name(table.StorageDescriptor)
		if len(table.PartitionKeys) == 0 {
			continue
		}
		err = r.eachPartition(ctx, e.name, func(p types.Partition) { name(p.StorageDescriptor) })
		if err != nil {
			return nil, GlueError(ctx, "list partitions of table "+r.full(e.name), err)
		}
	}
	return runs, nil
}

// runAt returns the run of the dataset that files are of, "" if they are of none.
func (r *registrar) runAt(at *types.StorageDescriptor) string {
	if at == nil {
		return ""
	}
	rest, ok := strings.CutPrefix(aws.ToString(at.Location), r.dataset+"/"+export.RunPath("")+"/")
	if !ok {
		return ""
	}
	run, _, _ := strings.Cut(rest, "/")
	return run
}
