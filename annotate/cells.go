package annotate

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// rawTable is a table before its columns have types.
type rawTable struct {
	layout
	name  string
	key   int        // index of the key column
	cells [][]string // by column, then row
	lines []int      // where each row begins, 1-based
}

// readCells cuts text into columns and checks all that does not depend on types.
func readCells(text, name string, opt TableOptions) (*rawTable, error) {
	rows := newRowScanner(text)
	lay, err := rows.readLayout()
	if err != nil {
		return nil, tableErrorf(name, rows.line, "%w", err)
	}
	raw := &rawTable{layout: lay, name: name, cells: make([][]string, len(lay.names))}
	if err := raw.checkNames(opt); err != nil {
		return nil, err
	}
	var row []string
	for {
		var line int
		row, line, err = rows.next(row[:0])
		if err == io.EOF {
			return raw, raw.checkKeys(opt)
		}
		if err == nil {
			err = raw.add(row, line)
		}
		if err != nil {
			return nil, tableErrorf(name, line, "%w", err)
		}
	}
}

// checkNames checks the header and the columns that opt names, and sets the key.
func (raw *rawTable) checkNames(opt TableOptions) error {
	seen := make(map[string]bool, len(raw.names))
	for _, name := range raw.names {
		if seen[name] && name != "" {
			return tableErrorf(raw.name, raw.headerLine, "two columns are named %q; rename one", clip(name))
		}
		seen[name] = true
	}
	raw.key = raw.defaultKey
	if opt.Key != "" {
		if raw.key = slices.Index(raw.names, opt.Key); raw.key < 0 {
			return raw.unknownColumn(opt.Key, "to be the key")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(opt.Types)) {
		typ, i := opt.Types[name], slices.Index(raw.names, name)
		if i < 0 {
			return raw.unknownColumn(name, fmt.Sprintf("to be of type %s", typ))
		}
		if i == raw.key && typ != String {
			return tableErrorf(raw.name, raw.headerLine, "column %q is the key, which is always a string, not %s; leave its type out", clip(name), typ)
		}
	}
	return nil
}

func (raw *rawTable) unknownColumn(name, purpose string) error {
	return tableErrorf(raw.name, raw.headerLine, "%w %q %s; there are %s", ErrUnknownColumn, clip(name), purpose, list(raw.names))
}

// add appends a row, whose fields borrow the text of the table.
func (raw *rawTable) add(row []string, line int) error {
	if len(row) != len(raw.names) {
		return raw.raggedRow(len(row))
	}
	for i, field := range row {
		raw.cells[i] = append(raw.cells[i], field)
	}
	raw.lines = append(raw.lines, line)
	return nil
}

func (raw *rawTable) raggedRow(fields int) error {
	if raw.headerLine == 0 {
		return fmt.Errorf("%d fields, where a PED has 6; complete the row, or add a header line", fields)
	}
	if fields == len(raw.names)+1 && len(raw.lines) == 0 {
		return fmt.Errorf("%d fields, but the header has %d; name the first column too (R: write.table with col.names=NA)", fields, len(raw.names))
	}
	return fmt.Errorf("%d fields, but the header has %d; complete the row, or quote the field that holds a separator or line break", fields, len(raw.names))
}

// checkKeys makes sure that each row has a key and none has that of another.
func (raw *rawTable) checkKeys(opt TableOptions) error {
	firstRow := make(map[string]int, len(raw.lines))
	for row, id := range raw.cells[raw.key] {
		if opt.isMissing(id) {
			return tableErrorf(raw.name, raw.lines[row], "%q in key column %q means a missing value; fill in the sample or delete the row",
				id, clip(raw.names[raw.key]))
		}
		if first, seen := firstRow[id]; seen {
			return tableErrorf(raw.name, raw.lines[row], "sample %q is in line %d already; keep one row per sample, or name another key column",
				clip(id), raw.lines[first])
		}
		firstRow[id] = row
	}
	return nil
}

// typed gives each column its type.
func (raw *rawTable) typed(opt TableOptions) (*Table, error) {
	t := &Table{Name: raw.name, Key: raw.names[raw.key], IDs: raw.cells[raw.key]}
	for i, cells := range raw.cells {
		if i == raw.key {
			continue
		}
		name := raw.names[i]
		typ, fixed := opt.Types[name]
		switch {
		case fixed:
		case raw.isID(i):
			typ = String
		default:
			typ = inferType(cells, opt.isMissing)
		}
		c, bad := newColumn(name, typ, cells, opt.isMissing)
		if bad >= 0 {
			return nil, tableErrorf(raw.name, raw.lines[bad], "%q in column %q is no %s; correct it, list it as missing, or make the column a string",
				clip(cells[bad]), clip(name), typ)
		}
		t.Columns = append(t.Columns, c)
		raw.cells[i] = nil // what isn't a string is no longer needed as text
	}
	return t, nil
}
