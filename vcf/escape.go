package vcf

import (
	"bytes"
	"strings"
)

// reserved are the characters that VCF 4.3 §1.2 writes as percent and two hex
// digits inside values.
const reserved = ":;=%,\r\n\t"

const upperHex = "0123456789ABCDEF"

// Unescape appends s to dst with the percent-encoding of VCF 4.3 §1.2 undone,
// and tells whether that changed anything. Only %3A %3B %3D %25 %2C %0D %0A
// and %09 (hex digits in either case) stand for something; any other percent
// sign is text.
func Unescape(dst, s []byte) ([]byte, bool) {
	changed := false
	for {
		i := bytes.IndexByte(s, '%')
		if i < 0 {
			return append(dst, s...), changed
		}
		dst = append(dst, s[:i]...)
		s = s[i:]
		if c, ok := unescapeOne(s); ok {
			dst, s, changed = append(dst, c), s[3:], true
		} else {
			dst, s = append(dst, '%'), s[1:]
		}
	}
}

// Characters that a value can't hold as they are, for Escape: the separators of
// the column that it stands in, and the percent sign.
const (
	InfoReserved   = ";,%\r\n\t"
	FormatReserved = ":,%\r\n\t"
)

// Escape appends s to dst with the characters of special, [InfoReserved] or
// [FormatReserved], percent-encoded, hex digits in upper case. Unescape undoes it.
func Escape(dst, s []byte, special string) []byte {
	for {
		i := bytes.IndexAny(s, special)
		if i < 0 {
			return append(dst, s...)
		}
		c := s[i]
		dst = append(dst, s[:i]...)
		dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		s = s[i+1:]
	}
}

// unescapeOne decodes the %XX that s begins with.
func unescapeOne(s []byte) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	high, low := hexValue(s[1]), hexValue(s[2])
	c := high<<4 | low&15
	if high > 15 || low > 15 || strings.IndexByte(reserved, c) < 0 {
		return 0, false
	}
	return c, true
}

// hexValue returns the value of a hex digit, 255 where c is none.
func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
