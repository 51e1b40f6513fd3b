package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/varlake/varlake/internal/athenatest"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
)

// remoteOf returns a way to a server, with nothing of the real environment.
func remoteOf(t *testing.T, server *athenatest.Server) *Remote {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_MAX_ATTEMPTS": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	} {
		t.Setenv(name, value)
	}
	client, err := cloud.Athena(t.Context(), cloud.Options{Region: "eu-north-1", Endpoint: server.URL, Backoff: time.Millisecond, Attempts: 5})
	if err != nil {
		t.Fatal(err)
	}
	return &Remote{Client: client, Workgroup: "primary", Output: "s3://results/", Database: "genomes"}
}

// finish starts a statement and waits for its end.
func finish(r *Remote, ctx context.Context, statement string) (*Execution, error) {
	e, err := r.Start(ctx, statement)
	if err != nil {
		return nil, err
	}
	return e, e.Wait(ctx, func() {})
}

func value(s string) *string { return &s }

func TestRemoteResult(t *testing.T) {
	header := [][2]string{{"n", "bigint"}, {"f", "double"}, {"b", "boolean"}, {"d", "decimal"}, {"s", "varchar"}, {"a", "array"}}
	null := []*string{nil, nil, nil, nil, nil, nil}
	row := func(texts ...string) (r []*string) {
		for _, s := range texts {
			r = append(r, &s)
		}
		return r
	}
	server := athenatest.New(t, athenatest.Script{Queries: map[string]athenatest.Query{
		"types": {States: []string{"QUEUED", "RUNNING", "RUNNING", "SUCCEEDED"}, Columns: header, Scanned: 7, Engine: 1500, Rows: [][]*string{
			row("-9223372036854775808", "1.0E-5", "true", "0.10", "", "[1, null]"), null,
			row("n", "NaN", "false", "12345678901234567890.5", "NULL", "[]"),
			row("n", "f", "b", "d", "s", "a"), // as the header, but a row
		}},
		"none":  {Columns: header},
		"DDL":   {Type: "DDL"},
		"INTO":  {NoHeader: true},
		"PLAN":  {NoHeader: true, Columns: [][2]string{{"Query Plan", "varchar"}}, Rows: [][]*string{row("Fragment 0")}},
		"SHOW":  {Type: "UTILITY", Columns: [][2]string{{"tab_name", "string"}}, Rows: [][]*string{row("tab_name"), row("variants")}},
		"DESCR": {Type: "UTILITY", Columns: [][2]string{{"col_name", "string"}, {"data_type", "string"}}, Rows: [][]*string{row("pos \tbigint")}},
	}})
	r := remoteOf(t, server)
	for statement, want := range map[string][][]any{
		"types": {
			{int64(-9223372036854775808), 1e-5, true, "0.10", "", "[1, null]"}, {nil, nil, nil, nil, nil, nil},
			{"n", "NaN", false, "12345678901234567890.5", "NULL", "[]"}, {"n", "f", "b", "d", "s", "a"},
		},
		"none": nil, "DDL": nil, "INTO": nil,
		"PLAN": {{"Fragment 0"}}, "SHOW": {{"tab_name"}, {"variants"}}, "DESCR": {{"pos \tbigint", nil}},
	} {
		e, err := finish(r, t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := e.Rows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := collect(t, rows, nil)
		for _, row := range got { // a NaN equals nothing, and of decimals the text counts
			for i, v := range row {
				if f, ok := v.(float64); ok && f != f || i == 3 && v != nil {
					row[i] = fmt.Sprint(v)
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%#v, want\n%#v", statement, got, want)
		}
		if statement == "types" && (e.Scanned != 7 || e.Engine != 1500*time.Millisecond || rows.Columns[1] != (ResultColumn{"f", "double"}) || server.Requests("GetQueryExecution") < 4) {
			t.Errorf("%+v, columns %v, %d looks", e, rows.Columns, server.Requests("GetQueryExecution"))
		}
	}
}

// Results come page by page, of a thousand rows with the header, whatever pages the server makes of them.
func TestRemotePages(t *testing.T) {
	for _, empty := range []bool{false, true} {
		q := athenatest.Query{Columns: [][2]string{{"n", "integer"}}, EmptyPages: empty}
		for i := range 2500 {
			q.Rows = append(q.Rows, []*string{value(fmt.Sprint(i))})
		}
		server := athenatest.New(t, athenatest.Script{
			Queries: map[string]athenatest.Query{"q": q}, Throttle: map[string]int{"GetQueryResults": 2}, Lose: map[string]int{"GetQueryResults": 3},
		})
		e, err := finish(remoteOf(t, server), t.Context(), "q")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := e.Rows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := server.Requests("GetQueryResults"); n != 4 { // two put off, one lost
			t.Errorf("%d requests for the first page", n)
		}
		for i := range 2500 {
			if row, err := rows.Next(); err != nil || row[0] != int64(i) {
				t.Fatalf("row %d: %v, %v", i, row, err)
			}
		}
		if _, err := rows.Next(); err != io.EOF {
			t.Errorf("after the last row: %v", err)
		}
		if n, want := server.Requests("GetQueryResults"), map[bool]int{false: 6, true: 9}[empty]; n != want {
			t.Errorf("%d requests, want %d", n, want)
		}
	}
}

// A start that is put off, and whose answers get lost, starts one query.
func TestStartOnce(t *testing.T) {
	server := athenatest.New(t, athenatest.Script{
		Queries:  map[string]athenatest.Query{"SELECT 1": {States: []string{"SUCCEEDED"}}},
		Throttle: map[string]int{"StartQueryExecution": 1, "GetQueryExecution": 3}, Lose: map[string]int{"StartQueryExecution": 4},
	})
	r := remoteOf(t, server)
	if _, err := finish(r, t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if n, started := server.Requests("StartQueryExecution"), server.Started(); n != 5 || len(started) != 1 {
		t.Errorf("%d requests started %q", n, started)
	}
	if _, err := finish(r, t.Context(), "SELECT 1"); err != nil || len(server.Started()) != 2 { // the same again is another query
		t.Errorf("%v, %q", err, server.Started())
	}
}

func TestRemoteFailures(t *testing.T) {
	queries := map[string]athenatest.Query{
		"ok":     {},
		"syntax": {States: []string{"QUEUED", "FAILED"}, Reason: "SYNTAX_ERROR: line 1:1: mismatched input", Category: 2, ErrorType: 1301, Scanned: 5},
		"table":  {States: []string{"FAILED"}, Reason: "TABLE_NOT_FOUND: line 1:15: Table 'x' does not exist"},
		"system": {States: []string{"FAILED"}, Reason: "GENERIC_INTERNAL_ERROR", Category: 1, ErrorType: 401, Retryable: true},
		"limit":  {States: []string{"RUNNING", "CANCELLED"}, Reason: "Bytes scanned limit was exceeded", Scanned: 30e6},
		"mute":   {States: []string{"FAILED"}},
	}
	for _, c := range []struct {
		name, statement string
		change          func(*athenatest.Script, *Remote)
		want            string // in the error
		is              error
	}{
		{"syntax", "syntax", nil, "did not succeed: FAILED: SYNTAX_ERROR: line 1:1: mismatched input (user error, type 1301)", ErrFailed},
		{"table", "table", nil, "does not exist; in SQL for Athena tables have their names of database genomes", ErrFailed},
		{"system", "system", nil, "GENERIC_INTERNAL_ERROR (system error, type 401); it may succeed", ErrFailed},
		{"limit", "limit", nil, "did not succeed: CANCELLED: Bytes scanned limit was exceeded", ErrFailed},
		{"mute", "mute", nil, "Athena gives no reason", ErrFailed},
		{"workgroup", "ok", func(_ *athenatest.Script, r *Remote) { r.Workgroup = "other" }, "no workgroup other in this region", nil},
		{"output", "ok", func(_ *athenatest.Script, r *Remote) { r.Output = "" }, "workgroup primary does not say where results go; give --output", nil},
		{"statement", "", nil, "validation error", nil},
		{"database", "ok", func(_ *athenatest.Script, r *Remote) { r.Database = "Genomes" }, "lower-case", ErrName},
		{"prefix", "ok", func(_ *athenatest.Script, r *Remote) { r.TablePrefix = "KG" }, "lower-case", ErrName},
		{"start denied", "ok", denied("StartQueryExecution", "athena:StartQueryExecution"), "start the query: access denied: permission denied: allow athena:StartQueryExecution on arn:aws:athena:x, for workgroup primary", bucket.ErrDenied},
		{"output denied", "ok", denied("StartQueryExecution", "s3:GetBucketLocation"), "allow s3:GetBucketLocation on", bucket.ErrDenied},
		{"look denied", "ok", denied("GetQueryExecution", "athena:GetQueryExecution"), "allow athena:GetQueryExecution", bucket.ErrDenied},
		{"result denied", "ok", denied("GetQueryResults", "athena:GetQueryResults"), "allow athena:GetQueryResults", bucket.ErrDenied},
		{"busy", "ok", func(s *athenatest.Script, _ *Remote) { s.Throttle = map[string]int{"StartQueryExecution": 99} }, "busy (TooManyRequestsException: Rate exceeded)", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			script, r := athenatest.Script{Queries: queries}, new(Remote)
			if c.change != nil {
				c.change(&script, r)
			}
			server := athenatest.New(t, script)
			r = remoteOf(t, server)
			if c.change != nil {
				c.change(&script, r)
			}
			e, err := finish(r, t.Context(), c.statement)
			if err == nil {
				_, err = e.Rows(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) || strings.Contains(err.Error(), "User:") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func denied(operation, action string) func(*athenatest.Script, *Remote) {
	return func(s *athenatest.Script, _ *Remote) { s.Deny = map[string]string{operation: action} }
}
