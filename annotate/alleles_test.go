package annotate

import "testing"

func TestClassifyAllele(t *testing.T) {
	tests := []struct {
		name     string
		ref, alt string
		want     alleleType
	}{
		{"transition", "A", "G", transition},
		{"transition back", "G", "A", transition},
		{"transition of pyrimidines", "C", "T", transition},
		{"transition of pyrimidines back", "T", "C", transition},
		{"transversion", "A", "C", transversion},
		{"transversion to the complement", "G", "C", transversion},
		{"N is a base", "A", "N", transversion},
		{"M is a base", "M", "A", transversion},
		{"one of several bases differs, transition", "AAA", "AGA", transition}, // documentation of hl.is_transition
		{"one of several bases differs, transversion", "CT", "GT", transversion},
		{"two of several bases differ", "CA", "TT", otherAllele},
		{"insertion", "A", "ATT", insertion}, // documentation of hl.is_insertion
		{"insertion between bases", "ATT", "ATGCTT", insertion},
		{"deletion", "ATT", "A", deletion}, // documentation of hl.is_deletion
		{"deletion that leaves a tail", "GTGTA", "GTA", deletion},
		{"neither", "ATT", "GCAC", otherAllele}, // documentation of hl.is_complex
		{"longer, but not an insertion", "CTA", "CTTT", otherAllele},
		{"inserted before the first base", "A", "TATGC", otherAllele},
		{"shorter, but not a deletion", "CTTT", "CTA", otherAllele},
		{"upstream deletion", "A", "*", star}, // documentation of hl.is_star
		{"upstream deletion at a long reference", "ATT", "*", star},
		{"symbolic", "A", "<DEL>", otherAllele},
		{"symbolic of any other allele", "A", "<*>", otherAllele},
		{"breakend", "A", "A[chr1:10[", otherAllele},
		{"single breakend", "A", "AC.", otherAllele},
		{"same as the reference", "A", "A", otherAllele},
		{"same as a long reference", "AC", "AC", otherAllele},
		{"lower case is no base", "a", "g", otherAllele},
		{"lower case alternate", "A", "g", otherAllele},
		{"reference that is no base", "R", "A", otherAllele},
		{"star at a reference that is no base", "R", "*", otherAllele},
		{"empty", "", "", otherAllele},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := classifyAllele([]byte(test.ref), []byte(test.alt)); got != test.want {
				t.Errorf("%s>%s: got %d, want %d", test.ref, test.alt, got, test.want)
			}
		})
	}
}
