package awserr

import "strings"

// Credentials says what is wrong with the credentials of a request, and what to do; "": nothing, as far as the error tells.
func Credentials(err error) string {
	switch code := Code(err); code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
		return "they have expired (" + code + "); renew them, as with aws sso login, and run the same command again"
	case "RequestTimeTooSkewed":
		return "the clock of this machine is wrong (" + code + "); set it"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature",
		"MissingAuthenticationTokenException":
		return "AWS does not accept them (" + code + "); check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	// The SDK has no type for the error of signing without credentials.
	if text := err.Error(); strings.Contains(text, "get identity:") || strings.Contains(text, "failed to refresh cached credentials") {
		return "there are none; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	return ""
}
