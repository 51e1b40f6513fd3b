package annotate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// MaxGroups is the largest number of groups that [NewGroups] forms: each makes
// three columns of variant_annotations, and a table of thousands of columns is
// of no use to Athena.
const MaxGroups = 200

// NoGroup stands in [Groups.Of] where a sample has no group of a column: its
// value is missing, or the sample is not in the table.
const NoGroup = -1

// ErrTooManyGroups is wrapped by the error of [NewGroups] for columns with more
// than [MaxGroups] values between them.
var ErrTooManyGroups = errors.New("too many groups")

// Group is the samples that share one value of one column.
type Group struct {
	Column  string // name as in the sample table
	Value   string // as [Column.Text] gives it
	Samples int    // how many samples of the VCF are in it, at least 1
}

// String names the group as in "super_pop=AFR".
func (g Group) String() string { return g.Column + "=" + g.Value }

// Groups assigns the samples of a VCF to groups. Groups of one column are
// disjoint, so a sample is in at most one group per column.
type Groups struct {
	Groups  []Group // by column in the order asked for, then by value
	Columns int     // grouping columns, the length of each result of Of
	of      []int16 // samples × Columns
}

// Of returns the groups of a sample (0-based, in VCF order), one entry per
// column: an index into g.Groups, or [NoGroup]. The slice belongs to g.
func (g *Groups) Of(sample int) []int16 {
	first := sample * g.Columns
	return g.of[first : first+g.Columns : first+g.Columns]
}

// NewGroups forms a group of each distinct value that the samples of a VCF have
// in the named columns of t. rows is the row of each sample, -1 where it has
// none, as from [Table.Join]. Values that no sample of the VCF has, and missing
// values, form no group; a column named twice counts once. Groups of a column
// are sorted by value, numbers as numbers.
//
// Errors wrap [ErrUnknownColumn] or [ErrTooManyGroups].
func NewGroups(t *Table, rows []int, columns []string) (*Groups, error) {
	columns = distinct(columns)
	g := &Groups{Columns: len(columns), of: make([]int16, len(rows)*len(columns))}
	for i, name := range columns {
		c, ok := t.Column(name)
		if !ok {
			return nil, t.unknownGroupColumn(name)
		}
		if err := g.addColumn(c, rows, i); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// addColumn appends the groups of one column and assigns the samples to them.
func (g *Groups) addColumn(c *Column, rows []int, column int) error {
	values, first := distinctValues(c, rows)
	if n := len(g.Groups) + len(values); n > MaxGroups {
		return fmt.Errorf("%w: %d with the %d values of column %q, where %d is the limit; group by a column with fewer values",
			ErrTooManyGroups, n, len(values), c.Name, MaxGroups)
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(c.compare(first[a], first[b]), cmp.Compare(a, b))
	})
	index := make(map[string]int16, len(values))
	for _, v := range values {
		index[v] = int16(len(g.Groups))
		g.Groups = append(g.Groups, Group{Column: c.Name, Value: v})
	}
	for sample, row := range rows {
		group := int16(NoGroup)
		if row >= 0 && c.Valid[row] {
			group = index[c.Text(row)]
			g.Groups[group].Samples++
		}
		g.of[sample*g.Columns+column] = group
	}
	return nil
}

// distinctValues returns the values that rows have in c, in order of first
// appearance, and the first row of each.
func distinctValues(c *Column, rows []int) (values []string, first map[string]int) {
	first = make(map[string]int)
	for _, row := range rows {
		if row < 0 || !c.Valid[row] {
			continue
		}
		v := c.Text(row)
		if _, seen := first[v]; !seen {
			first[v] = row
			values = append(values, v)
		}
	}
	return values, first
}

func distinct(names []string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (t *Table) unknownGroupColumn(name string) error {
	if name == t.Key {
		return fmt.Errorf("%w %q of %s to group by: it is the key, one sample each; group by another", ErrUnknownColumn, clip(name), t.Name)
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return fmt.Errorf("%w %q in %s to group by; there are %s", ErrUnknownColumn, clip(name), t.Name, list(names))
}
