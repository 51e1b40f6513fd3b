// Package imdstest plays the instance metadata service of EC2 for tests, in its second version: it answers nobody without a token.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
package imdstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

const (
	tokenPath  = "/latest/api/token"
	noticePath = "/latest/meta-data/spot/instance-action"
	maxTTL     = 21600 // seconds
)

// Server is a metadata service. Its methods may be called at any time.
type Server struct {
	URL string

	http   *httptest.Server
	mu     sync.Mutex
	tokens int // handed out; those of numbers up to void count no more
	void   int
	notice string
	fail   func(r *http.Request) int
	looks  int
	wrong  []string
}

// New starts a server without a notice. The caller closes it.
func New() *Server {
	s := new(Server)
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// Notify makes a notice appear.
func (s *Server) Notify(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notice = text
}

// Expire voids all tokens that were handed out.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.void = s.tokens
}

// Fail has requests answered with the status that fail returns for them; 0: as they should be. nil ends that.
func (s *Server) Fail(fail func(*http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// Seen returns how often the notice was looked for with a token that counts, how many tokens were handed out, and what a client must not do.
func (s *Server) Seen() (looks, tokens int, wrong []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks, s.tokens, s.wrong
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.Header.Get("X-aws-ec2-metadata-token")
	if token == "" && r.Method != http.MethodPut {
		s.wrong = append(s.wrong, fmt.Sprintf("%s %s without a token", r.Method, r.URL.Path))
	}
	if s.fail != nil {
		if status := s.fail(r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	number, err := strconv.Atoi(token)
	switch {
	case r.URL.Path == tokenPath:
		s.handOut(w, r)
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case err != nil || number <= s.void || number > s.tokens:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path != noticePath:
		s.wrong = append(s.wrong, "asked for "+r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	default:
		s.looks++
		if s.notice == "" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, s.notice)
	}
}

// handOut gives a token, to those who came without a proxy and say how long it is to live.
func (s *Server) handOut(w http.ResponseWriter, r *http.Request) {
	ttl, err := strconv.Atoi(r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds"))
	switch {
	case r.Method != http.MethodPut:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Header.Get("X-Forwarded-For") != "":
		w.WriteHeader(http.StatusForbidden)
	case err != nil || ttl < 1 || ttl > maxTTL:
		w.WriteHeader(http.StatusBadRequest)
	default:
		s.tokens++
		w.Header().Set("X-aws-ec2-metadata-token-ttl-seconds", strconv.Itoa(ttl))
		fmt.Fprint(w, s.tokens)
	}
}
