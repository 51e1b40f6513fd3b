package athena

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varlake/varlake/export"
)

// namedTables returns the tables that a statement reads, by their own names or those of views, all of which begin with prefix. A word of the statement that is the name of a
// table counts, whatever it stands for.
func namedTables(m *export.Manifest, statement, prefix string) (tables []export.Table) {
	statement = strings.ToLower(statement)
	_, isTable := m.Table(Carriers)
	view := hasWord(statement, prefix+Genotypes) || !isTable && hasWord(statement, prefix+Carriers)
	for _, t := range m.Tables {
		ofView := t.Name == export.Variants || t.Name == export.SampleAnnotations
		if hasWord(statement, prefix+t.Name) || view && ofView {
			tables = append(tables, t)
		}
	}
	return tables
}

// hasWord tells whether a text has a word in it that is no part of a longer one.
func hasWord(text, word string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(word):])
		if !isWordRune(before) && !isWordRune(after) {
			return true
		}
		from = at + 1
	}
}

func isWordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
