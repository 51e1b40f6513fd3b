package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/s3test"
)

// behind returns a store of the same bucket behind a proxy.
func behind(t *testing.T, p *s3test.Proxy, s *S3) *S3 {
	t.Helper()
	b := s3test.Open(t, cloud.Options{Endpoint: p.URL, Stall: 500 * time.Millisecond, Backoff: 20 * time.Millisecond}, s.bucket.Name)
	return NewS3(t.Context(), b, "some/pre fix", "")
}

func TestS3Root(t *testing.T) {
	for given, want := range map[string]string{"s3://b": "s3://b", "s3://b/": "s3://b", "s3://b/p": "s3://b/p", "s3://b/p/q/": "s3://b/p/q"} {
		name, prefix, err := Split(given)
		if got := NewS3(t.Context(), &bucket.Bucket{Name: name}, prefix, "").Root(); err != nil || got != want {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
	for _, given := range []string{"b/p", "s3://", "s3:///p", "s3://b//p", "s3://b/a//b", "s3://b/../x", "s3://b/a/./b", "s3://b/."} {
		if _, _, err := Split(given); !errors.Is(err, bucket.ErrName) {
			t.Errorf("%s: %v", given, err)
		}
	}
}

// What is written has a type, a checksum and, where one is given, a key.
func TestS3Metadata(t *testing.T) {
	s := openS3(t)
	key := os.Getenv("STACK_KMS_KEY_ID")
	if key == "" {
		t.Skip("needs a KMS key: STACK_KMS_KEY_ID is not set")
	}
	s.kmsKey = key
	for _, size := range []int{10, partSize + 1} {
		w, err := s.Create("a.parquet")
		if err != nil {
			t.Fatal(err)
		}
		w.Write(pattern(size))
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		out, err := s.bucket.Client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket.Name, Key: aws.String(s.prefix + "a.parquet"), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		if aws.ToString(out.ContentType) != "application/vnd.apache.parquet" || aws.ToString(out.ChecksumCRC32) == "" ||
			out.ServerSideEncryption != types.ServerSideEncryptionAwsKms || !strings.HasSuffix(aws.ToString(out.SSEKMSKeyId), key) {
			t.Errorf("%d bytes: type %s, CRC32 %s, encryption %s by %s", size, aws.ToString(out.ContentType), aws.ToString(out.ChecksumCRC32), out.ServerSideEncryption, aws.ToString(out.SSEKMSKeyId))
		}
		if err := s.Discard("a.parquet", agreed); err != nil {
			t.Fatal(err)
		}
	}
	s.kmsKey = "no-such-key"
	if err := s.Put("b", nil); !errors.Is(err, bucket.ErrKey) || !strings.Contains(err.Error(), "--kms-key") {
		t.Errorf("a key that is not there: %v", err)
	}
}

// An upload is noted before its first part goes up; who aborts leaves no parts, and who discards the note aborts what a killed writer left.
func TestS3Uploads(t *testing.T) {
	s := openS3(t)
	const name = "runs/0123456789abcdef/variants/x.parquet"
	key := s.prefix + name
	w, err := s.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(pattern(2*partSize + 1))
	notes, err := fs.Glob(s, "runs/0123456789abcdef/_uploads/*.json")
	if len(notes) != 1 || err != nil || !IsTemp(notes[0]) {
		t.Fatalf("notes %q, %v", notes, err)
	}
	if n := s3test.Uploads(t, s.bucket, key); n != 1 {
		t.Fatalf("%d uploads", n)
	}
	if err := s.Discard(notes[0], agreed); err != nil {
		t.Fatal(err)
	}
	if n := s3test.Uploads(t, s.bucket, key); n != 0 {
		t.Errorf("%d uploads after its note was discarded", n)
	}
	if err := w.Commit(); err == nil {
		t.Error("an upload that was aborted by another was committed")
	}
	if w, err = s.Create(name); err != nil {
		t.Fatal(err)
	}
	w.Write(pattern(2*partSize + 1))
	w.Abort()
	if n := s3test.Uploads(t, s.bucket, key); n != 0 {
		t.Errorf("%d uploads after Abort", n)
	}
	if err := s.Discard("runs", agreed); err != nil {
		t.Error(err)
	}
}

// An attempt drops what earlier ones had sent of its own files, and nothing else.
func TestS3AbortUploads(t *testing.T) {
	s := openS3(t)
	const run = "runs/0123456789abcdef"
	writers := make(map[string]Writer)
	for _, name := range []string{"variants/chrom=1/part-00003-000001.parquet", "variants/chrom=1/part-00004-000001.parquet", "_shards/00003.tally.zst"} {
		w, err := s.Create(run + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(pattern(partSize + 1))
		writers[name] = w
	}
	for _, prefix := range []string{"part-00003-", "part-00003-", "part-00005-"} {
		if err := s.AbortUploads(run, prefix); err != nil {
			t.Fatal(err)
		}
	}
	for name, w := range writers {
		left := 1
		if strings.Contains(name, "part-00003") {
			left = 0
		}
		if n := s3test.Uploads(t, s.bucket, s.prefix+run+"/"+name); n != left {
			t.Errorf("%s: %d uploads, want %d", name, n, left)
		}
		if err := w.Commit(); (err == nil) != (left == 1) || left == 0 && !strings.Contains(err.Error(), "another attempt") {
			t.Errorf("%s: Commit: %v", name, err)
		}
	}
	if err := s.AbortUploads("../x", ""); !errors.Is(err, ErrName) {
		t.Errorf("a folder out of the store: %v", err)
	}
	if err := s.Discard("runs", agreed); err != nil {
		t.Error(err)
	}
}

// A writer whose context has ended cleans up all the same.
func TestS3AbortAfterContext(t *testing.T) {
	s := openS3(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	w, err := NewS3(ctx, s.bucket, "some/pre fix", "").Create("a")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(pattern(2*partSize + 1))
	why := errors.New("enough")
	cancel(why)
	if err := w.Commit(); !errors.Is(err, why) {
		t.Errorf("Commit: %v", err)
	}
	w.Abort()
	if n := s3test.Uploads(t, s.bucket, s.prefix+"a"); n != 0 {
		t.Errorf("%d uploads", n)
	}
}

func isWrite(r *http.Request) bool { return r.Method == http.MethodPut || r.Method == http.MethodPost }

// Whatever breaks while a file is written, it is there whole or not at all, and who is told that it is there can read it.
func TestS3WritesOutlastFaults(t *testing.T) {
	s := openS3(t)
	proxy := s3test.NewProxy(t)
	through := behind(t, proxy, s)
	for name, fault := range map[string]s3test.Fault{
		"500":         {Do: s3test.Status(500, "InternalError"), Times: 2},
		"503":         {Do: s3test.Status(503, "SlowDown"), Times: 2},
		"reset":       {Do: s3test.Reset(0), Times: 1},
		"lost answer": {Do: s3test.LoseAnswer, Times: 1},
		"stalled":     {Do: s3test.Stall(0, 2*time.Second), Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 20 {
				size := []int{100, 2*partSize + 5}[i%2]
				skip := rand.IntN(1 + i%2*5)
				f := fault
				f.Strikes = func(r *http.Request) bool {
					if !isWrite(r) {
						return false
					}
					skip--
					return skip < 0
				}
				proxy.Set(&f)
				file := fmt.Sprintf("%s/%d", name, i)
				w, err := through.Create(file)
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.Write(pattern(size))
				if err == nil {
					err = w.Commit()
				}
				w.Abort()
				if proxy.Struck() == 0 {
					t.Error("no request was struck")
				}
				got, read := s.ReadFile(file)
				if err != nil || read != nil || !bytes.Equal(got, pattern(size)) {
					t.Errorf("%d bytes: %v; reading %d bytes gives %v", size, err, len(got), read)
				}
			}
		})
	}
}

// An answer that is lost does not make a replacement a conflict with itself.
func TestS3ReplaceLostAnswer(t *testing.T) {
	s := openS3(t)
	proxy := s3test.NewProxy(t)
	through := behind(t, proxy, s)
	if err := s.Put("n", []byte("0")); err != nil {
		t.Fatal(err)
	}
	proxy.Set(&s3test.Fault{Strikes: isWrite, Times: 1, Do: s3test.LoseAnswer})
	if err := through.Replace("n", []byte("0"), []byte("1")); err != nil || proxy.Struck() != 1 {
		t.Errorf("%v, %d struck", err, proxy.Struck())
	}
	proxy.Set(&s3test.Fault{Strikes: isWrite, Times: 1, Do: s3test.LoseAnswer})
	if err := through.Replace("m", nil, []byte("1")); err != nil || proxy.Struck() != 1 {
		t.Errorf("%v, %d struck", err, proxy.Struck())
	}
}

// What a policy denies is said with the action that would allow it, and leaves nothing.
func TestS3Denied(t *testing.T) {
	s := openS3(t)
	proxy := s3test.NewProxy(t)
	through := behind(t, proxy, s)
	for _, size := range []int{10, 3 * partSize} {
		proxy.Set(&s3test.Fault{Strikes: isWrite, Do: s3test.Status(403, "AccessDenied")})
		w, err := through.Create("a")
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(pattern(size))
		if err == nil {
			err = w.Commit()
		}
		w.Abort()
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "s3:PutObject") || !strings.Contains(err.Error(), s.Root()) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if got := stored(t, s); len(got) > 0 {
			t.Errorf("files %q", got)
		}
	}
	proxy.Set(&s3test.Fault{Do: s3test.Status(403, "AccessDenied")})
	if _, err := through.List("."); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "s3:ListBucket") {
		t.Errorf("List: %v", err)
	}
}

// Blocks are asked for together where it is known what comes next, each once, and never more than are kept.
func TestS3ReadsAhead(t *testing.T) {
	direct := openS3(t)
	const blocks = 3 * maxBlocks
	data := pattern(blocks*blockSize + 5)
	w, err := direct.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	p := s3test.NewProxy(t)
	s := behind(t, p, direct)
	for _, tt := range []struct {
		name             string
		prefetch         []int64 // blocks
		read             []int64
		requests, beside int // at least so many of them at once
	}{
		{"from start to end", nil, sequence(0, blocks+1, 1), blocks + 1, 3},
		{"here and there", nil, sequence(0, blocks, 2*blocksAhead), blocks / (2 * blocksAhead), 1},
		{"here and there, known before", sequence(0, blocks, 2*blocksAhead), sequence(0, blocks, 2*blocksAhead), blocks / (2 * blocksAhead), 4},
		{"again", nil, []int64{7, 7, 7}, 1, 1},
	} {
		var mu sync.Mutex
		now, most := 0, 0
		p.Set(&s3test.Fault{Strikes: s3test.IsRead, Do: func(w http.ResponseWriter, r *http.Request, pass func() (*http.Response, error)) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			s3test.Pass(w, pass)
		}})
		opened, err := s.Open("a")
		if err != nil {
			t.Fatal(err)
		}
		f := opened.(*openObject)
		for _, block := range tt.prefetch {
			f.Prefetch(block*blockSize, 1)
		}
		got := make([]byte, blockSize)
		for _, block := range tt.read {
			n, err := f.ReadAt(got, block*blockSize)
			if want := data[block*blockSize : min((block+1)*blockSize, int64(len(data)))]; !bytes.Equal(got[:n], want) || err != nil && err != io.EOF {
				t.Fatalf("%s: block %d: %d bytes, %v", tt.name, block, n, err)
			}
			if len(f.blocks) > maxBlocks {
				t.Errorf("%s: %d blocks are kept", tt.name, len(f.blocks))
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if p.Struck() != tt.requests || most < tt.beside || most > blocksInFlight {
			t.Errorf("%s: %d requests, %d at once; want %d, %d at once", tt.name, p.Struck(), most, tt.requests, tt.beside)
		}
	}
}

// sequence returns the numbers from first up to end, step apart.
func sequence(first, end, step int64) (all []int64) {
	for i := first; i < end; i += step {
		all = append(all, i)
	}
	return all
}

// A block that could not be fetched is asked for again when it is read again.
func TestS3BlockFails(t *testing.T) {
	direct := openS3(t)
	put(t, direct, "a")
	p := s3test.NewProxy(t)
	f, err := behind(t, p, direct).Open("a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p.Set(&s3test.Fault{Strikes: s3test.IsRead, Do: s3test.Status(403, "AccessDenied")})
	if _, err := f.(File).ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("denied: %v", err)
	}
	p.Set(nil)
	if _, err := f.(File).ReadAt(make([]byte, 1), 0); err != nil {
		t.Errorf("allowed again: %v", err)
	}
}

// Whether an upload may be aborted is known before one is begun, and asking leaves nothing.
func TestS3MayAbort(t *testing.T) {
	s := openS3(t)
	proxy := s3test.NewProxy(t)
	through := behind(t, proxy, s)
	if err := through.MayAbort(); err != nil {
		t.Error(err)
	}
	proxy.Set(&s3test.Fault{Strikes: func(r *http.Request) bool { return r.Method == http.MethodDelete }, Do: s3test.Status(403, "AccessDenied")})
	if err := through.MayAbort(); !errors.Is(err, bucket.ErrDenied) || !strings.Contains(err.Error(), "s3:AbortMultipartUpload on arn:aws:s3:::"+s.bucket.Name+"/"+s.prefix) {
		t.Error(err)
	}
	if got := stored(t, s); len(got) > 0 || proxy.Struck() != 1 {
		t.Errorf("files %q, %d requests struck", got, proxy.Struck())
	}
}

// An object that is replaced while it is open is not read on.
func TestS3FileSeesReplacement(t *testing.T) {
	s := openS3(t)
	if err := s.Put("a", pattern(2*blockSize)); err != nil {
		t.Fatal(err)
	}
	f, err := s.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.(File).ReadAt(make([]byte, 4), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Replace("a", pattern(2*blockSize), []byte("other")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.(File).ReadAt(make([]byte, 4), blockSize); !errors.Is(err, bucket.ErrChanged) {
		t.Errorf("ReadAt: %v", err)
	}
}

// Objects that consoles make to show a folder are no part of a store.
func TestS3ForeignKeys(t *testing.T) {
	s := openS3(t)
	for _, key := range []string{s.prefix, s.prefix + "p/", s.prefix + "p/a"} {
		s3test.Put(t, s.bucket, key, "")
	}
	if got, want := stored(t, s), []string{"p/a"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}
