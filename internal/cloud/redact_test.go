package cloud

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/bucket"
)

// A server that repeats what it was sent gives away nothing, in no field of its answer; what else it says is passed on.
func TestErrorsRepeatNoSecrets(t *testing.T) {
	testEnvironment(t)
	const token = "marked-session-token-0123456789/abcdefghijklmnopqrstuvwxyz=="
	t.Setenv("AWS_ACCESS_KEY_ID", "MARKEDACCESSKEY12345")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "marked-secret")
	t.Setenv("AWS_SESSION_TOKEN", token)
	headers := func(r *http.Request) string { return fmt.Sprint(r.Header) }
	for name, tt := range map[string]struct {
		status        int
		code, message func(*http.Request) string
		want          string
	}{
		"headers":       {400, text("Odd"), headers, "left out"},
		"token":         {400, text("Odd"), func(r *http.Request) string { return "no good: " + r.Header.Get("X-Amz-Security-Token") }, "left out"},
		"part of it":    {400, text("Odd"), text("no good: " + token[7:35]), "left out"},
		"authorization": {403, text("AccessDenied"), func(r *http.Request) string { return r.Header.Get("Authorization") }, "allow s3:GetObject"},
		"key":           {400, text("Odd"), text("who is MARKEDACCESSKEY12345?"), "left out"},
		"in the code":   {400, headers, text("text"), "text (left out"},
		"nothing":       {400, text("Odd"), text("the moon is full"), "the moon is full (Odd)"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", html.EscapeString(tt.code(r)), html.EscapeString(tt.message(r)))
			}))
			defer server.Close()
			b, err := New(Options{Region: "us-east-1", Endpoint: server.URL, Attempts: 1}).Bucket(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			for doing, err := range requests(t.Context(), b) {
				said := fmt.Sprintf("%v|%+v|%#v", err, err, err)
				for _, secret := range []string{"MARKEDACCESS", "Signature", "marked-se", token[:20], token[len(token)-20:]} {
					if strings.Contains(said, secret) {
						t.Errorf("%s: %q is told: %v", doing, secret, err)
					}
				}
				if doing == "get" && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q in it", err, tt.want)
				}
			}
		})
	}
}

func text(s string) func(*http.Request) string { return func(*http.Request) string { return s } }

func requests(ctx context.Context, b *bucket.Bucket) map[string]error {
	_, _, get := b.Get(ctx, "key")
	_, stat := b.Stat(ctx, "key")
	_, list := b.Check(ctx, "key")
	return map[string]error{"get": get, "stat": stat, "list": list}
}
