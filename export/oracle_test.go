package export

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// declared is an INFO or FORMAT line.
type declared struct{ id, number, typ string }

func (d declared) column(prefix string) string { return prefix + strings.ToLower(d.id) }
func (d declared) isFlag() bool                { return d.typ == "Flag" }
func (d declared) isScalar() bool              { return d.number == "1" }

// oracle says what rows a VCF makes. It is written from DESIGN §5 and §7 and the VCF specification, works on strings alone, and shares nothing with the decoder.
type oracle struct {
	minor          int // of VCF 4.x
	infos, formats []declared
	samples        int
	columns        int
	carriers       []row // of the record at hand, by sample
}

var (
	digits     = regexp.MustCompile(`^\d+$`)
	integer    = regexp.MustCompile(`^(0|-?[1-9]\d*)$`)
	decimal    = regexp.MustCompile(`^-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?$`)
	infinite   = regexp.MustCompile(`^(?i:-?inf|-?infinity|nan)$`)
	notZero    = regexp.MustCompile(`^[^eE]*[1-9]`)
	genotype   = regexp.MustCompile(`^[/|]?(\.|0|[1-9]\d*)([/|](\.|0|[1-9]\d*))*$`)
	separators = regexp.MustCompile(`[/|]`)
	percent    = regexp.MustCompile(`%(3A|3B|3D|25|2C|0D|0A|09|3a|3b|3d|2c|0d|0a)`)
	escapes    = regexp.MustCompile(`\\x[0-9A-F]{2}`)
	special    = map[bool]*regexp.Regexp{true: regexp.MustCompile(`[;,%\r\n\t]`), false: regexp.MustCompile(`[:,%\r\n\t]`)}
)

// rejects reports whether the line is no record.
func (o *oracle) rejects(line string) bool {
	cells := strings.Split(line, "\t")
	if len(cells) != o.columns {
		return true
	}
	for i, cell := range cells[:min(9, len(cells))] {
		if cell == "" || i != 7 && !utf8.ValidString(cell) {
			return true
		}
	}
	_, err := strconv.ParseInt(cells[1], 10, 64)
	if err != nil || !digits.MatchString(cells[1]) {
		return true
	}
	_, err = strconv.ParseFloat(cells[5], 64)
	return cells[5] != "." && (err != nil || strings.ContainsAny(cells[5], "xX_"))
}

// record returns the rows of variants and variant_annotations.
func (o *oracle) record(line string) (variants, annotations row) {
	cells := strings.Split(line, "\t")
	variants, annotations = row{}, row{}
	var alts int
	if cells[4] != "." {
		alts = 1 + strings.Count(cells[4], ",")
	}
	pos, _ := strconv.ParseInt(cells[1], 10, 64)
	for _, r := range []row{variants, annotations} {
		r["chrom"], r["pos"], r["ref"], r["alt"] = printText(cells[0]), fmt.Sprint(pos), printText(cells[3]), printParts(cells[4], ",")
	}
	variants["id"], variants["filter"] = printText(cells[2]), printParts(cells[6], ";")
	if cells[2] == "." {
		variants["id"] = "NULL"
	}
	variants["qual"], variants["format"] = "NULL", "NULL"
	if q, err := strconv.ParseFloat(cells[5], 64); err == nil {
		variants["qual"] = printDouble(q)
	}
	variants["end_pos"] = fmt.Sprint(o.endPos(cells, pos))
	var format, samples = "", []string(nil)
	if len(cells) > 8 {
		format, samples = cells[8], cells[9:]
		variants["format"] = printText(format)
	}
	o.info(annotations, cells[7], alts)
	calls := o.format(variants, format, samples, alts)
	o.carry(variants)
	o.quality(annotations, calls, alts)
	return variants, annotations
}

// printParts prints a column that is a list, where . is missing.
func printParts(text, separator string) string {
	if text == "." {
		return "NULL"
	}
	var cells []string
	for part := range strings.SplitSeq(text, separator) {
		cells = append(cells, cmp.Or(map[string]string{".": "NULL"}[part], printText(part)))
	}
	return printCells(cells)
}

