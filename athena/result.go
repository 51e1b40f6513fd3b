package athena

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
)

// pageRows is the most rows that Athena gives at once.
const pageRows = 1000

// Rows returns the result of a query that has succeeded, of which a page at a time is held. Numbers and booleans have their types; all else is text as Athena writes it, arrays
// and maps too. Statements without a result, as those of DDL, have no columns.
func (e *Execution) Rows(ctx context.Context) (*Rows, error) {
	p := &pages{execution: e}
	if err := p.fetch(ctx); err != nil {
		return nil, err
	}
	rows := &Rows{
		next:  func() ([]any, error) { return p.next(ctx) },
		close: func() error { return nil },
	}
	for _, c := range p.columns {
		rows.Columns = append(rows.Columns, ResultColumn{Name: aws.ToString(c.Name), Type: aws.ToString(c.Type)})
	}
	return rows, nil
}

// pages reads a result page by page.
type pages struct {
	execution *Execution
	columns   []types.ColumnInfo // nil before the first page
	rows      []types.Row        // of the page that are left
	token     *string            // of the next page; nil: there is none
	begun     bool               // a row was there, a header or not
}

func (p *pages) fetch(ctx context.Context) error {
	e := p.execution
	out, err := e.remote.Client.GetQueryResults(ctx, &service.GetQueryResultsInput{QueryExecutionId: &e.ID, NextToken: p.token, MaxResults: aws.Int32(pageRows)})
	if err != nil {
		return e.remote.explain(ctx, "read the result of query "+e.ID, "athena:GetQueryResults and s3:GetObject where results go", err)
	}
	if out.ResultSet == nil {
		return fmt.Errorf("read the result of query %s: the answer has no rows", e.ID)
	}
	if p.columns == nil {
		p.columns = []types.ColumnInfo{}
		if m := out.ResultSet.ResultSetMetadata; m != nil {
			p.columns = append(p.columns, m.ColumnInfo...)
		}
	}
	if p.rows, p.token = out.ResultSet.Rows, out.NextToken; aws.ToString(p.token) == "" {
		p.token = nil
	}
	return nil
}

// next returns the next row, or io.EOF after the last.
func (p *pages) next(ctx context.Context) ([]any, error) {
	for len(p.rows) == 0 {
		if p.token == nil {
			return nil, io.EOF
		}
		if err := p.fetch(ctx); err != nil {
			return nil, err
		}
	}
	first := p.rows[0]
	p.rows = p.rows[1:]
	if !p.begun {
		p.begun = true
		if isHeader(p.execution.kind, p.columns, first) {
			return p.next(ctx)
		}
	}
	data := first.Data
	if len(data) > len(p.columns) {
		return nil, fmt.Errorf("read the result of query %s: a row of %d values for %d columns", p.execution.ID, len(data), len(p.columns))
	}
	row := make([]any, len(p.columns)) // DESCRIBE gives fewer values than columns
	for i, d := range data {
		if d.VarCharValue != nil { // else NULL, which an empty text is not
			row[i] = typed(*d.VarCharValue, aws.ToString(p.columns[i].Type))
		}
	}
	return row, nil
}

// isHeader tells whether the first row of a result holds the names of its columns. Athena does not say; it is so for SELECT, and not for other statements: EXPLAIN and INSERT,
// which are of the same type, and SHOW, of which a row may be the name of its column.
func isHeader(kind types.StatementType, columns []types.ColumnInfo, first types.Row) bool {
	if kind != types.StatementTypeDml || len(first.Data) != len(columns) {
		return false
	}
	for i, d := range first.Data {
		if d.VarCharValue == nil || !strings.EqualFold(*d.VarCharValue, aws.ToString(columns[i].Name)) {
			return false
		}
	}
	return true
}

// typed reads a value as Athena writes those of a type. What it can't read stays text.
func typed(text, athenaType string) any {
	switch athenaType {
	case "boolean":
		if v, err := strconv.ParseBool(text); err == nil {
			return v
		}
	case "tinyint", "smallint", "integer", "bigint":
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v
		}
	case "float", "real", "double":
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
	case "decimal":
		if json.Valid([]byte(text)) {
			return json.Number(text)
		}
	}
	return text
}
