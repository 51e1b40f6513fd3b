package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
)

// answers plays an S3 that denies: what it says to requests for objects, and what to listings.
type answers struct{ object, list string }

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	said := a.object
	if r.URL.Query().Has("list-type") {
		said = a.list
	}
	if strings.HasPrefix(said, "<List") {
		fmt.Fprint(w, said)
		return
	}
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>", html.EscapeString(said))
}

// A denial names the permission that is missing: as S3 says, or else the one of the request. What S3 denies to those who may not ask whether it is there, is there or not as
// the listing says.
func TestDenied(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	const (
		plain    = "Access Denied"
		told     = "User: arn:aws:iam::1:user/x is not authorized to perform: "
		noList   = told + `s3:ListBucket on resource: "arn:aws:s3:::b" because no identity-based policy allows the s3:ListBucket action`
		nothing  = "<ListBucketResult></ListBucketResult>"
		it       = "<ListBucketResult><Contents><Key>a/k</Key></Contents></ListBucketResult>"
		longer   = "<ListBucketResult><Contents><Key>a/key</Key></Contents></ListBucketResult>"
		getIt    = "denied: allow s3:GetObject on arn:aws:s3:::b/a/k, or"
		getAndLs = `denied: allow s3:GetObject on arn:aws:s3:::b/a/k, and allow s3:ListBucket on arn:aws:s3:::b with s3:prefix "a/k", without which S3 denies also what is not there, or`
	)
	get := func(ctx context.Context, b *bucket.Bucket) error { _, _, err := b.Get(ctx, "a/k"); return err }
	stat := func(ctx context.Context, b *bucket.Bucket) error { _, err := b.Stat(ctx, "a/k"); return err }
	list := func(ctx context.Context, b *bucket.Bucket) error { _, err := b.Check(ctx, "a/"); return err }
	for name, tt := range map[string]struct {
		answers
		do   func(context.Context, *bucket.Bucket) error
		kind error
		want string
	}{
		"no read":                    {answers{plain, it}, get, bucket.ErrDenied, getIt},
		"no look":                    {answers{plain, it}, stat, bucket.ErrDenied, getIt},
		"nothing there":              {answers{plain, nothing}, get, fs.ErrNotExist, "not exist"},
		"a longer key there":         {answers{plain, longer}, stat, fs.ErrNotExist, "not exist"},
		"nothing there, said so":     {answers{noList, nothing}, get, fs.ErrNotExist, "not exist"},
		"neither":                    {answers{plain, plain}, get, bucket.ErrDenied, getAndLs},
		"no list":                    {answers{plain, plain}, list, bucket.ErrDenied, `denied: allow s3:ListBucket on arn:aws:s3:::b with s3:prefix "a/", or`},
		"no list, said so":           {answers{plain, noList}, list, bucket.ErrDenied, "allow s3:ListBucket on arn:aws:s3:::b (AWS says: because no identity-based policy allows the s3:ListBucket action), or"},
		"no key":                     {answers{told + "kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/k with an explicit deny in a resource-based policy", it}, get, bucket.ErrKey, "can't be used: allow kms:Decrypt on arn:aws:kms:eu-west-1:1:key/k (AWS says: with an explicit deny in a resource-based policy)"},
		"no read of others, said so": {answers{told + `s3:GetObject on resource: "arn:aws:s3:::b/a/k"`, nothing}, get, bucket.ErrDenied, getIt},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tt.answers)
			defer server.Close()
			b, err := cloud.New(cloud.Options{Region: "us-east-1", Endpoint: server.URL, Attempts: 1}).Bucket(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			err = tt.do(t.Context(), b)
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v\nwant %q", err, tt.want)
			}
		})
	}
}
