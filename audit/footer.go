package audit

import (
	"context"
	"fmt"
	"path"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/varlake/varlake/export"
)

// footers compares the footer of every Parquet file with the manifest: rows, columns and their types. It reads the page indexes too.
func (v *verifier) footers(ctx context.Context) (Check, error) {
	c := Check{Name: "footers"}
	var rows, columns int64
	var compare []func() error
	var paths []string
	for _, t := range v.m.Tables {
		columns += int64(len(t.Columns))
		for _, f := range t.Files {
			if v.bad[f.Path] {
				continue
			}
			rows += f.Rows
			paths = append(paths, f.Path)
			compare = append(compare, func() error {
				if want := folder(v.run, t, f); path.Dir(f.Path) != want {
					return fmt.Errorf("belongs in %s", want)
				}
				return v.compareFooter(f.Path, t.Columns, f.Rows)
			})
		}
	}
	found := make([]error, len(compare))
	each(ctx, len(compare), func(i int) { found[i] = compare[i]() })
	if err := context.Cause(ctx); err != nil {
		return c, err
	}
	for i, err := range found {
		if err != nil {
			v.fault(&c, paths[i], distrust, "%v", err)
		}
	}
	c.Checked = fmt.Sprintf("%s, %s, %d columns of %s", plural(int64(len(paths)), "file", "files"), plural(rows, "row", "rows"), columns, plural(int64(len(v.m.Tables)), "table", "tables"))
	return c, nil
}

// folder is where a file of a table lies.
func folder(run string, t export.Table, f export.File) string {
	if t.Partition == "" {
		return path.Join(run, t.Name)
	}
	return path.Join(run, t.Name, t.Partition+"="+export.EscapePartition(f.Chrom))
}

func (v *verifier) compareFooter(name string, columns []export.Column, rows int64) error {
	file, size, err := v.dataset.OpenFile(name)
	if err != nil {
		return err
	}
	defer file.Close()
	f, err := parquet.OpenFile(file, size, parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	if f.NumRows() != rows {
		return fmt.Errorf("has %d rows, the manifest says %d", f.NumRows(), rows)
	}
	var inGroups int64
	for _, g := range f.RowGroups() {
		inGroups += g.NumRows()
	}
	if inGroups != rows {
		return fmt.Errorf("has %d rows in its row groups, its footer and the manifest say %d", inGroups, rows)
	}
	return compareColumns(f.Schema().Fields(), columns)
}

func compareColumns(fields []parquet.Field, columns []export.Column) error {
	if len(fields) != len(columns) {
		return fmt.Errorf("has %d columns, the manifest says %d", len(fields), len(columns))
	}
	for i, c := range columns {
		if got := fields[i].Name(); got != c.Name {
			return fmt.Errorf("has %q for column %d, the manifest says %q", got, i+1, c.Name)
		}
		if got := athenaType(fields[i]); got != c.Type || !fields[i].Optional() {
			return fmt.Errorf("has column %s as %s, the manifest says %s", c.Name, got, c.Type)
		}
	}
	return nil
}

// athenaType returns the type of a column as the manifest spells it; "unknown" for what varlake does not write. Lists and maps are those of the Parquet
// format page "LogicalTypes".
func athenaType(n parquet.Node) string {
	if n.Leaf() {
		switch kind := n.Type().Kind(); {
		case kind == parquet.Boolean:
			return "boolean"
		case kind == parquet.Int32:
			return "int"
		case kind == parquet.Int64:
			return "bigint"
		case kind == parquet.Double:
			return "double"
		case kind == parquet.ByteArray && isText(n.Type().LogicalType()):
			return "string"
		}
		return "unknown"
	}
	children := n.Fields()
	if len(children) != 1 || !children[0].Repeated() || children[0].Leaf() {
		return "unknown"
	}
	switch entry := children[0].Fields(); len(entry) {
	case 1:
		return "array<" + athenaType(entry[0]) + ">"
	case 2:
		return "map<" + athenaType(entry[0]) + "," + athenaType(entry[1]) + ">"
	}
	return "unknown"
}

func isText(t *format.LogicalType) bool {
	if t == nil {
		return false
	}
	_, ok := t.Value.(*format.StringType)
	return ok
}
