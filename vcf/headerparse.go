package vcf

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\uFEFF"

var fixedColumns = [...]string{"#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"}

// ParseHeader parses all lines from ##fileformat to #CHROM, both included,
// with LF or CRLF. Errors wrap [ErrHeader]: no ##fileformat=VCFv4.x in the
// first line, a line that is no ## line, no #CHROM line or wrong column names,
// empty or repeated sample names, bytes that are not UTF-8. Whatever else is
// wrong is accepted and told in Header.Issues.
func ParseHeader(text []byte) (*Header, error) {
	p := headerParser{defined: map[[2]string]int{}}
	rest, marked := strings.CutPrefix(string(text), byteOrderMark)
	if marked {
		p.line = 1
		p.issue("fileformat", "", "byte order mark before ##fileformat is ignored")
	}
	for p.line = 1; rest != ""; p.line++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSuffix(line, "\r")
		if err := p.parseLine(line); err != nil {
			return nil, err
		}
	}
	p.header.numLines = p.line - 1
	if p.header.Columns == 0 {
		return nil, p.fail("found the end of the header; there must be a line that begins with #CHROM")
	}
	return &p.header, nil
}

// headerParser is the state of one ParseHeader.
type headerParser struct {
	header  Header
	line    int               // 1-based
	defined map[[2]string]int // kind and ID to the line that defined it
}

func (p *headerParser) fail(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrHeader, p.line, fmt.Sprintf(format, args...))
}

func (p *headerParser) issue(kind, key, format string, args ...any) {
	p.header.Issues = append(p.header.Issues, Issue{p.line, kind, key, fmt.Sprintf(format, args...)})
}

func (p *headerParser) parseLine(line string) error {
	switch {
	case !utf8.ValidString(line):
		return p.fail("found bytes that are not UTF-8 in %s; re-encode the header as UTF-8", quoteExcerpt(line))
	case p.header.Columns != 0:
		return p.fail("found %s after the #CHROM line, where the header ends", quoteExcerpt(line))
	case p.line == 1:
		return p.parseVersion(line)
	case strings.HasPrefix(line, "##"):
		p.header.Lines = append(p.header.Lines, line)
		p.parseMeta(line[len("##"):])
	case strings.HasPrefix(line, "#"):
		return p.parseColumns(line)
	case line == "":
		p.issue("", "", "blank line in the header is ignored")
	default:
		return p.fail("found %s; before the #CHROM line every line must begin with ##", quoteExcerpt(line))
	}
	return nil
}

// parseVersion reads ##fileformat=VCFv4.x. Spaces are forgiven: the number is
// clear all the same.
func (p *headerParser) parseVersion(line string) error {
	found, ok := strings.CutPrefix(line, "##fileformat=")
	if !ok {
		return p.fail("found %s; the first line of a VCF must be ##fileformat=VCFv4.x", quoteExcerpt(line))
	}
	number, ok := strings.CutPrefix(strings.ReplaceAll(found, " ", ""), "VCFv4.")
	minor, err := strconv.ParseUint(strings.TrimRight(number, "\t"), 10, 8)
	if !ok || err != nil {
		return p.fail("found version %s; only VCF 4.x can be read: convert the file to VCFv4.2 or later", quoteExcerpt(found))
	}
	p.header.Version = Version{Major: 4, Minor: int(minor)}
	p.header.Lines = append(p.header.Lines, line)
	if canonical := fmt.Sprintf("VCFv4.%d", minor); found != canonical {
		p.issue("fileformat", "", "%s is taken as %s", quoteExcerpt(found), canonical)
	}
	if minor > 5 {
		p.issue("fileformat", "", "VCFv4.%d is read by the rules of VCFv4.5", minor)
	}
	return nil
}

func (p *headerParser) parseColumns(line string) error {
	names := strings.Split(line, "\t")
	if len(names) == 1 && len(strings.Fields(line)) > 1 {
		return p.fail("found %s without tabs; columns must be separated by tabs, not spaces", quoteExcerpt(line))
	}
	for i, want := range fixedColumns {
		if i >= len(names) {
			return p.fail("found %d columns; column %d must be %s", len(names), i+1, want)
		}
		if names[i] != want {
			return p.fail("found %s as column %d; it must be %s", quoteExcerpt(names[i]), i+1, want)
		}
	}
	p.header.Columns = len(names)
	if len(names) == len(fixedColumns) {
		return nil
	}
	if format := names[len(fixedColumns)]; format != "FORMAT" {
		return p.fail("found %s as column 9; it must be FORMAT, with sample names after it", quoteExcerpt(format))
	}
	return p.parseSamples(names[len(fixedColumns)+1:])
}

func (p *headerParser) parseSamples(names []string) error {
	const firstColumn = len(fixedColumns) + 2
	column := make(map[string]int, len(names))
	for i, name := range names {
		if name == "" {
			return p.fail("found an empty sample name in column %d; every sample needs a name (a tab at the end of the line makes an empty one)", firstColumn+i)
		}
		if first, twice := column[name]; twice {
			return p.fail("found sample %s in columns %d and %d; rename one (bcftools reheader -s)", quoteExcerpt(name), first, firstColumn+i)
		}
		column[name] = firstColumn + i
	}
	p.header.Samples = names
	return nil
}

// quoteExcerpt quotes text for a message, cut to what a line of one can hold.
func quoteExcerpt(s string) string {
	const limit = 60
	if len(s) > limit {
		return strconv.Quote(s[:limit]) + "..."
	}
	return strconv.Quote(s)
}
