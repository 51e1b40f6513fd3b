package athena

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
)

// catalog is the Glue catalog of the account, as Athena calls it.
const catalog = "AwsDataCatalog"

// Pauses between two looks at a query.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// stopWithin is the time in which a query must be stopped that nobody waits for any more.
const stopWithin = 10 * time.Second

var (
	// ErrRunning is the error of a query that may go on, and cost, without anybody waiting for it.
	ErrRunning = errors.New("it may still be running")
	// ErrFailed is the error of a query that Athena began and did not finish.
	ErrFailed = errors.New("did not succeed")
)

// Remote runs SQL in Athena.
type Remote struct {
	Client      *service.Client
	Workgroup   string
	Output      string // s3://bucket/prefix for results; "" is where the workgroup says
	Database    string // of names that the SQL does not qualify
	TablePrefix string // of the dataset's tables in it
}

// Execution is a query in Athena. For one goroutine.
type Execution struct {
	ID      string
	State   types.QueryExecutionState // as it was last seen
	Scanned int64                     // bytes read by now
	Engine  time.Duration             // that the engine worked on it

	kind   types.StatementType
	reused bool // the result is that of an earlier query
	remote *Remote
}

// Start starts a statement: once, however often the request has to be repeated. The error is ErrName for a database or prefix that can't be one. If ctx ends meanwhile, the
// query is stopped; the error is then the cause of that, and ErrRunning where it could not be.
func (r *Remote) Start(ctx context.Context, statement string) (*Execution, error) {
	if err := checkNames(r.Database, r.TablePrefix); err != nil {
		return nil, err
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	in := &service.StartQueryExecutionInput{
		QueryString:           &statement,
		ClientRequestToken:    aws.String(rand.Text() + rand.Text()), // 32 characters or more
		WorkGroup:             &r.Workgroup,
		QueryExecutionContext: &types.QueryExecutionContext{Catalog: aws.String(catalog), Database: &r.Database},
	}
	if r.Output != "" {
		in.ResultConfiguration = &types.ResultConfiguration{OutputLocation: &r.Output}
	}
	// A request that was cut off may have been heard, by a query that nobody knows the id of. So the answer is awaited even when ctx ends.
	starting, cancel := outlive(ctx, stopWithin)
	defer cancel()
	out, err := r.Client.StartQueryExecution(starting, in)
	cause := context.Cause(ctx)
	if err != nil {
		switch {
		case cause == nil:
			return nil, r.explain(starting, "start the query", "athena:StartQueryExecution", err)
		case refused(err):
			return nil, cause
		}
		return nil, fmt.Errorf("%w: whether the query was started is not known: %w", cause, ErrRunning)
	}
	e := &Execution{ID: aws.ToString(out.QueryExecutionId), State: types.QueryExecutionStateQueued, remote: r}
	if cause != nil {
		return nil, errors.Join(cause, e.stop(ctx))
	}
	return e, nil
}

// outlive returns a context that ends some time after ctx does.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() {
		forget()
		cancel()
	}
}

// Wait waits until the query is over, and calls watch after each look at it. The error is ErrFailed where Athena says that the query failed or was cancelled. If ctx ends, or
// the query can't be looked at, it is stopped, and the error is as that of Start.
func (e *Execution) Wait(ctx context.Context, watch func()) error {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		status, err := e.look(ctx)
		if err != nil {
			return errors.Join(err, e.stop(ctx))
		}
		watch()
		switch {
		case e.State == types.QueryExecutionStateSucceeded:
			return nil
		case e.Over():
			return e.failure(status)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(context.Cause(ctx), e.stop(ctx))
		}
	}
}

// Over tells whether the query was seen to have come to its end, be it a good one or not.
func (e *Execution) Over() bool {
	return e.State == types.QueryExecutionStateSucceeded || e.State == types.QueryExecutionStateFailed || e.State == types.QueryExecutionStateCancelled
}

// look finds out how far the query is.
func (e *Execution) look(ctx context.Context) (*types.QueryExecutionStatus, error) {
	out, err := e.remote.Client.GetQueryExecution(ctx, &service.GetQueryExecutionInput{QueryExecutionId: &e.ID})
	if err != nil {
		return nil, e.remote.explain(ctx, "look at query "+e.ID, "athena:GetQueryExecution", err)
	}
	if out.QueryExecution == nil || out.QueryExecution.Status == nil {
		return nil, fmt.Errorf("look at query %s: the answer has no status", e.ID)
	}
	e.State, e.kind = out.QueryExecution.Status.State, out.QueryExecution.StatementType
	if s := out.QueryExecution.Statistics; s != nil {
		e.Scanned = aws.ToInt64(s.DataScannedInBytes)
		e.Engine = time.Duration(aws.ToInt64(s.EngineExecutionTimeInMillis)) * time.Millisecond
		e.reused = s.ResultReuseInformation != nil && s.ResultReuseInformation.ReusedPreviousResult
	}
	return out.QueryExecution.Status, nil
}

// stop stops the query, also when ctx has ended. The error is ErrRunning.
func (e *Execution) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if _, err := e.remote.Client.StopQueryExecution(ctx, &service.StopQueryExecutionInput{QueryExecutionId: &e.ID}); err != nil {
		err = e.remote.explain(ctx, "stop query "+e.ID, "athena:StopQueryExecution", err)
		return fmt.Errorf("%w: %w; stop it with aws athena stop-query-execution --query-execution-id %s", err, ErrRunning, e.ID)
	}
	return nil
}
