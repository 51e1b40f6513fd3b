package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/varlake/varlake/athena"
)

// formatFlag is the flag of every command that prints rows.
type formatFlag struct {
	Format string `enum:"${formats}" default:"table" placeholder:"FORMAT" help:"How rows are printed: table, csv, tsv, or json, an object a line (${default})."`
}

// print writes rows to standard output as they come. next returns io.EOF after the last.
func (f formatFlag) print(std *streams, columns []athena.ResultColumn, next func() ([]any, error)) error {
	p := rowPrinter{out: bufio.NewWriter(std.out), text: func(s string) string { return s }}
	if std.terminalOutput {
		p.text = visible
	}
	for _, c := range columns {
		p.columns = append(p.columns, c.Name)
	}
	write := map[string]func(func() ([]any, error)) error{"table": p.table, "csv": p.csv, "tsv": p.tsv, "json": p.json}[f.Format]
	return errors.Join(write(next), p.out.Flush())
}

// printRows writes rows that are all there.
func (f formatFlag) printRows(std *streams, columns []string, rows [][]any) error {
	named := make([]athena.ResultColumn, len(columns))
	for i, name := range columns {
		named[i].Name = name
	}
	return f.print(std, named, func() ([]any, error) {
		if len(rows) == 0 {
			return nil, io.EOF
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	})
}

// rowPrinter writes rows in one format.
type rowPrinter struct {
	out     *bufio.Writer
	columns []string
	text    func(string) string // makes text fit for where it goes
}

// each calls do with every row.
func each(next func() ([]any, error), do func(row []any) error) error {
	for {
		row, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
}

func (p *rowPrinter) csv(next func() ([]any, error)) error {
	w := csv.NewWriter(p.out)
	cells := make([]string, len(p.columns))
	for i, name := range p.columns {
		cells[i] = p.text(name)
	}
	if err := w.Write(cells); err != nil {
		return err
	}
	err := each(next, func(row []any) error {
		for i, v := range row {
			cells[i] = p.text(athena.Text(v, ""))
		}
		return w.Write(cells)
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// tsvEscaper writes what would end a field or a line as PostgreSQL's COPY does.
var tsvEscaper = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func (p *rowPrinter) tsv(next func() ([]any, error)) error {
	cells := make([]string, len(p.columns))
	line := func(text func(int) string) error {
		for i := range cells {
			cells[i] = p.text(tsvEscaper.Replace(text(i)))
		}
		_, err := p.out.WriteString(strings.Join(cells, "\t") + "\n")
		return err
	}
	if err := line(func(i int) string { return p.columns[i] }); err != nil {
		return err
	}
	return each(next, func(row []any) error {
		return line(func(i int) string { return athena.Text(row[i], "") })
	})
}

func (p *rowPrinter) json(next func() ([]any, error)) error {
	return each(next, func(row []any) error {
		object := make(athena.Map, len(row))
		for i, v := range row {
			object[i] = athena.Entry{Key: p.columns[i], Value: finite(v)}
		}
		line, err := json.Marshal(object)
		if err != nil {
			return fmt.Errorf("row as JSON: %w", err)
		}
		_, err = p.out.WriteString(p.text(string(line)) + "\n")
		return err
	})
}

// finite replaces the numbers that JSON can't have by their names.
func finite(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return athena.Text(v, "")
		}
	case []any:
		for i := range v {
			v[i] = finite(v[i])
		}
	case athena.Map:
		for i := range v {
			v[i].Value = finite(v[i].Value)
		}
	case map[string]any:
		for k := range v {
			v[k] = finite(v[k])
		}
	}
	return v
}
