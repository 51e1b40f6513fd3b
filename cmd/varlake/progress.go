package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/varlake/varlake/export"
)

const (
	barEvery = 200 * time.Millisecond
	logEvery = 30 * time.Second
)

// Templates of the progress bar, where the bytes to read are known and where they are not.
const (
	barTemplate   pb.ProgressBarTemplate = `{{counters . }} {{bar . }} {{percent . }} {{string . "records"}} {{speed . "%s/s" "…"}} {{rtime . "%s left" "%s" "…"}}`
	countTemplate pb.ProgressBarTemplate = `{{counters . }} {{string . "records"}} {{speed . "%s/s" "…"}}`
)

// reporter shows how an export gets on while it does.
type reporter interface {
	begin(total, kept int64) // work has begun; total is -1 where that is not known, kept the records that earlier attempts have done
	update(done, records int64)
	end(done, records int64, ok bool)
}

// progressFlags say whether and how progress is shown.
type progressFlags struct {
	Progress string `enum:"auto,always,never" default:"auto" placeholder:"WHEN" help:"Progress on stderr: auto (a bar on a terminal, else lines of log), always (a bar) or never (${default})." group:"Running"`
	Log      string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"Lines of log as text or json (${default})." group:"Running"`
}

// watch shows the progress of a job until the returned function is called, which says whether the work came to its end. The meter, if there is one, follows it too.
func (f progressFlags) watch(std *streams, j *job, m *meter) (stop func(ok bool)) {
	var shown []*follower
	switch {
	case f.Progress == "never":
	case f.Progress == "always", std.terminalErrors:
		shown = append(shown, &follower{reporter: &barReporter{std: std}, every: barEvery})
	default:
		shown = append(shown, &follower{reporter: newLogReporter(j.log), every: logEvery})
	}
	if m != nil {
		shown = append(shown, &follower{reporter: m, every: logEvery})
	}
	quit, ended := make(chan bool), make(chan struct{})
	go func() {
		defer close(ended)
		follow(shown, j.progress, quit)
	}()
	return func(ok bool) {
		quit <- ok
		<-ended
	}
}

// follower is a reporter, and how often it reports.
type follower struct {
	reporter
	every time.Duration
	last  time.Time
}

// follow has reporters report from when there is something to report until quit has a value.
func follow(shown []*follower, p *export.Progress, quit <-chan bool) {
	ticks := time.NewTicker(barEvery)
	defer ticks.Stop()
	begun := false
	tick := func(now time.Time) {
		done, total := p.Bytes()
		if !begun && total == 0 { // headers are being read, and there may be more that the arguments are wrong in
			return
		}
		for _, f := range shown {
			switch {
			case !begun:
				f.last = now
				f.begin(total, p.Kept())
			case now.Sub(f.last) >= f.every:
				f.last = now
				f.update(done, p.Records())
			}
		}
		begun = true
	}
	for {
		select {
		case now := <-ticks.C:
			tick(now)
		case ok := <-quit:
			tick(time.Now())
			if begun {
				done, _ := p.Bytes()
				for _, f := range shown {
					f.end(done, p.Records(), ok)
				}
			}
			return
		}
	}
}

// newLog returns a log whose lines are of a format of --log.
func newLog(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// logReporter writes lines of log.
type logReporter struct {
	log   func() *slog.Logger
	start time.Time
	total int64
}

func newLogReporter(log func() *slog.Logger) *logReporter {
	return &logReporter{log: log, start: time.Now()}
}

func (r *logReporter) begin(total, kept int64) {
	r.total = total
	args := r.size()
	if kept > 0 {
		args = append(args, "kept_records", kept)
	}
	r.log().Info("reading", args...)
}

func (r *logReporter) size() []any {
	if r.total < 0 {
		return nil
	}
	return []any{"total_bytes", r.total}
}

func (r *logReporter) update(done, records int64) {
	elapsed := time.Since(r.start)
	args := append([]any{"bytes", done}, r.size()...)
	args = append(args, "records", records, "bytes_per_second", int64(float64(done)/elapsed.Seconds()))
	if r.total > 0 && done > 0 {
		left := time.Duration(float64(elapsed) * float64(r.total-done) / float64(done))
		args = append(args, "seconds_left", int64(left.Seconds()))
	}
	r.log().Info("reading", args...)
}

func (r *logReporter) end(done, records int64, ok bool) {
	message := "exported"
	if !ok {
		message = "stopped"
	}
	r.log().Info(message, "bytes", done, "records", records, "seconds", time.Since(r.start).Seconds())
}

// barReporter draws a bar.
type barReporter struct {
	std *streams
	bar *pb.ProgressBar
}

func (r *barReporter) begin(total, _ int64) {
	template := barTemplate
	if total < 0 {
		total, template = 0, countTemplate
	}
	r.bar = template.New(int(total)).Set(pb.Bytes, true).Set(pb.Terminal, true).Set(pb.CleanOnFinish, true).SetWriter(r.std.err).Start()
}

func (r *barReporter) update(done, records int64) {
	r.bar.Set("records", fmt.Sprintf("%s records", grouped(records))).SetCurrent(done)
}

func (r *barReporter) end(done, records int64, _ bool) {
	r.update(done, records)
	r.bar.Finish()
}
