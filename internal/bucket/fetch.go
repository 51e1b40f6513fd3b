package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// ErrChanged is wrapped by the error for an object that was replaced while it was read.
var ErrChanged = errors.New("changed while it was read")

// A body that breaks is fetched again from where it broke, after a pause that doubles up to a limit. Requests that fail as a whole are for the SDK to repeat.
const (
	maxResumes = 8
	firstPause = 50 * time.Millisecond
	maxPause   = 5 * time.Second
)

// ReadAt fills p with what is at an offset of the object, which must be the one of that ETag.
func (b *Bucket) ReadAt(ctx context.Context, key, etag string, p []byte, offset int64) error {
	for resumes := 0; len(p) > 0; resumes++ {
		if resumes > 0 {
			if err := b.pause(ctx, resumes); err != nil {
				return err
			}
		}
		n, final, err := b.fetch(ctx, key, etag, p, offset)
		p, offset = p[n:], offset+int64(n)
		if err == nil {
			continue
		}
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if final || resumes == maxResumes {
			return err
		}
	}
	return nil
}

// fetch asks once for a range and reads as much of it as comes. final says that to ask again is no use.
func (b *Bucket) fetch(ctx context.Context, key, etag string, p []byte, offset int64) (n int, final bool, err error) {
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.Name, Key: &key, RequestPayer: b.Payer, IfMatch: quote(etag),
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+int64(len(p))-1)),
	})
	if err != nil {
		err = b.Explain(ctx, "read", key, err)
		if errors.Is(err, ErrCondition) {
			err = fmt.Errorf("%s: %w; run the command again when nothing writes to it", b.URI(key), ErrChanged)
		}
		return 0, true, err
	}
	n, err = b.receive(out, key, p, offset)
	return n, err == nil, err
}

// receive reads the body of an answer, which must be that of a range as long as p, as far as it comes.
func (b *Bucket) receive(out *s3.GetObjectOutput, key string, p []byte, offset int64) (n int, err error) {
	defer out.Body.Close()
	if got := aws.ToInt64(out.ContentLength); out.ContentRange == nil || got != int64(len(p)) {
		return 0, fmt.Errorf("read %s: asked for %d bytes from byte %d, the server sends %d (%s)", b.URI(key), len(p), offset, got, aws.ToString(out.ContentRange))
	}
	n, err = io.ReadFull(out.Body, p)
	if err != nil {
		return n, fmt.Errorf("read %s: broke off at byte %d: %w", b.URI(key), offset+int64(n), reason(err))
	}
	// The end of the body, where the SDK compares a checksum if the server sent one.
	if _, err := out.Body.Read(make([]byte, 1)); err != nil && err != io.EOF {
		return 0, fmt.Errorf("read %s: %d bytes from byte %d: %w", b.URI(key), len(p), offset, err)
	}
	return n, nil
}

// ReadFirst reads the first bytes of an object, at most n, and says what the object is: one request, where Stat and ReadAt are two. Errors are those of Stat.
func (b *Bucket) ReadFirst(ctx context.Context, key string, n int) (Object, []byte, error) {
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key, RequestPayer: b.Payer, Range: aws.String(fmt.Sprintf("bytes=0-%d", n-1))})
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable { // an empty object has no first byte
		object, err := b.Stat(ctx, key)
		return object, nil, err
	}
	if err != nil {
		return Object{}, nil, b.Explain(ctx, "look up", key, err)
	}
	object := Object{Key: key, ETag: unquote(out.ETag), ModTime: aws.ToTime(out.LastModified)}
	_, total, _ := strings.Cut(aws.ToString(out.ContentRange), "/")
	if object.Size, err = strconv.ParseInt(total, 10, 64); err != nil {
		out.Body.Close()
		return Object{}, nil, fmt.Errorf("read %s: asked for the first %d bytes, the server sends %q", b.URI(key), n, aws.ToString(out.ContentRange))
	}
	p := make([]byte, min(int64(n), object.Size))
	got, err := b.receive(out, key, p, 0)
	if err != nil {
		b.countRetry()
		err = b.ReadAt(ctx, key, object.ETag, p[got:], int64(got))
	}
	return object, p, err
}

// Get reads a small object whole.
func (b *Bucket) Get(ctx context.Context, key string) (data []byte, etag string, err error) {
	for resumes := 0; ; resumes++ {
		if resumes > 0 {
			if err := b.pause(ctx, resumes); err != nil {
				return nil, "", err
			}
		}
		out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key, RequestPayer: b.Payer})
		if err != nil {
			return nil, "", b.Explain(ctx, "read", key, err)
		}
		data, err := io.ReadAll(out.Body)
		out.Body.Close()
		if err == nil { // net/http has compared the length
			return data, unquote(out.ETag), nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return nil, "", cause
		}
		if resumes == maxResumes {
			return nil, "", fmt.Errorf("read %s: broke off at byte %d: %w", b.URI(key), len(data), reason(err))
		}
	}
}

// pause waits between attempts: for a random time, so that workers that were turned away together do not come back together.
func (b *Bucket) pause(ctx context.Context, attempt int) error {
	longest := b.Backoff
	if longest <= 0 {
		longest = maxPause
	}
	limit := min(firstPause<<attempt, longest)
	timer := time.NewTimer(limit/2 + rand.N(limit/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		b.countRetry()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *Bucket) countRetry() {
	if b.Retries != nil {
		b.Retries.Add(1)
	}
}
