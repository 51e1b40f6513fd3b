package vcf

import (
	"errors"
	"slices"
)

// ErrHeader is wrapped by every error about a header that can't be taken as
// it is. The message has the line, what was found there and what to do.
var ErrHeader = errors.New("bad VCF header")

// Version is the number of ##fileformat=VCFvMAJOR.MINOR; Major is always 4.
type Version struct{ Major, Minor int }

// AtLeast tells whether v is major.minor or later.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Field is the declaration of an INFO or FORMAT field (VCF 4.5 §1.4.2, §1.4.4).
// Number is 0 where Type is Flag, and only there.
type Field struct {
	ID          string
	Number      Number
	Type        Type
	Description string // quotes and escapes undone
}

// Contig is a ##contig line (VCF 4.5 §1.4.7).
type Contig struct {
	ID     string
	Length int64 // bases; 0 where the header doesn't say
}

// Issue is something that a header says wrongly and that was accepted all the
// same. Where two lines define one ID, the first holds.
type Issue struct {
	Line int    // 1-based
	Kind string // INFO, FORMAT, FILTER, contig, fileformat; "" for a line that has none
	Key  string // the ID, "" where there is none
	Text string // what is wrong and how it was taken
}

// Header is all that stands before the records. It is not changed once made.
type Header struct {
	Version  Version
	Lines    []string // every ## line as it stands, without line end
	Infos    []Field  // in header order, as all that follow
	Formats  []Field
	Filters  []string // IDs, with PASS where the header declares it
	Contigs  []Contig
	Samples  []string
	Columns  int // of the #CHROM line: 8 sites only, 9 FORMAT without samples, else 9 + samples
	Issues   []Issue
	numLines int
}

// Info returns the declaration of an INFO field.
func (h *Header) Info(id string) (Field, bool) { return findField(h.Infos, id) }

// Format returns the declaration of a FORMAT field.
func (h *Header) Format(id string) (Field, bool) { return findField(h.Formats, id) }

// findField is a plain scan: headers have tens of fields, and callers look
// each up once a file.
func findField(fields []Field, id string) (Field, bool) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}
