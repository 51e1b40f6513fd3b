package athena

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// How many partitions Glue takes in a request (Glue API reference).
const (
	maxBatch       = 100 // BatchCreatePartition, BatchUpdatePartition
	maxDeleteBatch = 25  // BatchDeletePartition
)

// partitionChanges are what partitions of a table take to be as they should.
type partitionChanges struct {
	create []types.PartitionInput
	update []types.PartitionInput
	delete []types.PartitionValueList
}

func (c partitionChanges) none() bool { return len(c.create)+len(c.update)+len(c.delete) == 0 }

// fill brings the partitions of a table up to date. Entries that someone else was faster with are looked at again.
func (r *registrar) fill(ctx context.Context, e *glueEntry) error {
	if !e.loading || len(e.want.PartitionKeys) == 0 {
		return nil
	}
	return r.agree(ctx, "write partitions of table "+r.full(e.name), func() error {
		changes, err := r.compare(ctx, e)
		if err != nil {
			return err
		}
		return r.apply(ctx, e.name, changes)
	})
}

// apply deletes first: rows of two runs are not to be seen together for longer than it takes.
func (r *registrar) apply(ctx context.Context, table string, changes partitionChanges) error {
	if err := r.deletePartitions(ctx, table, changes.delete); err != nil {
		return err
	}
	for batch := range slices.Chunk(changes.update, maxBatch) {
		entries := make([]types.BatchUpdatePartitionRequestEntry, len(batch))
		for i := range batch {
			entries[i] = types.BatchUpdatePartitionRequestEntry{PartitionInput: &batch[i], PartitionValueList: batch[i].Values}
		}
		out, err := r.api.BatchUpdatePartition(ctx, &glue.BatchUpdatePartitionInput{DatabaseName: &r.opt.Database, TableName: &table, Entries: entries})
		if err != nil {
			return err
		}
		var failed []types.PartitionError
		for _, f := range out.Errors {
			failed = append(failed, types.PartitionError{PartitionValues: f.PartitionValueList, ErrorDetail: f.ErrorDetail})
		}
		if err := entryError(failed); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(changes.create, maxBatch) {
		out, err := r.api.BatchCreatePartition(ctx, &glue.BatchCreatePartitionInput{DatabaseName: &r.opt.Database, TableName: &table, PartitionInputList: batch})
		if err != nil {
			return err
		}
		if err := entryError(out.Errors); err != nil {
			return err
		}
	}
	return nil
}

func (r *registrar) deletePartitions(ctx context.Context, table string, values []types.PartitionValueList) error {
	for batch := range slices.Chunk(values, maxDeleteBatch) {
		out, err := r.api.BatchDeletePartition(ctx, &glue.BatchDeletePartitionInput{DatabaseName: &r.opt.Database, TableName: &table, PartitionsToDelete: batch})
		if err != nil {
			return err
		}
		if err := entryError(out.Errors); err != nil {
			return err
		}
	}
	return nil
}

// compare finds out what partitions of a table differ from what they should be.
func (r *registrar) compare(ctx context.Context, e *glueEntry) (partitionChanges, error) {
	var changes partitionChanges
	found := make(map[string]types.Partition)
	err := r.eachPartition(ctx, e.name, func(p types.Partition) { found[partitionKey(p.Values)] = p })
	if err != nil {
		return changes, err
	}
	for _, want := range e.partitions {
		key := partitionKey(want.Values)
		p, ok := found[key]
		delete(found, key)
		if !ok {
			changes.create = append(changes.create, want)
			continue
		}
		parameters := maps.Clone(p.Parameters) // what others added stays
		if parameters == nil {
			parameters = make(map[string]string)
		}
		maps.Copy(parameters, want.Parameters)
		want.Parameters = parameters
		if !maps.Equal(p.Parameters, parameters) || !sameStorage(p.StorageDescriptor, want.StorageDescriptor) {
			changes.update = append(changes.update, want)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		changes.delete = append(changes.delete, types.PartitionValueList{Values: found[key].Values})
	}
	return changes, nil
}

// eachPartition reads the partitions of a table, page by page.
func (r *registrar) eachPartition(ctx context.Context, table string, do func(types.Partition)) error {
	pages := glue.NewGetPartitionsPaginator(r.api, &glue.GetPartitionsInput{DatabaseName: &r.opt.Database, TableName: &table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, p := range page.Partitions {
			do(p)
		}
	}
	return nil
}

func partitionKey(values []string) string { return strings.Join(values, "\x00") }

// errPartition is an entry of a batch that failed while the request did not.
type errPartition struct{ values, code, message string }

func (e *errPartition) Error() string {
	return fmt.Sprintf("partition %s: %s (%s)", e.values, e.message, e.code)
}

// Codes of entries that are worth another look: someone was faster, or Glue is busy.
var passingCodes = []string{
	"AlreadyExistsException", "EntityNotFoundException", "ConcurrentModificationException",
	"InternalServiceException", "OperationTimeoutException", "ThrottlingException",
}

// entryError makes an error of the entries of a batch that failed; nil: none did. One that can't pass counts before one that can.
func entryError(failed []types.PartitionError) error {
	var err error
	for _, f := range failed {
		e := &errPartition{values: fmt.Sprintf("%q", strings.Join(f.PartitionValues, "/"))}
		if f.ErrorDetail != nil {
			e.code, e.message = aws.ToString(f.ErrorDetail.ErrorCode), aws.ToString(f.ErrorDetail.ErrorMessage)
		}
		if err = e; !isPassing(e) {
			return e
		}
	}
	return err
}

func isPassing(err error) bool {
	var entry *errPartition
	return errors.As(err, &entry) && slices.Contains(passingCodes, entry.code)
}
