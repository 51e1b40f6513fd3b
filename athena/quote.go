package athena

import (
	"fmt"
	"strings"
)

// Dialect is a kind of SQL. All text that comes from a VCF header, a contig or
// a sample table reaches a statement through Dialect.Text or Dialect.Name.
type Dialect uint8

const (
	AthenaDDL Dialect = iota // Hive's, which Athena takes for CREATE TABLE and ALTER TABLE
	AthenaSQL                // Trino's, which Athena takes for queries and views
	DuckDB
)

// Text returns s, which must be UTF-8, as a string literal.
func (d Dialect) Text(s string) string {
	switch {
	case d == AthenaDDL:
		return hiveText(s)
	case d == DuckDB && strings.Contains(s, "\x00"):
		// DuckDB reads a statement up to the first NUL.
		return "('" + strings.ReplaceAll(strings.ReplaceAll(s, "'", "''"), "\x00", "' || chr(0) || '") + "')"
	default:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
}

// hiveText escapes by backslash: two quotes in a row are in Hive the seam
// between two literals.
func hiveText(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7F:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// Name returns a quoted identifier, qualified if there is more than one part;
// empty parts are left out.
func (d Dialect) Name(parts ...string) string {
	quote := `"`
	if d == AthenaDDL {
		quote = "`"
	}
	var b strings.Builder
	for _, part := range parts {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(quote + strings.ReplaceAll(part, quote, quote+quote) + quote)
	}
	return b.String()
}
