package export

// AppendRaw appends the raw text of a value of info_other or fmt_other, or of a record of _rejects, as the VCF has it: what escapeOther did is undone.
func AppendRaw(dst, spelt []byte) []byte {
	if !hasEscape(spelt) { // then nothing was spelt otherwise
		return append(dst, spelt...)
	}
	for len(spelt) > 0 {
		switch {
		case spelt[0] == '\\' && len(spelt) > 1 && spelt[1] == '\\':
			dst, spelt = append(dst, '\\'), spelt[2:]
		case spelt[0] == '\\' && len(spelt) > 3 && spelt[1] == 'x' && isHex(spelt[2]) && isHex(spelt[3]):
			dst, spelt = append(dst, hexValue(spelt[2])<<4|hexValue(spelt[3])), spelt[4:]
		default:
			dst, spelt = append(dst, spelt[0]), spelt[1:]
		}
	}
	return dst
}

func hexValue(digit byte) byte {
	if digit >= 'A' {
		return digit - 'A' + 10
	}
	return digit - '0'
}
