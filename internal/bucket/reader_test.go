package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/s3test"
)

// pause is the longest between attempts.
const pause = 20 * time.Millisecond

// text is n bytes in which no stretch looks like another.
func text(n int) string {
	var b strings.Builder
	source := rand.NewChaCha8([32]byte{1})
	io.CopyN(&b, source, int64(n))
	return b.String()
}

func TestReader(t *testing.T) {
	b := s3test.New(t)
	for _, size := range []int{0, 1, 128<<10 - 1, 128 << 10, 128<<10 + 1, 3 << 20, 40<<20 + 7} {
		content := text(size)
		object := s3test.Put(t, b, "object", content)
		r := b.NewReader(t.Context(), "object", object.ETag, object.Size)
		got, err := io.ReadAll(iotest.OneByteReader(io.LimitReader(r, 10)))
		rest, err2 := io.ReadAll(r)
		if errors.Join(err, err2) != nil || string(got)+string(rest) != content {
			t.Errorf("%d bytes: read %d, %v, %v", size, len(got)+len(rest), err, err2)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes: after the end: %d, %v", size, n, err)
		}
		r.Close()
		if _, err := b.NewReader(t.Context(), "object", "0123", object.Size).Read(make([]byte, 1)); size > 0 && !errors.Is(err, bucket.ErrChanged) {
			t.Errorf("another ETag: %v", err)
		}
	}
}

// The first bytes and what an object is come with one answer, and reading goes on behind them.
func TestReadFirst(t *testing.T) {
	b := s3test.New(t)
	proxy := s3test.NewProxy(t)
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Stall: 300 * time.Millisecond, Backoff: pause}, b.Name)
	const first = 100 << 10
	for _, size := range []int{0, 1, first - 1, first, first + 1, 9 << 20} {
		content := text(size)
		put := s3test.Put(t, b, "object", content)
		want, err := b.Stat(t.Context(), "object")
		if err != nil || put.ETag != want.ETag {
			t.Fatal(put, want, err)
		}
		for name, f := range map[string]*s3test.Fault{
			"whole": nil, "503": {Do: s3test.Status(503, "SlowDown"), Times: 2}, "reset": {Do: s3test.Reset(10), Times: 2}, "truncated": {Do: s3test.Truncate(10), Times: 2},
		} {
			proxy.Set(f)
			object, p, err := through.ReadFirst(t.Context(), "object", first)
			if err != nil || object != want || string(p) != content[:min(first, size)] {
				t.Fatalf("%d bytes, %s: %+v, %d bytes, %v; want %+v", size, name, object, len(p), err, want)
			}
			r := through.NewReaderAfter(t.Context(), object.Key, object.ETag, object.Size, p)
			rest, err := io.ReadAll(r)
			r.Close()
			if err != nil || string(rest) != content {
				t.Errorf("%d bytes, %s: read %d, %v", size, name, len(rest), err)
			}
		}
	}
	for _, tt := range []struct {
		fault *s3test.Fault
		want  error
	}{
		{nil, fs.ErrNotExist},
		{&s3test.Fault{Do: s3test.Status(403, "AccessDenied")}, bucket.ErrDenied},
		{&s3test.Fault{Do: s3test.Status(404, "NoSuchBucket")}, bucket.ErrNoBucket},
		{&s3test.Fault{Do: s3test.Status(400, "ExpiredToken")}, bucket.ErrCredentials},
	} {
		proxy.Set(tt.fault)
		if _, _, err := through.ReadFirst(t.Context(), "none", first); !errors.Is(err, tt.want) {
			t.Errorf("%v, want %v", err, tt.want)
		}
	}
}

// Who reads only the beginning has little sent.
func TestReaderStartsSmall(t *testing.T) {
	b := s3test.New(t)
	object := s3test.Put(t, b, "object", text(32<<20))
	proxy := s3test.NewProxy(t)
	var sent int64
	proxy.Set(&s3test.Fault{Strikes: s3test.IsRead, Do: func(w http.ResponseWriter, r *http.Request, pass func() (*http.Response, error)) {
		response, err := pass()
		if err != nil {
			return
		}
		defer response.Body.Close()
		sent += response.ContentLength
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}})
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Backoff: pause}, b.Name)
	r := through.NewReader(t.Context(), "object", object.ETag, object.Size)
	if _, err := io.ReadFull(r, make([]byte, 100<<10)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if sent > 512<<10 {
		t.Errorf("%d bytes were sent to read 100 KiB", sent)
	}
}

