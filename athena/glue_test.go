package athena

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/gluetest"
)

func TestRegisterTables(t *testing.T) {
	server, client := newCatalog(t, 3)
	got := register(t, client, runOf("r1", "1", "HLA-A*01:01", "chrUn/1", "%"), glueOptions)
	want := &Registration{NewDatabase: true, Tables: []RegisteredTable{
		{"p_variants", false, 4, Created}, {"p_variant_annotations", false, 4, Created}, {"p_sample_annotations", false, 0, Created},
		{"p_genotypes", true, 0, Created}, {"p_carriers", true, 0, Created},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	lake := dump(t, server)["lake"]
	variants := lake.Tables["p_variants"]
	for name, want := range map[string]string{
		"EXTERNAL": "TRUE", "classification": "parquet", "parquet.compression": "ZSTD", "varlake.dataset": "s3://bucket/cohort", "varlake.run": "r1",
		"varlake.state": "ready", "varlake.tool": "varlake test", "varlake.schema": "1", "numRows": "20", "recordCount": "20", "totalSize": "80", "numFiles": "8",
	} {
		if got := variants.Parameters[name]; got != want {
			t.Errorf("parameter %s is %q, want %q", name, got, want)
		}
	}
	storage := dumpedStorage{
		InputFormat:  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
		OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
		SerdeInfo:    struct{ SerializationLibrary string }{"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
		Location:     "s3://bucket/cohort/runs/r1/variants/",
		Columns: []struct{ Name, Type, Comment string }{
			{"pos", "bigint", "POS: 1-based"}, {"format", "string", ""}, {"gt", "array<string>", ""}, {"n_alt", "array<int>", ""},
			{"fmt_ad", "array<array<int>>", "FORMAT/AD"}, {"fmt_other", "map<string,array<string>>", ""},
		},
	}
	if variants.TableType != "EXTERNAL_TABLE" || !reflect.DeepEqual(variants.StorageDescriptor, storage) {
		t.Errorf("%s of %+v", variants.TableType, variants.StorageDescriptor)
	}
	if keys := fmt.Sprint(variants.PartitionKeys); keys != "[{chrom string CHROM}]" {
		t.Errorf("partition keys %s", keys)
	}
	for value, folder := range map[string]string{"1": "1", "HLA-A*01:01": "HLA-A%2A01%3A01", "chrUn/1": "chrUn%2F1", "%": "%25"} {
		p := lake.Partitions["p_variants"][value]
		if want := "s3://bucket/cohort/runs/r1/variants/chrom=" + folder + "/"; p.StorageDescriptor.Location != want {
			t.Errorf("partition %s is at %s, want %s", value, p.StorageDescriptor.Location, want)
		}
	}
	if p := lake.Partitions["p_variants"]["%"]; p.Parameters["numRows"] != "8" || p.Parameters["totalSize"] != "20" || len(p.StorageDescriptor.Columns) != 6 {
		t.Errorf("partition %+v", p)
	}
	if samples := lake.Tables["p_sample_annotations"]; len(samples.PartitionKeys) != 0 || samples.Parameters["varlake.state"] != "ready" || samples.Parameters["numRows"] != "2" {
		t.Errorf("samples %+v", samples)
	}
}

// The fields are those of io.trino.spi.connector.ConnectorViewDefinition, as Athena stores them.
func TestRegisterView(t *testing.T) {
	server, client := newCatalog(t, 3)
	m := runOf("r1", "1")
	register(t, client, m, glueOptions)
	view := dump(t, server)["lake"].Tables["p_genotypes"]
	if view.TableType != "VIRTUAL_VIEW" || view.ViewExpandedText != "/* Presto View */" || view.Parameters["presto_view"] != "true" || view.Parameters["comment"] != "Presto View" {
		t.Errorf("%+v", view)
	}
	encoded, begins := strings.CutPrefix(view.ViewOriginalText, "/* Presto View: ")
	encoded, ends := strings.CutSuffix(encoded, " */")
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !begins || !ends {
		t.Fatalf("%v: %s", err, view.ViewOriginalText)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	views, err := Views(m, AthenaSQL, "lake", "p_")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"originalSql": views[0].Query, "catalog": "awsdatacatalog", "schema": "lake", "runAsInvoker": true,
		"columns": []any{
			map[string]any{"name": "chrom", "type": "varchar"},
			map[string]any{"name": "pos", "type": "bigint"},
			map[string]any{"name": "sample_index", "type": "bigint"},
			map[string]any{"name": "sample_id", "type": "varchar"},
			map[string]any{"name": "gt", "type": "varchar"},
			map[string]any{"name": "n_alt", "type": "integer"},
			map[string]any{"name": "fmt_ad", "type": "array(integer)"},
			map[string]any{"name": "tall", "type": "boolean"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	hive := "[{chrom string CHROM} {pos bigint POS: 1-based} {sample_index bigint } {sample_id string } {gt string } {n_alt int } {fmt_ad array<int> FORMAT/AD} {tall boolean }]"
	if columns := fmt.Sprint(view.StorageDescriptor.Columns); columns != hive {
		t.Errorf("columns %s\nwant %s", columns, hive)
	}
}

func TestRegisterWritesOnlyWhatDiffers(t *testing.T) {
	changedType := runOf("r1", contigs(3)...)
	changedType.Tables[0].Columns[0].Type = "int"
	fewer := runOf("r1", contigs(2)...)
	tests := []struct {
		name   string
		then   *export.Manifest
		writes string
	}{
		{"nothing", runOf("r1", contigs(3)...), ""},
		{"type of a column", changedType, "[UpdateTable BatchUpdatePartition UpdateTable UpdateTable UpdateTable]"}, // loading; partitions; ready; views of it
		{"a partition too many in two tables", fewer, "[UpdateTable UpdateTable BatchDeletePartition BatchDeletePartition UpdateTable UpdateTable]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, client := newCatalog(t, 3)
			register(t, client, runOf("r1", contigs(3)...), glueOptions)
			server.Calls()
			register(t, client, test.then, glueOptions)
			if writes := gluetest.Writes(server.Calls()); test.writes != strings.TrimPrefix(fmt.Sprint(writes), "[]") {
				t.Errorf("writes %v, want %s", writes, test.writes)
			}
			if server.Dump() != undisturbed(t, test.then) {
				t.Errorf("got %s", server.Dump())
			}
		})
	}
}

// Whatever was registered before, a run looks as if it were the first.
func TestRegisterAnotherRun(t *testing.T) {
	tests := []struct {
		name          string
		before, after *export.Manifest
	}{
		{"other contigs", runOf("r1", contigs(150)...), runOf("r2", contigs(260)[40:]...)}, // more of each change than a request takes
		{"no record", runOf("r1", contigs(30)...), runOf("r2")},
		{"carriers becomes a table", runOf("r1", "1"), withCarriers(runOf("r2", "1", "2"))},
		{"carriers becomes a view", withCarriers(runOf("r1", contigs(30)...)), runOf("r2", "1")},
		{"a table less", runOf("r1", contigs(30)...), without(runOf("r2", "1"), export.VariantAnnotations)},
		{"no variants and no views", runOf("r1", contigs(30)...), without(runOf("r2", "1"), export.Variants)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, want := undisturbed(t, test.before, test.after), undisturbed(t, test.after); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// What others add to a table of ours stays.
func TestRegisterKeepsWhatOthersAdd(t *testing.T) {
	server, client := newCatalog(t, 3)
	register(t, client, runOf("r1", "1"), glueOptions)
	server.Edit("lake", "p_variants", map[string]string{"owner.team": "genetics", "numRows": "7"})
	register(t, client, runOf("r2", "1"), glueOptions)
	got := dump(t, server)["lake"].Tables["p_variants"].Parameters
	if got["owner.team"] != "genetics" || got["numRows"] != "2" || got["varlake.run"] != "r2" {
		t.Errorf("%v", got)
	}
}

func TestRegisterForeignTables(t *testing.T) {
	other := glueOptions
	other.Location = "s3://bucket/other"
	for _, name := range []string{"p_sample_annotations", "p_genotypes"} {
		t.Run(name, func(t *testing.T) {
			server, client := newCatalog(t, 3)
			register(t, client, runOf("r1", contigs(30)...), other)
			for _, table := range []string{"p_variants", "p_variant_annotations", "p_sample_annotations", "p_genotypes", "p_carriers"} {
				if table != name {
					server.Drop("lake", table)
				}
			}
			server.Edit("lake", name, map[string]string{"skip.header.line.count": "1"})
			before := server.Dump()
			server.Calls()
			_, err := Register(t.Context(), client, runOf("r2", "1"), glueOptions)
			if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "lake."+name) || !strings.Contains(err.Error(), "--adopt") {
				t.Errorf("error %v", err)
			}
			if err := CheckGlue(t.Context(), client, glueOptions, nil); !errors.Is(err, ErrForeign) {
				t.Errorf("CheckGlue: %v", err)
			}
			if writes := gluetest.Writes(server.Calls()); len(writes) > 0 || server.Dump() != before {
				t.Errorf("writes %v", writes)
			}
			adopting := glueOptions
			adopting.Adopt = true
			register(t, client, runOf("r2", "1"), adopting)
			if got, want := server.Dump(), undisturbed(t, runOf("r2", "1")); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// A view of a name that this dataset has no view for is not ours to delete.
func TestRegisterLeavesOthersAlone(t *testing.T) {
	server, client := newCatalog(t, 3)
	other := glueOptions
	other.Location = "s3://bucket/other"
	register(t, client, runOf("r1", "1"), other)
	for _, table := range []string{"p_variants", "p_variant_annotations", "p_sample_annotations", "p_carriers"} {
		server.Drop("lake", table)
	}
	register(t, client, without(runOf("r2", "1"), export.Variants), glueOptions)
	if view := dump(t, server)["lake"].Tables["p_genotypes"]; view.Parameters["varlake.dataset"] != "s3://bucket/other" {
		t.Errorf("%+v", view)
	}
}

func TestRegisterRefusesNames(t *testing.T) {
	server, client := newCatalog(t, 3)
	for _, test := range []struct {
		opt  GlueOptions
		want error
	}{
		{GlueOptions{Location: "s3://bucket/c", Database: "Lake"}, ErrName},
		{GlueOptions{Location: "s3://bucket/c", Database: "lake", TablePrefix: "P"}, ErrName},
		{GlueOptions{Location: "/data/c", Database: "lake"}, ErrLocation},
	} {
		if _, err := Register(t.Context(), client, runOf("r1"), test.opt); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test.opt, err)
		}
		if err := CheckGlue(t.Context(), client, test.opt, nil); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test.opt, err)
		}
	}
	long := runOf("r1")
	for i := range 5000 {
		long.Tables[2].Columns = append(long.Tables[2].Columns, export.Column{Name: fmt.Sprintf("%060d", i), Type: "string"})
	}
	if _, err := Register(t.Context(), client, long, glueOptions); !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "genotypes") {
		t.Errorf("long view: %v", err)
	}
	if calls := server.Calls(); len(calls) > 0 {
		t.Errorf("calls %v", calls)
	}
}

func TestRegisterDenied(t *testing.T) {
	server, client := newCatalog(t, 3)
	before := withCarriers(runOf("r1", contigs(9)...))
	for _, operation := range glueOperations {
		server.Set(nil)
		for _, m := range []*export.Manifest{runOf("r0", "1"), before} { // from views to tables and back, so that every operation is called
			register(t, client, m, glueOptions)
		}
		if operation == "CreateDatabase" {
			server.Forget("lake")
		}
		if operation == "CreateTable" {
			server.Drop("lake", "p_variants")
		}
		server.Set(&gluetest.Fault{Strikes: func(c gluetest.Call) bool { return c.Operation == operation }, Code: "AccessDeniedException"})
		_, err := Register(t.Context(), client, runOf("r2", contigs(3)...), glueOptions)
		if operation == "BatchCreatePartition" {
			_, err = Register(t.Context(), client, runOf("r2", "new"), glueOptions)
		}
		if !errors.Is(err, bucket.ErrDenied) || !strings.Contains(err.Error(), "allow glue:"+operation) || !strings.Contains(err.Error(), "lake") {
			t.Errorf("%s: error %v", operation, err)
		}
	}
}
