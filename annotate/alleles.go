package annotate

import "bytes"

// alleleType is what an alternate allele does to the reference, in the classes
// that sample_qc counts.
type alleleType uint8

const (
	otherAllele  alleleType = iota // MNP, complex, symbolic and unknown: not counted
	transition                     // SNP A<->G or C<->T
	transversion                   // any other SNP
	insertion
	deletion
	star // "*": missing because of an upstream deletion
)

// classifyAllele follows Hail's numeric_allele_type and is_transition. Bases
// are upper case only, and are A, C, G, T, N or M; alleles of equal length that
// differ in one base are a SNP, however long they are.
func classifyAllele(ref, alt []byte) alleleType {
	switch {
	case !isBases(ref):
		return otherAllele
	case len(alt) == 1 && alt[0] == '*':
		return star
	case !isBases(alt):
		return otherAllele
	case len(ref) == len(alt):
		return classifySubstitution(ref, alt)
	case ref[0] != alt[0]:
		return otherAllele
	case len(ref) < len(alt) && bytes.HasSuffix(alt, ref[1:]):
		return insertion
	case len(ref) > len(alt) && bytes.HasSuffix(ref, alt[1:]):
		return deletion
	}
	return otherAllele
}

func classifySubstitution(ref, alt []byte) alleleType {
	at, differences := 0, 0
	for i := range ref {
		if ref[i] != alt[i] {
			at = i
			differences++
		}
	}
	switch {
	case differences != 1:
		return otherAllele
	case isTransition(ref[at], alt[at]):
		return transition
	}
	return transversion
}

func isTransition(a, b byte) bool {
	switch {
	case a == 'A' && b == 'G', a == 'G' && b == 'A', a == 'C' && b == 'T', a == 'T' && b == 'C':
		return true
	}
	return false
}

func isBases(allele []byte) bool {
	for _, b := range allele {
		switch b {
		case 'A', 'C', 'G', 'T', 'N', 'M':
		default:
			return false
		}
	}
	return len(allele) > 0
}
