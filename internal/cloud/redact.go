package cloud

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// redact keeps what signs a request out of the errors of all clients: a server or proxy on the way may repeat the headers that it was sent.
func redact(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("varlakeRedact",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if request, ok := in.Request.(*smithyhttp.Request); ok && err != nil {
				err = withoutSecrets(err, request.Header)
			}
			return out, metadata, err
		}), middleware.Before)
}

const leftOut = "left out, as it repeats what the request was signed with"

// withoutSecrets returns the error of a request with its code or message left out if they repeat what signed the request.
func withoutSecrets(err error, sent http.Header) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	safe, secrets := &smithy.GenericAPIError{Code: api.ErrorCode(), Message: api.ErrorMessage(), Fault: api.ErrorFault()}, signers(sent)
	if repeats(safe.Code, secrets) {
		safe.Code = leftOut
	}
	if repeats(safe.Message, secrets) {
		safe.Message = leftOut
	}
	if safe.Code == api.ErrorCode() && safe.Message == api.ErrorMessage() {
		return err
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		response.Err = safe
		return err
	}
	return safe
}

// signers returns what a request was signed with: access key id, signature and session token.
func signers(sent http.Header) []string {
	found := sent.Values("X-Amz-Security-Token")
	for _, field := range strings.FieldsFunc(sent.Get("Authorization"), func(r rune) bool { return r == ' ' || r == ',' }) {
		name, value, _ := strings.Cut(field, "=")
		if name == "Credential" || name == "Signature" {
			value, _, _ = strings.Cut(value, "/")
			found = append(found, value)
		}
	}
	return found
}

// signingWords stand beside what signs a request, and no message to a user needs them. They are in lower case.
var signingWords = []string{"x-amz-security-token", "aws4-hmac-sha256", "signature="}

// repeats tells whether a text has a part of a secret in it that is long enough to be of use.
func repeats(text string, secrets []string) bool {
	lower := strings.ToLower(text)
	for _, word := range signingWords {
		if strings.Contains(lower, word) {
			return true
		}
	}
	for _, s := range secrets {
		part := min(12, len(s))
		for i := 0; part >= 8 && i+part <= len(s); i += part {
			if strings.Contains(text, s[i:i+part]) {
				return true
			}
		}
	}
	return false
}
