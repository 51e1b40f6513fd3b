package main

import (
	"context"
	"fmt"
	"time"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/notify"
)

// tellTime bounds the message to a topic. An interruption does not end it: Batch leaves 30 s, and what it is about is over.
const tellTime = 15 * time.Second

// topic returns where messages about the job go, and has made sure that it is there. nil: nowhere.
func (f operatorFlags) topic(ctx context.Context, j *job) (*notify.Topic, error) {
	if f.SNSTopic == "" {
		return nil, nil
	}
	region, err := notify.Region(f.SNSTopic)
	if err != nil {
		return nil, fmt.Errorf("--sns-topic: %w", err)
	}
	client, err := cloud.SNS(ctx, cloud.Options{Region: region, Retries: &j.retries})
	if err != nil {
		return nil, err
	}
	topic := &notify.Topic{API: client, ARN: f.SNSTopic}
	if err := topic.Check(ctx); err != nil {
		return nil, err
	}
	return topic, nil
}

// tell tells a topic what became of the job. What was interrupted goes on later, and a shard that neither committed nor failed is not worth a message. That one can't be sent
// changes nothing of what it is about.
func (j *job) tell(ctx context.Context, topic *notify.Topic, result *export.Result, err error, code int) {
	finished := result != nil && result.Dataset != nil && !(result.Done && j.shards > 1)
	if topic == nil || code == exitInterrupted || err == nil && !finished {
		return
	}
	m := notify.Message{Status: notify.Failed, Dataset: j.dataset, Run: j.progress.Run(), ExitCode: code, Job: j.id, Attempt: j.attempt}
	if j.shards > 1 {
		m.Shard = &j.shard
	}
	if err == nil {
		m.Status, m.Records, m.Rows, m.Rejects = notify.Done, result.Manifest.Records, result.Manifest.Rows, result.Manifest.Rejected
	} else {
		m.Reason = oneLine(err.Error())
		m.Records, m.Rejects = j.progress.Records(), j.progress.Rejects()
		m.Rows = m.Records - m.Rejects
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	if err := topic.Send(ctx, m); err != nil {
		j.log().Warn("the SNS topic was not told", "status", m.Status, "reason", oneLine(err.Error()))
	}
}
