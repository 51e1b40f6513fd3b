package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/internal/bucket"
)

const (
	// partSize is how much of a file is uploaded at a time, and the size up to which it is not a multipart upload.
	partSize = 8 << 20
	// partsInFlight bounds the memory of a Writer, together with the part that is being filled.
	partsInFlight = 2
	// partsOfSize is after how many parts their size doubles: S3 takes 10,000.
	partsOfSize = 1000
	// abortTime bounds the requests that clean up after a failure.
	abortTime = 10 * time.Second
)

// s3Writer is the Writer of S3: one request where all fits into a part, else a multipart upload.
type s3Writer struct {
	store  *S3
	name   string
	key    string
	hash   hash.Hash
	size   int64
	buffer []byte // the part being filled
	upload *upload
	done   bool
}

// upload is a multipart upload.
type upload struct {
	id    string
	token string
	group *errgroup.Group
	ctx   context.Context // ends when a part fails
	stop  context.CancelFunc
	next  int32 // number of the next part, from 1

	mu    sync.Mutex
	parts []types.CompletedPart
}

// uploadNote is what _uploads/ keeps of an upload, for those who clean up after a killed writer.
type uploadNote struct {
	Key    string `json:"key"` // relative to the root of the dataset
	Upload string `json:"upload_id"`
}

// Create implements Store. Nothing is sent before there is more than a part.
func (s *S3) Create(name string) (Writer, error) {
	key, err := s.key(name)
	if err != nil {
		return nil, err
	}
	return &s3Writer{store: s, name: name, key: key, hash: sha256.New()}, nil
}

func (w *s3Writer) Size() int64 { return w.size }

func (w *s3Writer) SHA256() string { return hex.EncodeToString(w.hash.Sum(nil)) }

func (w *s3Writer) Write(p []byte) (n int, err error) {
	if w.done {
		return 0, fmt.Errorf("write %s: %w", w.store.bucket.URI(w.key), os.ErrClosed)
	}
	for n < len(p) {
		if w.buffer == nil {
			w.buffer = w.store.part(w.nextPartSize())
		}
		if len(w.buffer) == cap(w.buffer) {
			if err := w.send(); err != nil {
				return n, err
			}
			continue
		}
		m := min(len(p)-n, cap(w.buffer)-len(w.buffer))
		w.buffer = append(w.buffer, p[n:n+m]...)
		w.hash.Write(p[n : n+m])
		n += m
		w.size += int64(m)
	}
	return n, nil
}

func (w *s3Writer) nextPartSize() int {
	if w.upload == nil {
		return partSize
	}
	return partSize << ((w.upload.next - 1) / partsOfSize)
}

