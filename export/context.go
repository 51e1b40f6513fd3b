package export

import (
	"bytes"
	"unicode/utf8"

	"github.com/varlake/varlake/vcf"
)

// recordContext is what decoding a value must know of the record and the input that it stands in.
type recordContext struct {
	input     string // name, for conflicts
	version   vcf.Version
	at        place // of the line
	lineValid bool  // the line is valid UTF-8
	nAlt      int
	conflicts conflicts
	decoded   []byte // scratch of decodeText
	encoded   []byte // scratch of decodeText
	escaped   []byte // scratch of escapeOther
}

func (ctx *recordContext) conflict(field string, kind ConflictKind, text []byte) {
	ctx.conflicts.add(field, kind, ctx.input, ctx.at, text)
}

// infoCount is the length that an INFO list of the Number must have: genotypes are taken as diploid (VCF 4.5 §1.4.2).
func (ctx *recordContext) infoCount(n vcf.Number) int {
	switch n.Kind {
	case vcf.NumberCount:
		return n.N
	case vcf.NumberA:
		return ctx.nAlt
	case vcf.NumberR:
		return ctx.nAlt + 1
	case vcf.NumberG:
		return genotypes(ctx.nAlt+1, 2)
	}
	return anyCount
}

// validUTF8 reports whether text can stand in a string column. Lines that are valid as a whole, which is nearly all, are not looked at again.
func (ctx *recordContext) validUTF8(text []byte) bool { return ctx.lineValid || utf8.Valid(text) }

// decodeText resolves the percent-encoding of VCF 4.3 and later (§1.2). exact reports whether encoding the result again, as the column needs it that has these
// reserved characters, gives the same text. The result is text itself or lives until the next call.
func (ctx *recordContext) decodeText(text []byte, reserved string) (value []byte, exact bool) {
	if !ctx.isEncoded(text) {
		return text, true
	}
	ctx.decoded, _ = vcf.Unescape(ctx.decoded[:0], text)
	ctx.encoded = vcf.Escape(ctx.encoded[:0], ctx.decoded, reserved)
	return ctx.decoded, bytes.Equal(ctx.encoded, text)
}

// isEncoded reports whether text may be other than the value that it stands for.
func (ctx *recordContext) isEncoded(text []byte) bool {
	return ctx.version.AtLeast(4, 3) && (bytes.IndexByte(text, '%') >= 0 || bytes.IndexByte(text, '\r') >= 0)
}

const hexDigits = "0123456789ABCDEF"

// escapeOther spells text for info_other, fmt_other and _rejects. Text that is UTF-8 stands as it is; else bytes that are not are spelt \xHH, and \ as \\. Text
// that has \xHH in it already is spelt so too: the raw text can always be had back. The result is text itself or lives until the next call.
func (ctx *recordContext) escapeOther(text []byte) []byte {
	if ctx.validUTF8(text) && !hasEscape(text) {
		return text
	}
	out := ctx.escaped[:0]
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, '\\', 'x', hexDigits[text[0]>>4], hexDigits[text[0]&15])
		case r == '\\':
			out = append(out, '\\', '\\')
		default:
			out = append(out, text[:n]...)
		}
		text = text[n:]
	}
	ctx.escaped = out
	return out
}

// hasEscape reports whether \xHH stands anywhere in text.
func hasEscape(text []byte) bool {
	for {
		i := bytes.Index(text, []byte(`\x`))
		if i < 0 || len(text) < i+4 {
			return false
		}
		if isHex(text[i+2]) && isHex(text[i+3]) {
			return true
		}
		text = text[i+2:]
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F'
}

// formatCount is the length that a FORMAT list of the Number must have for a sample of the ploidy, or anyCount. Where the ploidy is not known a list for haploid
// or diploid genotypes will do.
func (ctx *recordContext) formatCount(n vcf.Number, ploidy int, text []byte) int {
	if n.Kind != vcf.NumberG {
		return ctx.infoCount(n)
	}
	if ploidy != unknownPloidy {
		return genotypes(ctx.nAlt+1, ploidy)
	}
	if haploid := ctx.nAlt + 1; bytes.Count(text, []byte{','})+1 == haploid {
		return haploid
	}
	return genotypes(ctx.nAlt+1, 2)
}
