package vcf

// powersOfTen are those that a double holds exactly.
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// LeadingDecimal reads the number that s begins with, as far as it goes:
// decimal or scientific notation with an optional minus. The value is that of
// strconv.ParseFloat for s[:width].
//
// It knows only numbers whose digits and power of ten are exact doubles, which
// are nearly all in VCF: then one multiplication or division rounds correctly
// (Clinger 1990). For other text, and for numbers with a superfluous leading
// zero, width is 0.
func LeadingDecimal(s []byte) (value float64, width int) {
	i := 0
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		i = 1
	}
	first := i
	var digits uint64
	for i < len(s) {
		c := s[i] - '0'
		if c > 9 {
			break
		}
		digits = digits*10 + uint64(c)
		i++
	}
	n, exponent := i-first, 0
	if n > 1 && s[first] == '0' {
		return 0, 0
	}
	if i < len(s) && s[i] == '.' {
		i++
		point := i
		for i < len(s) {
			c := s[i] - '0'
			if c > 9 {
				break
			}
			digits = digits*10 + uint64(c)
			i++
		}
		exponent = point - i
		n -= exponent
	}
	const maxDigits, maxExact = 19, 1 << 53 // of 64 bits, of a double
	if n == 0 || n > maxDigits || digits > maxExact {
		return 0, 0
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		e, w := leadingExponent(s[i+1:])
		if w == 0 {
			return 0, 0
		}
		exponent += e
		i += 1 + w
	}
	value = float64(digits)
	switch {
	case exponent == 0:
	case -len(powersOfTen) < exponent && exponent < 0:
		value /= powersOfTen[-exponent]
	case 0 < exponent && exponent < len(powersOfTen):
		value *= powersOfTen[exponent]
	default:
		return 0, 0
	}
	if negative {
		value = -value
	}
	return value, i
}

// leadingExponent reads an optional sign and up to three digits; width is 0
// where there are none, or more.
func leadingExponent(s []byte) (exponent, width int) {
	i := 0
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		i = 1
	}
	first := i
	for i < len(s) && s[i]-'0' <= 9 {
		if i-first == 3 {
			return 0, 0
		}
		exponent = exponent*10 + int(s[i]-'0')
		i++
	}
	if i == first {
		return 0, 0
	}
	if s[0] == '-' {
		exponent = -exponent
	}
	return exponent, i
}
