package s3test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy stands before an S3 server and passes everything on, but for what a fault strikes.
type Proxy struct {
	URL string

	backend *url.URL
	mu      sync.Mutex
	fault   *Fault
	struck  int
}

// Fault is what goes wrong.
type Fault struct {
	// Strikes says whether a request is struck; nil: every one is.
	Strikes func(*http.Request) bool
	// Times is how many requests are struck at most; 0: all.
	Times int
	// Do answers a request. pass passes it on.
	Do func(w http.ResponseWriter, r *http.Request, pass func() (*http.Response, error))
}

// NewProxy starts a proxy that lives as long as the test.
func NewProxy(t testing.TB) *Proxy {
	t.Helper()
	backend, err := url.Parse(Endpoint(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{backend: backend}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.URL = server.URL
	return p
}

// Set makes a fault the only one; nil: none.
func (p *Proxy) Set(f *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.struck = f, 0
}

// Struck returns how many requests were struck since Set.
func (p *Proxy) Struck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	pass := func() (*http.Response, error) {
		out := r.Clone(r.Context())
		out.RequestURI, out.URL.Scheme, out.URL.Host = "", p.backend.Scheme, p.backend.Host // the header Host, which is signed, stays
		return http.DefaultTransport.RoundTrip(out)
	}
	if f := p.strike(r); f != nil {
		f.Do(w, r, pass)
		return
	}
	answer(w, pass, -1)
}

func (p *Proxy) strike(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.fault
	if f == nil || f.Times > 0 && p.struck >= f.Times || f.Strikes != nil && !f.Strikes(r) {
		return nil
	}
	p.struck++
	return f
}

// answer passes on a request and its answer: all of it, or the first bytes of the body.
func answer(w http.ResponseWriter, pass func() (*http.Response, error), bytes int64) {
	response, err := pass()
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	body := io.Reader(response.Body)
	if bytes >= 0 {
		body = io.LimitReader(body, bytes)
	}
	io.Copy(w, body) // the client may have gone
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// Pass passes on a request and its answer, for faults that only delay or count.
func Pass(w http.ResponseWriter, pass func() (*http.Response, error)) { answer(w, pass, -1) }

// IsRead strikes requests for objects.
func IsRead(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Get("x-id") == "GetObject"
}

// Status answers with an error of S3.
func Status(status int, code string) func(http.ResponseWriter, *http.Request, func() (*http.Response, error)) {
	return func(w http.ResponseWriter, r *http.Request, _ func() (*http.Response, error)) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>made by a test</Message></Error>", code)
	}
}

// Reset breaks the connection after so many bytes of the body.
func Reset(bytes int64) func(http.ResponseWriter, *http.Request, func() (*http.Response, error)) {
	return func(w http.ResponseWriter, _ *http.Request, pass func() (*http.Response, error)) {
		answer(w, pass, bytes)
		hangUp(w, true)
	}
}

// Truncate ends the connection after so many bytes of the body, as if that were all.
func Truncate(bytes int64) func(http.ResponseWriter, *http.Request, func() (*http.Response, error)) {
	return func(w http.ResponseWriter, _ *http.Request, pass func() (*http.Response, error)) {
		answer(w, pass, bytes)
		hangUp(w, false)
	}
}

// Stall sends so many bytes of the body, and then nothing for a time.
func Stall(bytes int64, wait time.Duration) func(http.ResponseWriter, *http.Request, func() (*http.Response, error)) {
	return func(w http.ResponseWriter, r *http.Request, pass func() (*http.Response, error)) {
		answer(w, pass, bytes)
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
		hangUp(w, false)
	}
}

// LoseAnswer has the server do what was asked, and breaks the connection before it can say so.
func LoseAnswer(w http.ResponseWriter, _ *http.Request, pass func() (*http.Response, error)) {
	if response, err := pass(); err == nil {
		response.Body.Close()
	}
	hangUp(w, true)
}

// hangUp closes the connection; with reset, so that the other side sees an error.
func hangUp(w http.ResponseWriter, reset bool) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		tcp.SetLinger(0)
	}
	conn.Close()
}
