package annotate

import (
	"errors"
	"strings"
)

// layout is how a table is written.
type layout struct {
	names      []string // of the columns
	headerLine int      // 1-based; 0: a PED without a header line
	defaultKey int      // index of the key column unless the user says otherwise
}

// isID tells whether a column is an identifier whatever its values look like.
// Only in a PED without header the format says so; a header may mean anything.
func (l layout) isID(column int) bool { return l.headerLine == 0 && column < 4 }

// readLayout finds out the separator and reads the header line, if there is one.
func (s *rowScanner) readLayout() (layout, error) {
	s.skipComments()
	first := s.peekLine()
	if strings.TrimSpace(first) == "" {
		return layout{}, errors.New("no header line; the first line must name the columns")
	}
	if strings.Contains(first, "\r") {
		return layout{}, errors.New("lines end in CR alone; save the file with LF or CRLF")
	}
	words := splitBlanks(nil, first)
	switch {
	case isPEDRow(strings.Split(first, "\t")):
		s.separator = '\t'
		return layout{names: pedColumns(), defaultKey: 1}, nil
	case isPEDRow(words):
		s.separator = blanks
		return layout{names: pedColumns(), defaultKey: 1}, nil
	case strings.Contains(first, "\t"):
		s.separator = '\t'
	case strings.Contains(first, ","):
		s.separator = ','
	case pedKey(words) > 0:
		s.separator = blanks
	case strings.Contains(first, ";"):
		return layout{}, errors.New("columns seem to be separated by semicolons; save the file as TSV, or as CSV with commas")
	default:
		s.separator = '\t' // a single column
	}
	names, line, err := s.next(nil)
	if err != nil {
		return layout{}, err
	}
	if bare := strings.TrimLeft(names[0], "#"); bare != names[0] {
		names[0] = strings.TrimLeft(bare, " ")
	}
	return layout{names: names, headerLine: line, defaultKey: pedKey(names)}, nil
}
