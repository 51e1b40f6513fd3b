package athena

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/varlake/varlake/export"
)

// Parameters of tables in Glue by which varlake knows its own.
const (
	ownParameters    = "varlake."
	datasetParameter = "varlake.dataset"
	runParameter     = "varlake.run"
	stateParameter   = "varlake.state"

	loading = "loading" // partitions are not all in place
	ready   = "ready"
)

// Kinds of tables, as Glue names them.
const (
	externalTable = "EXTERNAL_TABLE"
	virtualView   = "VIRTUAL_VIEW"
)

// How Athena, Trino and Hive name the reader and writer of Parquet.
const (
	parquetInput  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
	parquetOutput = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
	parquetSerDe  = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
)

// glueEntry is a table or view as it is to be in Glue, and as it is.
type glueEntry struct {
	name       string
	want       *types.TableInput // nil: the dataset does not have it
	partitions []types.PartitionInput
	found      *types.Table // nil: not there
	loading    bool         // its run or partitions change
	change     Change
}

func (e *glueEntry) isView() bool {
	if e.want == nil {
		return e.found != nil && aws.ToString(e.found.TableType) == virtualView
	}
	return aws.ToString(e.want.TableType) == virtualView
}

// glueEntries are the tables and views of a dataset, and those that it could have but has not.
func glueEntries(m *export.Manifest, opt GlueOptions) ([]*glueEntry, error) {
	var entries []*glueEntry
	at := DDLOptions{Location: opt.Location}
	parameters := map[string]string{
		datasetParameter: strings.TrimRight(opt.Location, "/"), runParameter: m.Run, stateParameter: ready,
		"varlake.tool": m.Tool, "varlake.schema": strconv.Itoa(m.Schema),
	}
	for _, t := range m.Tables {
		e, err := tableEntry(m, &t, at, parameters)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		e.name = opt.TablePrefix + t.Name
		entries = append(entries, e)
	}
	views, err := Views(m, AthenaSQL, opt.Database, opt.TablePrefix)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		want, err := viewInput(v, opt.Database, parameters)
		if err != nil {
			return nil, fmt.Errorf("view %s: %w", v.Name, err)
		}
		entries = append(entries, &glueEntry{name: opt.TablePrefix + v.Name, want: want})
	}
	for _, e := range entries {
		e.change = Unchanged
		if e.want.Name = &e.name; len(e.name) > maxName {
			return nil, fmt.Errorf("%w: table %q has more than %d bytes; give a shorter --table-prefix", ErrName, e.name, maxName)
		}
	}
	return appendMissing(entries, opt.TablePrefix), nil
}

// maxName is the length of a table name that Glue takes, in bytes.
const maxName = 255

// tableEntry describes a table and its partitions.
func tableEntry(m *export.Manifest, t *export.Table, at DDLOptions, parameters map[string]string) (*glueEntry, error) {
	columns, err := glueColumns(t.Columns)
	if err != nil {
		return nil, err
	}
	want := &types.TableInput{
		TableType:         aws.String(externalTable),
		StorageDescriptor: parquetStorage(columns, at.folder(path.Join(export.RunPath(m.Run), t.Name))),
		Parameters:        maps.Clone(parameters),
	}
	maps.Copy(want.Parameters, map[string]string{"EXTERNAL": "TRUE", "classification": "parquet", "parquet.compression": "ZSTD", "typeOfData": "file"})
	maps.Copy(want.Parameters, countParameters(t.Files))
	if t.Partition == "" {
		return &glueEntry{want: want}, nil
	}
	want.PartitionKeys = []types.Column{{Name: &t.Partition, Type: aws.String(chromColumn.Type), Comment: aws.String(Comment(chromColumn))}}
	e := &glueEntry{want: want}
	files := make(map[string][]export.File)
	for _, f := range t.Files {
		files[f.Chrom] = append(files[f.Chrom], f)
	}
	bare := slices.Clone(columns) // comments would be read by nobody there
	for i := range bare {
		bare[i].Comment = nil
	}
	for _, p := range Partitions(t) {
		e.partitions = append(e.partitions, types.PartitionInput{
			Values:            []string{p.Value},
			StorageDescriptor: parquetStorage(bare, at.folder(p.Folder)),
			Parameters:        countParameters(files[p.Value]),
		})
	}
	return e, nil
}

// countParameters say how much there is, as Hive and Trino name it, and as Glue's crawlers do.
func countParameters(files []export.File) map[string]string {
	var rows, bytes int64
	for _, f := range files {
		rows += f.Rows
		bytes += f.Bytes
	}
	decimal := func(n int64) string { return strconv.FormatInt(n, 10) }
	return map[string]string{
		"numRows": decimal(rows), "totalSize": decimal(bytes), "numFiles": decimal(int64(len(files))),
		"recordCount": decimal(rows), "sizeKey": decimal(bytes), "objectCount": decimal(int64(len(files))),
	}
}

func parquetStorage(columns []types.Column, location string) *types.StorageDescriptor {
	return &types.StorageDescriptor{
		Columns: columns, Location: &location,
		InputFormat: aws.String(parquetInput), OutputFormat: aws.String(parquetOutput),
		SerdeInfo:       &types.SerDeInfo{SerializationLibrary: aws.String(parquetSerDe), Parameters: map[string]string{"serialization.format": "1"}},
		NumberOfBuckets: -1, // as Athena writes it: none
	}
}

func glueColumns(columns []export.Column) ([]types.Column, error) {
	out := make([]types.Column, len(columns))
	for i, c := range columns {
		t, err := ParseType(c.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		out[i] = types.Column{Name: aws.String(c.Name), Type: aws.String(t.String())}
		if comment := Comment(c); comment != "" {
			out[i].Comment = &comment
		}
	}
	return out, nil
}