// endPos without SVLEN and LEN, which TestCases covers.
func (o *oracle) endPos(cells []string, pos int64) int64 {
	end := pos + int64(len(cells[3])) - 1
	for entry := range strings.SplitSeq(cells[7], ";") {
		key, value, _ := strings.Cut(entry, "=")
		if _, known := find(o.infos, key); key != "END" || !known {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= pos { // +9 and 007 among them, as in bcftools
			end = n
		}
		break
	}
	return end
}

// info fills in info_keys, info_* and info_other.
func (o *oracle) info(r row, info string, alts int) {
	other, seen, keys, whole := map[string]string{}, map[string]bool{}, []string(nil), false
	for _, d := range o.infos {
		r[d.column("info_")] = "NULL"
		if d.isFlag() {
			r[d.column("info_")] = "false"
		}
	}
	for entry := range strings.SplitSeq(info, ";") {
		if info == "." {
			break
		}
		key, value, hasValue := strings.Cut(entry, "=")
		if key == "" {
			whole = true
			continue
		}
		keys = append(keys, key)
		if whole = whole || seen[key] || !utf8.ValidString(key); seen[key] || !utf8.ValidString(key) {
			continue
		}
		seen[key] = true
		d, known := find(o.infos, key)
		keep := !known || !hasValue
		if known && d.isFlag() {
			r[d.column("info_")], keep = "true", hasValue
		} else if known && hasValue {
			var exact bool
			r[d.column("info_")], exact = o.value(d, value, o.count(d.number, alts, 2), true)
			keep = !exact
		}
		if keep {
			other[key] = "NULL"
			if hasValue {
				other[key] = printText(o.spell(value))
			}
		}
	}
	if r["info_keys"] = printText(strings.Join(keys, ";")); keys == nil || !utf8.ValidString(strings.Join(keys, "")) {
		r["info_keys"] = "NULL"
	}
	if whole {
		other = map[string]string{"": printText(o.spell(info))}
	}
	r["info_other"] = printEntries(other)
}

func find(list []declared, id string) (declared, bool) {
	for _, d := range list {
		if d.id == id {
			return d, true
		}
	}
	return declared{}, false
}

// spell is how raw text stands in *_other.
func (o *oracle) spell(text string) string {
	if utf8.ValidString(text) && !escapes.MatchString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02X`, text[0])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// count is how many values a Number asks for, -1 for any.
func (o *oracle) count(number string, alts, ploidy int) int {
	switch number {
	case "A":
		return alts
	case "R":
		return alts + 1
	case "G":
		n := 1.0 // multisets of ploidy out of alts+1 alleles
		for i := range ploidy {
			n = n * float64(alts+1+i) / float64(i+1)
		}
		return int(math.Round(n))
	case ".":
		return -1
	}
	n, _ := strconv.Atoi(number)
	return n
}

// value prints the typed value of text. exact: the text can be had back from it.
func (o *oracle) value(d declared, text string, count int, inInfo bool) (cell string, exact bool) {
	switch {
	case d.isScalar() && text == ".":
		return "NULL", true
	case d.isScalar():
		cell, fits, exact := o.element(d.typ, text, inInfo)
		if !fits || strings.Contains(text, ",") {
			return "NULL", false
		}
		return cell, exact
	case text == ".":
		return "NULL", !inInfo // in INFO it is kept beside; in a sample's column it is the one way to spell a missing list
	case text == "" && count <= 0:
		return "[]", true
	}
	exact = true
	var cells []string
	for part := range strings.SplitSeq(text, ",") {
		cell, fits, same := "NULL", true, true
		if part != "." {
			cell, fits, same = o.element(d.typ, part, inInfo)
		}
		if !fits {
			return "NULL", false
		}
		cells, exact = append(cells, cell), exact && same
	}
	if count >= 0 && len(cells) != count {
		return "NULL", false
	}
	return printCells(cells), exact
}

// element prints one value. fits: it is of the type. exact: encoding it again gives the text.
func (o *oracle) element(typ, text string, inInfo bool) (cell string, fits, exact bool) {
	switch typ {
	case "Integer":
		n, err := strconv.ParseInt(text, 10, 32)
		return fmt.Sprint(n), err == nil && integer.MatchString(text), true
	case "Float":
		x, err := strconv.ParseFloat(text, 64)
		fits = err == nil && (infinite.MatchString(text) || decimal.MatchString(text) && (x != 0 || !notZero.MatchString(text)))
		return printDouble(x), fits, true
	}
	if o.minor < 3 {
		return printText(text), utf8.ValidString(text), true
	}
	code := func(s string) string { return fmt.Sprintf("%%%02X", s[0]) }
	plain := percent.ReplaceAllStringFunc(text, func(s string) string {
		c, _ := strconv.ParseUint(s[1:], 16, 8)
		return string(rune(c))
	})
	return printText(plain), utf8.ValidString(plain), special[inInfo].ReplaceAllStringFunc(plain, code) == text
}
