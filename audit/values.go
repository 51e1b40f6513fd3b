package audit

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/vcf"
)

// Columns of a record, 0-based (VCF 4.5 §1.6).
const (
	columnPos    = 1
	columnQual   = 5
	columnInfo   = 7
	columnFormat = 8
	columnSample = 9
)

var columnNames = []string{"CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"}

// values compares records by value. It holds what is a number in the dataset: "QUAL", "INFO/AF". All else is text there, or so spelt that it has one spelling.
type values map[string]bool

func newValues(m *export.Manifest) values {
	v := values{"POS": true, "QUAL": true}
	for _, t := range m.Tables {
		for _, c := range t.Columns {
			if strings.Contains(c.Type, "double") {
				v[c.Source] = true
			}
		}
	}
	return v
}

// difference names the first field in which two lines differ, "" if none does.
func (v values) difference(source, restored []byte) string {
	want, got := bytes.Split(source, []byte("\t")), bytes.Split(restored, []byte("\t"))
	where := ""
	if len(want) > columnPos {
		where = fmt.Sprintf("%s:%s: ", want[0], want[columnPos])
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%s%d columns in the VCF, %d in the dataset", where, len(want), len(got))
	}
	for i := range want {
		field, a, b := "", want[i], got[i]
		switch {
		case i < columnInfo || i == columnFormat:
			if !v.same(columnNames[i], a, b) {
				field = columnNames[i]
			}
		case i == columnInfo:
			field, a, b = v.info(a, b)
		default:
			if field, a, b = v.cell(want[columnFormat], a, b); field != "" {
				field += " of sample " + strconv.Itoa(i-columnSample+1)
			}
		}
		if field != "" {
			return fmt.Sprintf("%s%s is %s in the VCF, %s in the dataset", where, field, short(a), short(b))
		}
	}
	return ""
}

// info compares INFO, key by key.
func (v values) info(source, restored []byte) (field string, a, b []byte) {
	for more, rest := true, true; more || rest; {
		if more != rest {
			return "INFO", source, restored
		}
		a, source, more = vcf.Cut(source, ';')
		b, restored, rest = vcf.Cut(restored, ';')
		key, x, valued := vcf.Cut(a, '=')
		other, y, otherValued := vcf.Cut(b, '=')
		if name := "INFO/" + string(key); !bytes.Equal(key, other) || valued != otherValued || !v.same(name, x, y) {
			return name, a, b
		}
	}
	return "", nil, nil
}

// cell compares a sample's column, in which missing fields at the end may be left out.
func (v values) cell(format, source, restored []byte) (field string, a, b []byte) {
	missing := []byte(".")
	for more, rest, named := true, true, true; more || rest; {
		key := []byte("beyond FORMAT")
		if named {
			key, format, named = vcf.Cut(format, ':')
		}
		a, b = missing, missing
		if more {
			a, source, more = vcf.Cut(source, ':')
		}
		if rest {
			b, restored, rest = vcf.Cut(restored, ':')
		}
		if name := "FORMAT/" + string(key); !v.same(name, a, b) {
			return name, a, b
		}
	}
	return "", nil, nil
}

// same tells whether two texts of a field are equal, element by element as numbers where it is one.
func (v values) same(field string, a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if !v[field] {
		return false
	}
	for more, rest := true, true; more || rest; {
		if more != rest {
			return false
		}
		var x, y []byte
		x, a, more = vcf.Cut(a, ',')
		y, b, rest = vcf.Cut(b, ',')
		if !bytes.Equal(x, y) && !sameNumber(x, y) {
			return false
		}
	}
	return true
}

func sameNumber(a, b []byte) bool {
	x, badX := strconv.ParseFloat(string(a), 64)
	y, badY := strconv.ParseFloat(string(b), 64)
	return badX == nil && badY == nil && (x == y || x != x && y != y)
}

func short(text []byte) string { return fmt.Sprintf("%.60q", text) }
