package vcf

import (
	"math"
	"strings"
)

// missingAllele stands in Call.Alleles for an allele written ".".
const missingAllele = -1

// Call is one distinct GT text, decoded by VCF 4.5 section 1.6.2: allele
// numbers of any ploidy, each preceded by '/' (unphased) or '|' (phased), where
// the first separator may be left out. 0 is REF, 1 the first ALT, "." a missing
// allele.
//
// Whether an allele number exists in a record's ALT is for the caller to check
// against MaxAllele: the same call serves all records.
type Call struct {
	// Text is the GT as the file has it, also where it is not Valid.
	Text string
	// Alleles are the allele numbers in the order of the text; -1 is a missing
	// allele. nil where the call is not Valid.
	Alleles []int32
	// Valid: the text is a GT. The empty text is not; "." and "./." are.
	// Neither are allele numbers with leading zeros or beyond 2^31-1.
	Valid bool
	// Called: Valid, and no allele is missing. A half-call ("0/.") is not called.
	Called bool
	// Phased: there are separators and all are '|', a leading one included. A
	// lone allele is phased only where '|' precedes it: VCF 4.4 would take it
	// for phased, but in all older files it says nothing.
	Phased bool
	// NAlt is the number of alleles (copies) that are not REF. It is the
	// number of alternate alleles of a genotype only where the call is Called.
	NAlt int32
	// MaxAllele is the highest allele number, -1 where there is none.
	MaxAllele int32
}

// Ploidy returns the number of alleles, missing ones included: 0 where the call
// is not Valid.
func (c *Call) Ploidy() int { return len(c.Alleles) }

// parseCall decodes a GT text. What is no GT gives a call that keeps the text
// and is not Valid.
func parseCall(text string) Call {
	call := Call{Text: text, MaxAllele: missingAllele}
	rest := text
	if rest != "" && isSeparator(rest[0]) {
		rest = rest[1:]
	}
	phased, unphased := strings.Count(text, "|"), strings.Count(text, "/")
	alleles := make([]int32, 0, 1+phased+unphased)
	called, nAlt, highest := true, int32(0), int32(missingAllele)
	for {
		allele, width := parseAllele(rest)
		if width == 0 {
			return call
		}
		alleles = append(alleles, allele)
		highest = max(highest, allele)
		if allele == missingAllele {
			called = false
		} else if allele > 0 {
			nAlt++
		}
		if width == len(rest) {
			break
		}
		if !isSeparator(rest[width]) {
			return call
		}
		rest = rest[width+1:]
	}
	call.Alleles = alleles
	call.Valid = true
	call.Called = called
	call.Phased = phased > 0 && unphased == 0
	call.NAlt = nAlt
	call.MaxAllele = highest
	return call
}

// parseAllele reads the allele that s begins with and returns how many bytes it
// takes: 0 where there is none.
func parseAllele(s string) (allele int32, width int) {
	if s == "" {
		return 0, 0
	}
	switch s[0] {
	case '.':
		return missingAllele, 1
	case '0': // also the first byte of "01", which then lacks its separator
		return 0, 1
	}
	value := int64(0)
	for width < len(s) && '0' <= s[width] && s[width] <= '9' {
		value = value*10 + int64(s[width]-'0')
		if value > math.MaxInt32 {
			return 0, 0
		}
		width++
	}
	return int32(value), width
}

func isSeparator(b byte) bool { return b == '/' || b == '|' }
