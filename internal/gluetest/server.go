// Package gluetest plays the Glue Data Catalog over HTTP, strictly: it keeps the limits, the versions and the pages that the Glue API reference writes down, and does what
// services do at their worst when it is told to. It is no Athena: it stores what tables are, and reads nothing.
package gluetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Server is a catalog, empty at first.
type Server struct {
	URL string

	http *httptest.Server

	mu        sync.Mutex
	databases map[string]*database
	calls     []Call
	fault     *Fault
	struck    int
}

// Call is a request that was made.
type Call struct {
	Operation string // CreateTable
	Write     bool   // it changes the catalog, or tries to
	Number    int    // of this among the writes, or among what only reads, since Calls was asked last; from 1
}

// Fault is what goes wrong with requests.
type Fault struct {
	// Strikes says whether a request is struck; nil: every one is.
	Strikes func(Call) bool
	// Times is how many requests are struck at most; 0: all.
	Times int
	// Before is run before a request is looked at: what someone else does at that moment.
	Before func()
	// Code is the error that is answered: "ThrottlingException". "": none.
	Code string
	// Late has the request done before the error is answered.
	Late bool
	// Entry has the entry of a batch that has this partition value fail with Code, in place of the request.
	Entry string
}

// New starts a server. The caller closes it.
func New() *Server {
	s := &Server{databases: make(map[string]*database)}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close stops the server.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Set makes a fault the only one; nil: none.
func (s *Server) Set(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.struck = f, 0
}

// Struck returns how many requests were struck since Set.
func (s *Server) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Calls returns the requests since the last time it was asked.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// Writes returns the operations among calls that write.
func Writes(calls []Call) []string {
	var names []string
	for _, c := range calls {
		if c.Write {
			names = append(names, c.Operation)
		}
	}
	return names
}

// operation answers one kind of request.
type operation struct {
	write bool
	do    func(s *Server, body []byte, fault *Fault) (any, error)
}

// handle makes an operation of a method that takes the members of its request. Members that it does not know are an error: what the fake ignores, no test can tell.
func handle[In any](write bool, do func(*Server, *In, *Fault) (any, error)) operation {
	return operation{write, func(s *Server, body []byte, fault *Fault) (any, error) {
		in := new(In)
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(in); err != nil {
			return nil, &apiError{"SerializationException", err.Error()}
		}
		return do(s, in, fault)
	}}
}

var operations = map[string]operation{
	"GetDatabase":          handle(false, (*Server).getDatabase),
	"CreateDatabase":       handle(true, (*Server).createDatabase),
	"GetTable":             handle(false, (*Server).getTable),
	"CreateTable":          handle(true, (*Server).createTable),
	"UpdateTable":          handle(true, (*Server).updateTable),
	"DeleteTable":          handle(true, (*Server).deleteTable),
	"GetPartitions":        handle(false, (*Server).getPartitions),
	"BatchCreatePartition": handle(true, (*Server).batchCreatePartition),
	"BatchUpdatePartition": handle(true, (*Server).batchUpdatePartition),
	"BatchDeletePartition": handle(true, (*Server).batchDeletePartition),
}

// apiError is an error as the service answers it.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func fail(code, format string, args ...any) error {
	return &apiError{code, fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler: the protocol is AWS JSON 1.1.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := s.answer(r)
	status := http.StatusOK
	if err != nil {
		e := &apiError{"InternalServiceException", err.Error()}
		errors.As(err, &e)
		status = http.StatusBadRequest
		if e.code == "InternalServiceException" {
			status = http.StatusInternalServerError
		}
		out = map[string]string{"__type": e.code, "Message": e.message}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-0000-0000-000000000000")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(out) // the client may have gone
}

const contentType = "application/x-amz-json-1.1"

func (s *Server) answer(r *http.Request) (any, error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue.")
	op, known := operations[name]
	switch {
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != contentType || !ok || !known:
		return nil, fail("UnknownOperationException", "%s %s %q", r.Method, r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Target"))
	case !strings.Contains(r.Header.Get("Authorization"), "/glue/aws4_request"):
		return nil, fail("MissingAuthenticationTokenException", "not signed for glue")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fault := s.note(name, op.write)
	if fault != nil && fault.Before != nil {
		fault.Before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault == nil || fault.Code == "" || fault.Entry != "" {
		return op.do(s, body, fault)
	}
	if fault.Late {
		if _, err := op.do(s, body, nil); err != nil {
			return nil, err
		}
	}
	message := "made by a test"
	if fault.Code == "AccessDeniedException" {
		message = fmt.Sprintf("User: arn:aws:iam::123456789012:user/test is not authorized to perform: glue:%s on resource: arn:aws:glue:us-east-1:123456789012:catalog "+
			"because no identity-based policy allows the glue:%s action", name, name)
	}
	return nil, fail(fault.Code, "%s", message)
}

// note keeps a call, and returns the fault that strikes it.
func (s *Server) note(name string, write bool) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Call{Operation: name, Write: write, Number: 1}
	for _, earlier := range s.calls {
		if earlier.Write == write {
			c.Number++
		}
	}
	s.calls = append(s.calls, c)
	f := s.fault
	if f == nil || f.Times > 0 && s.struck >= f.Times || f.Strikes != nil && !f.Strikes(c) {
		return nil
	}
	s.struck++
	return f
}
