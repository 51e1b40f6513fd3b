// Package snstest plays Amazon SNS for tests: topics that messages are sent to, by the limits of the API reference, and faults.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
package snstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

// maxMessage is how many bytes subject, message and attributes may have together.
const maxMessage = 256 << 10

// Message is what was sent to a topic.
type Message struct {
	Topic, Subject string
	Default, Email string            // what is delivered, by protocol
	Attributes     map[string]string // text
}

// Fault is what goes wrong with requests.
type Fault struct {
	Operation string // Publish; "": any
	Times     int    // how many requests are struck; 0: all
	Status    int    // of the answer
	Code      string // of the error: "Throttled"
	Text      string
	Late      bool // the request is done before the error is answered, as when an answer is lost
}

// Server is an SNS. Its methods may be called at any time.
type Server struct {
	URL string

	http     *httptest.Server
	mu       sync.Mutex
	topics   map[string]bool
	messages []Message
	fault    *Fault
	struck   int
}

// New starts a server that has these topics, by ARN. The caller closes it.
func New(topics ...string) *Server {
	s := &Server{topics: make(map[string]bool)}
	for _, t := range topics {
		s.topics[t] = true
	}
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

// Messages returns what was sent since it was asked last.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.messages
	s.messages = nil
	return sent
}

// refusal is the error of a request.
type refusal struct {
	status     int
	code, text string
}

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		answer(w, "", refuse(400, "InvalidAction", "%s %v", r.Method, err))
		return
	}
	operation := r.PostForm.Get("Action")
	f := s.fault
	if f != nil && (f.Operation != "" && f.Operation != operation || f.Times > 0 && s.struck >= f.Times) {
		f = nil
	}
	if f != nil {
		s.struck++
		if !f.Late {
			answer(w, operation, refuse(f.Status, f.Code, "%s", f.Text))
			return
		}
	}
	refused := s.do(operation, r)
	if f != nil {
		refused = refuse(f.Status, f.Code, "%s", f.Text)
	}
	answer(w, operation, refused)
}

func (s *Server) do(operation string, r *http.Request) *refusal {
	form := r.PostForm
	topic := form.Get("TopicArn")
	parts := strings.Split(topic, ":")
	switch {
	case form.Get("Version") != "2010-03-31":
		return refuse(400, "InvalidAction", "version %q", form.Get("Version"))
	case len(parts) != 6:
		return refuse(400, "InvalidParameter", "Invalid parameter: TopicArn")
	case !strings.Contains(r.Header.Get("Authorization"), "/"+parts[3]+"/sns/aws4_request"):
		return refuse(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region")
	case !s.topics[topic]:
		return refuse(404, "NotFound", "Topic does not exist")
	case operation == "Publish":
		return s.publish(topic, form)
	case operation != "GetTopicAttributes":
		return refuse(400, "InvalidAction", "%q", operation)
	}
	return nil
}

func (s *Server) publish(topic string, form url.Values) *refusal {
	m := Message{Topic: topic, Subject: form.Get("Subject"), Attributes: make(map[string]string)}
	size := len(m.Subject) + len(form.Get("Message"))
	for i := 1; form.Has(fmt.Sprintf("MessageAttributes.entry.%d.Name", i)); i++ {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		name, value := form.Get(entry+"Name"), form.Get(entry+"Value.StringValue")
		if form.Get(entry+"Value.DataType") != "String" || value == "" {
			return refuse(400, "ParameterValueInvalid", "attribute %s", name)
		}
		m.Attributes[name] = value
		size += len(name) + len(value) + len("String")
	}
	var protocols map[string]string
	err := json.Unmarshal([]byte(form.Get("Message")), &protocols)
	m.Default, m.Email = protocols["default"], protocols["email"]
	switch {
	case form.Get("MessageStructure") != "json" || err != nil:
		return refuse(400, "InvalidParameter", "Invalid parameter: Message Structure - %v", err)
	case m.Default == "":
		return refuse(400, "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body")
	case m.Subject == "" || len(m.Subject) > 100 || m.Subject[0] == ' ' || strings.IndexFunc(m.Subject, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
		return refuse(400, "InvalidParameter", "Invalid parameter: Subject")
	case size > maxMessage:
		return refuse(400, "InvalidParameter", "Invalid parameter: Message too long")
	}
	s.messages = append(s.messages, m)
	return nil
}

// answer answers as the query protocol of AWS does.
func answer(w http.ResponseWriter, operation string, refused *refusal) {
	w.Header().Set("Content-Type", "text/xml")
	if refused == nil {
		fmt.Fprintf(w, `<%[1]sResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><%[1]sResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></%[1]sResult></%[1]sResponse>`, operation)
		return
	}
	w.WriteHeader(refused.status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, refused.code, refused.text)
}
