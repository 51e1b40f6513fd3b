package export

import (
	"context"
	"fmt"

	"github.com/varlake/varlake/vcf"
)

// assembler gathers batches into row groups, in file order, and has their pages encoded. It is for one goroutine.
type assembler struct {
	*pipeline
	submit func(func(*worker)) error // has a worker do a job
	groups chan<- *rowGroup
	group  *rowGroup // that is being gathered
	rows   order
}

// run sends the row groups of all tasks to groups.
func (a *assembler) run(ctx context.Context, tasks <-chan *decodeTask) error {
	for task := range tasks {
		for more := true; more; {
			select {
			case more = <-task.more:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			for _, b := range task.batches {
				if err := a.add(ctx, b); err != nil {
					return err
				}
			}
			if more {
				if err := a.submit(func(w *worker) { a.decode(w, task) }); err != nil {
					return err
				}
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return a.flush(ctx)
}

// add adds the next batch.
func (a *assembler) add(ctx context.Context, b *batch) error {
	if a.failBad && len(b.rejects) > 0 {
		return badRecordError(b.rejects[0])
	}
	if a.strict {
		if err := b.conflicts.mismatch(); err != nil {
			return err
		}
	}
	if a.group != nil && !a.group.takes(b) {
		if err := a.flush(ctx); err != nil {
			return err
		}
	}
	if a.group == nil {
		a.group = a.rowPool.get(b.chrom)
	}
	a.progress.addRecords(b.records, int64(len(b.rejects)))
	a.rows.check(b, a.inputs[b.last.Input].Name)
	jobs, err := a.group.add(b, a.batches)
	if err != nil {
		return err
	}
	return a.encodeAll(jobs)
}

// flush ends the row group at hand.
func (a *assembler) flush(ctx context.Context) error {
	if a.group == nil {
		return nil
	}
	if err := a.encodeAll(a.group.finish()); err != nil {
		return err
	}
	select {
	case a.groups <- a.group:
		a.group = nil
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (a *assembler) encodeAll(jobs []func()) error {
	for _, job := range jobs {
		if err := a.submit(a.encode(job)); err != nil {
			return err
		}
	}
	return nil
}

func badRecordError(r Reject) error {
	return fmt.Errorf("%w: %s, %s: %s; mend the file, or set such records aside with --on-bad-record quarantine",
		ErrBadRecord, r.Input, vcf.Place(r.Line, r.Offset), r.Reason)
}
