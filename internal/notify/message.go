package notify

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Limits of SNS: characters of a subject, and bytes of a message, of which the reason is the only part that may be long.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const (
	maxSubject = 100
	maxReason  = 8 << 10
)

// Status says what became of an export.
type Status string

// What becomes of exports that are worth a message. It is a message attribute too, for the filters of subscriptions.
const (
	Done   Status = "done"
	Failed Status = "failed"
)

// Message says what became of an export. Its JSON form is what queues, functions and web hooks get.
type Message struct {
	Status   Status `json:"status"`
	Dataset  string `json:"dataset"`
	Run      string `json:"run,omitempty"`   // "" where it failed before it had one
	Shard    *int   `json:"shard,omitempty"` // of an array job, where one of its shards failed or committed
	Records  int64  `json:"records"`         // of the dataset; of a failed export those it had read by then
	Rows     int64  `json:"rows"`
	Rejects  int64  `json:"rejects"`
	Reason   string `json:"reason,omitempty"` // why it failed
	ExitCode int    `json:"exit_code"`
	Job      string `json:"job,omitempty"`     // of AWS Batch
	Attempt  int    `json:"attempt,omitempty"` // of the job, from 1
}

// subject is what a mail is about. ASCII only: SNS refuses others.
func (m *Message) subject() string {
	subject := printable(fmt.Sprintf("varlake export %s: %s", m.Status, m.Dataset))
	if len(subject) > maxSubject { // the end of a name tells more than its middle
		subject = subject[:maxSubject/2] + "..." + subject[len(subject)-maxSubject/2+3:]
	}
	return subject
}

// body is the message for each protocol: text for people, JSON for all others.
func (m Message) body() (string, error) {
	if len(m.Reason) > maxReason {
		m.Reason = strings.ToValidUTF8(m.Reason[:maxReason], "") + "…"
	}
	data, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	body, err := json.Marshal(map[string]string{"default": string(data), "email": m.text()})
	if err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	return string(body), nil
}

// text is the message for people to read.
func (m *Message) text() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-9s %v\n", name, value) }
	if m.Status == Failed {
		fmt.Fprintf(&b, "The export failed: %s\n\n", m.Reason)
	} else {
		b.WriteString("The export is done, and readers see its dataset.\n\n")
	}
	line("dataset", m.Dataset)
	if m.Run != "" {
		line("run", m.Run)
	}
	if m.Shard != nil {
		line("shard", *m.Shard)
	}
	line("records", m.Records)
	line("rows", m.Rows)
	line("rejects", m.Rejects)
	line("exit code", m.ExitCode)
	if m.Job != "" {
		line("job", m.Job)
	}
	if m.Attempt > 0 {
		line("attempt", m.Attempt)
	}
	return b.String()
}
