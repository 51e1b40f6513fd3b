package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/varlake/varlake/internal/awserr"
)

var (
	// ErrName is wrapped by the error for what is no name of S3.
	ErrName = errors.New("bad S3 name")
	// ErrNoBucket is wrapped by the error for a bucket that is not there.
	ErrNoBucket = errors.New("no such bucket")
	// ErrDenied is wrapped by the error for what a policy does not allow. It is an fs.ErrPermission too.
	ErrDenied = fmt.Errorf("access denied: %w", fs.ErrPermission)
	// ErrCredentials is wrapped by the error for credentials that are missing, wrong or expired.
	ErrCredentials = errors.New("credentials")
	// ErrRegion is wrapped by the error for a bucket that is in another region than was asked.
	ErrRegion = errors.New("wrong region")
	// ErrKey is wrapped by the error for a KMS key that can't be used.
	ErrKey = errors.New("KMS key can't be used")
	// ErrCondition is wrapped by the error for an object that is not as the request demands: there, gone or changed.
	ErrCondition = errors.New("condition not met")
	// ErrBusy is wrapped by the error for requests that S3 put off until no attempt was left.
	ErrBusy = errors.New("S3 does not keep up")
	// ErrUnreachable is wrapped by the error for a server that does not answer.
	ErrUnreachable = errors.New("S3 can't be reached")
)

// Explain says in one line why a request failed, and what to do. doing is what it was for: "read". It returns the cause of ctx's end where that is why. What the SDK
// prints is left out: it is long, and names what was signed.
func (b *Bucket) Explain(ctx context.Context, doing, key string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	status := 0
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code, message, wrong := awserr.Code(err), awserr.Message(err), awserr.Credentials(err)
	fail := func(kind error, format string, args ...any) error {
		return fmt.Errorf("%s %s: %w: %s", doing, b.URI(key), kind, fmt.Sprintf(format, args...))
	}
	switch {
	case wrong == awserr.NoCredentials:
		return fail(ErrCredentials, "%s, or give --anonymous to read what is public", wrong)
	case wrong != "":
		return fail(ErrCredentials, "%s", wrong)
	case code == "NoSuchBucket":
		return fail(ErrNoBucket, "there is no bucket %s; create it, or mend the name", b.Name)
	case strings.Contains(strings.ToLower(code), "kms"):
		return fail(ErrKey, "%s (%s); give --kms-key a key of the bucket's region that these credentials may use", message, code)
	case code == "NoSuchKey", code == "NoSuchUpload", code == "NotFound", status == http.StatusNotFound:
		return fmt.Errorf("%s %s: %w", doing, b.URI(key), fs.ErrNotExist)
	case code == "PreconditionFailed", code == "ConditionalRequestConflict", status == http.StatusPreconditionFailed:
		return fail(ErrCondition, "%s", code)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", code == "IllegalLocationConstraintException", status == http.StatusMovedPermanently:
		return fail(ErrRegion, "%s; give --region the region of the bucket%s", code, itsRegion(response))
	case code == "AccessDenied", code == "AllAccessDisabled", code == "AccountProblem", status == http.StatusForbidden:
		return b.explainDenied(ctx, doing, key, err)
	case code == "InvalidRange", status == http.StatusRequestedRangeNotSatisfiable:
		return fail(ErrChanged, "it is shorter than it was; run the command again when nothing writes to it")
	case code == "SlowDown", code == "ServiceUnavailable", status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests, status >= 500:
		return fail(ErrBusy, "it answered %d %s, and again until no attempt was left; run the same command later", status, code)
	case code != "":
		return fmt.Errorf("%s %s: %s (%s)", doing, b.URI(key), message, code)
	}
	return fmt.Errorf("%s %s: %w", doing, b.URI(key), reason(err))
}

// itsRegion names the region that S3 said the bucket is in.
func itsRegion(r *awshttp.ResponseError) string {
	if r != nil && r.Response != nil {
		if region := r.Response.Header.Get(RegionHeader); region != "" {
			return ", " + region
		}
	}
	return ""
}

// RegionHeader is where S3 says which region a bucket is in, in answers of any status.
const RegionHeader = "X-Amz-Bucket-Region"

// reason finds in an error of the SDK what the network had to say.
func reason(err error) error {
	var attempts *retry.MaxAttemptsError
	if errors.As(err, &attempts) {
		err = attempts.Err
	}
	var op *net.OpError
	var web *url.Error
	var timeout net.Error
	switch {
	case errors.As(err, &op):
		return fmt.Errorf("%w: %w; check the network and AWS_ENDPOINT_URL_S3", ErrUnreachable, op)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: no byte came in time; check the network, and run the same command again", ErrUnreachable)
	case errors.As(err, &web):
		return fmt.Errorf("%w: %w; check the network and AWS_ENDPOINT_URL_S3", ErrUnreachable, web.Err)
	}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		return operation.Err
	}
	return err
}
