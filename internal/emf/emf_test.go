package emf_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/emf"
	"github.com/varlake/varlake/internal/emftest"
)

// A line is read as it was meant, by every set of dimensions.
func TestLine(t *testing.T) {
	document := emf.Document{
		Namespace: "varlake", Time: time.Now(),
		Metrics:    []emf.Metric{{Name: "records", Unit: emf.Count, Value: 84_700_000_000}, {Name: "seconds", Unit: emf.Seconds, Value: 0.25}, {Name: "retries", Unit: emf.Count}},
		Dimensions: [][]string{{}, {"dataset"}},
		Properties: map[string]any{"dataset": "s3://b/a cohort", "run": "r<1>", "shard": 7},
	}
	line, err := document.Line()
	if err != nil {
		t.Fatal(err)
	}
	sums := make(emftest.Sums)
	read, err := sums.Add(string(line))
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	want := emftest.Sums{
		"varlake{} records": 84_700_000_000, "varlake{} seconds": 0.25, "varlake{} retries": 0,
		"varlake{dataset=s3://b/a cohort} records": 84_700_000_000, "varlake{dataset=s3://b/a cohort} seconds": 0.25, "varlake{dataset=s3://b/a cohort} retries": 0,
	}
	if !maps.Equal(sums, want) {
		t.Errorf("%v, want %v", sums, want)
	}
	if got := fmt.Sprintln(read.Properties["run"], read.Properties["shard"], read.Units["seconds"], read.Time.UnixMilli() == document.Time.UnixMilli()); got != "r<1> 7 Seconds true\n" {
		t.Errorf("%s", got)
	}
}

// What CloudWatch would leave out is an error.
func TestNoDocument(t *testing.T) {
	metric := func(name string, value float64) []emf.Metric {
		return []emf.Metric{{Name: name, Unit: emf.None, Value: value}}
	}
	var many []emf.Metric
	for i := range 101 {
		many = append(many, metric(fmt.Sprint(i), 1)...)
	}
	for name, d := range map[string]emf.Document{
		"not a number":         {Metrics: metric("x", math.NaN())},
		"infinite":             {Metrics: metric("x", math.Inf(1))},
		"twice":                {Metrics: append(metric("x", 1), metric("x", 2)...)},
		"a property too":       {Metrics: metric("x", 1), Properties: map[string]any{"x": 1}},
		"without a name":       {Metrics: metric("", 1)},
		"_aws":                 {Properties: map[string]any{"_aws": 1}},
		"dimension unknown":    {Dimensions: [][]string{{"dataset"}}},
		"dimension empty":      {Dimensions: [][]string{{"dataset"}}, Properties: map[string]any{"dataset": ""}},
		"dimension not ASCII":  {Dimensions: [][]string{{"dataset"}}, Properties: map[string]any{"dataset": "é"}},
		"dimension is no text": {Dimensions: [][]string{{"shard"}}, Properties: map[string]any{"shard": 1}},
		"too many dimensions":  {Dimensions: [][]string{slices.Repeat([]string{"dataset"}, 31)}, Properties: map[string]any{"dataset": "d"}},
		"too many metrics":     {Metrics: many},
		"property of no type":  {Properties: map[string]any{"f": func() {}}},
	} {
		if line, err := d.Line(); !errors.Is(err, emf.ErrDocument) {
			t.Errorf("%s: %v, %s", name, err, line)
		}
	}
}

func TestDimensionValue(t *testing.T) {
	for text, want := range map[string]string{
		"s3://b/d": "s3://b/d", "": "-", ":d": "%3Ad", " d": "%20d", "a b": "a b", "é\n": "%C3%A9%0A", strings.Repeat("x", 2000): strings.Repeat("x", 1024),
	} {
		if got := emf.DimensionValue(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
