package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/varlake/varlake/internal/bucket"
)

// S3 is a prefix of a bucket used as storage. Objects are created and replaced
// by conditional writes (If-None-Match, If-Match): of any number of writers, one
// wins. It never sets an ACL.
type S3 struct {
	bucket *bucket.Bucket
	prefix string          // "" or with a slash at its end
	ctx    context.Context // ends the requests
	kmsKey string
	parts  sync.Pool // of *[]byte with capacity partSize
}

// Split takes s3://bucket/prefix apart. The prefix may be empty, and else is a
// path of plain names.
func Split(root string) (name, prefix string, err error) {
	name, prefix, err = bucket.Split(root)
	if err != nil {
		return "", "", err
	}
	prefix = strings.TrimRight(prefix, "/")
	if prefix != "" && (prefix == "." || !fs.ValidPath(prefix)) {
		return "", "", fmt.Errorf("%w: %s; give a prefix of plain names, as s3://bucket/a/b", bucket.ErrName, root)
	}
	return name, prefix, nil
}

// NewS3 returns what is below a prefix, as Split gives it, as storage. The end
// of ctx ends all that is done through it. Objects are encrypted with the KMS
// key, if one is given, and as the bucket says otherwise.
func NewS3(ctx context.Context, b *bucket.Bucket, prefix, kmsKey string) *S3 {
	if prefix != "" {
		prefix += "/"
	}
	return &S3{bucket: b, prefix: prefix, ctx: ctx, kmsKey: kmsKey}
}

// Root returns s3://bucket/prefix.
func (s *S3) Root() string { return strings.TrimRight(s.bucket.URI(s.prefix), "/") }

// Prepare does nothing: there is nothing to create, and the first request tells whether bucket and credentials are right.
func (s *S3) Prepare() error { return nil }

// MayAbort implements Store. It aborts an upload that was never begun: S3 looks at what is allowed before it looks for the upload.
func (s *S3) MayAbort() error {
	err := s.abortUpload(s.ctx, s.prefix+UploadsFolder+"/none", "none")
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil // what else is wrong, the first file shows too, and says better
}

// key returns the key of a file that may be written.
func (s *S3) key(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." {
		return "", fmt.Errorf("%w: %q must be a relative path of plain names", ErrName, name)
	}
	return s.prefix + name, nil
}

// Put creates an object with the given content, or fails with ErrExists.
func (s *S3) Put(name string, data []byte) error {
	key, err := s.key(name)
	if err != nil {
		return err
	}
	err = s.put(key, data, func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }, "create")
	if errors.Is(err, bucket.ErrCondition) {
		return fmt.Errorf("create %s: %w", s.bucket.URI(key), ErrExists)
	}
	return err
}

// Replace implements Store. The content is compared here, and the ETag of what was compared by S3.
func (s *S3) Replace(name string, old, new []byte) error {
	key, err := s.key(name)
	if err != nil {
		return err
	}
	changed := func(how string) error {
		return fmt.Errorf("replace %s: %w: %s", s.bucket.URI(key), ErrChanged, how)
	}
	if old == nil {
		if err := s.Put(name, new); !errors.Is(err, ErrExists) {
			return err
		}
		return changed("it exists by now")
	}
	found, etag, err := s.bucket.Get(s.ctx, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return changed("it is gone")
	case err != nil:
		return err
	case !bytes.Equal(found, old):
		return changed("another writer got there first")
	}
	err = s.put(key, new, func(in *s3.PutObjectInput) { in.IfMatch = aws.String(`"` + etag + `"`) }, "replace")
	if errors.Is(err, bucket.ErrCondition) || errors.Is(err, fs.ErrNotExist) {
		return changed("another writer got there first")
	}
	return err
}

// writeKey is the metadata that tells a writer its own object, whose write may have succeeded though the answer was lost.
const writeKey = "varlake-write"

// put writes an object on a condition.
func (s *S3) put(key string, data []byte, condition func(*s3.PutObjectInput), doing string) error {
	token := rand.Text()
	in := &s3.PutObjectInput{Bucket: &s.bucket.Name, Key: &key, Body: bytes.NewReader(data), ContentType: contentType(key), Metadata: map[string]string{writeKey: token}}
	if s.kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &s.kmsKey
	}
	condition(in)
	for attempt := 0; ; attempt++ {
		_, err := s.bucket.Client.PutObject(s.ctx, in)
		if err == nil {
			return nil
		}
		err = s.bucket.Explain(s.ctx, doing, key, err)
		if !errors.Is(err, bucket.ErrCondition) {
			return err
		}
		mine, there := s.mine(key, token)
		if mine {
			return nil
		}
		// 409: two writes at once. S3 says to try again, unless the other has won.
		if there || in.IfMatch != nil || attempt == conflictAttempts {
			return err
		}
		if _, err := in.Body.(io.Seeker).Seek(0, io.SeekStart); err != nil {
			return err
		}
		select {
		case <-time.After(conflictPause << attempt):
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

const (
	conflictAttempts = 6
	conflictPause    = 20 * time.Millisecond
)

// mine tells whether an object is there, and whether it is the one that a writer made.
func (s *S3) mine(key, token string) (mine, there bool) {
	out, err := s.bucket.Client.HeadObject(s.ctx, &s3.HeadObjectInput{Bucket: &s.bucket.Name, Key: &key})
	if err != nil {
		err = s.bucket.Explain(s.ctx, "look up", key, err)
		return false, !errors.Is(err, fs.ErrNotExist)
	}
	return out.Metadata[writeKey] == token, true
}

// List implements Store.
func (s *S3) List(folder string) ([]string, error) {
	entries, err := s.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return fileNames(folder, entries), nil
}

// SHA256 implements Store.
func (s *S3) SHA256(name string) (sum string, size int64, err error) {
	key, err := s.key(name)
	if err != nil {
		return "", 0, err
	}
	object, err := s.bucket.Stat(s.ctx, key)
	if err != nil {
		return "", 0, err
	}
	r := s.bucket.NewReader(s.ctx, key, object.ETag, object.Size)
	defer r.Close()
	return digest(r)
}

func contentType(key string) *string {
	switch path.Ext(key) {
	case ".parquet":
		return aws.String("application/vnd.apache.parquet")
	case ".json":
		return aws.String("application/json")
	case ".jsonl":
		return aws.String("application/x-ndjson")
	case ".zst":
		return aws.String("application/zstd")
	case ".vcf", "":
		return aws.String("text/plain; charset=utf-8")
	}
	return aws.String("application/octet-stream")
}
