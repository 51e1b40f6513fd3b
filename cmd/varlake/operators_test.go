package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/emftest"
	"github.com/varlake/varlake/internal/imdstest"
	"github.com/varlake/varlake/internal/snstest"
)

const testTopic = "arn:aws:sns:eu-north-1:111122223333:exports"

// Keys of the servers that a script has for itself.
type (
	imdsServer struct{}
	snsServer  struct{}
)

// serveOperators gives a script a metadata service and an SNS with one topic, $TOPIC.
func serveOperators(e *testscript.Env) {
	metadata, sns := imdstest.New(), snstest.New(testTopic)
	e.Defer(metadata.Close)
	e.Defer(sns.Close)
	e.Values[imdsServer{}], e.Values[snsServer{}] = metadata, sns
	e.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
	e.Setenv("AWS_ENDPOINT_URL_SNS", sns.URL)
	e.Setenv("TOPIC", testTopic)
}

// imdsCommand speaks to the metadata service of a script: "imds notice TEXT" makes a notice appear, "imds down" and "imds up" have it answer nothing of use and again,
// "imds asked" makes sure that it was asked, as it should be.
func imdsCommand(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(imdsServer{}).(*imdstest.Server)
	switch {
	case !neg && len(args) == 2 && args[0] == "notice":
		server.Notify(args[1])
	case !neg && len(args) == 1 && args[0] == "down":
		server.Fail(func(*http.Request) int { return http.StatusForbidden })
	case !neg && len(args) == 1 && args[0] == "up":
		server.Fail(nil)
	case !neg && len(args) == 1 && args[0] == "asked":
		if looks, tokens, wrong := server.Seen(); looks == 0 || wrong != nil {
			ts.Fatalf("%d looks with %d tokens; %v", looks, tokens, wrong)
		}
	default:
		ts.Fatalf("usage: imds notice TEXT | down | up | asked")
	}
}

// snsCommand speaks to the SNS of a script: "sns told STATUS REGEXP..." makes sure that it was sent one message since it was asked last, of that status and with JSON that matches,
// "sns quiet" that it was sent none, and "sns fault OPERATION STATUS CODE" has requests fail.
func snsCommand(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(snsServer{}).(*snstest.Server)
	switch {
	case !neg && len(args) >= 2 && args[0] == "told":
		sent := server.Messages()
		if len(sent) != 1 || sent[0].Attributes["status"] != args[1] {
			ts.Fatalf("sent: %+v", sent)
		}
		for _, pattern := range args[2:] {
			if !regexp.MustCompile(pattern).MatchString(sent[0].Default) {
				ts.Fatalf("%s does not match %s", sent[0].Default, pattern)
			}
		}
	case !neg && len(args) == 1 && args[0] == "quiet":
		if sent := server.Messages(); len(sent) > 0 {
			ts.Fatalf("sent: %+v", sent)
		}
	case !neg && len(args) == 4 && args[0] == "fault":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		server.Set(&snstest.Fault{Operation: args[1], Status: status, Code: args[3]})
	default:
		ts.Fatalf("usage: sns told STATUS REGEXP... | quiet | fault OPERATION STATUS CODE")
	}
}

// metricsCommand runs "metrics METRIC=SUM...": the lines of metrics on standard error must have these sums.
func metricsCommand(ts *testscript.TestScript, neg bool, args []string) {
	sums := make(emftest.Sums)
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if emftest.Is(line) {
			_, err := sums.Add(line)
			ts.Check(err)
		}
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		want, err := strconv.ParseFloat(value, 64)
		ts.Check(err)
		got, ok := sums["varlake{} "+name]
		if neg || !ok || got != want {
			ts.Fatalf("%s: %v, want %s", name, got, value)
		}
	}
}

// A message is sent by who committed or failed, and by nobody else.
func TestWhoTells(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	server := snstest.New(testTopic)
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL_SNS", server.URL)
	manifest := &export.Manifest{Records: 10, Rows: 8, Rejected: 2}
	whole := &export.Result{Dataset: &export.Dataset{Manifest: manifest}}
	again := &export.Result{Dataset: whole.Dataset, Done: true}
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		shards int
		result *export.Result
		err    error
		code   int
		want   string
	}{
		"done":                       {0, whole, nil, exitDone, `{"status":"done","dataset":"d","records":10,"rows":8,"rejects":2,"exit_code":0}`},
		"done before":                {1, again, nil, exitDone, `{"status":"done","dataset":"d","records":10,"rows":8,"rejects":2,"exit_code":0}`},
		"failed":                     {0, nil, broken, exitFailed, `{"status":"failed","dataset":"d","records":0,"rows":0,"rejects":0,"reason":"broken","exit_code":1}`},
		"failed to register":         {0, whole, broken, exitFailed, `{"status":"failed","dataset":"d","records":0,"rows":0,"rejects":0,"reason":"broken","exit_code":1}`},
		"wrong usage":                {0, nil, broken, exitUsage, `{"status":"failed","dataset":"d","records":0,"rows":0,"rejects":0,"reason":"broken","exit_code":2}`},
		"interrupted":                {0, nil, broken, exitInterrupted, ""},
		"shard that commits":         {3, whole, nil, exitDone, `{"status":"done","dataset":"d","shard":0,"records":10,"rows":8,"rejects":2,"exit_code":0}`},
		"shard that fails":           {3, nil, broken, exitFailed, `{"status":"failed","dataset":"d","shard":0,"records":0,"rows":0,"rejects":0,"reason":"broken","exit_code":1}`},
		"shard, others are not done": {3, new(export.Result), nil, exitDone, ""},
		"shard, done before":         {3, again, nil, exitDone, ""},
		"shard, interrupted":         {3, nil, broken, exitInterrupted, ""},
	} {
		var log bytes.Buffer
		j := newJob("d", newLog(&log, "text"))
		j.shards = tt.shards
		topic, err := operatorFlags{SNSTopic: testTopic}.topic(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel() // what is over may be told of though the command is being interrupted
		j.tell(ended, topic, tt.result, tt.err, tt.code)
		sent, got := server.Messages(), ""
		for _, m := range sent {
			got += m.Default
		}
		if got != tt.want || log.Len() > 0 {
			t.Errorf("%s: %s, want %s; log: %s", name, got, tt.want, &log)
		}
	}
}

// SIGTERM follows a Spot notice, and must not cut short what the notice began.
func TestSignalAfterNotice(t *testing.T) {
	ctx, interrupt, stop := interruptible(t.Context())
	defer stop()
	notice := errors.New("notice")
	interrupt(notice)
	time.Sleep(50 * time.Millisecond)
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil { // which would end the test
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if cause := context.Cause(ctx); !errors.Is(cause, notice) {
		t.Errorf("the cause is %v", cause)
	}
}
