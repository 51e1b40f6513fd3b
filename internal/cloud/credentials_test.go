package cloud

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/bucket"
)

// What is wrong with credentials is said as it is: none, expired, not accepted, or not to be had from where the profile says; and never what they are.
func TestCredentials(t *testing.T) {
	const secret = "markedSecretAccessKey0123456789"
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>InvalidAccessKeyId</Code><Message>made by a test</Message></Error>")
	}))
	defer s3.Close()
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: u is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>")
	}))
	defer sts.Close()
	const keys = "aws_access_key_id = MARKEDKEY\naws_secret_access_key = " + secret + "\n"
	const role = "role_arn = arn:aws:iam::1:role/r\nsource_profile = s\n[profile s]\n" + keys
	for name, tt := range map[string]struct{ config, sts, want string }{
		"none":           {"", "", "credentials: there are none; set AWS_PROFILE"},
		"not accepted":   {keys, "", "credentials: AWS does not accept them (InvalidAccessKeyId)"},
		"helper fails":   {"credential_process = /bin/false\n", "", "credentials: the credential_process of the profile gives none"},
		"helper babbles": {"credential_process = /bin/echo " + secret + "\n", "", "credentials: the credential_process of the profile gives none"},
		"no role":        {role, sts.URL, "credentials: STS AssumeRole gives none: User: u is not authorized to perform: sts:AssumeRole (AccessDenied)"},
		"no STS":         {role, "http://127.0.0.1:1", "credentials: STS AssumeRole can't be asked for them"},
		"no login":       {"sso_session = my\nsso_account_id = 1\nsso_role_name = R\n[sso-session my]\nsso_region = us-east-1\nsso_start_url = https://example.com\n", "", "credentials: the login of the profile has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			testEnvironment(t)
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, []byte("[profile p]\n"+tt.config), 0o600); err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": file, "AWS_PROFILE": "p", "AWS_ENDPOINT_URL_STS": tt.sts} {
				t.Setenv(name, value)
			}
			b, err := New(Options{Region: "us-east-1", Endpoint: s3.URL, Attempts: 1}).Bucket(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = b.Get(t.Context(), "key")
			if !errors.Is(err, bucket.ErrCredentials) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}
