package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/notify"
	"github.com/varlake/varlake/internal/snstest"
)

const arn = "arn:aws:sns:eu-north-1:111122223333:exports"

// start starts an SNS and returns a topic of it.
func start(t *testing.T, topics ...string) (*snstest.Server, notify.Topic) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	server := snstest.New(topics...)
	t.Cleanup(server.Close)
	client, err := cloud.SNS(t.Context(), cloud.Options{Region: "eu-north-1", Endpoint: server.URL, Attempts: 3, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return server, notify.Topic{API: client, ARN: arn}
}

func TestRegion(t *testing.T) {
	for topic, want := range map[string]string{
		arn: "eu-north-1", "arn:aws-us-gov:sns:us-gov-west-1:111122223333:a_b-C": "us-gov-west-1", "arn:aws-cn:sns:cn-north-1:111122223333:x": "cn-north-1",
		"": "", "exports": "", "arn:aws:sqs:eu-north-1:111122223333:exports": "", arn + ".fifo": "", arn + ":5f2e": "", "arn:aws:sns::111122223333:x": "", arn + "\n": "",
		"arn:aws:sns:eu-north-1:11112222333:exports": "", "arn:aws:sns:evil.example/eu-1:111122223333:x": "",
	} {
		region, err := notify.Region(topic)
		if region != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, notify.ErrTopic) {
			t.Errorf("%q: %q, %v, want %q", topic, region, err, want)
		}
	}
}

func TestSend(t *testing.T) {
	server, topic := start(t, arn)
	shard := 0
	for _, tt := range []struct {
		message           notify.Message
		subject, default_ string
		email             []string
	}{
		{notify.Message{Status: notify.Done, Dataset: "s3://lake/phase3", Run: "0123", Records: 12, Rows: 10, Rejects: 2}, "varlake export done: s3://lake/phase3",
			`{"status":"done","dataset":"s3://lake/phase3","run":"0123","records":12,"rows":10,"rejects":2,"exit_code":0}`, []string{"The export is done", "rows      10\n"}},
		{notify.Message{Status: notify.Failed, Dataset: "s3://lake/é\n", Reason: "a <b> & \"c\"", ExitCode: 1, Job: "j:0", Attempt: 2, Shard: &shard}, "varlake export failed: s3://lake/??",
			`{"status":"failed","dataset":"s3://lake/é\n","shard":0,"records":0,"rows":0,"rejects":0,"reason":"a <b> & \"c\"","exit_code":1,"job":"j:0","attempt":2}`,
			[]string{"The export failed: a <b> & \"c\"\n", "shard     0\n", "job       j:0\n"}},
		{notify.Message{Status: notify.Failed, Dataset: "s3://" + strings.Repeat("x", 60) + "/" + strings.Repeat("y", 60), Reason: strings.Repeat("é", 300_000)},
			"varlake export failed: s3://" + strings.Repeat("x", 22) + "..." + strings.Repeat("y", 47), "", nil},
	} {
		if err := topic.Send(t.Context(), tt.message); err != nil {
			t.Errorf("%s: %v", tt.subject, err)
			continue
		}
		sent := server.Messages()
		if len(sent) != 1 || sent[0].Subject != tt.subject || sent[0].Attributes["status"] != string(tt.message.Status) {
			t.Fatalf("%+v, want %s", sent, tt.subject)
		}
		if tt.default_ != "" && !sameJSON(t, sent[0].Default, tt.default_) {
			t.Errorf("%s, want %s", sent[0].Default, tt.default_)
		}
		for _, text := range tt.email {
			if !strings.Contains(sent[0].Email, text) {
				t.Errorf("%s, want %q in it", sent[0].Email, text)
			}
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	canonical := func(text string) string {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		data, _ := json.Marshal(v)
		return string(data)
	}
	return canonical(a) == canonical(b)
}

func TestFaults(t *testing.T) {
	server, topic := start(t, arn)
	for name, tt := range map[string]struct {
		fault     snstest.Fault
		want      error // of Send
		says      string
		check     bool // succeeds
		delivered int
	}{
		"busy":         {snstest.Fault{Times: 2, Status: 503, Code: "ServiceUnavailable"}, nil, "", true, 1},
		"throttled":    {snstest.Fault{Times: 2, Status: 400, Code: "Throttling"}, nil, "", true, 1},
		"answer lost":  {snstest.Fault{Times: 1, Status: 500, Code: "InternalError", Late: true}, nil, "", true, 2},
		"busy forever": {snstest.Fault{Status: 503, Code: "ServiceUnavailable", Text: "later"}, errAny, "it answered 503: later (ServiceUnavailable)", false, 0},
		"denied":       {snstest.Fault{Status: 403, Code: "AuthorizationError", Text: "no"}, bucket.ErrDenied, "allow sns:Publish on " + arn, true, 0},
		"denied, told": {snstest.Fault{Status: 403, Code: "AuthorizationError", Text: "User: u is not authorized to perform: SNS:Publish on resource: " + arn + " because no identity-based policy allows the SNS:Publish action"},
			bucket.ErrDenied, "allow sns:Publish on " + arn, true, 0},
		"expired": {snstest.Fault{Status: 403, Code: "ExpiredToken"}, bucket.ErrCredentials, "they have expired", false, 0},
		"gone":    {snstest.Fault{Status: 404, Code: "NotFound"}, notify.ErrNoTopic, "create it, or mend the ARN", false, 0},
		"odd":     {snstest.Fault{Status: 400, Code: "InvalidParameter", Text: "TopicArn"}, notify.ErrTopic, "TopicArn; mend the ARN", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server.Set(&tt.fault)
			err := topic.Send(t.Context(), notify.Message{Status: notify.Done, Dataset: "d"})
			switch {
			case tt.want == nil && err != nil, tt.want != nil && err == nil, tt.want != errAny && !errors.Is(err, tt.want):
				t.Errorf("%v, want %v", err, tt.want)
			case err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%v, want %q in it", err, tt.says)
			}
			if sent := server.Messages(); len(sent) != tt.delivered || server.Struck() == 0 {
				t.Errorf("%d messages arrived, %d requests struck", len(sent), server.Struck())
			}
			server.Set(&tt.fault)
			if err := topic.Check(t.Context()); (err == nil) != tt.check {
				t.Errorf("check: %v", err)
			}
		})
	}
}

// errAny stands for an error of no kind of its own.
var errAny = errors.New("any")

func TestUnreachable(t *testing.T) {
	server, topic := start(t, arn)
	server.Close()
	if err := topic.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "connection refused; check the network") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	cancel(interrupted)
	if err := topic.Send(ctx, notify.Message{}); !errors.Is(err, interrupted) {
		t.Errorf("%v", err)
	}
}

func TestNoTopic(t *testing.T) {
	_, topic := start(t)
	if err := topic.Check(t.Context()); !errors.Is(err, notify.ErrNoTopic) {
		t.Errorf("%v", err)
	}
}
