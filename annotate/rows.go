package annotate

import (
	"errors"
	"io"
	"strings"
)

// blanks is the separator of a PED by white space: any run of blanks and tabs.
const blanks = ' '

var errUnclosedQuote = errors.New(`a field opens with a quote and does not end with one; close it, and double the quotes inside ("")`)

// rowScanner cuts the text of a table into rows. Fields are substrings of the
// text wherever they stand in it as they are.
type rowScanner struct {
	separator byte // tab, comma or blanks
	rest      string
	line      int // of rest, 1-based
}

func newRowScanner(text string) *rowScanner { return &rowScanner{rest: text, line: 1} }

// peekLine returns the next line without its end.
func (s *rowScanner) peekLine() string {
	line, _, _ := strings.Cut(s.rest, "\n")
	return strings.TrimSuffix(line, "\r")
}

func (s *rowScanner) skipLine() {
	_, s.rest, _ = strings.Cut(s.rest, "\n")
	s.line++
}

func (s *rowScanner) skipBlankLines() {
	for s.rest != "" && s.peekLine() == "" {
		s.skipLine()
	}
}

// skipComments skips the lines that PLINK 2 allows ahead of a header.
func (s *rowScanner) skipComments() {
	s.skipBlankLines()
	for strings.HasPrefix(s.rest, "##") {
		s.skipLine()
		s.skipBlankLines()
	}
}

// next appends the fields of the next row that is not blank to fields, and
// returns them with the line where the row begins, or where a field is at fault;
// io.EOF after the last.
func (s *rowScanner) next(fields []string) (row []string, line int, err error) {
	s.skipBlankLines()
	line = s.line
	if s.rest == "" {
		return fields, line, io.EOF
	}
	if s.separator == blanks {
		fields = splitBlanks(fields, s.peekLine())
		s.skipLine()
		return fields, line, nil
	}
	for {
		field, err := s.field()
		if err != nil {
			return fields, s.line, err
		}
		fields = append(fields, field)
		if s.rest == "" || s.rest[0] != s.separator {
			s.skipLineEnd()
			return fields, line, nil
		}
		s.rest = s.rest[1:]
	}
}

// skipLineEnd skips what stands after the last field of a row.
func (s *rowScanner) skipLineEnd() {
	s.rest = strings.TrimPrefix(s.rest, "\r")
	if strings.HasPrefix(s.rest, "\n") {
		s.rest = s.rest[1:]
		s.line++
	}
}

// field takes the next field, up to the separator or line end after it.
func (s *rowScanner) field() (string, error) {
	if strings.HasPrefix(s.rest, `"`) {
		if value, size, ok := cutQuoted(s.rest, s.separator); ok {
			s.line += strings.Count(value, "\n")
			s.rest = s.rest[size:]
			return value, nil
		}
		// Programs that write TSV rarely quote, and a name may begin with a quote;
		// in a CSV nobody could tell a comma of the text from a separator.
		if s.separator == ',' {
			return "", errUnclosedQuote
		}
	}
	end := 0
	for end < len(s.rest) && s.rest[end] != s.separator && s.rest[end] != '\n' {
		end++
	}
	if end > 0 && s.rest[end-1] == '\r' && (end == len(s.rest) || s.rest[end] == '\n') {
		end--
	}
	field := s.rest[:end]
	s.rest = s.rest[end:]
	return field, nil
}

// cutQuoted reads a quoted field at the beginning of text: its value and how
// many bytes it takes. It is not ok unless the closing quote ends the field.
func cutQuoted(text string, separator byte) (value string, size int, ok bool) {
	doubled := false
	for end := 1; ; {
		i := strings.IndexByte(text[end:], '"')
		if i < 0 {
			return "", 0, false
		}
		end += i
		after := text[end+1:]
		switch {
		case strings.HasPrefix(after, `"`):
			doubled = true
			end += 2
		case after == "" || after[0] == separator || after[0] == '\n' || after == "\r" || strings.HasPrefix(after, "\r\n"):
			value = text[1:end]
			if doubled {
				value = strings.ReplaceAll(value, `""`, `"`)
			}
			return value, end + 1, true
		default:
			return "", 0, false
		}
	}
}

// splitBlanks appends the words of a line to fields.
func splitBlanks(fields []string, line string) []string {
	isBlank := func(r rune) bool { return r == ' ' || r == '\t' }
	for word := range strings.FieldsFuncSeq(line, isBlank) {
		fields = append(fields, word)
	}
	return fields
}
