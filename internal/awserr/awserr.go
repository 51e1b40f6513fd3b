// Package awserr reads the errors of AWS: what a server said, and which permission was missing.
package awserr

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// maxMessage is how much of a message is shown.
const maxMessage = 400

// Message returns what the server said, in one line; "" where it said nothing.
func Message(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	text := strings.Join(strings.Fields(api.ErrorMessage()), " ")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}

// Code returns the code of the server's error: "AccessDenied"; "" where there is none.
func Code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode()
}
