package athena

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/export"
)

// A view takes the tables that it is made of; carriers as a table takes nothing but itself.
func TestPlanCopyOfCarriers(t *testing.T) {
	view := writeDataset(t, t.TempDir(), smallCohort())
	table := writeDataset(t, t.TempDir(), append(smallCohort(), testTable{
		export.Table{Name: Carriers, Partition: "chrom", Columns: columns("sample_index", "bigint", "gt", "string")},
		[][]any{{"22", 9, "from the table"}},
	}))
	for _, test := range []struct {
		ds        *export.Dataset
		statement string
		want      string
	}{
		{view, "SELECT * FROM carriers", "[sample_annotations variants]"},
		{table, "SELECT * FROM carriers", "[carriers]"},
		{table, "SELECT * FROM carriers JOIN genotypes USING (sample_id)", "[carriers sample_annotations variants]"},
	} {
		plan, err := PlanCopy(test.ds, test.statement, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range plan.Files {
			names = append(names, tableOf(test.ds.Manifest, f))
		}
		slices.Sort(names)
		if got := fmt.Sprint(slices.Compact(names)); got != test.want {
			t.Errorf("%s: %s, want %s", strings.TrimSpace(test.statement), got, test.want)
		}
	}
}

func tableOf(m *export.Manifest, f export.File) string {
	for _, t := range m.Tables {
		if slices.Contains(t.Files, f) {
			return t.Name
		}
	}
	return ""
}
