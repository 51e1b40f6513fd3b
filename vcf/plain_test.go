package vcf

import (
	"regexp"
	"strconv"
	"strings"
)

// The plain way to read genotypes, for the tests: what the fast way must agree
// with.

var plainGT = regexp.MustCompile(`^[/|]?(\.|0|[1-9][0-9]*)([/|](\.|0|[1-9][0-9]*))*$`)

func plainCall(text string) Call {
	invalid := Call{Text: text, MaxAllele: -1}
	if !plainGT.MatchString(text) || strings.HasSuffix(text, "\n") {
		return invalid
	}
	call := Call{Text: text, Valid: true, Called: true, MaxAllele: -1}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '|' })
	for _, part := range parts {
		if part == "." {
			call.Alleles = append(call.Alleles, -1)
			call.Called = false
			continue
		}
		allele, err := strconv.ParseInt(part, 10, 32)
		if err != nil {
			return invalid
		}
		call.Alleles = append(call.Alleles, int32(allele))
		call.MaxAllele = max(call.MaxAllele, int32(allele))
		if allele != 0 {
			call.NAlt++
		}
	}
	call.Phased = strings.Contains(text, "|") && !strings.Contains(text, "/")
	return call
}

// plainTable is a CallTable without haste.
type plainTable struct{ texts []string }

func (t *plainTable) intern(text string) uint32 {
	for code, known := range t.texts {
		if known == text {
			return uint32(code)
		}
	}
	t.texts = append(t.texts, text)
	return uint32(len(t.texts) - 1)
}

func (t *plainTable) runs(samples string) (runs []Run, cells int) {
	if samples == "" {
		return nil, 0
	}
	for text := range strings.SplitSeq(samples, "\t") {
		runs = AppendRun(runs, t.intern(text), 1)
		cells++
	}
	return runs, cells
}