// A reader of a part does not read ahead behind its end, and gives what is there to who reads on.
func TestReaderOfPart(t *testing.T) {
	b := s3test.New(t)
	content := text(20 << 20)
	object := s3test.Put(t, b, "object", content)
	proxy := s3test.NewProxy(t)
	var behind atomic.Int64 // last byte that was asked for
	proxy.Set(&s3test.Fault{Strikes: s3test.IsRead, Do: func(w http.ResponseWriter, r *http.Request, pass func() (*http.Response, error)) {
		var first, last int64
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
		behind.Store(max(behind.Load(), last))
		response, err := pass()
		if err != nil {
			return
		}
		defer response.Body.Close()
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}})
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Backoff: pause}, b.Name)
	const from, until = 1000, 9<<20 + 5
	r := through.NewReaderAt(t.Context(), "object", object.ETag, object.Size, from, until)
	defer r.Close()
	got := make([]byte, until-from)
	if _, err := io.ReadFull(r, got); err != nil || string(got) != content[from:until] {
		t.Fatalf("the part: %v", err)
	}
	if behind.Load() != until-1 {
		t.Errorf("byte %d was asked for, of a part that ends before %d", behind.Load(), until)
	}
	if _, err := io.ReadFull(r, got[:10]); err != nil || string(got[:10]) != content[until:until+10] {
		t.Errorf("behind the part: %v", err)
	}
	if last := behind.Load(); last < until || last > until+256<<10 {
		t.Errorf("byte %d was asked for to read 10 bytes from byte %d on", last, until)
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != content[until+10:] {
		t.Errorf("the rest: %d bytes, %v", len(rest), err)
	}
}

// Whatever breaks on the way, what is read is right.
func TestReaderOutlastsFaults(t *testing.T) {
	b := s3test.New(t)
	const size = 20 << 20
	content := text(size)
	object := s3test.Put(t, b, "object", content)
	proxy := s3test.NewProxy(t)
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Stall: 300 * time.Millisecond, Backoff: pause}, b.Name)
	for name, do := range map[string]func(at int64) *s3test.Fault{
		"500":       func(int64) *s3test.Fault { return &s3test.Fault{Do: s3test.Status(500, "InternalError"), Times: 3} },
		"503":       func(int64) *s3test.Fault { return &s3test.Fault{Do: s3test.Status(503, "SlowDown"), Times: 3} },
		"reset":     func(at int64) *s3test.Fault { return &s3test.Fault{Do: s3test.Reset(at), Times: 4} },
		"truncated": func(at int64) *s3test.Fault { return &s3test.Fault{Do: s3test.Truncate(at), Times: 4} },
		"stalled":   func(at int64) *s3test.Fault { return &s3test.Fault{Do: s3test.Stall(at, 2*time.Second), Times: 2} },
	} {
		t.Run(name, func(t *testing.T) {
			struck := 0
			for range 20 {
				f := do(rand.Int64N(1 << 20))
				skip := rand.IntN(6) // requests that pass before
				f.Strikes = func(r *http.Request) bool { skip--; return skip < 0 && s3test.IsRead(r) }
				proxy.Set(f)
				r := through.NewReader(t.Context(), "object", object.ETag, object.Size)
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || string(got) != content {
					t.Errorf("read %d bytes of %d, %v", len(got), size, err)
				}
				if proxy.Struck() == 0 {
					t.Error("no request was struck")
				}
				struck += proxy.Struck()
			}
			t.Logf("%d requests were struck in 20 readings", struck)
		})
	}
}

