// Package notify tells by Amazon SNS what became of an export.
package notify

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

var (
	// ErrTopic is wrapped by the error for what is no ARN of a topic that messages can be sent to.
	ErrTopic = errors.New("bad topic")
	// ErrNoTopic is wrapped by the error for a topic that is not there.
	ErrNoTopic = errors.New("no such topic")
)

// arn is that of a topic: arn:aws:sns:eu-west-1:111122223333:exports.
// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
var arn = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z]{2}[a-z-]*-[0-9]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)

// Region returns the region of a topic. The error wraps ErrTopic.
func Region(topic string) (string, error) {
	found := arn.FindStringSubmatch(topic)
	switch {
	case found == nil:
		return "", fmt.Errorf("%w: %q is no ARN of an SNS topic; give one as arn:aws:sns:eu-west-1:111122223333:NAME", ErrTopic, topic)
	case found[2] != "":
		return "", fmt.Errorf("%w: %s is a FIFO topic, which orders messages in groups that there are none of; give a standard topic", ErrTopic, topic)
	}
	return found[1], nil
}

// API are the requests of SNS that a Topic makes.
type API interface {
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Topic is where messages go.
type Topic struct {
	API API // for the topic's region
	ARN string
}

// Check fails where the topic is not there, or can't be reached. Who may send to a topic need not be allowed to look at it: that is no error.
// Errors wrap ErrNoTopic, ErrTopic, bucket.ErrCredentials, or are the cause of ctx's end.
func (t Topic) Check(ctx context.Context) error {
	_, err := t.API.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &t.ARN})
	if isDenied(err) {
		return nil
	}
	return t.explain(ctx, "look up", err)
}

// Send sends a message. If an answer is lost it is sent again: it may arrive more than once. Errors are those of Check, or wrap bucket.ErrDenied.
func (t Topic) Send(ctx context.Context, m Message) error {
	body, err := m.body()
	if err != nil {
		return err
	}
	_, err = t.API.Publish(ctx, &sns.PublishInput{TopicArn: &t.ARN, Subject: aws.String(m.subject()), Message: &body, MessageStructure: aws.String("json"),
		MessageAttributes: map[string]types.MessageAttributeValue{"status": {DataType: aws.String("String"), StringValue: aws.String(string(m.Status))}}})
	return t.explain(ctx, "send to", err)
}

// printable leaves in text what a subject may have: ASCII that can be seen.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
