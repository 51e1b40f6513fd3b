package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ConflictKind says how a value or a line departs from the header or from the standard, though nothing of it is lost.
type ConflictKind string

// Kinds of conflicts.
const (
	Undeclared   ConflictKind = "undeclared"   // a key that the header does not declare
	Misfit       ConflictKind = "misfit"       // a value that is not of the declared type
	WrongCount   ConflictKind = "wrong count"  // a list of another length than the declared Number
	Duplicate    ConflictKind = "duplicate"    // a key twice in one record, an ID twice in one header
	BadGenotype  ConflictKind = "bad genotype" // a GT that can't be read or names an allele beyond ALT
	Malformed    ConflictKind = "malformed"    // an empty entry, an encoding that does not decode and encode to the same text
	Unsorted     ConflictKind = "out of order" // a position before the one of the record before
	NoContig     ConflictKind = "no contig"    // a contig that the header does not declare
	Disagreement ConflictKind = "disagreement" // headers of two inputs that declare a field differently
	NoNewline    ConflictKind = "no newline"   // the last line has no end: perhaps the file is cut
	LargeRow     ConflictKind = "large"        // a record near the largest row that Athena reads
	HeaderIssue  ConflictKind = "header"       // a header line that was accepted but is not as the standard has it
)

// Conflict counts one kind of conflict of one field, with its first example.
type Conflict struct {
	Field string       `json:"field"` // INFO/AF, FORMAT/GT, POS, CHROM
	Kind  ConflictKind `json:"kind"`
	Count int64        `json:"count"`
	Input string       `json:"input"`          // where the first example is
	Line  int64        `json:"line,omitempty"` // 1-based; 0 for a header as a whole, and where Offset stands
	// Offset is where the line begins, where its number is not known: virtual offset in BGZF, byte offset of the text otherwise.
	Offset int64  `json:"offset,omitempty"`
	Text   string `json:"text"` // the first example, cut to maxExample bytes
}

// maxExample bounds the text of an example, in bytes.
const maxExample = 120

type conflictKey struct {
	field string
	kind  ConflictKind
}

// maxConflicts bounds the fields and kinds that are told apart: a hostile file has a key for each record. The rest are counted together as otherFields.
const (
	maxConflicts = 10_000
	otherFields  = "other fields"
)

// conflicts collects conflicts by field and kind.
type conflicts map[conflictKey]*Conflict

// add counts one conflict; text is copied when it is the first of its field and kind.
func (c conflicts) add(field string, kind ConflictKind, input string, at place, text []byte) {
	if have, ok := c[conflictKey{field, kind}]; ok {
		have.Count++
		return
	}
	if len(c) >= maxConflicts {
		field = otherFields
		if have, ok := c[conflictKey{field, kind}]; ok {
			have.Count++
			return
		}
	}
	first := &Conflict{Field: field, Kind: kind, Count: 1, Input: input, Line: at.Line, Text: example(text)}
	if at.Line == 0 {
		first.Offset = at.Offset
	}
	c[conflictKey{field, kind}] = first
}

// merge adds the conflicts of what comes after c in file order.
func (c conflicts) merge(later conflicts) {
	for key, more := range later {
		if _, ok := c[key]; !ok && len(c) >= maxConflicts {
			key.field = otherFields
		}
		if have, ok := c[key]; ok {
			have.Count += more.Count
		} else {
			first := *more
			first.Field = key.field
			c[key] = &first
		}
	}
}

// list returns the conflicts ordered by field and kind.
func (c conflicts) list() []Conflict {
	out := make([]Conflict, 0, len(c))
	for _, x := range c {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b Conflict) int { return cmp.Or(strings.Compare(a.Field, b.Field), cmp.Compare(a.Kind, b.Kind)) })
	return out
}

// mismatch returns an error for the first conflict, in file order, of a value with the header, nil where there is none.
func (c conflicts) mismatch() error {
	var first *Conflict
	for _, x := range c {
		departs := x.Kind == Undeclared || x.Kind == Misfit || x.Kind == WrongCount || x.Kind == BadGenotype
		if departs && (first == nil || cmp.Or(cmp.Compare(x.Line, first.Line), cmp.Compare(x.Offset, first.Offset), cmp.Compare(x.Field, first.Field)) < 0) {
			first = x
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("%w: %s, %s: %s is %s: %q; mend the header, or give --on-header-mismatch keep to keep such values as text",
		ErrHeaderMismatch, first.Input, first.Where(), first.Field, first.Kind, first.Text)
}

// Where names the line of the example in a message: by its number, or its offset where that is not known; "" for a header as a whole.
func (c *Conflict) Where() string {
	switch {
	case c.Line > 0:
		return fmt.Sprintf("line %d", c.Line)
	case c.Offset > 0:
		return fmt.Sprintf("offset %d", c.Offset)
	}
	return ""
}

// example is text as a message may show it: cut, and valid UTF-8.
func example(text []byte) string {
	if len(text) > maxExample {
		return strings.ToValidUTF8(string(text[:maxExample]), "") + "…"
	}
	return strings.ToValidUTF8(string(text), "\ufffd")
}
