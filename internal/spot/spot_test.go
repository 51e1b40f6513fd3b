package spot_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/imdstest"
	"github.com/varlake/varlake/internal/spot"
)

const (
	terminate = `{"action": "terminate", "time": "2026-09-18T08:22:00Z"}`
	every     = 10 * time.Millisecond
)

// start starts a service and a client of it, as the environment says where that is.
func start(t *testing.T) (*imdstest.Server, *imds.Client) {
	server := imdstest.New()
	t.Cleanup(server.Close)
	return server, clientOf(t, server.URL, "false")
}

func clientOf(t *testing.T, url, disabled string) *imds.Client {
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
	t.Setenv("AWS_EC2_METADATA_DISABLED", disabled)
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	client, err := cloud.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// silent fails the test if there is trouble.
func silent(t *testing.T) func(error) {
	return func(err error) { t.Errorf("trouble: %v", err) }
}

func TestNotice(t *testing.T) {
	for text, want := range map[string]string{
		terminate: "Spot notice: EC2 is going to terminate this instance at 2026-09-18T08:22:00Z",
		`{"action":"stop","time":"2026-09-18T10:22:00+02:00"}`: "Spot notice: EC2 is going to stop this instance at 2026-09-18T08:22:00Z",
	} {
		server, client := start(t)
		time.AfterFunc(20*every, func() { server.Notify(text) })
		notice, err := spot.Await(t.Context(), client, every, silent(t))
		if err != nil || notice.String() != want {
			t.Errorf("%v, %v, want %s", notice, err, want)
		}
		if looks, tokens, wrong := server.Seen(); looks < 5 || tokens != 1 || wrong != nil {
			t.Errorf("%d looks with %d tokens, %v", looks, tokens, wrong)
		}
	}
}

// A token that counts no more is replaced by another.
func TestExpiredToken(t *testing.T) {
	server, client := start(t)
	time.AfterFunc(5*every, server.Expire)
	time.AfterFunc(20*every, func() { server.Notify(terminate) })
	notice, err := spot.Await(t.Context(), client, every, silent(t))
	if looks, tokens, wrong := server.Seen(); err != nil || notice.Action != "terminate" || tokens != 2 || wrong != nil {
		t.Errorf("%v, %v: %d looks with %d tokens, %v", notice, err, looks, tokens, wrong)
	}
}

// Trouble is told of once, and again only when it was over; it does not keep a notice from being seen.
func TestTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		fail func(*http.Request) int
		want string
	}{
		"fails":    {func(*http.Request) int { return http.StatusServiceUnavailable }, "StatusCode: 503, "},
		"no token": {onlyPut(http.StatusNotFound), "StatusCode: 404, "},
	} {
		t.Run(name, func(t *testing.T) {
			server, client := start(t)
			server.Fail(tt.fail)
			var troubles []string
			notice, err := spot.Await(t.Context(), client, every, func(err error) {
				troubles = append(troubles, err.Error())
				time.AfterFunc(time.Second, func() {
					server.Notify(terminate)
					server.Fail(nil)
				})
			})
			if err != nil || notice.Action != "terminate" {
				t.Errorf("%v, %v", notice, err)
			}
			if len(troubles) != 1 || !strings.Contains(troubles[0], "failed to get API token") || !strings.Contains(troubles[0], tt.want) {
				t.Errorf("troubles %q, want %q", troubles, tt.want)
			}
			if _, _, wrong := server.Seen(); wrong != nil {
				t.Errorf("%v", wrong)
			}
		})
	}
}

// Trouble that comes back is told of again.
func TestTroubleAgain(t *testing.T) {
	server, client := start(t)
	forbid := func() { server.Fail(func(*http.Request) int { return http.StatusForbidden }) }
	forbid()
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err := spot.Await(ctx, client, every, func(error) {
		if told++; told == 2 {
			cancel()
		}
		time.AfterFunc(10*every, func() { server.Fail(nil) })
		time.AfterFunc(50*every, forbid)
	})
	if !errors.Is(err, context.Canceled) || told != 2 {
		t.Errorf("%v, trouble %d times", err, told)
	}
}

func onlyPut(status int) func(*http.Request) int {
	return func(r *http.Request) int {
		if r.Method == http.MethodPut {
			return status
		}
		return 0
	}
}

// What is no notice is none, even where the answer is 200.
func TestNoNotice(t *testing.T) {
	for text, want := range map[string]string{"<html>": `is no notice: "<html>"`, "{}": `is no notice: "{}"`} {
		server, client := start(t)
		server.Notify(text)
		ctx, cancel := context.WithCancelCause(t.Context())
		done := errors.New("done")
		var told string
		notice, err := spot.Await(ctx, client, every, func(err error) {
			told = err.Error()
			cancel(done)
		})
		if !errors.Is(err, done) || notice.Action != "" || !strings.Contains(told, want) {
			t.Errorf("%q: %v, %v, %s", text, notice, err, told)
		}
	}
}

// Away from EC2 nothing answers, and only the end of the work ends the wait.
func TestAbsent(t *testing.T) {
	for disabled, want := range map[string]string{"false": "connection refused", "true": "AWS_EC2_METADATA_DISABLED"} {
		client := clientOf(t, "http://127.0.0.1:1", disabled)
		ctx, cancel := context.WithCancelCause(t.Context())
		done := errors.New("the work is done")
		told := 0
		_, err := spot.Await(ctx, client, every, func(err error) {
			if told++; !strings.Contains(err.Error(), want) {
				t.Errorf("trouble: %v, want %s", err, want)
			}
			time.AfterFunc(time.Second, func() { cancel(done) })
		})
		if !errors.Is(err, done) || told != 1 {
			t.Errorf("%s: %v, trouble %d times", want, err, told)
		}
	}
}
