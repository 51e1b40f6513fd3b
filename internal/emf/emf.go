// Package emf writes metrics in CloudWatch's embedded metric format: lines of JSON that CloudWatch Logs makes metrics of.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package emf

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Unit is a unit of CloudWatch: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
type Unit string

// The units that are used here.
const (
	Count   Unit = "Count"
	Bytes   Unit = "Bytes"
	Seconds Unit = "Seconds"
	None    Unit = "None"
)

// Limits of the specification, and of values of dimensions.
const (
	maxMetrics        = 100
	maxDimensions     = 30
	maxDimensionValue = 1024
)

// ErrDocument is wrapped by the error for what is no document by the specification.
var ErrDocument = errors.New("not in embedded metric format")

// Metric is a value of a metric.
type Metric struct {
	Name  string
	Unit  Unit
	Value float64
}

// Document is a line: metrics that were measured together, and what they are of.
type Document struct {
	Namespace string
	Time      time.Time
	Metrics   []Metric
	// Dimensions are the sets of properties by which CloudWatch keeps the metrics apart: of every set that has another value, it makes another metric. The empty set is one too.
	Dimensions [][]string
	// Properties are what else is said of the metrics. CloudWatch Logs can search for it.
	Properties map[string]any
}

// directive is a MetricDirective of the specification.
type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct {
	Name string
	Unit Unit
}

// Line returns the document as a line, with its end. The error wraps ErrDocument.
func (d *Document) Line() ([]byte, error) {
	root := make(map[string]any, len(d.Properties)+len(d.Metrics)+1)
	for name, value := range d.Properties {
		root[name] = value
	}
	if err := d.checkDimensions(); err != nil {
		return nil, err
	}
	if len(d.Metrics) > maxMetrics {
		return nil, fmt.Errorf("%w: %d metrics", ErrDocument, len(d.Metrics))
	}
	what := directive{Namespace: d.Namespace, Dimensions: d.Dimensions, Metrics: make([]definition, 0, len(d.Metrics))}
	for _, m := range d.Metrics {
		if _, taken := root[m.Name]; taken || m.Name == "" {
			return nil, fmt.Errorf("%w: the name %q is taken", ErrDocument, m.Name)
		}
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			return nil, fmt.Errorf("%w: %s is %v", ErrDocument, m.Name, m.Value)
		}
		root[m.Name] = m.Value
		what.Metrics = append(what.Metrics, definition{m.Name, m.Unit})
	}
	if _, taken := root["_aws"]; taken {
		return nil, fmt.Errorf("%w: the name _aws is taken", ErrDocument)
	}
	root["_aws"] = map[string]any{"Timestamp": d.Time.UnixMilli(), "CloudWatchMetrics": []directive{what}}
	line, err := json.Marshal(root)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return append(line, '\n'), nil
}

func (d *Document) checkDimensions() error {
	for _, set := range d.Dimensions {
		if len(set) > maxDimensions {
			return fmt.Errorf("%w: a set of %d dimensions", ErrDocument, len(set))
		}
		for _, name := range set {
			if value, ok := d.Properties[name].(string); !ok || value != DimensionValue(value) {
				return fmt.Errorf("%w: dimension %s is %v", ErrDocument, name, d.Properties[name])
			}
		}
	}
	return nil
}

// DimensionValue returns text as a dimension may have it: 1 to 1,024 characters of ASCII that can be seen, the first no colon. The bytes of others are written as in URIs.
func DimensionValue(text string) string {
	var b strings.Builder
	for i, c := range []byte(text) {
		if c < ' ' || c > '~' || i == 0 && (c == ':' || c == ' ') {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()[:min(b.Len(), maxDimensionValue)]
}
