package athena

import (
	"fmt"
	"slices"
	"strings"

	"github.com/varlake/varlake/export"
)

// Names of the views. A dataset may have a table of carriers instead of the view.
const (
	Genotypes = "genotypes"
	Carriers  = export.Carriers
)

// View is a view over the tables of a dataset.
type View struct {
	Name    string
	Columns []export.Column // with Athena types
	Query   string          // the SELECT, in the dialect asked for
}

// Views returns the views of a dataset: genotypes, a row per variant and sample
// with the FORMAT fields and the sample's annotations; and, where that is not a
// table, carriers, a row per call that is not homozygous reference, missing
// calls included. Their tables are those of the database ("" for none) whose
// names begin with prefix. A dataset without variants has no views. The error is
// ErrType, for a manifest with columns of another making.
func Views(m *export.Manifest, d Dialect, database, prefix string) ([]View, error) {
	variants, hasVariants := m.Table(export.Variants)
	samples, hasSamples := m.Table(export.SampleAnnotations)
	if !hasVariants || !hasSamples {
		return nil, nil
	}
	b := viewBuilder{
		dialect:  d,
		variants: d.Name(database, prefix+export.Variants),
		samples:  d.Name(database, prefix+export.SampleAnnotations),
	}
	if err := b.sort(variants, samples); err != nil {
		return nil, err
	}
	views := []View{b.genotypes()}
	if _, isTable := m.Table(Carriers); !isTable {
		views = append(views, b.carriers())
	}
	return views, nil
}

// viewBuilder writes the views of one dataset.
type viewBuilder struct {
	dialect           Dialect
	variants, samples string // quoted names of the tables

	site        []viewColumn // of the record
	calls       []viewColumn // of a call: elements of the arrays of FORMAT fields
	identity    []viewColumn // sample_index, sample_id
	annotations []viewColumn // the other columns of sample_annotations
}

// viewColumn is a column of a view, from g (the calls) or s (the samples).
type viewColumn struct {
	export.Column
	from string
}

// sort takes the columns of the tables apart.
func (b *viewBuilder) sort(variants, samples *export.Table) error {
	b.site = []viewColumn{{chromColumn, "g"}}
	for _, c := range variants.Columns {
		switch {
		case c.Name == "format" || c.Name == "fmt_other": // of use to restore only
		case c.Name == "gt" || c.Name == "n_alt" || strings.HasPrefix(c.Name, "fmt_"):
			t, err := ParseType(c.Type)
			if err != nil {
				return fmt.Errorf("column %s of %s: %w", c.Name, variants.Name, err)
			}
			elem, ok := t.Elem()
			if !ok {
				return fmt.Errorf("column %s of %s: %w: %s is not an array", c.Name, variants.Name, ErrType, t)
			}
			c.Type = elem.String()
			b.calls = append(b.calls, viewColumn{c, "g"})
		default:
			b.site = append(b.site, viewColumn{c, "g"})
		}
	}
	b.identity = make([]viewColumn, 2)
	for _, c := range samples.Columns {
		switch c.Name {
		case "sample_index":
			b.identity[0] = viewColumn{c, "s"}
		case "sample_id":
			b.identity[1] = viewColumn{c, "s"}
		default:
			b.annotations = append(b.annotations, viewColumn{c, "s"})
		}
	}
	return nil
}

func (b *viewBuilder) genotypes() View {
	return b.view(Genotypes, slices.Concat(b.site, b.identity, b.calls, b.annotations), "", "")
}

func (b *viewBuilder) carriers() View {
	wanted := []string{chromColumn.Name, "pos", "ref", "alt"}
	site := slices.DeleteFunc(slices.Clone(b.site), func(c viewColumn) bool { return !slices.Contains(wanted, c.Name) })
	calls := slices.DeleteFunc(slices.Clone(b.calls), func(c viewColumn) bool { return strings.HasPrefix(c.Type, "array<") })
	nAlt := b.column("t", "n_alt")
	return b.view(Carriers, slices.Concat(site[:1], b.identity, site[1:], calls),
		// Records without GT have no calls, which their FORMAT tells at less cost
		// than the genotypes themselves.
		fmt.Sprintf("contains(split(%s, ':'), 'GT')", b.column("v", "format")),
		fmt.Sprintf("(%s > 0 OR %s IS NULL)", nAlt, nAlt))
}

