//go:build cgo

package athena

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/varlake/varlake/export"
)

//go:embed macros.sql
var macros string

// settings keep DuckDB off the network, and make it agree with Athena.
const settings = `
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET custom_extension_repository = '/nonexistent';
SET integer_division = true;
SET lambda_syntax = 'ENABLE_SINGLE_ARROW';
SET temp_directory = %s;
SET lock_configuration = true;`

// HasEngine tells whether this build can query.
const HasEngine = true

// Query runs a statement over the tables and views of a local dataset, by their
// names, in DuckDB, with macros for the functions of Athena that DuckDB lacks or
// calls otherwise. Nothing is fetched from the network unless the statement
// itself names it. The caller closes the result, all of which DuckDB holds until
// then: its driver has no results that come as they are computed.
func Query(ctx context.Context, ds *export.Dataset, statement string) (*Rows, error) {
	e, err := newEngine(ctx, ds)
	if err != nil {
		return nil, fmt.Errorf("open %s for queries: %w", ds.Root, err)
	}
	rows, err := e.query(ctx, statement)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("query: %w", err), e.close())
	}
	return rows, nil
}

// engine is a DuckDB in memory with a dataset's tables.
type engine struct {
	db  *sql.DB
	dir string // for what does not fit into memory; removed at the end
}

func newEngine(ctx context.Context, ds *export.Dataset) (_ *engine, err error) {
	e := new(engine)
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if e.dir, err = os.MkdirTemp("", "varlake-query-"); err != nil {
		return nil, err
	}
	if e.db, err = sql.Open("duckdb", ""); err != nil {
		return nil, err
	}
	e.db.SetMaxOpenConns(1) // the macros and views are those of one connection
	root, err := e.plainRoot(ds.Root)
	if err != nil {
		return nil, err
	}
	script := []string{fmt.Sprintf(settings, DuckDB.Text(filepath.Join(e.dir, "spill"))), macros}
	for _, t := range ds.Manifest.Tables {
		create, err := createView(root, &t)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		script = append(script, create)
	}
	views, err := Views(ds.Manifest, DuckDB, "", "")
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		script = append(script, "CREATE VIEW "+DuckDB.Name(v.Name)+" AS "+v.Query)
	}
	for _, s := range script {
		if _, err := e.db.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// plainRoot returns a path of the dataset that DuckDB takes for nothing but a
// path. It would read [1] as a pattern, and a folder chrom=9 above the dataset as
// the partition of all that is in it: from these a symbolic link leads away.
func (e *engine) plainRoot(root string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil || !strings.ContainsAny(root, `=*?[]{}\`) {
		return root, err
	}
	link := filepath.Join(e.dir, "dataset")
	return link, os.Symlink(root, link)
}

// createView makes a table of the dataset known to DuckDB, its partition column
// last, as Athena has it. A table without files has its types from the manifest.
func createView(root string, t *export.Table) (string, error) {
	columns := t.Columns
	if t.Partition != "" {
		columns = append(columns[:len(columns):len(columns)], export.Column{Name: t.Partition, Type: "string"})
	}
	var list []string
	for _, c := range columns {
		typ, err := ParseType(c.Type)
		if err != nil {
			return "", fmt.Errorf("column %s: %w", c.Name, err)
		}
		name := DuckDB.Name(c.Name)
		if len(t.Files) == 0 {
			list = append(list, fmt.Sprintf("CAST(NULL AS %s) AS %s", typ.DuckDB(), name))
		} else {
			list = append(list, name)
		}
	}
	create := "CREATE VIEW " + DuckDB.Name(t.Name) + " AS SELECT " + strings.Join(list, ", ")
	if len(t.Files) == 0 {
		return create + " WHERE false", nil
	}
	var files []string
	for _, f := range t.Files {
		files = append(files, DuckDB.Text(filepath.Join(root, filepath.FromSlash(f.Path))))
	}
	create += " FROM read_parquet([" + strings.Join(files, ", ") + "]"
	if t.Partition != "" {
		// chr 01 and 1e5 are names, whatever they look like.
		create += ", hive_partitioning = true, hive_types_autocast = false, hive_types = {" + DuckDB.Text(t.Partition) + ": VARCHAR}"
	} else {
		create += ", hive_partitioning = false"
	}
	return create + ")", nil
}

func (e *engine) query(ctx context.Context, statement string) (*Rows, error) {
	result, err := e.db.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	types, err := result.ColumnTypes()
	if err != nil {
		return nil, errors.Join(err, result.Close())
	}
	rows := &Rows{close: func() error { return errors.Join(result.Close(), e.close()) }}
	for _, t := range types {
		rows.Columns = append(rows.Columns, ResultColumn{Name: t.Name(), Type: t.DatabaseTypeName()})
	}
	into := make([]any, len(types))
	rows.next = func() ([]any, error) {
		if !result.Next() {
			if err := result.Err(); err != nil {
				return nil, fmt.Errorf("query: %w", err)
			}
			return nil, io.EOF
		}
		values := make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			return nil, fmt.Errorf("query: %w", err)
		}
		for i, v := range values {
			values[i] = plain(v)
		}
		return values, nil
	}
	return rows, nil
}

func (e *engine) close() error {
	var errs []error
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	if e.dir != "" {
		errs = append(errs, os.RemoveAll(e.dir)) // the link, not what it leads to
	}
	return errors.Join(errs...)
}

// plain turns a value of the driver into one of those that Rows.Next names.
func plain(v any) any {
	switch v := v.(type) {
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint64:
		return plain(new(big.Int).SetUint64(v))
	case float32:
		return float64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return json.Number(v.String())
	case duckdb.Decimal:
		return json.Number(v.String())
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case duckdb.OrderedMap:
		m := Map{}
		values := v.Values()
		for i, key := range v.Keys() {
			m = append(m, Entry{plain(key), plain(values[i])})
		}
		return m
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
		return v
	default:
		return v
	}
}
