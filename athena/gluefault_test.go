package athena

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glue"
	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/gluetest"
)

// steps are registrations with every kind of write in them.
var steps = []struct {
	name          string
	before, after *export.Manifest
}{
	{"first", nil, runOf("r2", contigs(9)...)},
	{"another run", runOf("r1", contigs(30)...), runOf("r2", contigs(32)[28:]...)},
	{"carriers becomes a view", withCarriers(runOf("r1", contigs(3)...)), runOf("r2", "1")},
	{"no variants", runOf("r1", contigs(3)...), without(runOf("r2", "1"), export.Variants)},
}

// checkStates fails where a table says that it is ready and its partitions are not all those of the run that it names.
func checkStates(t *testing.T, server *gluetest.Server, runs ...*export.Manifest) {
	t.Helper()
	lake := dump(t, server)["lake"]
	for name, table := range lake.Tables {
		if table.Parameters["varlake.state"] != "ready" || table.TableType != "EXTERNAL_TABLE" {
			continue
		}
		for _, m := range runs {
			of, has := m.Table(strings.TrimPrefix(name, "p_"))
			if _, last := runs[len(runs)-1].Table(strings.TrimPrefix(name, "p_")); m.Run != table.Parameters["varlake.run"] || !has || !last {
				continue // of the other run, or about to be deleted
			}
			want := Partitions(of)
			got := lake.Partitions[name]
			for _, p := range want {
				if location := got[p.Value].StorageDescriptor.Location; location != "s3://bucket/cohort/"+p.Folder+"/" {
					t.Errorf("%s of run %s is ready, and partition %s at %q", name, m.Run, p.Value, location)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s of run %s is ready with %d partitions, not %d", name, m.Run, len(got), len(want))
			}
		}
	}
}

// Whichever write is the last that was done, the same command completes the rest.
func TestRegisterKilled(t *testing.T) {
	for _, step := range steps {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %v", step.name, late), func(t *testing.T) {
				want := undisturbed(t, step.after)
				n := 1
				for ; ; n++ {
					server, client := newCatalog(t, 3)
					var runs []*export.Manifest
					if step.before != nil {
						register(t, client, step.before, glueOptions)
						runs = append(runs, step.before)
					}
					server.Calls()
					server.Set(&gluetest.Fault{Strikes: func(c gluetest.Call) bool { return c.Write && c.Number == n }, Code: "InvalidInputException", Late: late})
					_, err := Register(t.Context(), client, step.after, glueOptions)
					if server.Struck() == 0 {
						break
					}
					if err == nil {
						t.Errorf("write %d failed without an error", n)
					}
					checkStates(t, server, append(runs, step.after)...)
					server.Set(nil)
					register(t, client, step.after, glueOptions)
					if got := server.Dump(); got != want {
						t.Errorf("killed at write %d: got %s\nwant %s", n, got, want)
					}
				}
				if t.Logf("killed at each of %d writes", n-1); n < 8 {
					t.Errorf("only %d writes", n-1)
				}
			})
		}
	}
}

// Requests that Glue puts off, fails for its own reasons or answers to nobody are made again.
func TestRegisterRepeatsRequests(t *testing.T) {
	for _, fault := range []gluetest.Fault{
		{Code: "ThrottlingException", Times: 2},
		{Code: "InternalServiceException", Times: 2},
		{Code: "InternalServiceException", Times: 1, Late: true},
	} {
		for _, step := range steps[1:3] {
			want := undisturbed(t, step.after)
			struck := 0
			for n := 1; n == struck+1; n++ {
				server, client := newCatalog(t, 3)
				if step.before != nil {
					register(t, client, step.before, glueOptions)
				}
				server.Calls()
				f, seen := fault, ""
				f.Strikes = func(c gluetest.Call) bool { // the nth write, and its repetition
					if c.Write && c.Number == n {
						seen = c.Operation
					}
					return c.Write && c.Operation == seen && c.Number >= n
				}
				server.Set(&f)
				if _, err := Register(t.Context(), client, step.after, glueOptions); err != nil {
					t.Errorf("%s, %s %v at write %d: %v", step.name, fault.Code, fault.Late, n, err)
				}
				if server.Struck() > 0 {
					struck = n
				}
				if got := server.Dump(); got != want {
					t.Errorf("%s, %s %v at write %d: got %s\nwant %s", step.name, fault.Code, fault.Late, n, got, want)
				}
			}
			if struck < 7 {
				t.Errorf("%s: only %d writes struck", step.name, struck)
			}
		}
	}
}

