package main

import (
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/varlake/varlake/athena"
)

// stateTemplate is the line that shows how far a query is. It counts the seconds by itself.
const stateTemplate pb.ProgressBarTemplate = `Athena: {{string . "state"}} {{etime . }}`

// followQuery shows how far a query is: update after each look at it, and end when nobody looks any more.
func (f progressFlags) followQuery(std *streams, query *athena.Execution) (update, end func()) {
	switch {
	case f.Progress == "never":
		return func() {}, func() {}
	case f.Progress == "always", std.terminalErrors:
		line := stateTemplate.New(0).Set("state", string(query.State)).Set(pb.Terminal, true).Set(pb.CleanOnFinish, true).SetWriter(std.err).Start()
		return func() { line.Set("state", string(query.State)) }, func() { line.Finish() }
	}
	log, start := newLog(std.err, f.Log), time.Now()
	log.Info("started", "query", query.ID)
	state, last := query.State, start
	return func() {
		if now := time.Now(); query.State != state || now.Sub(last) >= logEvery {
			state, last = query.State, now
			log.Info("waiting", "query", query.ID, "state", string(state), "seconds", now.Sub(start).Round(time.Millisecond).Seconds(), "bytes_scanned", query.Scanned)
		}
	}, func() {}
}
