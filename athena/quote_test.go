package athena

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// unescapeHive reads a literal as Hive does (BaseSemanticAnalyzer.unescapeSQLString),
// as far as Text goes: \u and four hex digits, and a backslash before what stands for itself.
func unescapeHive(literal string) string {
	literal = literal[1 : len(literal)-1]
	var b strings.Builder
	for i := 0; i < len(literal); i++ {
		switch {
		case literal[i] == '\'':
			return "ends too early: " + literal
		case literal[i] != '\\':
			b.WriteByte(literal[i])
		case literal[i+1] == 'u':
			n, err := strconv.ParseUint(literal[i+2:i+6], 16, 16)
			if err != nil {
				return err.Error()
			}
			b.WriteRune(rune(n))
			i += 5
		default:
			i++
			b.WriteByte(literal[i])
		}
	}
	return b.String()
}

func TestQuote(t *testing.T) {
	tests := []struct{ got, want string }{
		{AthenaDDL.Text(`it's a \ "x";` + "\n"), `'it\'s a \\ "x";\u000A'`},
		{AthenaSQL.Text(`it's a \ "x";` + "\n"), `'it''s a \ "x";` + "\n'"},
		{DuckDB.Text("a'\x00b"), "('a''' || chr(0) || 'b')"},
		{AthenaDDL.Name("db", "a`b"), "`db`.`a``b`"},
		{AthenaSQL.Name("db", `a"b`), `"db"."a""b"`},
		{DuckDB.Name("", "t"), `"t"`},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}

func TestTypes(t *testing.T) {
	tests := []struct{ athena, trino, duckdb string }{
		{"boolean", "boolean", "BOOLEAN"},
		{"int", "integer", "INTEGER"},
		{"bigint", "bigint", "BIGINT"},
		{"double", "double", "DOUBLE"},
		{"string", "varchar", "VARCHAR"},
		{"array<int>", "array(integer)", "INTEGER[]"},
		{"array<array<string>>", "array(array(varchar))", "VARCHAR[][]"},
		{"map<string,string>", "map(varchar, varchar)", "MAP(VARCHAR, VARCHAR)"},
		{"map<string,array<string>>", "map(varchar, array(varchar))", "MAP(VARCHAR, VARCHAR[])"},
	}
	for _, test := range tests {
		typ, err := ParseType(test.athena)
		if err != nil || typ.String() != test.athena || typ.Trino() != test.trino || typ.DuckDB() != test.duckdb {
			t.Errorf("%s: %s, %s, %s, %v", test.athena, typ, typ.Trino(), typ.DuckDB(), err)
		}
	}
	for _, bad := range []string{"", "INT", "tinyint", "array", "array<>", "array<int", "array<int>>", "array<int,int>", "map<string>", "map<string,string", "struct<a:int>", "int ", "int; DROP"} {
		if typ, err := ParseType(bad); !errors.Is(err, ErrType) {
			t.Errorf("ParseType(%q) = %v, %v", bad, typ, err)
		}
	}
}

func FuzzParseType(f *testing.F) {
	f.Add("map<string,array<string>>")
	f.Add("array<array<int>>")
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := ParseType(s)
		if err == nil && typ.String() != s {
			t.Errorf("%q is read as %s", s, typ)
		}
	})
}