// send uploads the part that is full. It waits while as many as may be are on their way.
func (w *s3Writer) send() error {
	if w.upload == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	u, data, number := w.upload, w.buffer, w.upload.next
	w.buffer = nil
	u.next++
	u.group.Go(func() error {
		defer w.store.release(data)
		out, err := w.store.bucket.Client.UploadPart(u.ctx, &s3.UploadPartInput{Bucket: &w.store.bucket.Name, Key: &w.key, UploadId: &u.id, PartNumber: &number,
			Body: bytes.NewReader(data), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
		if err != nil {
			return aborted(w.store.bucket.Explain(u.ctx, "write", w.key, err))
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		u.parts = append(u.parts, types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
		return nil
	})
	if u.ctx.Err() != nil {
		return u.group.Wait()
	}
	return nil
}

// begin starts a multipart upload, and notes it before the first part goes up.
func (w *s3Writer) begin() error {
	s := w.store
	u := &upload{token: rand.Text(), next: 1}
	in := &s3.CreateMultipartUploadInput{Bucket: &s.bucket.Name, Key: &w.key, ContentType: contentType(w.key), Metadata: map[string]string{writeKey: u.token},
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32}
	if s.kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &s.kmsKey
	}
	out, err := s.bucket.Client.CreateMultipartUpload(s.ctx, in)
	if err != nil {
		return s.bucket.Explain(s.ctx, "write", w.key, err)
	}
	u.id = aws.ToString(out.UploadId)
	ctx, stop := context.WithCancel(s.ctx)
	u.stop = stop
	u.group, u.ctx = errgroup.WithContext(ctx)
	u.group.SetLimit(partsInFlight)
	w.upload = u
	note, err := json.Marshal(uploadNote{w.name, u.id})
	if err != nil {
		return err
	}
	return s.Put(noteName(w.name, u.token), append(note, '\n'))
}

// noteName is where the upload of a file is noted: beside what it belongs to, in the folder of its run if it has one, under its own name and what tells it from others of that name.
func noteName(name, token string) string {
	folder := ""
	if elements := strings.Split(name, "/"); elements[0] == "runs" && len(elements) > 2 {
		folder = path.Join(elements[:2]...)
	}
	return path.Join(folder, UploadsFolder, path.Base(name)+"-"+token+".json")
}

// Commit implements Writer.
func (w *s3Writer) Commit() error {
	uri := w.store.bucket.URI(w.key)
	if w.done {
		return fmt.Errorf("commit %s: %w", uri, os.ErrClosed)
	}
	defer w.Abort()
	if w.upload == nil {
		err := w.store.Put(w.name, w.buffer)
		w.done = err == nil
		return err
	}
	if err := w.send(); err != nil {
		return err
	}
	if err := w.upload.group.Wait(); err != nil {
		return err
	}
	return w.complete(uri)
}

// complete makes the parts an object, unless there is one.
func (w *s3Writer) complete(uri string) error {
	s, u := w.store, w.upload
	slices.SortFunc(u.parts, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	_, err := s.bucket.Client.CompleteMultipartUpload(s.ctx, &s3.CompleteMultipartUploadInput{Bucket: &s.bucket.Name, Key: &w.key, UploadId: &u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts}, IfNoneMatch: aws.String("*")})
	if err == nil {
		w.close()
		return nil
	}
	// A lost answer looks like another writer's object, or like an upload that is not there.
	err = s.bucket.Explain(s.ctx, "commit", w.key, err)
	if errors.Is(err, bucket.ErrCondition) || errors.Is(err, fs.ErrNotExist) {
		switch mine, there := s.mine(w.key, u.token); {
		case mine:
			w.close()
			return nil
		case there:
			return fmt.Errorf("commit %s: %w", uri, ErrExists)
		}
	}
	return aborted(err)
}

// aborted says what it means that an upload is not there.
func aborted(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: its upload was aborted, as another attempt at the same work does when it begins; run the command again", err)
	}
	return err
}

// Abort implements Writer. It works also after the end of the store's context, for a while.
func (w *s3Writer) Abort() {
	if w.done {
		return
	}
	u := w.upload
	w.close()
	if u == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.store.ctx), abortTime)
	defer cancel()
	// Best effort: clean finds the note.
	_ = w.store.abortUpload(ctx, w.key, u.id)
}

// close ends what is on its way and gives back the buffer.
func (w *s3Writer) close() {
	w.done = true
	if w.upload != nil {
		w.upload.stop()
		_ = w.upload.group.Wait() // a failure has been returned, or is of no interest any more
	}
	w.store.release(w.buffer)
	w.buffer = nil
}

// abortUpload drops the parts of an upload. One that is not there, as it was completed, is no error.
func (s *S3) abortUpload(ctx context.Context, key, id string) error {
	_, err := s.bucket.Client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket.Name, Key: &key, UploadId: &id})
	if err = s.bucket.Explain(ctx, "abort the upload of", key, err); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// part returns an empty buffer for a part of this size.
func (s *S3) part(size int) []byte {
	if p, ok := s.parts.Get().(*[]byte); ok && size == partSize {
		return (*p)[:0]
	}
	return make([]byte, 0, size)
}

func (s *S3) release(p []byte) {
	if cap(p) == partSize {
		s.parts.Put(&p)
	}
}
