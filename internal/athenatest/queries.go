package athenatest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of the API: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html and API_GetQueryResults.html.
const (
	minToken, maxToken = 32, 128
	maxStatement       = 262_144
	maxPage            = 1000
)

func read(body *json.Decoder, into any) error {
	if err := body.Decode(into); err != nil {
		return &refusal{Type: "SerializationException", Message: err.Error()}
	}
	return nil
}

func (s *Server) start(body *json.Decoder) (any, error) {
	var in struct {
		QueryString, ClientRequestToken, WorkGroup string
		QueryExecutionContext                      struct{ Catalog, Database string }
		ResultConfiguration                        struct{ OutputLocation string }
	}
	if err := read(body, &in); err != nil {
		return nil, err
	}
	token := in.ClientRequestToken
	location, known := s.script.Workgroups[in.WorkGroup]
	if in.ResultConfiguration.OutputLocation != "" {
		location = in.ResultConfiguration.OutputLocation
	}
	scripted, expected := s.script.Queries[in.QueryString]
	before, again := s.tokens[token]
	request := fmt.Sprintf("%+v", in)
	switch {
	case len(token) < minToken || len(token) > maxToken:
		return nil, invalid("ClientRequestToken has %d characters", len(token))
	case again && before.request != request:
		return nil, invalid("Idempotent parameters do not match")
	case again:
		return map[string]string{"QueryExecutionId": before.id}, nil
	case in.QueryString == "" || len(in.QueryString) > maxStatement:
		return nil, invalid("1 validation error detected: Value at 'queryString' failed to satisfy constraint: length of %d", len(in.QueryString))
	case !known:
		return nil, invalid("WorkGroup is not found.")
	case location == "":
		return nil, invalid("No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.")
	case !strings.HasPrefix(location, "s3://"):
		return nil, invalid("outputLocation is not a valid S3 path.")
	case in.QueryExecutionContext.Database == "":
		return nil, invalid("no database") // the real one would use "default", which is never meant
	case !expected:
		return nil, invalid("line 1:1: the script does not have: %s", in.QueryString)
	}
	if scripted.Type == "" {
		scripted.Type = "DML"
	}
	if len(scripted.States) == 0 {
		scripted.States = []string{"SUCCEEDED"}
	}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", len(s.queries)+1)
	s.tokens[token] = started{id, request}
	s.queries[id] = &execution{Query: scripted, id: id, statement: in.QueryString, workgroup: in.WorkGroup}
	return map[string]string{"QueryExecutionId": id}, nil
}

// find reads a request that has the id of a query and nothing else.
func (s *Server) find(body *json.Decoder) (*execution, error) {
	var in struct{ QueryExecutionId string }
	if err := read(body, &in); err != nil {
		return nil, err
	}
	e, ok := s.queries[in.QueryExecutionId]
	if !ok {
		return nil, invalid("QueryExecution %s was not found", in.QueryExecutionId)
	}
	return e, nil
}

func (e *execution) state() string {
	if e.cancelled {
		return "CANCELLED"
	}
	return e.States[min(max(e.looks-1, 0), len(e.States)-1)]
}

func (s *Server) look(body *json.Decoder) (any, error) {
	e, err := s.find(body)
	if err != nil {
		return nil, err
	}
	e.looks++
	status := map[string]any{"State": e.state(), "SubmissionDateTime": float64(time.Now().Unix())}
	if e.looks >= len(e.States) && e.Reason != "" {
		status["StateChangeReason"] = e.Reason
		if e.Category != 0 {
			status["AthenaError"] = map[string]any{"ErrorCategory": e.Category, "ErrorType": e.ErrorType, "ErrorMessage": e.Reason, "Retryable": e.Retryable}
		}
	}
	return map[string]any{"QueryExecution": map[string]any{
		"QueryExecutionId": e.id, "Query": e.statement, "StatementType": e.Type, "WorkGroup": e.workgroup, "Status": status,
		"Statistics": map[string]any{
			"DataScannedInBytes": e.Scanned, "EngineExecutionTimeInMillis": e.Engine,
			"ResultReuseInformation": map[string]bool{"ReusedPreviousResult": e.Reused},
		},
	}}, nil
}

