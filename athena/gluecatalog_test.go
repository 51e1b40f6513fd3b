package athena

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glue"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/gluetest"
)

var glueOptions = GlueOptions{Location: "s3://bucket/cohort/", Database: "lake", TablePrefix: "p_"}

// newCatalog starts an empty catalog and returns it with a client that makes so many attempts.
func newCatalog(t *testing.T, attempts int) (*gluetest.Server, *glue.Client) {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_MAX_ATTEMPTS", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	server := gluetest.New()
	t.Cleanup(server.Close)
	client, err := cloud.Glue(t.Context(), cloud.Options{Region: "us-east-1", Endpoint: server.URL, Attempts: attempts, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

// runOf is the manifest of a run with these contigs.
func runOf(name string, contigs ...string) *export.Manifest {
	m := &export.Manifest{Tool: "varlake test", Schema: 1, Run: name, Tables: []export.Table{
		{Name: export.Variants, Partition: "chrom", Columns: []export.Column{
			{Name: "pos", Type: "bigint", Source: "POS", Description: "1-based"}, {Name: "format", Type: "string"},
			{Name: "gt", Type: "array<string>"}, {Name: "n_alt", Type: "array<int>"},
			{Name: "fmt_ad", Type: "array<array<int>>", Source: "FORMAT/AD"}, {Name: "fmt_other", Type: "map<string,array<string>>"},
		}},
		{Name: export.VariantAnnotations, Partition: "chrom", Columns: columns("pos", "bigint", "info_other", "map<string,string>")},
		{Name: export.SampleAnnotations, Rows: 2, Bytes: 9, Columns: columns("sample_id", "string", "sample_index", "bigint", "tall", "boolean"),
			Files: []export.File{{Path: "runs/" + name + "/sample_annotations/part-0.parquet", Rows: 2, Bytes: 9}}},
	}}
	for i := range m.Tables[:2] {
		t := &m.Tables[i]
		for j, contig := range contigs {
			folder := "runs/" + name + "/" + t.Name + "/chrom=" + export.EscapePartition(contig)
			for part := range 2 {
				t.Files = append(t.Files, export.File{Path: fmt.Sprintf("%s/part-%d.parquet", folder, part), Chrom: contig, Rows: int64(j + 1), Bytes: 10})
			}
		}
	}
	return m
}

// without leaves tables out of a run.
func without(m *export.Manifest, tables ...string) *export.Manifest {
	m.Tables = slices.DeleteFunc(m.Tables, func(t export.Table) bool { return slices.Contains(tables, t.Name) })
	return m
}

// withCarriers has a table in place of the view.
func withCarriers(m *export.Manifest) *export.Manifest {
	t := m.Tables[0]
	t.Name, t.Columns = Carriers, columns("sample_index", "bigint", "pos", "bigint", "gt", "string")
	m.Tables = append(m.Tables, t)
	return m
}

func contigs(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("scaffold_%d", i)
	}
	return names
}

func register(t *testing.T, api GlueAPI, m *export.Manifest, opt GlueOptions) *Registration {
	t.Helper()
	r, err := Register(t.Context(), api, m, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// undisturbed is what a catalog holds after these runs were registered one after the other.
func undisturbed(t *testing.T, runs ...*export.Manifest) string {
	t.Helper()
	server, client := newCatalog(t, 3)
	for _, m := range runs {
		register(t, client, m, glueOptions)
	}
	return server.Dump()
}

// catalogDump is what the tests look at of what a catalog holds.
type catalogDump map[string]struct {
	Tables map[string]struct {
		TableType, ViewOriginalText, ViewExpandedText string
		Parameters                                    map[string]string
		PartitionKeys                                 []struct{ Name, Type, Comment string }
		StorageDescriptor                             dumpedStorage
	}
	Partitions map[string]map[string]struct {
		Values            []string
		Parameters        map[string]string
		StorageDescriptor dumpedStorage
	}
}

type dumpedStorage struct {
	Location, InputFormat, OutputFormat string
	SerdeInfo                           struct{ SerializationLibrary string }
	Columns                             []struct{ Name, Type, Comment string }
}

func dump(t *testing.T, s *gluetest.Server) catalogDump {
	t.Helper()
	var d catalogDump
	if err := json.Unmarshal([]byte(s.Dump()), &d); err != nil {
		t.Fatal(err)
	}
	return d
}
