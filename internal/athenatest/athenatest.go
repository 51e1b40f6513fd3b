// Package athenatest plays Athena for tests: its API over HTTP (AWS JSON 1.1), as strict as the real one about what it is asked and what may be asked when. It knows no SQL:
// what becomes of a statement is scripted.
package athenatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Query is what becomes of a statement. Its JSON form is that of scripts.
type Query struct {
	States     []string    `json:"states"` // one for each look at it, and the last from then on; none: SUCCEEDED
	Type       string      `json:"type"`   // DML, DDL or UTILITY; "": DML
	Columns    [][2]string `json:"columns"`
	Rows       [][]*string `json:"rows"`      // nil is NULL; of a row of a utility statement the last values may be left out
	NoHeader   bool        `json:"no_header"` // a DML statement other than SELECT
	Scanned    int64       `json:"scanned"`   // bytes
	Engine     int64       `json:"engine"`    // milliseconds
	Reused     bool        `json:"reused"`
	Reason     string      `json:"reason"` // of the last state
	Category   int32       `json:"category"`
	ErrorType  int32       `json:"error_type"`
	Retryable  bool        `json:"retryable"`
	EmptyPages bool        `json:"empty_pages"` // an empty page comes before each with rows
}

// Table is what the catalog says of a table.
type Table map[string]string

// Script is what the server knows.
type Script struct {
	Workgroups map[string]string           `json:"workgroups"` // name: its output location, or ""
	Tables     map[string]map[string]Table `json:"tables"`     // database, name: parameters
	Queries    map[string]Query            `json:"queries"`    // by statement
	Throttle   map[string]int              `json:"throttle"`   // operation: so many requests are put off first
	Lose       map[string]int              `json:"lose"`       // operation: so many requests are done, and the answer lost, first
	Deny       map[string]string           `json:"deny"`       // operation: the IAM action that is not allowed
}

// Server is an Athena. Its methods may be called at any time.
type Server struct {
	URL string
	// OnStart, if set before the first request, is called while a query is being started, after it has been.
	OnStart func()

	mu      sync.Mutex
	script  Script
	tokens  map[string]started // by client request token
	queries map[string]*execution
	counts  map[string]int // requests by operation
	stopped []string
	wrong   []string // what a client must not do
}

type started struct{ id, request string }

// execution is a query that was started.
type execution struct {
	Query
	id, statement, workgroup string
	looks                    int
	cancelled                bool
}

// New starts a server that ends with the test, which fails where a client broke the rules of the protocol.
func New(t testing.TB, script Script) *Server {
	s := &Server{script: script, tokens: make(map[string]started), queries: make(map[string]*execution), counts: make(map[string]int)}
	if s.script.Workgroups == nil {
		s.script.Workgroups = map[string]string{"primary": ""}
	}
	server := httptest.NewServer(s)
	s.URL = server.URL
	t.Cleanup(func() {
		server.Close()
		for _, w := range s.wrong {
			t.Errorf("Athena: %s", w)
		}
	})
	return s
}

// Started returns the statements that were started, in no order.
func (s *Server) Started() (statements []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.queries {
		statements = append(statements, e.statement)
	}
	return statements
}

// Stopped returns the ids of the queries that were asked to stop while they were not over.
func (s *Server) Stopped() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.stopped)
}

// Requests returns how often an operation was asked for.
func (s *Server) Requests(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[operation]
}

// refusal is an error of the API.
type refusal struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
	Code    string `json:"AthenaErrorCode,omitempty"`
}

func (r *refusal) Error() string { return r.Type + ": " + r.Message }

func invalid(format string, args ...any) error {
	return &refusal{Type: "InvalidRequestException", Message: fmt.Sprintf(format, args...), Code: "MALFORMED_QUERY"}
}

// ServeHTTP answers a request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonAthena.")
	do := map[string]func(*json.Decoder) (any, error){
		"StartQueryExecution": s.start, "GetQueryExecution": s.look, "GetQueryResults": s.results,
		"StopQueryExecution": s.stop, "GetTableMetadata": s.table,
	}[operation]
	s.mu.Lock()
	if !ok || do == nil || r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
		!strings.Contains(r.Header.Get("Authorization"), "/athena/aws4_request") {
		s.wrong = append(s.wrong, fmt.Sprintf("request %s %s for %q", r.Method, r.URL, r.Header.Get("X-Amz-Target")))
		s.mu.Unlock()
		http.Error(w, `{"__type":"UnknownOperationException"}`, http.StatusBadRequest)
		return
	}
	s.counts[operation]++
	nth := s.counts[operation]
	s.mu.Unlock()

	var out any
	var err error
	action := s.script.Deny[operation]
	switch {
	case nth <= s.script.Throttle[operation]:
		err = &refusal{Type: "TooManyRequestsException", Message: "Rate exceeded"}
	case action != "":
		err = &refusal{Type: "AccessDeniedException", Message: "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: " + action + " on resource: arn:aws:athena:x"}
	default:
		body := json.NewDecoder(r.Body)
		body.DisallowUnknownFields()
		s.mu.Lock()
		out, err = do(body)
		s.mu.Unlock()
		if operation == "StartQueryExecution" && s.OnStart != nil {
			s.OnStart()
		}
		if nth <= s.script.Lose[operation] {
			panic(http.ErrAbortHandler) // closes the connection
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		out = err
	}
	json.NewEncoder(w).Encode(out)
}
