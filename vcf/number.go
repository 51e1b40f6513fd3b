package vcf

import "strconv"

// NumberKind says how the count of a field's values is found (VCF 4.5 §1.4.2).
type NumberKind uint8

const (
	NumberCount   NumberKind = iota // a fixed count, 0 for flags
	NumberUnknown                   // ".": any count
	NumberA                         // a value for each alternate allele
	NumberR                         // a value for each allele, the reference first
	NumberG                         // a value for each possible genotype
	NumberP                         // a value for each allele of GT (4.4)
	NumberLA                        // as A, of the alleles that LAA names (4.5)
	NumberLR                        // as R, of the alleles that LAA names (4.5)
	NumberLG                        // as G, of the alleles that LAA names (4.5)
	NumberM                         // a value for each possible base modification (4.5)
)

var numberSymbols = [...]string{
	NumberUnknown: ".", NumberA: "A", NumberR: "R", NumberG: "G", NumberP: "P",
	NumberLA: "LA", NumberLR: "LR", NumberLG: "LG", NumberM: "M",
}

// Number is how many values a field has.
type Number struct {
	Kind NumberKind
	N    int // the count where Kind is NumberCount, else 0
}

// String gives the spelling of the header: "1", ".", "A", "LG".
func (n Number) String() string {
	if n.Kind == NumberCount {
		return strconv.Itoa(n.N)
	}
	return numberSymbols[n.Kind]
}

func parseNumber(s string) (Number, bool) {
	for kind, symbol := range numberSymbols {
		if symbol == s && s != "" {
			return Number{Kind: NumberKind(kind)}, true
		}
	}
	// 31 bits: the counts that every reader can hold; no sign.
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return Number{Kind: NumberUnknown}, false
	}
	return Number{N: int(n)}, true
}

// Type is the type of a field's values (VCF 4.5 §1.4.2).
type Type uint8

const (
	Integer   Type = iota // 32-bit signed in practice
	Float                 // decimal, also NaN and Inf
	Flag                  // INFO only: there or not, no value
	String                // percent-encoded text (4.3)
	Character             // a String of one character
)

var typeNames = [...]string{Integer: "Integer", Float: "Float", Flag: "Flag", String: "String", Character: "Character"}

// String gives the spelling of the header.
func (t Type) String() string { return typeNames[t] }

func parseType(s string) (Type, bool) {
	for t, name := range typeNames {
		if name == s {
			return Type(t), true
		}
	}
	return String, false
}
