package awserr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// NoCredentials is what Credentials says where neither environment nor files nor machine give any.
const NoCredentials = "there are none; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

// Credentials says what is wrong with the credentials of a request, and what to do; "": nothing, as far as the error tells. It repeats nothing of what a program or file
// that should give them has.
func Credentials(err error) string {
	if err == nil {
		return ""
	}
	code, text := Code(err), err.Error()
	// The SDK has no type for the error of signing without credentials.
	unsigned := strings.Contains(text, "get identity:") || strings.Contains(text, "failed to refresh cached credentials")
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
		return "they have expired (" + code + "); renew them, as with aws sso login, and run the same command again"
	case "RequestTimeTooSkewed":
		return "the clock of this machine is wrong (" + code + "); set it"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature",
		"MissingAuthenticationTokenException":
		return "AWS does not accept them (" + code + "); check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	switch {
	case !unsigned:
		return ""
	case strings.Contains(text, "SSO token"), strings.Contains(text, "SSO session"):
		return "the login of the profile has expired; renew it with aws sso login, and run the same command again"
	case strings.Contains(text, "credential_process"), strings.Contains(text, "process output"):
		return "the credential_process of the profile gives none; run it by hand to see why"
	}
	operation := source(err)
	switch {
	case operation == "":
		return NoCredentials
	case code == "":
		return operation + " can't be asked for them; check the network, the region and AWS_PROFILE"
	}
	return fmt.Sprintf("%s gives none: %s (%s); check AWS_PROFILE, and whether its role may be assumed (sts:AssumeRole)", operation, Message(err), code)
}

// source names the request for credentials that failed, as STS AssumeRole; "" where there was none but to the machine's own metadata.
func source(err error) (name string) {
	depth := 0
	for operation := (*smithy.OperationError)(nil); errors.As(err, &operation); err = operation.Err {
		depth++
		name = operation.ServiceID + " " + operation.OperationName
		if operation.ServiceID == "ec2imds" {
			return ""
		}
	}
	if depth < 2 { // the request that was to be signed
		return ""
	}
	return name
}