func TestRegisterGivesUp(t *testing.T) {
	always := func(code, operation, entry string) *gluetest.Fault {
		return &gluetest.Fault{Code: code, Entry: entry, Strikes: func(c gluetest.Call) bool { return operation == "" || c.Operation == operation }}
	}
	tests := []struct {
		fault *gluetest.Fault
		want  error
		says  []string
	}{
		{always("ThrottlingException", "", ""), ErrThrottled, []string{"look up database lake", "400 ThrottlingException", "later"}},
		{always("InternalServiceException", "CreateTable", ""), ErrThrottled, []string{"write table lake.p_variants", "500"}},
		{always("ConcurrentModificationException", "UpdateTable", ""), ErrConflict, []string{"write table lake.p_variants", "run the same command again"}},
		{always("ExpiredTokenException", "", ""), bucket.ErrCredentials, []string{"expired"}},
		{always("UnrecognizedClientException", "", ""), bucket.ErrCredentials, []string{"does not accept them", "AWS_PROFILE"}},
		{always("InvalidInputException", "BatchCreatePartition", "b"), nil, []string{"partitions of table lake.p_variants", `partition "b"`, "made by a test (InvalidInputException)"}},
		{always("InternalServiceException", "BatchCreatePartition", "b"), nil, []string{"partitions of table lake.p_variants", `partition "b"`, "InternalServiceException"}},
		{always("GlueEncryptionException", "CreateTable", ""), nil, []string{"write table lake.p_variants: made by a test (GlueEncryptionException)"}},
	}
	for _, test := range tests {
		server, client := newCatalog(t, 3)
		server.Set(test.fault)
		_, err := Register(t.Context(), client, runOf("r1", "a", "b", "c"), glueOptions)
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: error %v", test.fault.Code, err)
			continue
		}
		for _, text := range test.says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q is not in: %v", text, err)
			}
		}
	}
}

func TestRegisterUnreachable(t *testing.T) {
	server, client := newCatalog(t, 3)
	server.Close()
	_, err := Register(t.Context(), client, runOf("r1"), glueOptions)
	if err == nil || !strings.Contains(err.Error(), "no answer from Glue") || !strings.Contains(err.Error(), "AWS_ENDPOINT_URL_GLUE") {
		t.Errorf("error %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	client, err = cloud.Glue(t.Context(), cloud.Options{Region: "us-east-1", Endpoint: server.URL, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Register(t.Context(), client, runOf("r1"), glueOptions); !errors.Is(err, bucket.ErrCredentials) || !strings.Contains(err.Error(), "there are none") {
		t.Errorf("error %v", err)
	}
}

// An entry of a batch that fails in passing is looked at again.
func TestRegisterEntryFails(t *testing.T) {
	for operation, code := range map[string]string{
		"BatchCreatePartition": "InternalServiceException", "BatchUpdatePartition": "EntityNotFoundException", "BatchDeletePartition": "ThrottlingException",
	} {
		server, client := newCatalog(t, 3)
		register(t, client, runOf("r1", "a", "b"), glueOptions)
		entry := map[string]string{"BatchCreatePartition": "c", "BatchUpdatePartition": "b", "BatchDeletePartition": "a"}[operation]
		server.Set(&gluetest.Fault{Times: 1, Code: code, Entry: entry, Strikes: func(c gluetest.Call) bool { return c.Operation == operation }})
		after := runOf("r2", "b", "c")
		register(t, client, after, glueOptions)
		if server.Struck() != 1 || server.Dump() != undisturbed(t, after) {
			t.Errorf("%s: struck %d; got %s", operation, server.Struck(), server.Dump())
		}
	}
}

// Someone else writes the table between our reading and our writing.
func TestRegisterMeetsWriter(t *testing.T) {
	tests := []struct {
		name       string
		parameters map[string]string
		times      int
		want       error
	}{
		{"twice", map[string]string{"team": "genetics"}, 2, nil},
		{"always", map[string]string{"team": "genetics"}, 0, ErrConflict},
		{"takes it over", map[string]string{"varlake.dataset": "s3://bucket/other"}, 1, ErrForeign},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, client := newCatalog(t, 3)
			register(t, client, runOf("r1", "1"), glueOptions)
			server.Set(&gluetest.Fault{
				Times:   test.times,
				Strikes: func(c gluetest.Call) bool { return c.Operation == "UpdateTable" },
				Before:  func() { server.Edit("lake", "p_variants", test.parameters) },
			})
			_, err := Register(t.Context(), client, runOf("r2", "1"), glueOptions)
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			got := dump(t, server)["lake"].Tables["p_variants"].Parameters
			if test.want == nil && (got["team"] != "genetics" || got["varlake.run"] != "r2" || got["varlake.state"] != "ready") {
				t.Errorf("%v", got)
			}
			if errors.Is(test.want, ErrForeign) && got["varlake.run"] != "r1" {
				t.Errorf("a table of others was written: %v", got)
			}
		})
	}
}

