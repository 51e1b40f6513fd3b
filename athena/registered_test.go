package athena

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/athenatest"
)

func TestCheckRegistration(t *testing.T) {
	ds := &export.Dataset{Root: "s3://bucket/d", Manifest: &export.Manifest{Run: "r2", Tables: []export.Table{
		{Name: export.Variants}, {Name: export.VariantAnnotations}, {Name: export.SampleAnnotations},
	}}}
	ours := func(run, state string) athenatest.Table {
		return athenatest.Table{"varlake.dataset": "s3://bucket/d", "varlake.run": run, "varlake.state": state}
	}
	for _, c := range []struct {
		name, statement string
		tables          map[string]athenatest.Table
		notes           []string // parts of them
		looks           int
		err             string
	}{
		{"current", "SELECT * FROM kg_genotypes", map[string]athenatest.Table{"kg_variants": ours("r2", "ready"), "kg_sample_annotations": ours("r2", "")}, nil, 2, ""},
		{"old run", `SELECT 1 FROM "KG_VARIANTS"`, map[string]athenatest.Table{"kg_variants": ours("r1", "ready")}, []string{"genomes.kg_variants is of run r1, the dataset's current run is r2"}, 1, ""},
		{"loading", "SELECT 1 FROM kg_variants v, kg_variant_annotations a", map[string]athenatest.Table{"kg_variants": ours("r2", "loading"), "kg_variant_annotations": ours("r2", "ready")}, []string{"kg_variants is not complete"}, 2, ""},
		{"another's", "SELECT 1 FROM kg_variants", map[string]athenatest.Table{"kg_variants": {"varlake.dataset": "s3://bucket/d2"}}, nil, 1, "kg_variants: not of this dataset: s3://bucket/d2"},
		{"not varlake's", "SELECT 1 FROM kg_variants", map[string]athenatest.Table{"kg_variants": {"classification": "csv"}}, nil, 1, "was not made by varlake"},
		{"not there", "SELECT 1 FROM kg_variants", nil, nil, 1, ""},
		{"no table named", "SELECT variants FROM x_kg_variants", map[string]athenatest.Table{"kg_variants": {}}, nil, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := athenatest.New(t, athenatest.Script{Tables: map[string]map[string]athenatest.Table{"genomes": c.tables}})
			r := remoteOf(t, server)
			r.TablePrefix = "kg_"
			notes, err := r.Check(t.Context(), ds, c.statement)
			if c.err == "" && err != nil || c.err != "" && (!errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if len(notes) != len(c.notes) {
				t.Fatalf("notes %q, want %q", notes, c.notes)
			}
			for i, note := range c.notes {
				if !strings.Contains(notes[i], note) {
					t.Errorf("note %q, want %q", notes[i], note)
				}
			}
			if n := server.Requests("GetTableMetadata"); n != c.looks {
				t.Errorf("%d looks, want %d", n, c.looks)
			}
		})
	}
	t.Run("denied", func(t *testing.T) {
		r := remoteOf(t, athenatest.New(t, athenatest.Script{Deny: map[string]string{"GetTableMetadata": "glue:GetTable"}}))
		notes, err := r.Check(t.Context(), ds, "SELECT 1 FROM variants, sample_annotations")
		if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "allow glue:GetTable") {
			t.Errorf("%q, %v", notes, err)
		}
	})
}

func TestHasWord(t *testing.T) {
	for _, c := range []struct {
		text, word string
		want       bool
	}{
		{"from variants", "variants", true}, {"from variants_x, my_variants", "variants", false}, {"variants_x variants", "variants", true},
		{`"a-b_variants"`, "a-b_variants", true}, {"évariants", "variants", false}, {"(variants)", "variants", true}, {"", "variants", false},
	} {
		if got := hasWord(c.text, c.word); got != c.want {
			t.Errorf("%q in %q: %t", c.word, c.text, got)
		}
	}
}

// What AWS says of its prices: up to the next megabyte, ten at least, nothing for DDL, failed queries and results used again; cancelled queries pay.
func TestBill(t *testing.T) {
	const succeeded, failed, cancelled = types.QueryExecutionStateSucceeded, types.QueryExecutionStateFailed, types.QueryExecutionStateCancelled
	for _, c := range []struct {
		Execution
		billed int64
		cost   float64
	}{
		{Execution{State: succeeded, kind: "DML", Scanned: 1}, 10_000_000, 0.00005},
		{Execution{State: succeeded, kind: "DML", Scanned: 10_000_000}, 10_000_000, 0.00005},
		{Execution{State: succeeded, kind: "DML", Scanned: 10_000_001}, 11_000_000, 0.000055},
		{Execution{State: succeeded, kind: "DML", Scanned: 3_000_000_000_000}, 3_000_000_000_000, 15},
		{Execution{State: succeeded, kind: "DML"}, 10_000_000, 0.00005},
		{Execution{State: succeeded, kind: "DML", reused: true}, 0, 0},
		{Execution{State: succeeded, kind: "DDL"}, 0, 0},
		{Execution{State: succeeded, kind: "UTILITY"}, 0, 0},
		{Execution{State: succeeded, kind: "UTILITY", Scanned: 20_000_000}, 20_000_000, 0.0001}, // EXPLAIN ANALYZE
		{Execution{State: failed, kind: "DML", Scanned: 20_000_000}, 0, 0},
		{Execution{State: cancelled, kind: "DML", Scanned: 20_000_000}, 20_000_000, 0.0001},
		{Execution{State: cancelled, kind: "DML"}, 0, 0},
	} {
		if billed, cost := c.Billed(), c.Cost(); billed != c.billed || cost < c.cost*0.999999 || cost > c.cost*1.000001 {
			t.Errorf("%s %s of %d bytes: %d billed, %v USD", c.kind, c.State, c.Scanned, billed, cost)
		}
	}
}