// view writes a view of these columns. Records and calls are filtered, if at
// all, before the join: in Trino that is three times as fast as after it.
func (b *viewBuilder) view(name string, columns []viewColumn, records, calls string) View {
	v := View{Name: name}
	var list, ofCalls []string
	for _, c := range columns {
		v.Columns = append(v.Columns, c.Column)
		list = append(list, b.column(c.from, c.Name))
		if c.from == "g" {
			ofCalls = append(ofCalls, c.Name)
		}
	}
	unnest := b.unnestAthena
	if b.dialect == DuckDB {
		unnest = b.unnestDuckDB
	}
	v.Query = fmt.Sprintf("SELECT %s\nFROM (\n%s\n) g\nJOIN %s s ON %s = %s",
		strings.Join(list, ", "), unnest(ofCalls, records, calls), b.samples, b.column("s", "sample_index"), b.column("g", "sample_index"))
	return v
}

// isCall tells whether a column of variants has an element for each call.
func (b *viewBuilder) isCall(name string) bool {
	return slices.ContainsFunc(b.calls, func(c viewColumn) bool { return c.Name == name })
}

// column returns a quoted column of one of the aliases that the views use.
func (b *viewBuilder) column(alias, name string) string { return alias + "." + b.dialect.Name(name) }

// unnestAthena selects a row for each call. Trino reads every array that an
// UNNEST names, so only n_alt, which is never a NULL array, is unnested, and the
// rest of what a query asks for is taken by position.
func (b *viewBuilder) unnestAthena(columns []string, records, calls string) string {
	name := b.dialect.Name
	list := []string{b.column("t", "sample_index")}
	for _, c := range columns {
		switch {
		case c == "n_alt":
			list = append(list, b.column("t", c))
		case b.isCall(c):
			list = append(list, fmt.Sprintf("element_at(%s, %s) AS %s", b.column("v", c), b.column("t", "sample_index"), name(c)))
		default:
			list = append(list, b.column("v", c))
		}
	}
	return fmt.Sprintf("  SELECT %s\n  FROM %s v CROSS JOIN UNNEST(%s) WITH ORDINALITY AS t (%s, %s)%s",
		strings.Join(list, ", "), b.variants, b.column("v", "n_alt"), name("n_alt"), name("sample_index"), where("  ", records, calls))
}

// unnestDuckDB selects the same as unnestAthena. In DuckDB 1.5 an UNNEST in FROM
// takes 30 to 50 times as long as one in the list: it becomes a join.
func (b *viewBuilder) unnestDuckDB(columns []string, records, calls string) string {
	name := b.dialect.Name
	arrays := []string{
		fmt.Sprintf("unnest(%s) AS %s", b.column("v", "n_alt"), name("n_alt")),
		fmt.Sprintf("generate_subscripts(%s, 1) AS %s", b.column("v", "n_alt"), name("sample_index")),
	}
	list := []string{b.column("t", "sample_index")}
	for _, c := range columns {
		switch {
		case c == "n_alt":
			list = append(list, b.column("t", c))
		case b.isCall(c):
			arrays = append(arrays, b.column("v", c))
			list = append(list, fmt.Sprintf("%s[%s] AS %s", b.column("t", c), b.column("t", "sample_index"), name(c)))
		default:
			arrays = append(arrays, b.column("v", c))
			list = append(list, b.column("t", c))
		}
	}
	return fmt.Sprintf("  SELECT %s\n  FROM (\n    SELECT %s\n    FROM %s v%s\n  ) t%s",
		strings.Join(list, ", "), strings.Join(arrays, ", "), b.variants, where("    ", records), where("  ", calls))
}

// where joins the conditions that there are.
func where(indent string, conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return "\n" + indent + "WHERE " + strings.Join(conditions, " AND ")
}
