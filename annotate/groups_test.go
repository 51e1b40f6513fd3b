package annotate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const groupTable = "s\tpop\tbatch\tcase\tscore\tempty\n" +
	"HG1\tGBR\t10\ttrue\t0.5\tNA\n" +
	"HG2\tFIN\t9\tfalse\t10\tNA\n" +
	"HG3\tGBR\tNA\ttrue\t1e3\tNA\n" +
	"HG4\tYRI\t10\tNA\t-2\tNA\n"

func TestJoin(t *testing.T) {
	table := mustReadTable(t, groupTable, TableOptions{})
	rows, notInTable, notInVCF := table.Join([]string{"HG3", "NA1", "HG1", "hg2"})
	if want := []int{2, -1, 0, -1}; !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
	if want := []string{"NA1", "hg2"}; !slices.Equal(notInTable, want) {
		t.Errorf("not in table %q, want %q", notInTable, want)
	}
	if want := []string{"HG2", "HG4"}; !slices.Equal(notInVCF, want) {
		t.Errorf("not in VCF %q, want %q", notInVCF, want)
	}
	if rows, notInTable, notInVCF := table.Join(nil); len(rows) != 0 || notInTable != nil || len(notInVCF) != 4 {
		t.Error(rows, notInTable, notInVCF)
	}
}

func TestNewGroups(t *testing.T) {
	table := mustReadTable(t, groupTable, TableOptions{})
	rows := []int{3, 2, -1, 1, 0} // HG4, HG3, a sample without row, HG2, HG1
	tests := []struct {
		columns string
		groups  string
		of      string
	}{
		{"pop", "[pop=FIN×1 pop=GBR×2 pop=YRI×1]", "[[2] [1] [-1] [0] [1]]"},
		{"batch", "[batch=9×1 batch=10×2]", "[[1] [-1] [-1] [0] [1]]"},
		{"case", "[case=false×1 case=true×2]", "[[-1] [1] [-1] [0] [1]]"},
		{"score", "[score=-2×1 score=0.5×1 score=10×1 score=1000×1]", "[[0] [3] [-1] [2] [1]]"},
		{"empty", "[]", "[[-1] [-1] [-1] [-1] [-1]]"},
		{"case pop case", "[case=false×1 case=true×2 pop=FIN×1 pop=GBR×2 pop=YRI×1]", "[[-1 4] [1 3] [-1 -1] [0 2] [1 3]]"},
		{"", "[]", "[[] [] [] [] []]"},
	}
	for _, test := range tests {
		t.Run(test.columns, func(t *testing.T) {
			g, err := NewGroups(table, rows, strings.Fields(test.columns))
			if err != nil {
				t.Fatal(err)
			}
			var groups []string
			for _, group := range g.Groups {
				groups = append(groups, fmt.Sprintf("%s×%d", group, group.Samples))
			}
			if got := fmt.Sprint(groups); got != test.groups {
				t.Errorf("got %s, want %s", got, test.groups)
			}
			var of [][]int16
			for sample := range rows {
				of = append(of, g.Of(sample))
			}
			if got := fmt.Sprint(of); got != test.of {
				t.Errorf("got %s, want %s", got, test.of)
			}
		})
	}
}

func TestGroupsLeaveOutValuesOfNobody(t *testing.T) {
	table := mustReadTable(t, groupTable, TableOptions{})
	g, err := NewGroups(table, []int{1}, []string{"pop"})
	if err != nil || len(g.Groups) != 1 || g.Groups[0] != (Group{Column: "pop", Value: "FIN", Samples: 1}) {
		t.Error(g, err)
	}
}

func TestNewGroupsErrors(t *testing.T) {
	table := mustReadTable(t, groupTable, TableOptions{})
	var many strings.Builder
	many.WriteString("s\tfamily\tsex\n")
	rows := make([]int, MaxGroups)
	for i := range rows {
		rows[i] = i
		fmt.Fprintf(&many, "HG%d\tF%d\t%d\n", i, i, i%2)
	}
	families := mustReadTable(t, many.String(), TableOptions{})
	if g, err := NewGroups(families, rows, []string{"family"}); err != nil || len(g.Groups) != MaxGroups {
		t.Errorf("as many groups as may be: %v", err)
	}
	tests := []struct {
		table   *Table
		columns []string
		is      error
		want    string
	}{
		{table, []string{"pop", "Pop"}, ErrUnknownColumn, `no column "Pop" in samples.tsv to group by; there are "pop", "batch", "case", "score", "empty"`},
		{table, []string{"s"}, ErrUnknownColumn, `no column "s" of samples.tsv to group by: it is the key, one sample each; group by another`},
		{families, []string{"sex", "family"}, ErrTooManyGroups, `too many groups: 202 with the 200 values of column "family", where 200 is the limit; group by a column with fewer values`},
	}
	for _, test := range tests {
		if _, err := NewGroups(test.table, rows[:min(len(rows), len(test.table.IDs))], test.columns); !errors.Is(err, test.is) || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}

// Each sample is in the group of its value, and sizes add up.
func TestGroupsAgreeWithTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.SampledFrom([]string{"", "A", "B", "C", "1", "2.0"})).Draw(t, "values")
		table := &Table{Columns: []Column{{Name: "pop", Type: String, Strings: values}}}
		for _, v := range values {
			table.Columns[0].Valid = append(table.Columns[0].Valid, v != "")
		}
		rows := rapid.Permutation(append(seq(len(values)), -1, -1)).Draw(t, "rows")
		g, err := NewGroups(table, rows, []string{"pop"})
		if err != nil {
			t.Fatal(err)
		}
		sizes := make([]int, len(g.Groups))
		for sample, row := range rows {
			group := g.Of(sample)[0]
			if row < 0 || values[row] == "" {
				if group != NoGroup {
					t.Fatalf("sample %d is in group %d", sample, group)
				}
				continue
			}
			sizes[group]++
			if g.Groups[group].Value != values[row] {
				t.Fatalf("sample %d of %q is in %s", sample, values[row], g.Groups[group])
			}
		}
		for i, group := range g.Groups {
			if group.Samples != sizes[i] || sizes[i] == 0 {
				t.Fatalf("%s has %d samples, not %d", group, sizes[i], group.Samples)
			}
		}
	})
}

func seq(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