func (s *Server) stop(body *json.Decoder) (any, error) {
	e, err := s.find(body)
	if err != nil {
		return nil, err
	}
	if state := e.state(); state == "QUEUED" || state == "RUNNING" {
		e.cancelled = true
		s.stopped = append(s.stopped, e.id)
	}
	return struct{}{}, nil
}

func (s *Server) results(body *json.Decoder) (any, error) {
	var in struct {
		QueryExecutionId, NextToken string
		MaxResults                  int
	}
	if err := read(body, &in); err != nil {
		return nil, err
	}
	e, ok := s.queries[in.QueryExecutionId]
	if in.MaxResults == 0 {
		in.MaxResults = maxPage
	}
	switch {
	case !ok:
		return nil, invalid("QueryExecution %s was not found", in.QueryExecutionId)
	case e.state() == "QUEUED" || e.state() == "RUNNING":
		return nil, invalid("Query has not yet finished. Current state: %s", e.state())
	case e.state() != "SUCCEEDED":
		return nil, invalid("Query did not finish successfully. Final query state: %s", e.state())
	case in.MaxResults < 1 || in.MaxResults > maxPage:
		return nil, invalid("MaxResults is more than maximum allowed length %d.", maxPage)
	}
	rows := e.Rows
	if e.Type == "DML" && !e.NoHeader {
		var header []*string
		for i := range e.Columns {
			header = append(header, &e.Columns[i][0])
		}
		rows = append([][]*string{header}, rows...)
	}
	// A token names the query, the row to go on with, and whether an empty page came before it.
	from, empty := 0, e.EmptyPages
	if in.NextToken != "" {
		id, at, _ := strings.Cut(in.NextToken, "@")
		at, after := strings.CutSuffix(at, "+")
		n, err := strconv.Atoi(at)
		if err != nil || id != e.id {
			return nil, invalid("Unrecognized NextToken")
		}
		from, empty = n, e.EmptyPages && !after
	}
	to, next := min(from+in.MaxResults, len(rows)), ""
	switch {
	case empty:
		to, next = from, fmt.Sprintf("%s@%d+", e.id, from)
	case to < len(rows):
		next = fmt.Sprintf("%s@%d", e.id, to)
	}
	return e.page(rows[from:to], next), nil
}

// page writes rows as the API does: NULL is a datum without a value.
func (e *execution) page(rows [][]*string, next string) any {
	columns := []map[string]any{}
	for _, c := range e.Columns {
		columns = append(columns, map[string]any{"Name": c[0], "Label": c[0], "Type": c[1], "Nullable": "UNKNOWN", "CatalogName": "hive"})
	}
	list := []any{}
	for _, row := range rows {
		data := []map[string]string{}
		for _, v := range row {
			datum := map[string]string{}
			if v != nil {
				datum["VarCharValue"] = *v
			}
			data = append(data, datum)
		}
		list = append(list, map[string]any{"Data": data})
	}
	out := map[string]any{"UpdateCount": 0, "ResultSet": map[string]any{"Rows": list, "ResultSetMetadata": map[string]any{"ColumnInfo": columns}}}
	if next != "" {
		out["NextToken"] = next
	}
	return out
}

func (s *Server) table(body *json.Decoder) (any, error) {
	var in struct{ CatalogName, DatabaseName, TableName, WorkGroup string }
	if err := read(body, &in); err != nil {
		return nil, err
	}
	if in.CatalogName != "AwsDataCatalog" {
		return nil, invalid("DataCatalog %s was not found", in.CatalogName)
	}
	parameters, ok := s.script.Tables[in.DatabaseName][in.TableName]
	if !ok {
		return nil, &refusal{Type: "MetadataException", Message: "EntityNotFoundException: Entity Not Found"}
	}
	return map[string]any{"TableMetadata": map[string]any{"Name": in.TableName, "Parameters": parameters}}, nil
}
