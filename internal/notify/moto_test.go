package notify_test

import (
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/notify"
)

// TestDelivery sends to a topic of a server that delivers: a queue gets the JSON.
func TestDelivery(t *testing.T) {
	snsURL, sqsURL := os.Getenv("AWS_ENDPOINT_URL_SNS"), os.Getenv("AWS_ENDPOINT_URL_SQS")
	if snsURL == "" || sqsURL == "" {
		t.Skip("AWS_ENDPOINT_URL_SNS and AWS_ENDPOINT_URL_SQS are not set: there is no server that delivers")
	}
	name := "ops-" + rand.Text()
	topicARN := ask(t, snsURL, "sns", url.Values{"Action": {"CreateTopic"}, "Version": {"2010-03-31"}, "Name": {name}}, "TopicArn")
	queue := ask(t, sqsURL, "sqs", url.Values{"Action": {"CreateQueue"}, "Version": {"2012-11-05"}, "QueueName": {name}}, "QueueUrl")
	t.Cleanup(func() {
		ask(t, snsURL, "sns", url.Values{"Action": {"DeleteTopic"}, "Version": {"2010-03-31"}, "TopicArn": {topicARN}}, "")
		ask(t, sqsURL, "sqs", url.Values{"Action": {"DeleteQueue"}, "Version": {"2012-11-05"}, "QueueUrl": {queue}}, "")
	})
	queueARN := strings.Replace(topicARN, ":sns:", ":sqs:", 1)
	ask(t, snsURL, "sns", url.Values{"Action": {"Subscribe"}, "Version": {"2010-03-31"}, "TopicArn": {topicARN}, "Protocol": {"sqs"}, "Endpoint": {queueARN}}, "SubscriptionArn")

	region, err := notify.Region(topicARN)
	if err != nil {
		t.Fatal(err)
	}
	client, err := cloud.SNS(t.Context(), cloud.Options{Region: region})
	if err != nil {
		t.Fatal(err)
	}
	topic := notify.Topic{API: client, ARN: topicARN}
	if err := topic.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := topic.Send(t.Context(), notify.Message{Status: notify.Done, Dataset: "s3://lake/d", Run: "0123", Rows: 3}); err != nil {
		t.Fatal(err)
	}
	body := ask(t, sqsURL, "sqs", url.Values{"Action": {"ReceiveMessage"}, "Version": {"2012-11-05"}, "QueueUrl": {queue}, "WaitTimeSeconds": {"5"}}, "Body")
	var envelope struct {
		Subject, Message  string
		MessageAttributes map[string]struct{ Value string }
	}
	var message notify.Message
	if err := json.Unmarshal([]byte(body), &envelope); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if err := json.Unmarshal([]byte(envelope.Message), &message); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if envelope.Subject != "varlake export done: s3://lake/d" || envelope.MessageAttributes["status"].Value != "done" || message.Rows != 3 || message.Run != "0123" {
		t.Errorf("%s", body)
	}
	topic.ARN += "-none"
	if err := topic.Check(t.Context()); err == nil {
		t.Error("a topic that is not there")
	}
}

// ask makes a request by the query protocol, which such servers take without a signature, and returns the first element of the answer that is called so.
func ask(t *testing.T, endpoint, service string, form url.Values, element string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", form.Get("Action"), response.Status, err, text)
	}
	for decoder := xml.NewDecoder(strings.NewReader(string(text))); element != ""; {
		token, err := decoder.Token()
		if err != nil {
			t.Fatalf("%s: no %s in %s", form.Get("Action"), element, text)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == element {
			var value string
			if err := decoder.DecodeElement(&value, &start); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	return ""
}
