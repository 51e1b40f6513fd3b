// Package emftest reads lines in embedded metric format as CloudWatch does, and refuses what CloudWatch would leave out.
package emftest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Sums are the sums of metrics by namespace, dimensions and name: "varlake{dataset=s3://b/d} records"; "varlake{} records" without dimensions.
type Sums map[string]float64

// Line is what a line was found to be.
type Line struct {
	Properties map[string]any // all members of the root but _aws
	Units      map[string]string
	Time       time.Time
}

// The units of CloudWatch that metrics of a program like ours have.
var units = []string{"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Percent", "Count", "Bytes/Second", "Count/Second", "None"}

var (
	namespace = regexp.MustCompile(`^[0-9A-Za-z.\-_/#:]{1,255}$`)
	dimension = regexp.MustCompile(`^[!-9;-~][ -~]*$`)
)

// Is tells whether a line of a log is meant for metrics.
func Is(line string) bool { return strings.HasPrefix(line, "{") && strings.Contains(line, `"_aws"`) }

// Add adds the metrics of a line.
func (sums Sums) Add(line string) (*Line, error) {
	var aws struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	found := &Line{Units: make(map[string]string)}
	if err := json.Unmarshal([]byte(line), &aws); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(line), &found.Properties); err != nil {
		return nil, err
	}
	delete(found.Properties, "_aws")
	found.Time = time.UnixMilli(aws.AWS.Timestamp)
	if age := time.Since(found.Time); age > 14*24*time.Hour || age < -2*time.Hour {
		return nil, fmt.Errorf("timestamp %v", found.Time)
	}
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || len(line) > 256<<10 || len(aws.AWS.CloudWatchMetrics) == 0 {
		return nil, fmt.Errorf("no line of metrics: %q", line)
	}
	for _, d := range aws.AWS.CloudWatchMetrics {
		if !namespace.MatchString(d.Namespace) || len(d.Dimensions) == 0 || len(d.Metrics) > 100 {
			return nil, fmt.Errorf("namespace %q, %d sets of dimensions, %d metrics", d.Namespace, len(d.Dimensions), len(d.Metrics))
		}
		for _, m := range d.Metrics {
			value, ok := found.Properties[m.Name].(float64)
			if !ok || !slices.Contains(units, m.Unit) {
				return nil, fmt.Errorf("metric %s is %v in %s", m.Name, found.Properties[m.Name], m.Unit)
			}
			found.Units[m.Name] = m.Unit
			for _, set := range d.Dimensions {
				key, err := found.key(d.Namespace, set)
				if err != nil {
					return nil, err
				}
				sums[key+" "+m.Name] += value
			}
		}
	}
	return found, nil
}

// key names the metrics of a set of dimensions.
func (l *Line) key(namespace string, set []string) (string, error) {
	if len(set) > 30 {
		return "", fmt.Errorf("%d dimensions", len(set))
	}
	var values []string
	for _, name := range set {
		value, ok := l.Properties[name].(string)
		if !ok || len(value) > 1024 || !dimension.MatchString(value) {
			return "", fmt.Errorf("dimension %s is %v", name, l.Properties[name])
		}
		values = append(values, name+"="+value)
	}
	return namespace + "{" + strings.Join(values, ",") + "}", nil
}
