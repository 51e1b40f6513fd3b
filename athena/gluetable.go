package athena

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// Others may write the same table at the same time: then it is read again, and written again if it still differs.
const (
	maxConflicts  = 8
	conflictPause = 50 * time.Millisecond // after the first; longer after each
)

// begin says of a table whose run or partitions are about to change that it is being loaded.
func (r *registrar) begin(ctx context.Context, e *glueEntry) error {
	if e.want == nil || e.isView() {
		return nil
	}
	e.loading = e.found == nil || !r.owns(e.found) || e.found.Parameters[runParameter] != r.run || !replaceable(e.found, e.want)
	if !e.loading && len(e.want.PartitionKeys) > 0 {
		changes, err := r.compare(ctx, e)
		if err != nil {
			return GlueError(ctx, "list partitions of table "+r.full(e.name), err)
		}
		e.loading = !changes.none()
	}
	if !e.loading {
		return nil
	}
	return r.put(ctx, e, loading)
}

// finish writes a table or view as it is to be.
func (r *registrar) finish(ctx context.Context, e *glueEntry) error {
	if e.want == nil {
		return nil
	}
	return r.put(ctx, e, ready)
}

// put writes a table in this state, unless it is so.
func (r *registrar) put(ctx context.Context, e *glueEntry, state string) error {
	doing := "write table " + r.full(e.name)
	return r.agree(ctx, doing, func() error {
		var err error
		if e.found, err = r.get(ctx, e.name); err != nil {
			return err
		}
		if !r.mayWrite(e.found) {
			return r.foreign(e.name)
		}
		if e.found != nil && !replaceable(e.found, e.want) {
			if err := r.drop(ctx, e.found); err != nil {
				return err
			}
			e.found = nil
			e.note(Updated)
		}
		if e.found == nil {
			return r.create(ctx, e, state)
		}
		return r.update(ctx, e, state)
	})
}

func (r *registrar) create(ctx context.Context, e *glueEntry, state string) error {
	_, err := r.api.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: &r.opt.Database, TableInput: r.over(nil, e.want, state)})
	if err == nil {
		e.note(Created)
	}
	return err
}

func (r *registrar) update(ctx context.Context, e *glueEntry, state string) error {
	input := r.over(e.found, e.want, state)
	if sameTable(e.found, input) {
		return nil
	}
	_, err := r.api.UpdateTable(ctx, &glue.UpdateTableInput{
		DatabaseName: &r.opt.Database, TableInput: input, VersionId: e.found.VersionId, SkipArchive: aws.Bool(true),
	})
	if err == nil {
		e.note(Updated)
	}
	return err
}

// note keeps the first change: what comes after it is part of it.
func (e *glueEntry) note(c Change) {
	if e.change == Unchanged {
		e.change = c
	}
}

// agree repeats what others got in the way of.
func (r *registrar) agree(ctx context.Context, doing string, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || !isConflict(err) && !isPassing(err) || attempt == maxConflicts {
			return GlueError(ctx, doing, err)
		}
		select {
		case <-time.After(time.Duration(attempt) * conflictPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// isConflict tells whether something came or went while it was being written.
func isConflict(err error) bool {
	var conflict *types.ConcurrentModificationException
	var exists *types.AlreadyExistsException
	var gone *types.EntityNotFoundException
	var mismatch *types.VersionMismatchException
	return errors.As(err, &conflict) || errors.As(err, &exists) || errors.As(err, &gone) || errors.As(err, &mismatch)
}

// drop deletes a table with its partitions.
func (r *registrar) drop(ctx context.Context, t *types.Table) error {
	if len(t.PartitionKeys) > 0 { // Glue would delete them later, and a new table of that name could meet them
		var values []types.PartitionValueList
		err := r.eachPartition(ctx, *t.Name, func(p types.Partition) {
			values = append(values, types.PartitionValueList{Values: p.Values})
		})
		if err != nil {
			return err
		}
		if err := r.deletePartitions(ctx, *t.Name, values); err != nil {
			return err
		}
	}
	_, err := r.api.DeleteTable(ctx, &glue.DeleteTableInput{DatabaseName: &r.opt.Database, Name: t.Name})
	return err
}

// remove deletes what an earlier run had and this one has not.
func (r *registrar) remove(ctx context.Context, e *glueEntry) error {
	if e.want != nil || e.found == nil {
		return nil
	}
	return r.agree(ctx, "delete table "+r.full(e.name), func() error {
		now, err := r.get(ctx, e.name)
		if err != nil || now == nil || !r.owns(now) {
			return err
		}
		if err := r.drop(ctx, now); err != nil {
			return err
		}
		e.change = Deleted
		return nil
	})
}
