package main

import (
	"io"
	"time"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/emf"
)

// namespace is that of the metrics in CloudWatch.
const namespace = "varlake"

// meter writes the metrics of a job: each line has what was counted since the one before, so that sums over lines are right.
type meter struct {
	job   *job
	out   io.Writer
	begun time.Time
	told  []emf.Metric // the totals at the line before; nil: there was none
}

// meter returns the meter of a job, nil: none was asked for.
func (f operatorFlags) meter(std *streams, j *job) *meter {
	if f.Metrics == "" {
		return nil
	}
	return &meter{job: j, out: std.err, begun: time.Now()}
}

// A meter is a reporter that has nothing to say before the first interval is over, and its last word when the exit code is known.
func (m *meter) begin(_, _ int64)       {}
func (m *meter) update(_, _ int64)      { m.line(nil) }
func (m *meter) end(_, _ int64, _ bool) {}

// last writes the last line: how the process ended, too. On a nil meter it does nothing.
func (m *meter) last(code int) {
	if m == nil {
		return
	}
	if1 := func(is bool) float64 {
		if is {
			return 1
		}
		return 0
	}
	m.line([]emf.Metric{
		{Name: "done", Unit: emf.Count, Value: if1(code == exitDone)},
		{Name: "failed", Unit: emf.Count, Value: if1(code == exitFailed || code == exitUsage)},
		{Name: "interrupted", Unit: emf.Count, Value: if1(code == exitInterrupted)},
		{Name: "exit_code", Unit: emf.None, Value: float64(code)},
	})
}

// line writes what was counted since the line before, and the metrics that are given.
func (m *meter) line(also []emf.Metric) {
	totals := m.job.totals(time.Since(m.begun))
	counted := make([]emf.Metric, len(totals), len(totals)+len(also))
	for i, t := range totals {
		if m.told != nil {
			t.Value -= m.told[i].Value
		}
		counted[i] = t
	}
	m.told = totals
	properties := map[string]any{"dataset": emf.DimensionValue(m.job.dataset)}
	names := m.job.names()
	for i := 0; i < len(names); i += 2 {
		properties[names[i].(string)] = names[i+1]
	}
	// A run, a shard or an attempt as a dimension would be a metric that is paid for and looked at once.
	document := emf.Document{Namespace: namespace, Time: time.Now(), Metrics: append(counted, also...), Dimensions: [][]string{{}, {"dataset"}}, Properties: properties}
	line, err := document.Line()
	if err != nil {
		m.job.log().Warn("metrics are left out", "reason", err.Error())
		return
	}
	_, _ = m.out.Write(line) // where stderr can't be written, nothing else can say so
}

// totals are the metrics of the job by now.
func (j *job) totals(elapsed time.Duration) []emf.Metric {
	records, rejects := j.progress.Records(), j.progress.Rejects()
	read, _ := j.progress.Bytes()
	totals := []emf.Metric{
		{Name: "records", Unit: emf.Count, Value: float64(records)},
		{Name: "rows", Unit: emf.Count, Value: float64(records - rejects)},
		{Name: "rejects", Unit: emf.Count, Value: float64(rejects)},
		{Name: "bytes_read", Unit: emf.Bytes, Value: float64(read)},
		{Name: "bytes_written", Unit: emf.Bytes, Value: float64(j.written.Load())},
		{Name: "retries", Unit: emf.Count, Value: float64(j.retries.Load())},
		{Name: "seconds", Unit: emf.Seconds, Value: elapsed.Seconds()},
	}
	for _, s := range export.Stages() {
		totals = append(totals, emf.Metric{Name: "seconds_" + s.String(), Unit: emf.Seconds, Value: j.progress.Spent(s).Seconds()})
	}
	return totals
}
