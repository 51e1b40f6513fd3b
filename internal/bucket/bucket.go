// Package bucket reads the objects of an S3 bucket: whole, by range, and from start to end with several ranges in flight. What breaks on the way is fetched
// again from where it broke, and every error says in one line what is wrong and what to do.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Scheme begins the name of everything in S3.
const Scheme = "s3://"

// Bucket is a bucket, and how it is read. Any number of goroutines may use it.
type Bucket struct {
	Client *s3.Client
	Name   string
	Payer  types.RequestPayer // who pays for reading; "" is the owner
	// Backoff is the longest pause before a body that broke is asked for again; 0: 5 s.
	Backoff time.Duration
	// Retries counts the bodies that are asked for again; nil: nobody does.
	Retries *atomic.Int64

	buffers sync.Pool // of *[]byte with capacity maxRange
}

// Object is what a listing says of an object.
type Object struct {
	Key     string
	Size    int64
	ETag    string    // without quotes
	ModTime time.Time // in whole seconds, as Stat has it
}

// Is tells whether a name is one of S3.
func Is(name string) bool { return strings.HasPrefix(name, Scheme) }

// Split takes s3://bucket/key apart. The key may be empty.
func Split(uri string) (bucket, key string, err error) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(uri, Scheme), "/")
	if !Is(uri) || bucket == "" {
		return "", "", fmt.Errorf("%w: %q; give s3://bucket/key", ErrName, uri)
	}
	return bucket, key, nil
}

// URI names an object or prefix of the bucket.
func (b *Bucket) URI(key string) string { return Scheme + b.Name + "/" + key }

// Stat looks at an object. The error of one that is not there wraps fs.ErrNotExist.
func (b *Bucket) Stat(ctx context.Context, key string) (Object, error) {
	out, err := b.Client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.Name, Key: &key, RequestPayer: b.Payer})
	if err != nil {
		return Object{}, b.Explain(ctx, "look up", key, b.sayWhy(ctx, key, err))
	}
	return Object{Key: key, Size: aws.ToInt64(out.ContentLength), ETag: unquote(out.ETag), ModTime: aws.ToTime(out.LastModified)}, nil
}

// sayWhy asks for a byte where an answer to HEAD, which has no body, left open what is wrong.
func (b *Bucket) sayWhy(ctx context.Context, key string, err error) error {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.HTTPStatusCode() != http.StatusForbidden && response.HTTPStatusCode() != http.StatusBadRequest {
		return err
	}
	out, why := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key, RequestPayer: b.Payer, Range: aws.String("bytes=0-0")})
	if why != nil {
		return why
	}
	out.Body.Close()
	return err
}

// List gives the objects and folders right below a prefix, which is empty or ends in a slash, page after page in the order of their keys. A folder is a
// prefix that ends in a slash. With deep, it gives all objects below the prefix and no folders. An error of yield ends the listing and is returned.
func (b *Bucket) List(ctx context.Context, prefix string, deep bool, yield func(objects []Object, folders []string) error) error {
	in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix, RequestPayer: b.Payer}
	if !deep {
		in.Delimiter = aws.String("/")
	}
	for pages := s3.NewListObjectsV2Paginator(b.Client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.Explain(ctx, "list", prefix, err)
		}
		objects, folders := make([]Object, 0, len(page.Contents)), make([]string, 0, len(page.CommonPrefixes))
		for _, o := range page.Contents {
			objects = append(objects, Object{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), ETag: unquote(o.ETag), ModTime: aws.ToTime(o.LastModified).Truncate(time.Second)})
		}
		for _, p := range page.CommonPrefixes {
			folders = append(folders, aws.ToString(p.Prefix))
		}
		if err := yield(objects, folders); err != nil {
			return err
		}
	}
	return nil
}

// Check asks for one key below a prefix: whether the bucket is there, and may be listed.
func (b *Bucket) Check(ctx context.Context, prefix string) (any bool, err error) {
	out, err := b.Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix, MaxKeys: aws.Int32(1), RequestPayer: b.Payer})
	if err != nil {
		return false, b.Explain(ctx, "list", prefix, err)
	}
	return len(out.Contents) > 0, nil
}

func unquote(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

func quote(etag string) *string {
	if etag == "" {
		return nil
	}
	return aws.String(`"` + etag + `"`)
}
