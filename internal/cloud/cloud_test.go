package cloud

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/bucket"
)

// regions plays S3 of all regions, to which every request goes.
type regions struct {
	mu       sync.Mutex
	requests []string
}

func (a *regions) Do(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	signed := strings.Contains(r.Header.Get("Authorization"), "Credential=")
	a.requests = append(a.requests, r.Method+" "+r.URL.Host+map[bool]string{true: " signed"}[signed])
	w := &http.Response{StatusCode: 200, Header: make(http.Header), Body: http.NoBody, Request: r}
	if !strings.Contains(r.URL.Host, "eu-north-1") {
		w.StatusCode = 301
		w.Header.Set("X-Amz-Bucket-Region", "eu-north-1")
	}
	if strings.HasPrefix(r.URL.Host, "none.") {
		w.StatusCode = 404
		w.Header.Del("X-Amz-Bucket-Region")
	}
	if r.Method == http.MethodGet {
		w.Body = io.NopCloser(strings.NewReader("text"))
		w.ContentLength = 4
	}
	return w, nil
}

// testEnvironment leaves nothing of the real one.
func testEnvironment(t *testing.T) {
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
}

// The region of a bucket is asked for once and without credentials; what follows goes there.
func TestRegionIsLookedUp(t *testing.T) {
	testEnvironment(t)
	server := new(regions)
	buckets := New(Options{Region: "us-west-2"})
	buckets.http = server
	for range 2 {
		b, err := buckets.Bucket(t.Context(), "mine")
		if err != nil {
			t.Fatal(err)
		}
		if text, _, err := b.Get(t.Context(), "key"); string(text) != "text" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	}
	want := "HEAD mine.s3.us-west-2.amazonaws.com; GET mine.s3.eu-north-1.amazonaws.com signed; GET mine.s3.eu-north-1.amazonaws.com signed"
	if got := strings.Join(server.requests, "; "); got != want {
		t.Errorf("requests %s, want %s", got, want)
	}
	if _, err := buckets.Bucket(t.Context(), "none"); !errors.Is(err, bucket.ErrNoBucket) {
		t.Errorf("no bucket: %v", err)
	}
}

func TestAnonymous(t *testing.T) {
	testEnvironment(t)
	server := new(regions)
	buckets := New(Options{Region: "eu-north-1", Anonymous: true, RequesterPays: true})
	buckets.http = server
	b, err := buckets.Bucket(t.Context(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Get(t.Context(), "key"); err != nil || b.Payer != "requester" {
		t.Errorf("%v, %q pays", err, b.Payer)
	}
	for _, r := range server.requests {
		if strings.Contains(r, "signed") {
			t.Errorf("request %s", r)
		}
	}
}

// A connection on which nothing goes ends; one on which something does lives on.
func TestStalledConnection(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	const stall = 100 * time.Millisecond
	c := &liveConn{Conn: ours, stall: stall}
	go func() {
		for range 5 {
			time.Sleep(stall / 2)
			theirs.Write([]byte("x"))
		}
	}()
	if n, err := io.ReadFull(c, make([]byte, 5)); err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	start := time.Now()
	var timeout net.Error
	if _, err := c.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) > 10*stall {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	if _, err := c.Write([]byte("x")); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("write that nobody takes: %v", err)
	}
}
