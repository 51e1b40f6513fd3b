package export

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/vcf"
)

func TestColumnName(t *testing.T) {
	for raw, want := range map[string]string{
		"AF": "af", "Super Pop": "super_pop", "AF_popmax": "af_popmax", "a-b.c/d": "a_b_c_d", "1000G": "1000g", "é": "_", "染色": "__",
		"\xff\xfe": "__", "tab\there": "tab_here", "": "", "__": "__", "ß": "_", "\u212a": "_", // the Kelvin sign, which is no k
	} {
		if got := columnName(raw); got != want {
			t.Errorf("columnName(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestTakeOwn(t *testing.T) {
	tests := []struct {
		raw  []string
		want []string
	}{
		{[]string{"sex", "Sex", "SEX"}, []string{"sex", "sex_2", "sex_3"}},
		{[]string{"a", "a_2", "A"}, []string{"a", "a_2", "a_3"}},
		{[]string{"A", "a", "a_2"}, []string{"a", "a_2", "a_2_2"}},
		{[]string{"date", "Date", "date_"}, []string{"date_", "date__2", "date__3"}},
		{[]string{"1kg", "c_1kg"}, []string{"c_1kg", "c_1kg_2"}},
		{[]string{"", "x", ""}, []string{"c_1", "x", "c_3"}},
		{[]string{"c_2", ""}, []string{"c_2", "c_2_2"}},
		{[]string{"?", "!"}, []string{"_", "__2"}},
		{[]string{"taken", "taken"}, []string{"taken_2", "taken_3"}},
	}
	for _, tt := range tests {
		names := namer{"taken": true}
		for i, raw := range tt.raw {
			if got := names.takeOwn(raw, i); got != tt.want[i] {
				t.Errorf("%q: column %d is %q, want %q", tt.raw, i+1, got, tt.want[i])
			}
		}
	}
}

func TestTakePrefix(t *testing.T) {
	names := namer{"pop_afr_an": true}
	for _, want := range []string{"pop_afr_2", "pop_afr_3"} {
		if got := names.takePrefix("pop_afr", "_ac", "_an"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if names["pop_afr_ac"] || !names["pop_afr_3_an"] {
		t.Errorf("taken: %v", names)
	}
}

// The reserved words, as the Athena user guide lists them for DDL and for SELECT ("Escape reserved keywords in queries").
const (
	wordsOfDDL = `ALL, ALTER, AND, ARRAY, AS, AUTHORIZATION, BETWEEN, BIGINT, BINARY, BOOLEAN, BOTH, BY, CASE, CASHE, CAST, CHAR, COLUMN, CONF, CONSTRAINT,
		COMMIT, CREATE, CROSS, CUBE, CURRENT, CURRENT_DATE, CURRENT_TIMESTAMP, CURSOR, DATABASE, DATE, DAYOFWEEK, DECIMAL, DELETE, DESCRIBE, DISTINCT, DIV,
		DOUBLE, DROP, ELSE, END, EXCHANGE, EXISTS, EXTENDED, EXTERNAL, EXTRACT, FALSE, FETCH, FLOAT, FLOOR, FOLLOWING, FOR, FOREIGN, FROM, FULL, FUNCTION,
		GRANT, GROUP, GROUPING, HAVING, IF, IMPORT, IN, INNER, INSERT, INT, INTEGER, INTERSECT, INTERVAL, INTO, IS, JOIN, LATERAL, LEFT, LESS, LIKE, LOCAL,
		MACRO, MAP, MORE, NONE, NOT, NULL, NUMERIC, OF, ON, ONLY, OR, ORDER, OUT, OUTER, OVER, PARTIALSCAN, PARTITION, PERCENT, PRECEDING, PRECISION,
		PRESERVE, PRIMARY, PROCEDURE, RANGE, READS, REDUCE, REGEXP, REFERENCES, REVOKE, RIGHT, RLIKE, ROLLBACK, ROLLUP, ROW, ROWS, SELECT, SET, SMALLINT,
		START, TABLE, TABLESAMPLE, THEN, TIME, TIMESTAMP, TO, TRANSFORM, TRIGGER, TRUE, TRUNCATE, UNBOUNDED, UNION, UNIQUEJOIN, UPDATE, USER, USING,
		UTC_TIMESTAMP, VALUES, VARCHAR, VIEWS, WHEN, WHERE, WINDOW, WITH`
	wordsOfSelect = `ALTER, AND, AS, BETWEEN, BY, CASE, CAST, CONSTRAINT, CREATE, CROSS, CUBE, CURRENT_CATALOG, CURRENT_DATE, CURRENT_PATH, CURRENT_SCHEMA,
		CURRENT_TIME, CURRENT_TIMESTAMP, CURRENT_USER, DEALLOCATE, DELETE, DESCRIBE, DISTINCT, DROP, ELSE, END, ESCAPE, EXCEPT, EXECUTE, EXISTS, EXTRACT,
		FALSE, FIRST, FOR, FROM, FULL, GROUP, GROUPING, HAVING, IN, INNER, INSERT, INTERSECT, INTO, IS, JOIN, LAST, LEFT, LIKE, LOCALTIME, LOCALTIMESTAMP,
		NATURAL, NORMALIZE, NOT, NULL, ON, OR, ORDER, OUTER, PREPARE, RECURSIVE, RIGHT, ROLLUP, SELECT, SKIP, TABLE, THEN, TRIM, TRUE, UESCAPE, UNION, UNNEST,
		USING, VALUES, WHEN, WHERE, WITH`
)

func TestReservedWords(t *testing.T) {
	for word := range strings.SplitSeq(wordsOfDDL+","+wordsOfSelect, ",") {
		word = strings.TrimSpace(word)
		if got, want := (namer{}).takeOwn(word, 0), strings.ToLower(word)+"_"; got != want {
			t.Errorf("%s is named %s, want %s", word, got, want)
		}
	}
}

func names(columns []Column) (list []string) {
	for _, c := range columns {
		list = append(list, c.Name)
	}
	return list
}

// Ours are taken first, then header order (DESIGN §7 Names).
func TestLayoutNames(t *testing.T) {
	infos := []vcf.Field{{ID: "keys"}, {ID: "AF"}, {ID: "af"}, {ID: "other"}, {ID: "AF_2"}, {ID: "1000G"}, {ID: "date"}}
	formats := []vcf.Field{{ID: "other"}, {ID: "GT"}, {ID: "dp"}, {ID: "DP"}}
	l := newLayout(infos, formats, nil, nil)
	want := []string{"info_keys_2", "info_af", "info_af_2", "info_other_2", "info_af_2_2", "info_1000g", "info_date"}
	for i, b := range l.info {
		if got := l.annotations[b.column].Name; got != want[i] {
			t.Errorf("INFO/%s is %s, want %s", b.field.ID, got, want[i])
		}
	}
	if got, want := names(l.variants[colNAlt+1:]), []string{"fmt_other_2", "fmt_dp", "fmt_dp_2", "fmt_other"}; !slices.Equal(got, want) {
		t.Errorf("FORMAT fields are %v, want %v", got, want)
	}
	if l.annotations[l.infoKeys].Name != "info_keys" || l.annotations[l.infoOther].Name != "info_other" {
		t.Errorf("ours are %s and %s", l.annotations[l.infoKeys].Name, l.annotations[l.infoOther].Name)
	}
}

// Whatever the fields and columns are called, names are legal, each there once, and do not hide a column of a view.
func TestLayoutNamesAreDistinct(t *testing.T) {
	legal := regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	word := rapid.OneOf(rapid.StringMatching(`[aA]{1,2}(_2)?`), rapid.SampledFrom([]string{"", "gt", "chrom", "POS", "other", "keys", "n_alt", "qc_an", "ac", "1", "date", "sample_id"}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		var infos, formats []vcf.Field
		for _, id := range rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "INFO") {
			infos = append(infos, vcf.Field{ID: id})
		}
		for _, id := range rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "FORMAT") {
			formats = append(formats, vcf.Field{ID: id})
		}
		table, groups := &annotate.Table{Key: "s"}, &annotate.Groups{}
		for _, name := range rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "columns") {
			table.Columns = append(table.Columns, annotate.Column{Name: name})
			for _, value := range rapid.SliceOfNDistinct(word, 0, 2, rapid.ID).Draw(t, "values") {
				groups.Groups = append(groups.Groups, annotate.Group{Column: name, Value: value})
			}
		}
		l := newLayout(infos, formats, table, groups)
		inViews := append(names(l.samples), names(l.variants)...)
		for _, all := range [][]string{names(l.variants), names(l.annotations), inViews} {
			slices.Sort(all)
			if unique := slices.Compact(slices.Clone(all)); len(unique) != len(all) || slices.Contains(all, "chrom") {
				t.Fatalf("names are not distinct: %q", all)
			}
			for _, name := range all {
				if !legal.MatchString(name) || reserved[name] && !slices.Contains(ours, name) {
					t.Fatalf("%q is no good name", name)
				}
			}
		}
	})
}

// ours are the names that the schema fixes.
var ours = slices.Concat(names(recordColumns), names(qcColumns), names(sampleQCColumns))
