// Package spot waits for the notice that EC2 takes a Spot instance back.
package spot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Every is the pause between two looks that EC2 recommends: a notice comes two minutes ahead.
const Every = 5 * time.Second

// item is where a notice appears. Until then there is nothing: 404.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
const item = "spot/instance-action"

// maxNotice bounds what is read of a notice, which has some 60 bytes.
const maxNotice = 4 << 10

// Notice is what EC2 is going to do with the instance.
type Notice struct {
	Action string    `json:"action"` // terminate, stop or hibernate
	Time   time.Time `json:"time"`   // when, about
}

// String says it in words: "Spot notice: EC2 is going to terminate this instance at 2026-01-02T03:04:05Z".
func (n Notice) String() string {
	return fmt.Sprintf("Spot notice: EC2 is going to %s this instance at %s", n.Action, n.Time.UTC().Format(time.RFC3339))
}

// Await looks for a notice again and again, and returns it. That the metadata service can't be asked does not end that: trouble is told of it, once until it answers again.
// The only error is the cause of ctx's end.
func Await(ctx context.Context, client *imds.Client, every time.Duration, trouble func(error)) (Notice, error) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for told := false; ; {
		notice, err := look(ctx, client)
		switch {
		case ctx.Err() != nil:
			return Notice{}, context.Cause(ctx)
		case notice != nil:
			return *notice, nil
		case err == nil:
			told = false
		case !told:
			told = true
			trouble(err)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return Notice{}, context.Cause(ctx)
		}
	}
}

// look asks once for a notice, nil: there is none.
func look(ctx context.Context, client *imds.Client) (*Notice, error) {
	out, err := client.GetMetadata(ctx, &imds.GetMetadataInput{Path: item})
	if err != nil {
		return nil, explain(err)
	}
	defer out.Content.Close()
	text, err := io.ReadAll(io.LimitReader(out.Content, maxNotice))
	if err != nil {
		return nil, fmt.Errorf("instance metadata: %s: %w", item, err)
	}
	var notice Notice
	if err := json.Unmarshal(text, &notice); err != nil || notice.Action == "" {
		return nil, fmt.Errorf("instance metadata: %s is no notice: %.100q", item, text)
	}
	return &notice, nil
}

// explain leaves out of an error what each step on the way has to say; nil: the service said that there is no notice.
func explain(err error) error {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound { // not that of a request for a token, which is another error
		return nil
	}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	return fmt.Errorf("instance metadata: %w", err)
}
