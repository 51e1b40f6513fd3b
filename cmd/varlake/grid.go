package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/varlake/varlake/athena"
)

// What a grid for people to read holds.
const (
	maxCell    = 60  // characters of a value
	maxAcross  = 12  // columns; rows of more are printed one below the other
	gridHeight = 500 // rows of one grid, after which another begins, so that a result of millions is not held in memory
)

// newGrid returns a table with the given columns; those numbered in right (1-based) are aligned to the right.
func newGrid(columns []string, right ...int) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.SuppressTrailingSpaces()
	t.AppendHeader(cells(columns))
	var configs []table.ColumnConfig
	for _, number := range right {
		configs = append(configs, table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return t
}

func cells(texts []string) table.Row {
	row := make(table.Row, len(texts))
	for i, s := range texts {
		row[i] = cut(visible(s), maxCell)
	}
	return row
}

func cell(v any) string { return cut(visible(athena.Text(v, "NULL")), maxCell) }

// table prints grids, or where there are many columns a line a value.
func (p *rowPrinter) table(next func() ([]any, error)) error {
	if len(p.columns) > maxAcross {
		return p.down(next)
	}
	for first := true; ; first = false {
		rows, err := take(next, gridHeight)
		if len(rows) > 0 || first {
			fmt.Fprintln(p.out, p.grid(rows))
		}
		if err == io.EOF {
			return nil
		}
		if err = errors.Join(err, p.out.Flush()); err != nil {
			return err
		}
	}
}

// take returns up to n rows, and why there are no more.
func take(next func() ([]any, error), n int) (rows [][]any, err error) {
	for len(rows) < n {
		row, err := next()
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (p *rowPrinter) grid(rows [][]any) string {
	var numbers []int
	for i := range p.columns {
		if isNumeric(rows, i) {
			numbers = append(numbers, i+1)
		}
	}
	t := newGrid(p.columns, numbers...)
	for _, row := range rows {
		line := make(table.Row, len(row))
		for i, v := range row {
			line[i] = cell(v)
		}
		t.AppendRow(line)
	}
	return t.Render()
}

func isNumeric(rows [][]any, column int) bool {
	for _, row := range rows {
		switch row[column].(type) {
		case nil, int64, float64:
		default:
			return false
		}
	}
	return len(rows) > 0
}

// down prints every row as a list of names and values.
func (p *rowPrinter) down(next func() ([]any, error)) error {
	width := 0
	for _, name := range p.columns {
		width = max(width, utf8.RuneCountInString(visible(name)))
	}
	number := 0
	return each(next, func(row []any) error {
		number++
		fmt.Fprintln(p.out, "row "+strconv.Itoa(number))
		for i, v := range row {
			fmt.Fprintf(p.out, "  %-*s  %s\n", width, visible(p.columns[i]), cell(v))
		}
		return p.out.Flush()
	})
}
