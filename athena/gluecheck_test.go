package athena

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/gluetest"
)

// catalogs are what a catalog may have in it before a dataset is registered, and the actions that MayRegister then finds missing.
var catalogs = []struct {
	name   string
	before func(*testing.T, *glue.Client)
	probed []string
}{
	{"nothing", func(*testing.T, *glue.Client) {}, []string{"GetPartitions", "BatchCreatePartition", "BatchUpdatePartition", "BatchDeletePartition", "UpdateTable"}},
	{"a database", createLake, []string{"GetPartitions", "BatchCreatePartition", "BatchUpdatePartition", "BatchDeletePartition", "UpdateTable"}},
	{"the tables", func(t *testing.T, c *glue.Client) { register(t, c, runOf("r1", contigs(3)...), glueOptions) },
		[]string{"GetPartitions", "BatchCreatePartition", "BatchUpdatePartition", "BatchDeletePartition", "CreateTable"}},
}

func createLake(t *testing.T, c *glue.Client) {
	t.Helper()
	if _, err := c.CreateDatabase(t.Context(), &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: aws.String("lake")}}); err != nil {
		t.Fatal(err)
	}
}

// Whatever a catalog has in it, what may not be written is found out and named, and nothing changes.
func TestMayRegister(t *testing.T) {
	for _, c := range catalogs {
		t.Run(c.name, func(t *testing.T) {
			server, client := newCatalog(t, 1)
			c.before(t, client)
			before := server.Dump()
			server.Calls()
			if err := MayRegister(t.Context(), client, glueOptions, nil); err != nil {
				t.Error(err)
			}
			if calls := server.Calls(); len(calls) != 1+len(c.probed) {
				t.Errorf("%d requests: %v", len(calls), calls)
			}
			for _, operation := range c.probed {
				server.Set(&gluetest.Fault{Strikes: func(call gluetest.Call) bool { return call.Operation == operation }, Code: "AccessDeniedException"})
				err := MayRegister(t.Context(), client, glueOptions, nil)
				named := regexp.MustCompile(`glue:\w+ on`).FindAllString(fmt.Sprint(err), -1)
				if !errors.Is(err, bucket.ErrDenied) || len(named) != 1 || named[0] != "glue:"+operation+" on" || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s is denied: %v", operation, err)
				}
			}
			server.Set(&gluetest.Fault{Strikes: func(call gluetest.Call) bool { return call.Operation != "GetTable" }, Code: "AccessDeniedException"})
			err := MayRegister(t.Context(), client, glueOptions, nil)
			for _, operation := range c.probed {
				if err == nil || !strings.Contains(err.Error(), "allow glue:"+operation+" on") {
					t.Errorf("all are denied: %s is not in %v", operation, err)
				}
			}
			for _, code := range []string{"EntityNotFoundException", "ThrottlingException", "ConcurrentModificationException", "ValidationException"} {
				server.Set(&gluetest.Fault{Strikes: func(call gluetest.Call) bool { return call.Operation != "GetTable" }, Code: code})
				if err := MayRegister(t.Context(), client, glueOptions, nil); err != nil {
					t.Errorf("%s: %v", code, err)
				}
			}
			if server.Dump() != before {
				t.Errorf("changed: %s\nwas %s", server.Dump(), before)
			}
		})
	}
}

// A catalog that looks at less than Glue does, and does what Glue would not, is not changed either.
func TestMayRegisterLenient(t *testing.T) {
	if os.Getenv("AWS_ENDPOINT_URL_GLUE") == "" {
		t.Skip("needs a Glue API: AWS_ENDPOINT_URL_GLUE is not set")
	}
	client, err := cloud.Glue(t.Context(), cloud.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opt := GlueOptions{Location: "s3://bucket/probe", Database: fmt.Sprintf("test_probe_%d", time.Now().UnixNano()), TablePrefix: "p_"}
	state := func() string {
		tables, err := client.GetTables(t.Context(), &glue.GetTablesInput{DatabaseName: &opt.Database})
		if err != nil {
			return err.Error()[:40]
		}
		var parts []types.Partition
		for _, table := range tables.TableList {
			out, err := client.GetPartitions(t.Context(), &glue.GetPartitionsInput{DatabaseName: &opt.Database, TableName: table.Name})
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, out.Partitions...)
		}
		text, err := json.Marshal([]any{tables.TableList, parts})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	probe := func(what string) {
		before := state()
		if err := MayRegister(t.Context(), client, opt, []string{export.SampleAnnotations, export.VariantAnnotations}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if after := state(); after != before {
			t.Errorf("%s: changed from\n%s\nto\n%s", what, before, after)
		}
	}
	probe("no database")
	if _, err := client.CreateDatabase(t.Context(), &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &opt.Database}}); err != nil {
		t.Fatal(err)
	}
	defer client.DeleteDatabase(t.Context(), &glue.DeleteDatabaseInput{Name: &opt.Database})
	probe("no tables")
	if _, err := Register(t.Context(), client, runOf("r1", contigs(3)...), opt); err != nil {
		t.Fatal(err)
	}
	probe("tables")
}

// The actions of docs/iam.md are those of Register.
func TestGluePolicy(t *testing.T) {
	page, err := os.ReadFile("../docs/iam.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"worker-glue", "worker-glue-kms"} {
		_, text, ok := strings.Cut(string(page), "```json "+name+"\n")
		text, _, _ = strings.Cut(text, "\n```")
		var policy struct {
			Statement []struct {
				Sid    string
				Action any
			}
		}
		if err := json.Unmarshal([]byte(text), &policy); !ok || err != nil {
			t.Fatal(name, err)
		}
		var actions []string
		for _, s := range policy.Statement {
			if list, ok := s.Action.([]any); ok && s.Sid == "RegisterTables" {
				for _, a := range list {
					actions = append(actions, a.(string))
				}
			}
		}
		want := GlueActions()
		slices.Sort(actions)
		slices.Sort(want)
		if !slices.Equal(actions, want) {
			t.Errorf("%s allows %v, Register takes %v", name, actions, want)
		}
	}
}
