package annotate

import (
	"slices"
	"strings"
	"unicode"
)

// pedColumns are the names of the columns of a PED that has no header line, in
// the order that PLINK and GATK fix.
func pedColumns() []string {
	return []string{"family_id", "sample_id", "paternal_id", "maternal_id", "sex", "phenotype"}
}

// isPEDRow tells whether the first line of a file is a row of a PED, and so not
// a header: six fields, the fifth a code of the sex. PLINK's codes are numbers
// that name no column; a word that might name one counts only before a phenotype.
func isPEDRow(fields []string) bool {
	if len(fields) != len(pedColumns()) {
		return false
	}
	sex, phenotype := fields[4], fields[5]
	switch strings.ToLower(sex) {
	case "0", "1", "2", "-9":
		return true
	case "other", "unknown", "male", "female", "na", ".":
		return phenotype == "NA" || phenotype == "." || shapeOf(phenotype) != noNumber
	}
	return false
}

// pedKey returns the index of the individual ID where names are the header of a
// PED, whose first column is the family; else 0.
func pedKey(names []string) int {
	switch squeeze(names[0]) {
	case "familyid", "family", "fid":
	default:
		return 0
	}
	return max(0, slices.IndexFunc(names, func(name string) bool {
		switch squeeze(name) {
		case "individualid", "individual", "iid", "sampleid", "sample":
			return true
		}
		return false
	}))
}

// squeeze strips a name to what spellings of it have in common: "Family ID",
// "#family_id" and "FamilyID" are "familyid".
func squeeze(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
