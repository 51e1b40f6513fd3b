package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/varlake/varlake/internal/awserr"
	"github.com/varlake/varlake/internal/bucket"
)

// isDenied tells whether a request was denied. SNS has a code of its own for that.
func isDenied(err error) bool {
	switch awserr.Code(err) {
	case "AuthorizationError", "AccessDenied", "AccessDeniedException":
		return true
	}
	return false
}

// explain says in one line why a request about the topic failed, and what to do.
func (t Topic) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	fail := func(kind error, format string, args ...any) error {
		return fmt.Errorf("%s %s: %w: %s", doing, t.ARN, kind, fmt.Sprintf(format, args...))
	}
	status := 0
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code, message, wrong := awserr.Code(err), awserr.Message(err), awserr.Credentials(err)
	var network *net.OpError
	switch {
	case wrong != "":
		return fail(bucket.ErrCredentials, "%s", wrong)
	case isDenied(err):
		missing, told := awserr.Missing(err)
		if !told {
			missing = awserr.Permission{Action: "sns:Publish", Resource: t.ARN}
		}
		return fail(bucket.ErrDenied, "%v", missing)
	case code == "NotFound":
		return fail(ErrNoTopic, "create it, or mend the ARN")
	case code == "InvalidParameter":
		return fail(ErrTopic, "%s; mend the ARN", message)
	case code != "":
		return fmt.Errorf("%s %s: it answered %d: %s (%s)", doing, t.ARN, status, message, code)
	case errors.As(err, &network):
		return fmt.Errorf("%s %s: no answer from SNS: %w; check the network, the region and AWS_ENDPOINT_URL_SNS", doing, t.ARN, network)
	case status >= http.StatusInternalServerError:
		return fmt.Errorf("%s %s: it answered %d, and again until no attempt was left", doing, t.ARN, status)
	}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	return fmt.Errorf("%s %s: %w", doing, t.ARN, err)
}