// What does not pass is an error, in one line that says what is wrong.
func TestReaderGivesUp(t *testing.T) {
	b := s3test.New(t)
	object := s3test.Put(t, b, "object", text(9<<20))
	proxy := s3test.NewProxy(t)
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Stall: 200 * time.Millisecond, Attempts: 3, Backoff: pause}, b.Name)
	for _, tt := range []struct {
		fault *s3test.Fault
		want  error
		text  string
	}{
		{&s3test.Fault{Do: s3test.Status(503, "SlowDown")}, bucket.ErrBusy, "503 SlowDown"},
		{&s3test.Fault{Do: s3test.Status(500, "InternalError")}, bucket.ErrBusy, "500 InternalError"},
		{&s3test.Fault{Do: s3test.Status(403, "AccessDenied")}, bucket.ErrDenied, "allow s3:GetObject on arn:aws:s3:::" + b.Name + "/object,"},
		{&s3test.Fault{Do: s3test.Status(403, "AccessDenied")}, fs.ErrPermission, "s3://" + b.Name + "/object"},
		{&s3test.Fault{Do: s3test.Status(400, "ExpiredToken")}, bucket.ErrCredentials, "expired"},
		{&s3test.Fault{Do: s3test.Status(301, "PermanentRedirect")}, bucket.ErrRegion, "--region"},
		{&s3test.Fault{Do: s3test.Status(404, "NoSuchBucket")}, bucket.ErrNoBucket, "there is no bucket"},
		{&s3test.Fault{Do: s3test.Status(404, "NoSuchKey")}, fs.ErrNotExist, "not exist"},
		{&s3test.Fault{Do: s3test.Status(400, "KMS.DisabledException")}, bucket.ErrKey, "--kms-key"},
		{&s3test.Fault{Do: s3test.Reset(0)}, nil, "broke off at byte 0"},
		{&s3test.Fault{Do: s3test.Truncate(10)}, nil, "broke off at byte"},
	} {
		tt.fault.Strikes = s3test.IsRead
		proxy.Set(tt.fault)
		r := through.NewReader(t.Context(), "object", object.ETag, object.Size)
		n, err := io.Copy(io.Discard, r)
		r.Close()
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %d bytes, error %q", tt.text, n, err)
		}
		if strings.Contains(err.Error(), "stacksecret") || strings.Contains(err.Error(), "Signature=") {
			t.Errorf("the error tells a secret: %s", err)
		}
	}
}

// An object that is replaced while it is read is never read in part.
func TestReaderSeesReplacement(t *testing.T) {
	b := s3test.New(t)
	proxy := s3test.NewProxy(t)
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Backoff: pause}, b.Name)
	for range 20 {
		object := s3test.Put(t, b, "object", text(9<<20))
		skip := 1 + rand.IntN(5)
		proxy.Set(&s3test.Fault{Times: 1, Strikes: func(r *http.Request) bool { skip--; return skip < 0 && s3test.IsRead(r) },
			Do: func(w http.ResponseWriter, r *http.Request, _ func() (*http.Response, error)) {
				s3test.Put(t, b, "object", text(9 << 20)[1:])
				s3test.Status(503, "SlowDown")(w, r, nil)
			}})
		r := through.NewReader(t.Context(), "object", object.ETag, object.Size)
		n, err := io.Copy(io.Discard, r)
		r.Close()
		if proxy.Struck() != 1 || !errors.Is(err, bucket.ErrChanged) || !strings.Contains(err.Error(), "run the command again") {
			t.Errorf("after %d bytes, %d requests struck: %v", n, proxy.Struck(), err)
		}
	}
}

func TestReaderEndsWithContext(t *testing.T) {
	b := s3test.New(t)
	object := s3test.Put(t, b, "object", text(9<<20))
	proxy := s3test.NewProxy(t)
	proxy.Set(&s3test.Fault{Strikes: s3test.IsRead, Do: s3test.Stall(0, 2*time.Second)})
	through := s3test.Open(t, cloud.Options{Endpoint: proxy.URL, Backoff: pause}, b.Name)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	r := through.NewReader(ctx, "object", object.ETag, object.Size)
	time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, why) {
		t.Errorf("after the end of the context: %v", err)
	}
	r.Close()
	r = through.NewReader(t.Context(), "object", object.ETag, object.Size)
	time.AfterFunc(50*time.Millisecond, func() { r.Close() })
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestList(t *testing.T) {
	b := s3test.New(t)
	for _, key := range []string{"a/1", "a/2", "a/b/3", "a/b/c/4", "ab", "z"} {
		s3test.Put(t, b, key, key)
	}
	for _, tt := range []struct {
		prefix string
		deep   bool
		want   string
	}{
		{"", false, "ab z | a/"}, {"a/", false, "a/1 a/2 | a/b/"}, {"a/", true, "a/1 a/2 a/b/3 a/b/c/4 | "}, {"none/", false, " | "},
	} {
		var keys, folders []string
		err := b.List(t.Context(), tt.prefix, tt.deep, func(objects []bucket.Object, f []string) error {
			for _, o := range objects {
				keys = append(keys, o.Key)
			}
			folders = append(folders, f...)
			return nil
		})
		if got := strings.Join(keys, " ") + " | " + strings.Join(folders, " "); got != tt.want || err != nil {
			t.Errorf("List(%q, %v) = %q, %v; want %q", tt.prefix, tt.deep, got, err, tt.want)
		}
	}
}
