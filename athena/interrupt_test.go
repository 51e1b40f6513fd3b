package athena

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/athenatest"
)

var errEnough = errors.New("enough")

func long() map[string]athenatest.Query {
	return map[string]athenatest.Query{"long": {States: []string{"QUEUED", "RUNNING"}}}
}

// Whoever stops waiting leaves no query behind, and hears at once.
func TestStopWhileWaiting(t *testing.T) {
	server := athenatest.New(t, athenatest.Script{Queries: long(), Throttle: map[string]int{"StopQueryExecution": 2}})
	ctx, cancel := context.WithCancelCause(t.Context())
	e, err := remoteOf(t, server).Start(ctx, "long")
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	start := time.Now()
	err = e.Wait(ctx, func() {
		if looks++; looks == 3 {
			cancel(errEnough)
		}
	})
	if !errors.Is(err, errEnough) || errors.Is(err, ErrRunning) || e.Over() {
		t.Errorf("error %v, over %t", err, e.Over())
	}
	if stopped := server.Stopped(); len(stopped) != 1 || stopped[0] != e.ID {
		t.Errorf("stopped %q, not %s", stopped, e.ID)
	}
	if time.Since(start) > 5*time.Second {
		t.Errorf("it took %v", time.Since(start))
	}
}

// The end comes after Athena has heard the request, and before its answer; that may be lost, too.
func TestStopWhileStarting(t *testing.T) {
	for name, lose := range map[string]int{"answered": 0, "answer lost": 2} {
		t.Run(name, func(t *testing.T) {
			server := athenatest.New(t, athenatest.Script{Queries: long(), Lose: map[string]int{"StartQueryExecution": lose}})
			ctx, cancel := context.WithCancelCause(t.Context())
			server.OnStart = func() { cancel(errEnough) }
			if _, err := remoteOf(t, server).Start(ctx, "long"); !errors.Is(err, errEnough) || errors.Is(err, ErrRunning) {
				t.Errorf("error %v", err)
			}
			if len(server.Started()) != 1 || len(server.Stopped()) != 1 {
				t.Errorf("started %q, stopped %q", server.Started(), server.Stopped())
			}
		})
	}
}

// What could not be stopped is said to be running.
func TestNotStopped(t *testing.T) {
	server := athenatest.New(t, athenatest.Script{Queries: long(), Deny: map[string]string{"StopQueryExecution": "athena:StopQueryExecution"}})
	ctx, cancel := context.WithCancelCause(t.Context())
	e, err := remoteOf(t, server).Start(ctx, "long")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Wait(ctx, func() { cancel(errEnough) }); !errors.Is(err, errEnough) || !errors.Is(err, ErrRunning) {
		t.Errorf("error %v", err)
	}
	if _, err := remoteOf(t, server).Start(ctx, "long"); !errors.Is(err, errEnough) || len(server.Started()) != 1 {
		t.Errorf("after the end: %v, started %q", err, server.Started())
	}
}

// A query that can't be looked at is not left to itself.
func TestStopUnseen(t *testing.T) {
	server := athenatest.New(t, athenatest.Script{Queries: long(), Deny: map[string]string{"GetQueryExecution": "athena:GetQueryExecution"}})
	if _, err := finish(remoteOf(t, server), t.Context(), "long"); err == nil || errors.Is(err, ErrRunning) || len(server.Stopped()) != 1 {
		t.Errorf("error %v, stopped %q", err, server.Stopped())
	}
}
