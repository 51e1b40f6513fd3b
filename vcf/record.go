package vcf

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// RecordError says why a line is no record. The caller knows file, line and
// offset.
type RecordError struct{ Reason string }

func (e *RecordError) Error() string { return "bad record: " + e.Reason }

func badRecord(format string, args ...any) error {
	return &RecordError{Reason: fmt.Sprintf(format, args...)}
}

// Columns of a record, as indexes of Record.ends.
const (
	colChrom = iota
	colPos
	colID
	colRef
	colAlt
	colQual
	colFilter
	colInfo
	colFormat
	numColumns
)

var columnNames = [numColumns]string{"CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"}

// Record is one line with the bounds of its columns (VCF 4.5 §1.6). It is
// reused from line to line: what its methods return borrows the line and holds
// until the next Parse or the release of the chunk.
type Record struct {
	line    []byte
	ends    [numColumns]int // column i ends before ends[i] and begins behind the tab at ends[i-1]
	samples []byte
	pos     int64
	qual    float64 // NaN also where QUAL is missing
	nAlt    int
}

// Parse takes up a line, given without line end. columns is the header's
// count: 8 or 9 must be met exactly, with samples there must be FORMAT and at
// least one sample column; to count these is left to whoever scans them.
//
// Errors are a *[RecordError]: a blank line, too few or (without samples) too
// many columns, an empty column, a POS that is not a number of 0 or more, a
// QUAL that is neither a number nor ".", columns other than INFO and samples
// that are not UTF-8.
func (r *Record) Parse(line []byte, columns int) error {
	r.line, r.samples = line, nil
	if len(line) == 0 {
		return badRecord("blank line")
	}
	if err := r.split(columns); err != nil {
		return err
	}
	if !utf8.Valid(line[:r.ends[colFilter]]) || !utf8.Valid(r.Format()) {
		return badRecord("bytes that are not UTF-8 before INFO or in FORMAT")
	}
	var ok bool
	if r.pos, ok = parsePos(r.column(colPos)); !ok {
		return badRecord("POS is %s, not a number", excerptColumn(r.column(colPos)))
	}
	if r.qual, ok = parseQual(r.QualText()); !ok {
		return badRecord("QUAL is %s, neither a number nor .", excerptColumn(r.QualText()))
	}
	r.nAlt = 0
	if alts := r.Alt(); string(alts) != "." {
		r.nAlt = 1 + bytes.Count(alts, []byte{','})
	}
	return nil
}

// split finds the ends of the columns and refuses empty ones.
func (r *Record) split(columns int) error {
	fixed := min(columns, numColumns)
	start := 0
	more := true
	for i := range fixed {
		if !more {
			return badRecord("%d columns where the header has %d: %s is missing", i, columns, columnNames[i])
		}
		end := len(r.line)
		tab := bytes.IndexByte(r.line[start:], '\t')
		if more = tab >= 0; more {
			end = start + tab
		}
		if end == start {
			return badRecord("%s is empty", columnNames[i])
		}
		r.ends[i] = end
		start = end + 1
	}
	if fixed <= colFormat {
		r.ends[colFormat] = r.ends[colInfo]
	}
	switch {
	case columns <= numColumns && more:
		return badRecord("%d columns where the header has %d", fixed+1+bytes.Count(r.line[start:], []byte{'\t'}), columns)
	case columns > numColumns && !more:
		return badRecord("%d columns where the header has %d: no samples", fixed, columns)
	case more:
		r.samples = r.line[start:]
	}
	return nil
}

func (r *Record) column(i int) []byte { return r.line[r.ends[i-1]+1 : r.ends[i]] }

// Chrom returns the name of the contig.
func (r *Record) Chrom() []byte { return r.line[:r.ends[colChrom]] }

// Pos returns the 1-based position; 0 is the telomere before the first base.
func (r *Record) Pos() int64 { return r.pos }

// ID returns the ID column: "." or names separated by ';'.
func (r *Record) ID() []byte { return r.column(colID) }

// Ref returns the reference allele.
func (r *Record) Ref() []byte { return r.column(colRef) }

// Alt returns the ALT column: "." or alleles separated by ','.
func (r *Record) Alt() []byte { return r.column(colAlt) }

// NAlt returns the number of alternate alleles, 0 where ALT is ".".
func (r *Record) NAlt() int { return r.nAlt }

// QualText returns the QUAL column as written.
func (r *Record) QualText() []byte { return r.column(colQual) }

// Qual returns the phred-scaled quality, and false where it is ".".
func (r *Record) Qual() (float64, bool) { return r.qual, string(r.QualText()) != "." }

// Filter returns the FILTER column: ".", PASS or names separated by ';'.
func (r *Record) Filter() []byte { return r.column(colFilter) }

// Info returns the INFO column, for an [InfoCursor].
func (r *Record) Info() []byte { return r.column(colInfo) }

// Format returns the FORMAT column, nil in a file of sites only.
func (r *Record) Format() []byte {
	if r.ends[colFormat] == r.ends[colInfo] {
		return nil
	}
	return r.column(colFormat)
}

// Samples returns the rest of the line behind FORMAT, tabs between the
// samples; nil in a file without samples.
func (r *Record) Samples() []byte { return r.samples }

// parsePos reads digits only: a sign or a space is no position.
func parsePos(s []byte) (int64, bool) {
	var n int64
	for _, c := range s {
		digit := int64(c) - '0'
		if digit < 0 || digit > 9 || n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

// parseQual reads a decimal number, NaN or Inf (VCF 4.3 §1.3); NaN for ".".
// Hexadecimal numbers, which strconv takes, are none in VCF, and what
// overflows or underflows would not be kept.
func parseQual(s []byte) (float64, bool) {
	if string(s) == "." {
		return math.NaN(), true
	}
	if q, width := LeadingDecimal(s); width == len(s) && width > 0 {
		return q, true
	}
	if bytes.ContainsAny(s, "xX_") {
		return 0, false
	}
	q, err := strconv.ParseFloat(string(s), 64)
	if q == 0 && bytes.ContainsAny(mantissa(s), "123456789") {
		return 0, false
	}
	return q, err == nil
}

// mantissa returns a number without its exponent.
func mantissa(s []byte) []byte {
	if i := bytes.IndexAny(s, "eE"); i >= 0 {
		return s[:i]
	}
	return s
}

func excerptColumn(s []byte) string {
	const limit = 60
	return quoteExcerpt(string(s[:min(len(s), limit+1)]))
}