// Workers that register the same run at the same time all succeed, and leave one result.
func TestRegisterTogether(t *testing.T) {
	for _, step := range steps {
		server, client := newCatalog(t, 3)
		if step.before != nil {
			register(t, client, step.before, glueOptions)
		}
		var workers errgroup.Group
		for range 4 {
			workers.Go(func() error {
				_, err := Register(t.Context(), client, step.after, glueOptions)
				return err
			})
		}
		if err := workers.Wait(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got, want := server.Dump(), undisturbed(t, step.after); got != want {
			t.Errorf("%s: got %s\nwant %s", step.name, got, want)
		}
	}
}

// stopping is a Glue at whose first partition the user loses patience.
type stopping struct {
	GlueAPI
	stop context.CancelCauseFunc
}

var errPatience = errors.New("no patience")

func (s stopping) BatchCreatePartition(ctx context.Context, in *glue.BatchCreatePartitionInput, opt ...func(*glue.Options)) (*glue.BatchCreatePartitionOutput, error) {
	s.stop(errPatience)
	return s.GlueAPI.BatchCreatePartition(ctx, in, opt...)
}

func TestRegisterInterrupted(t *testing.T) {
	server, client := newCatalog(t, 3)
	ctx, stop := context.WithCancelCause(t.Context())
	began := time.Now()
	if _, err := Register(ctx, stopping{client, stop}, runOf("r1", "1"), glueOptions); !errors.Is(err, errPatience) || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	register(t, client, runOf("r1", "1"), glueOptions)
	if server.Dump() != undisturbed(t, runOf("r1", "1")) {
		t.Errorf("got %s", server.Dump())
	}
}

// A view that this dataset no longer has becomes someone else's before it is deleted.
func TestRegisterDeletesOnlyItsOwn(t *testing.T) {
	server, client := newCatalog(t, 3)
	register(t, client, runOf("r1", "1"), glueOptions)
	server.Set(&gluetest.Fault{Times: 1, Strikes: func(c gluetest.Call) bool { return c.Write }, Before: func() {
		server.Edit("lake", "p_genotypes", map[string]string{"varlake.dataset": "s3://bucket/other"})
	}})
	register(t, client, without(runOf("r2", "1"), export.Variants), glueOptions)
	tables := dump(t, server)["lake"].Tables
	if got := tables["p_genotypes"].Parameters["varlake.dataset"]; got != "s3://bucket/other" || tables["p_carriers"].TableType != "" {
		t.Errorf("genotypes of %q; %d tables", got, len(tables))
	}
}

// While partitions change, no table of the dataset says that it is ready.
func TestRegisterLoading(t *testing.T) {
	server, client := newCatalog(t, 3)
	register(t, client, runOf("r1", "1", "2"), glueOptions)
	server.Set(&gluetest.Fault{Strikes: func(c gluetest.Call) bool { return strings.HasPrefix(c.Operation, "Batch") }, Before: func() {
		for name, table := range dump(t, server)["lake"].Tables {
			if state := table.Parameters["varlake.state"]; table.TableType == "EXTERNAL_TABLE" && (state != "loading" || table.Parameters["varlake.run"] != "r2") {
				t.Errorf("table %s of run %s is %s", name, table.Parameters["varlake.run"], state)
			}
		}
	}})
	register(t, client, runOf("r2", "2", "3"), glueOptions)
	if server.Struck() != 6 {
		t.Errorf("%d batches", server.Struck())
	}
}
