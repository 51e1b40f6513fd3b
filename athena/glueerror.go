package athena

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/varlake/varlake/internal/awserr"
	"github.com/varlake/varlake/internal/bucket"
)

var (
	// ErrThrottled is wrapped by the error for requests that Glue put off until no attempt was left.
	ErrThrottled = errors.New("throttled by Glue")
	// ErrConflict is wrapped by the error for a table that others did not stop writing.
	ErrConflict = errors.New("others write it at the same time")
)

// glueOperations are the requests that Register makes, those that only read first. Each is allowed by the IAM action of its name.
var glueOperations = []string{
	"GetDatabase", "GetTable", "GetPartitions",
	"CreateDatabase", "CreateTable", "UpdateTable", "BatchCreatePartition", "BatchUpdatePartition", "BatchDeletePartition", "DeleteTable",
}

// GlueActions returns the IAM actions that Register takes, on the catalog, the database and its tables: glue:GetTable.
func GlueActions() []string {
	actions := slices.Clone(glueOperations)
	for i, operation := range actions {
		actions[i] = GlueAction(operation)
	}
	return actions
}

// GlueAction returns the IAM action that allows a request to Glue.
func GlueAction(operation string) string { return "glue:" + operation }

// GlueError says in one line why a request to Glue failed, and what to do. doing is what it was for: "create table lake.variants". It returns the cause of ctx's end where that is
// why, and an error that was explained already as it is. Errors wrap bucket.ErrDenied, bucket.ErrCredentials, ErrThrottled or ErrConflict where they are that.
func GlueError(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var request *smithy.OperationError
	var entry *errPartition
	if errors.As(err, &entry) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if !errors.As(err, &request) {
		return err
	}
	status := 0
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code, message := awserr.Code(err), awserr.Message(err)
	fail := func(kind error, format string, args ...any) error {
		return fmt.Errorf("%s: %w: %s", doing, kind, fmt.Sprintf(format, args...))
	}
	wrong := awserr.Credentials(err)
	switch {
	case wrong != "":
		return fail(bucket.ErrCredentials, "%s", wrong)
	case code == "AccessDeniedException":
		return fail(bucket.ErrDenied, "%v, or give other credentials", deniedBy(request.OperationName, err))
	case code == "ThrottlingException", status >= http.StatusInternalServerError:
		return fail(ErrThrottled, "it answered %d %s, and again until no attempt was left; run the same command later", status, code)
	case isConflict(err):
		return fail(ErrConflict, "%s (%s); run the same command again", message, code)
	case code != "":
		return fmt.Errorf("%s: %s (%s)", doing, message, code)
	}
	return fmt.Errorf("%s: %w", doing, unreached(err, request))
}

// deniedBy names the permission that a request lacked: as AWS says, or the action of its name. Lake Formation, whose permissions are not those of IAM, says what it is about.
func deniedBy(operation string, err error) string {
	if missing, told := awserr.Missing(err); told {
		return missing.String()
	}
	text := "allow " + GlueAction(operation)
	if message := awserr.Message(err); message != "" {
		text += " (AWS says: " + message + ")"
	}
	return text
}

// unreached finds in an error without an answer what the network had to say.
func unreached(err error, request *smithy.OperationError) error {
	var op *net.OpError
	var web *url.Error
	switch {
	case errors.As(err, &op):
		err = op
	case errors.As(err, &web):
		err = web.Err
	default:
		return request.Err
	}
	return fmt.Errorf("no answer from Glue: %w; check the network, the region and AWS_ENDPOINT_URL_GLUE", err)
}
