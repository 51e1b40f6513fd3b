package vcf

import "strings"

// attributes are the KEY=VALUE pairs of a structured meta line, in its order.
type attributes []attribute

type attribute struct{ key, value string }

// get returns the first value of key.
func (a attributes) get(key string) (string, bool) {
	for _, attr := range a {
		if attr.key == key {
			return attr.value, true
		}
	}
	return "", false
}

// parseAttributes takes a structured value, "<ID=x,...>", apart. It always
// returns what it could read; faults says what it had to overlook.
func parseAttributes(value string) (attrs attributes, faults []string) {
	body, closed := strings.CutSuffix(strings.TrimRight(value, " \t"), ">")
	if !closed {
		faults = append(faults, "no > at the end of the line")
	}
	rest := strings.TrimPrefix(body, "<")
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		i := strings.IndexAny(rest, "=,")
		if i < 0 || rest[i] == ',' {
			word, tail, _ := strings.Cut(rest, ",")
			faults = append(faults, quoteExcerpt(word)+" has no value")
			rest = tail
			continue
		}
		key := strings.TrimRight(rest[:i], " \t")
		rest = strings.TrimLeft(rest[i+1:], " \t")
		var text, fault string
		if strings.HasPrefix(rest, `"`) {
			text, rest, fault = cutQuoted(rest)
		} else {
			text, rest, _ = strings.Cut(rest, ",")
			text = strings.TrimRight(text, " \t")
		}
		if fault != "" {
			faults = append(faults, key+": "+fault)
		}
		attrs = append(attrs, attribute{key, text})
	}
	return attrs, faults
}

// cutQuoted reads the quoted string that s begins with, undoing \" and \\, and
// returns what stands behind the comma that follows it. A quotation mark ends
// the string only where the line or another KEY= follows: writers that forget
// to escape are common, and nothing is lost by reading on.
func cutQuoted(s string) (text, rest, fault string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		case s[i] == '"':
			if tail, ends := cutAttributeEnd(s[i+1:]); ends {
				return b.String(), tail, fault
			}
			fault = `quotation mark without \ inside quotes`
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", "quotation mark not closed"
}

// cutAttributeEnd tells whether an attribute may end before s, and returns the
// next one.
func cutAttributeEnd(s string) (next string, ends bool) {
	s = strings.TrimLeft(s, " \t")
	if s == "" {
		return "", true
	}
	s, comma := strings.CutPrefix(s, ",")
	if !comma {
		return "", false
	}
	key, _, ok := strings.Cut(s, "=")
	return s, ok && isAttributeKey(strings.Trim(key, " \t"))
}

func isAttributeKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && c != '_' && c != '-' && c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
