package annotate

import (
	"strconv"
	"strings"
)

// typeSet is a set of types, a bit for each.
type typeSet uint8

func setOf(types ...ColumnType) (s typeSet) {
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

// inferType returns the first type that every value of a column fits, String
// where there is none. It follows Hail's import_table(impute=True), whose types
// are those of Java's parseBoolean, parseInt, parseLong and parseDouble, except
// that a value is never changed for the sake of a type: see [fits].
func inferType(cells []string, isMissing func(string) bool) ColumnType {
	types := setOf(Boolean, Int, BigInt, Double, String)
	onlyMissing := true
	for _, text := range cells {
		if isMissing(text) {
			continue
		}
		onlyMissing = false
		if types &= fits(text); types == setOf(String) {
			break
		}
	}
	if onlyMissing {
		return String
	}
	for t := Boolean; t < String; t++ {
		if types&setOf(t) != 0 {
			return t
		}
	}
	return String
}

// maxExactInt bounds the integers that a double holds exactly.
const maxExactInt = 1 << 53

// fits returns the types that can hold a value. Codes that merely look like
// numbers would lose by becoming one, so a leading zero (007) or plus, and
// integers out of range, fit only String.
func fits(text string) typeSet {
	if _, ok := parseBoolean(text); ok {
		return setOf(Boolean, String)
	}
	switch shapeOf(text) {
	case integerShape:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return setOf(String)
		}
		types := setOf(BigInt, String)
		if n == int64(int32(n)) {
			types |= setOf(Int)
		}
		if -maxExactInt <= n && n <= maxExactInt {
			types |= setOf(Double)
		}
		return types
	case decimalShape:
		if _, ok := parseDouble(text); ok {
			return setOf(Double, String)
		}
	}
	return setOf(String)
}

// shape is what kind of number a text looks like.
type shape uint8

const (
	noNumber     shape = iota
	integerShape       // -?(0|[1-9][0-9]*), but not -0
	decimalShape       // the same with a fraction or an exponent, .5 and 5. included; -0; NaN and infinities
)

func shapeOf(text string) shape {
	switch text {
	case "-0", "NaN", "Inf", "-Inf", "Infinity", "-Infinity":
		return decimalShape
	}
	whole, rest := cutDigits(strings.TrimPrefix(text, "-"))
	if len(whole) > 1 && whole[0] == '0' {
		return noNumber
	}
	if whole != "" && rest == "" {
		return integerShape
	}
	fraction := ""
	if strings.HasPrefix(rest, ".") {
		fraction, rest = cutDigits(rest[1:])
	}
	if whole == "" && fraction == "" {
		return noNumber
	}
	if rest == "" {
		return decimalShape
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return noNumber
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	if exponent, rest := cutDigits(rest); exponent == "" || rest != "" {
		return noNumber
	}
	return decimalShape
}

func cutDigits(text string) (digits, rest string) {
	i := 0
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return text[:i], text[i:]
}
