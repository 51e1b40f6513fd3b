package vcf

import (
	"strconv"
	"strings"
)

// parseMeta takes up what a ##KIND=VALUE line defines. Kinds that define
// nothing for the records (ALT, SAMPLE, source ...) only stay in Header.Lines.
func (p *headerParser) parseMeta(text string) {
	kind, value, ok := strings.Cut(text, "=")
	switch {
	case !ok:
		p.issue("", "", "%s is not KEY=VALUE; the line is kept", quoteExcerpt(text))
	case kind == "fileformat":
		p.issue(kind, "", "repeated; the first line holds")
	case kind == "INFO", kind == "FORMAT", kind == "FILTER", kind == "contig":
		p.parseDefinition(kind, value)
	}
}

func (p *headerParser) parseDefinition(kind, value string) {
	if !strings.HasPrefix(value, "<") {
		p.issue(kind, "", "%s is not <ID=...>; it defines nothing", quoteExcerpt(value))
		return
	}
	attrs, faults := parseAttributes(value)
	id, _ := attrs.get("ID")
	for _, fault := range faults {
		p.issue(kind, id, "%s", fault)
	}
	if id == "" {
		p.issue(kind, "", "no ID; the line defines nothing")
		return
	}
	if first, twice := p.defined[[2]string{kind, id}]; twice {
		p.issue(kind, id, "defined again; line %d holds", first)
		return
	}
	p.defined[[2]string{kind, id}] = p.line
	h := &p.header
	switch kind {
	case "INFO":
		h.Infos = append(h.Infos, p.parseField(kind, id, attrs))
	case "FORMAT":
		h.Formats = append(h.Formats, p.parseField(kind, id, attrs))
	case "FILTER":
		h.Filters = append(h.Filters, id)
	case "contig":
		h.Contigs = append(h.Contigs, Contig{ID: id, Length: p.parseLength(id, attrs)})
	}
}

// parseField reads Number and Type. What can't be understood becomes the type
// and count that hold any text: String and ".".
func (p *headerParser) parseField(kind, id string, attrs attributes) Field {
	field := Field{ID: id}
	field.Description, _ = attrs.get("Description")
	number, _ := attrs.get("Number")
	typ, _ := attrs.get("Type")
	var ok bool
	if field.Number, ok = parseNumber(number); !ok {
		p.issue(kind, id, "Number %s is unknown; taken as .", quoteExcerpt(number))
	}
	if field.Type, ok = parseType(typ); !ok {
		p.issue(kind, id, "Type %s is unknown; taken as String", quoteExcerpt(typ))
	}
	none := Number{Kind: NumberCount, N: 0}
	switch {
	case field.Type == Flag && kind == "FORMAT":
		p.issue(kind, id, "FORMAT can't have Type Flag; taken as String")
		field.Type = String
		if field.Number == none {
			field.Number = Number{Kind: NumberUnknown}
		}
	case field.Type == Flag && field.Number != none:
		p.issue(kind, id, "a Flag with Number %s; taken as 0", field.Number)
		field.Number = none
	case field.Type != Flag && field.Number == none:
		p.issue(kind, id, "Number 0 with Type %s; taken as .", field.Type)
		field.Number = Number{Kind: NumberUnknown}
	}
	return field
}

func (p *headerParser) parseLength(id string, attrs attributes) int64 {
	text, given := attrs.get("length")
	if !given {
		return 0
	}
	length, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		p.issue("contig", id, "length %s is not a number; taken as unknown", quoteExcerpt(text))
		return 0
	}
	return int64(length)
}
