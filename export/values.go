package export

import (
	"strconv"
	"unsafe"

	"github.com/varlake/varlake/vcf"
)

// parseInt reads an Integer of VCF 4.5 §1.3 in its shortest form. ok is false for what is no such number, overflows 32 bits or is not spelt in the
// shortest way (+5, 007, -0): such text can't be had back from the number.
func parseInt(s []byte) (v int32, ok bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
		if len(digits) > 0 && digits[0] == '0' {
			return 0, false
		}
	}
	if len(digits) == 0 || len(digits) > 10 || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		} else {
			n = n*10 + int64(c)
		}
	}
	if len(digits) < len(s) {
		n = -n
	}
	return int32(n), int64(int32(n)) == n
}

// parseFloat reads a Float of VCF 4.5 §1.3: decimal or scientific notation, or infinity or NaN in any case. ok is false for what is no such number, overflows
// or underflows a double, or begins as the standard does not have it (+5, 007, hexadecimal).
func parseFloat(s []byte) (v float64, ok bool) {
	if v, width := vcf.LeadingDecimal(s); width == len(s) && width > 0 {
		return v, true
	}
	if !floatShape(s) {
		return 0, false
	}
	// The string does not outlive the call, so the borrowed bytes can't change under it.
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(s), len(s)), 64)
	if err != nil || v == 0 && hasNonZeroDigit(s) {
		return 0, false
	}
	return v, true
}

// floatShape reports whether the text is spelt as a Float may be: an optional minus, then digits without a superfluous zero or a point, or a name. It
// refuses what strconv takes beyond that: underscores, hexadecimal digits and binary exponents.
func floatShape(s []byte) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	if len(s) == 0 {
		return false
	}
	if c := s[0] | 0x20; c == 'i' || c == 'n' {
		return true
	}
	if s[0] == '0' && len(s) > 1 && s[1] != '.' && s[1]|0x20 != 'e' {
		return false
	}
	if s[0] != '.' && s[0]-'0' > 9 {
		return false
	}
	for _, c := range s {
		if c == '_' || c|0x20 == 'p' || c|0x20 == 'x' {
			return false
		}
	}
	return true
}

func hasNonZeroDigit(s []byte) bool {
	for _, c := range s {
		if c|0x20 == 'e' {
			return false
		}
		if '1' <= c && c <= '9' {
			return true
		}
	}
	return false
}

// missing reports whether a value is the missing value of VCF.
func missing(s []byte) bool { return len(s) == 1 && s[0] == '.' }
