package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/spot"
)

// operatorFlags are for those who run exports as jobs.
type operatorFlags struct {
	WatchSpot bool   `help:"Watch for the notice that EC2 takes this Spot instance back, and end with exit code 75 then." group:"Running"`
	Metrics   string `enum:",emf" default:"" placeholder:"emf" help:"Metrics for CloudWatch on stderr, in its embedded metric format." group:"Running"`
	SNSTopic  string `name:"sns-topic" placeholder:"ARN" help:"SNS topic that is told when the export is done or has failed." group:"Running"`
}

// job is an export as its operators know it: what its log, its metrics and its messages are about.
type job struct {
	dataset  string
	shards   int // 0 and 1: the export is not one of several
	shard    int
	id       string // of AWS Batch; "" elsewhere
	attempt  int    // of AWS Batch, from 1; 0 elsewhere
	progress *export.Progress
	retries  atomic.Int64 // requests that were repeated
	written  atomic.Int64 // bytes of files
	lines    *slog.Logger
}

// newJob returns the job that this process is, by the variables that AWS Batch sets:
// https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
func newJob(dataset string, lines *slog.Logger) *job {
	attempt, err := strconv.Atoi(os.Getenv("AWS_BATCH_JOB_ATTEMPT"))
	if err != nil {
		attempt = 0
	}
	return &job{dataset: strings.TrimRight(dataset, "/"), id: os.Getenv("AWS_BATCH_JOB_ID"), attempt: attempt, progress: new(export.Progress), lines: lines}
}

// names are those of the run, the shard, the attempt and the job, as arguments of slog, as far as there are any.
func (j *job) names() []any {
	var names []any
	if run := j.progress.Run(); run != "" {
		names = append(names, "run", run)
	}
	if j.shards > 1 {
		names = append(names, "shard", j.shard)
	}
	if j.attempt > 0 {
		names = append(names, "attempt", j.attempt)
	}
	if j.id != "" {
		names = append(names, "job", j.id)
	}
	return names
}

// log returns where lines about the job are written. They name what is known of it at that moment.
func (j *job) log() *slog.Logger { return j.lines.With(j.names()...) }

// watchSpot interrupts the command when EC2 takes the machine back, until the returned function is called.
func (j *job) watchSpot(ctx context.Context, interrupt interrupter) (stop func(), err error) {
	client, err := cloud.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		notice, err := spot.Await(ctx, client, spot.Every, func(err error) {
			j.log().Warn("no Spot notice can be seen, and the export goes on without", "reason", err.Error())
		})
		if err == nil {
			interrupt(fmt.Errorf("%v: %w", notice, errInterrupted))
		}
	}()
	return func() {
		cancel()
		<-ended
	}, nil
}
