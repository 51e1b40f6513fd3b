package athena

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/smithy-go"

	"github.com/varlake/varlake/internal/awserr"
	"github.com/varlake/varlake/internal/bucket"
)

// categories of errors, and what Athena calls them: https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html.
var categories = map[int32]string{1: "system", 2: "user", 3: "other"}

// failure says why a query failed or was cancelled, as Athena does.
func (e *Execution) failure(status *types.QueryExecutionStatus) error {
	reason, advice := aws.ToString(status.StateChangeReason), ""
	if a := status.AthenaError; a != nil {
		if reason == "" {
			reason = aws.ToString(a.ErrorMessage)
		}
		reason += fmt.Sprintf(" (%s error, type %d)", categories[aws.ToInt32(a.ErrorCategory)], aws.ToInt32(a.ErrorType))
		if a.Retryable {
			advice = "; it may succeed if it is run again"
		}
	}
	if reason == "" {
		reason = "Athena gives no reason"
	}
	if isUnknownName(reason) {
		advice = fmt.Sprintf("; in SQL for Athena tables have their names of database %s, with the prefix that they are registered with", e.remote.Database)
	}
	return fmt.Errorf("query %s %w: %s: %s%s", e.ID, ErrFailed, e.State, reason, advice)
}

// isUnknownName tells whether a query failed for the name of a table or database.
func isUnknownName(reason string) bool {
	for _, code := range []string{"TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "MISSING_SCHEMA_NAME"} {
		if strings.Contains(reason, code) {
			return true
		}
	}
	return false
}

// refused tells whether Athena heard a request and did not do it.
func refused(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorFault() != smithy.FaultServer
}

// explain says in one line why a request failed, and what to do. action is what IAM calls the request. It returns the cause of ctx's end where that is why. Errors wrap
// bucket.ErrDenied or bucket.ErrCredentials where they are that.
func (r *Remote) explain(ctx context.Context, doing, action string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if wrong := awserr.Credentials(err); wrong != "" {
		return fmt.Errorf("%s: %w: %s", doing, bucket.ErrCredentials, wrong)
	}
	code, message := awserr.Code(err), awserr.Message(err)
	missing, told := awserr.Missing(err) // of Glue and S3 only the message says that something is not allowed
	if !told {
		missing.Action = action
	}
	switch {
	case code == "":
		return fmt.Errorf("%s: %w", doing, unanswered(err))
	case code == "AccessDeniedException", told:
		return fmt.Errorf("%s: %w: %v, for workgroup %s and database %s, or give other credentials", doing, bucket.ErrDenied, missing, r.Workgroup, r.Database)
	case code == "TooManyRequestsException", code == "ThrottlingException":
		return fmt.Errorf("%s: Athena is busy (%s: %s), and was until no attempt was left; run the same command later, or in another workgroup", doing, code, message)
	case strings.Contains(message, "WorkGroup") && (strings.Contains(message, "not found") || strings.Contains(message, "not exist")):
		return fmt.Errorf("%s: there is no workgroup %s in this region (%s); give another --workgroup, or the --region that it is in", doing, r.Workgroup, message)
	case strings.Contains(message, "No output location"):
		return fmt.Errorf("%s: workgroup %s does not say where results go; give --output s3://BUCKET/PREFIX/", doing, r.Workgroup)
	}
	return fmt.Errorf("%s: %s (%s)", doing, message, code)
}

// unanswered says why there was no answer.
func unanswered(err error) error {
	var web *url.Error
	if errors.As(err, &web) {
		return fmt.Errorf("no answer from Athena: %w; check the network, the region and AWS_ENDPOINT_URL_ATHENA", web.Err)
	}
	var attempts *retry.MaxAttemptsError
	if errors.As(err, &attempts) {
		return attempts.Err
	}
	return err
}
