package annotate

import (
	"math"
	"strings"
	"testing"
)

func TestInferType(t *testing.T) {
	tests := []struct {
		values string // by blanks; ~ is an empty field
		want   ColumnType
	}{
		{"true false", Boolean},
		{"TRUE False tRuE NA", Boolean},
		{"true 1", String},
		{"T F", String},
		{"yes no", String},
		{"falſe", String}, // folds to false in Unicode
		{"0 1 -1 2147483647 -2147483648", Int},
		{"1 ~ . NA", Int},
		{"2147483648", BigInt},
		{"1 -2147483649", BigInt},
		{"9223372036854775807 -9223372036854775808", BigInt},
		{"9223372036854775808", String},
		{"1 123456789012345678901234567890", String},
		{"0.5 123456789012345678901234567890", String},
		{"0.5 9007199254740992", Double},
		{"0.5 9007199254740993", String}, // a double would change it
		{"007", String},
		{"1 007", String},
		{"-01", String},
		{"00", String},
		{"00.5", String},
		{"+5", String},
		{"+0.5", String},
		{"-0", Double},
		{"1e5", Double},
		{"1 2.5", Double},
		{".5 5. -.5 1E-3 1e+05 2.5e10", Double},
		{"1e308", Double},
		{"1e309", String},
		{"1e-400 5e-324", Double},
		{"NaN", Double},
		{"0.1 NaN Inf -Inf Infinity -Infinity", Double},
		{"nan", String},
		{"infinity", String},
		{". -", String},
		{"1 -", String},
		{"e5", String},
		{"1e", String},
		{"1e+", String},
		{"1e5x", String},
		{"1ee1", String}, // this and the next are from Hail's tests
		{"1e0.1", String},
		{"1e1.", String},
		{"1d 2f", String}, // Java's parseDouble takes them
		{"0x10", String},
		{"1_000", String},
		{"1,000", String},
		{"١٢", String}, // digits, but not of ASCII
		{"NA12878", String},
		{"HG00096 1", String},
		{"~ NA .", String},
		{"", String},
	}
	for _, test := range tests {
		cells := strings.Split(strings.ReplaceAll(test.values, "~", ""), " ")
		if got := inferType(cells, TableOptions{}.isMissing); got != test.want {
			t.Errorf("%q: got %s, want %s", test.values, got, test.want)
		}
	}
}

// An inferred type takes every value of its column.
func FuzzInferType(f *testing.F) {
	for _, seed := range []string{"1 2", "1e5 .5", "true", "007 +5", "-0", "9223372036854775808", "NaN -Inf", "1e999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, values string) {
		cells := strings.Split(values, " ")
		typ := inferType(cells, TableOptions{}.isMissing)
		c, bad := newColumn("x", typ, cells, TableOptions{}.isMissing)
		if bad >= 0 {
			t.Fatalf("%q in a column of %s", cells[bad], typ)
		}
		for row, text := range cells {
			if c.Valid[row] && (typ == Int || typ == BigInt || typ == String) && c.Text(row) != text {
				t.Fatalf("%s %q became %q", typ, text, c.Text(row))
			}
		}
	})
}

func TestColumnValues(t *testing.T) {
	table := mustReadTable(t, "s\tb\ti\tl\td\tt\nHG1\tTRUE\t-5\t3000000000\t1e5\tNA12878\nHG2\tNA\tNA\tNA\tNA\tNA\n", TableOptions{})
	for i, want := range []ColumnType{Boolean, Int, BigInt, Double, String} {
		c := &table.Columns[i]
		if c.Type != want || !c.Valid[0] || c.Valid[1] || c.Text(1) != "" {
			t.Errorf("column %s: type %s, valid %v, second %q", c.Name, c.Type, c.Valid, c.Text(1))
		}
	}
	if b, i, l, d, s := table.Columns[0].Bools, table.Columns[1].Ints, table.Columns[2].Ints, table.Columns[3].Doubles, table.Columns[4].Strings; !b[0] || i[0] != -5 || l[0] != 3_000_000_000 || d[0] != 100_000 || s[0] != "NA12878" {
		t.Error(b, i, l, d, s)
	}
}

func TestOverrideTakesMoreThanInference(t *testing.T) {
	for text, want := range map[string]float64{"+5": 5, "007.50": 7.5, "inf": math.Inf(1), "12345678901234567890": 12345678901234567890} {
		if got, ok := parseDouble(text); !ok || got != want {
			t.Errorf("%q: %v %t", text, got, ok)
		}
	}
}

func TestColumnTypeNames(t *testing.T) {
	for typ := Boolean; typ <= String; typ++ {
		if got, err := ParseColumnType(typ.String()); err != nil || got != typ {
			t.Errorf("%s: %v %v", typ, got, err)
		}
	}
	if _, err := ParseColumnType("tinyint"); err == nil || err.Error() != `no column type "tinyint"; there are boolean, int, bigint, double and string` {
		t.Error(err)
	}
	if got := ColumnType(9).String(); got != "ColumnType(9)" {
		t.Error(got)
	}
}
