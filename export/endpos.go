package export

import (
	"bytes"

	"github.com/varlake/varlake/vcf"
)

// symbolic alleles whose SVLEN is the number of reference bases after POS that they span (VCF 4.5 §3, SVLEN).
var spanning = [][]byte{[]byte("<DEL"), []byte("<DUP"), []byte("<INV"), []byte("<CNV")}

// endPos is the last position of the record, inclusive: INFO END, else from SVLEN (4.4 on) or FORMAT LEN (4.5 on), else from the length of REF.
// An END before POS is not one, nor, as in bcftools, one that the header does not declare.
func (d *decoder) endPos(r *vcf.Record) int64 {
	end := r.Pos() + int64(len(r.Ref())) - 1
	if d.hasEnd {
		text, ok := infoValue(r.Info(), "END")
		if n, isInt := parseInt64(text); ok && isInt && n >= r.Pos() {
			return n
		}
	}
	if !d.ctx.version.AtLeast(4, 4) {
		return end
	}
	if lengths, ok := infoValue(r.Info(), "SVLEN"); ok && d.hasSVLen {
		alt := r.Alt()
		for more, moreAlt := true, true; more && moreAlt; {
			var allele, length []byte
			allele, alt, moreAlt = vcf.Cut(alt, ',')
			length, lengths, more = vcf.Cut(lengths, ',')
			if n, ok := parseInt64(length); ok && spans(allele) {
				end = max(end, r.Pos()+max(n, -n))
			}
		}
	}
	if d.format.lenMax > 0 {
		end = max(end, r.Pos()+int64(d.format.lenMax)-1)
	}
	return end
}

func spans(allele []byte) bool {
	for _, prefix := range spanning {
		if bytes.HasPrefix(allele, prefix) && bytes.IndexByte([]byte(":>"), allele[min(len(prefix), len(allele)-1)]) >= 0 {
			return true
		}
	}
	return false
}

// infoValue returns the value of the first entry with the key; ok is false where there is none or it has no value.
func infoValue(info []byte, key string) (value []byte, ok bool) {
	if !bytes.Contains(info, []byte(key)) { // most records: no need to go through the entries
		return nil, false
	}
	cursor := vcf.NewInfoCursor(info)
	for cursor.Next() {
		if string(cursor.Key) == key {
			return cursor.Value, cursor.HasValue
		}
	}
	return nil, false
}

// parseInt64 reads a whole number that may exceed 32 bits, with a sign or superfluous zeros as in bcftools: +9 and 007 keep their text, and are positions still.
func parseInt64(s []byte) (int64, bool) {
	digits := s
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	if s[0] == '-' {
		n = -n
	}
	return n, true
}
