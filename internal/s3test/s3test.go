// Package s3test gives tests a bucket on an S3 server, and a proxy before it that does what networks and servers do at their worst.
//
// The server is that of the usual environment: AWS_ENDPOINT_URL_S3 and credentials. Where there is none, one in this process serves.
package s3test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
)

// Endpoint returns the address of the server.
func Endpoint(t testing.TB) string {
	t.Helper()
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_S3"); endpoint != "" {
		return endpoint
	}
	return inProcess()
}

// New makes a bucket that lives as long as the test.
func New(t testing.TB) *bucket.Bucket {
	t.Helper()
	endpoint := Endpoint(t)
	name := "test-" + strings.ToLower(rand.Text())
	b := Open(t, cloud.Options{Endpoint: endpoint, Backoff: 20 * time.Millisecond}, name)
	if _, err := b.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, b) })
	return b
}

// Open opens a bucket that is there already, as one behind a proxy.
func Open(t testing.TB, opt cloud.Options, name string) *bucket.Bucket {
	t.Helper()
	b, err := cloud.New(opt).Bucket(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Put writes an object, whatever is there.
func Put(t testing.TB, b *bucket.Bucket, key, content string) bucket.Object {
	t.Helper()
	if _, err := b.Client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.Name, Key: &key, Body: strings.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
	object, err := b.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// Keys lists all objects of a bucket.
func Keys(t testing.TB, b *bucket.Bucket) (keys []string) {
	t.Helper()
	err := b.List(context.WithoutCancel(t.Context()), "", true, func(objects []bucket.Object, _ []string) error {
		for _, o := range objects {
			keys = append(keys, o.Key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Uploads counts the multipart uploads that were begun for an object, and neither completed nor aborted.
func Uploads(t testing.TB, b *bucket.Bucket, key string) int {
	t.Helper()
	out, err := b.Client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &b.Name, Prefix: &key})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

// remove empties a bucket and deletes it.
func remove(t testing.TB, b *bucket.Bucket) {
	ctx := context.WithoutCancel(t.Context())
	for _, key := range Keys(t, b) {
		if _, err := b.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.Name, Key: &key}); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &b.Name}); err != nil {
		t.Error(err)
	}
}
