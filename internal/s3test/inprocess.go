package s3test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// accessKey is by what the S3 in this process is known.
const accessKey = "in-process"

// InProcess tells whether the server is not a real one, which can do what gofakes3 can't: it takes the marker of a folder for a file in it.
func InProcess(t testing.TB) bool {
	Endpoint(t)
	return os.Getenv("AWS_ACCESS_KEY_ID") == accessKey
}

// inProcess starts an S3 in this process, for as long as that lives, and sets the environment that clients find it by. One serves all tests of a package: they run
// side by side, and the environment is theirs together.
var inProcess = sync.OnceValue(func() string {
	fake := gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog()))
	server := httptest.NewServer(&conditional{backend: fake.Server()})
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_S3": server.URL,
	} {
		os.Setenv(name, value)
	}
	return server.URL
})

// conditional adds to gofakes3 what it leaves out: If-Match of GET and PUT, If-None-Match where an upload is completed, and that a range has not the checksum of its object.
type conditional struct {
	backend http.Handler
	mu      sync.Mutex // of writes: a condition holds until its write is done
}

// ServeHTTP implements http.Handler.
func (c *conditional) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !isRead {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	if !c.holds(r) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusPreconditionFailed)
		_, _ = w.Write([]byte("<Error><Code>PreconditionFailed</Code><Message>At least one of the conditions did not hold</Message></Error>"))
		return
	}
	if isRead && r.Header.Get("Range") != "" {
		w = &withoutChecksums{w}
	}
	c.backend.ServeHTTP(w, r)
}

// holds tells whether the conditions of a request hold.
func (c *conditional) holds(r *http.Request) bool {
	match, noneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	if match == "" && noneMatch == "" {
		return true
	}
	head := r.Clone(r.Context())
	head.Method, head.Body, head.ContentLength, head.Header, head.URL.RawQuery = http.MethodHead, http.NoBody, 0, http.Header{}, ""
	found := httptest.NewRecorder()
	c.backend.ServeHTTP(found, head)
	if noneMatch == "*" && found.Code == http.StatusOK {
		return false
	}
	return match == "" || found.Code == http.StatusOK && found.Header().Get("ETag") == match
}

// withoutChecksums leaves out the headers that speak of a whole object.
type withoutChecksums struct{ http.ResponseWriter }

func (w *withoutChecksums) WriteHeader(status int) {
	for name := range w.Header() {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum-") {
			w.Header().Del(name)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}
