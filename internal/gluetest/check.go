package gluetest

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of the Glue API reference, in bytes.
const (
	maxName      = 255
	maxComment   = 255
	maxLocation  = 2056
	maxViewText  = 409_600
	maxParameter = 512_000
)

var singleLine = regexp.MustCompile(`^[\x{20}-\x{D7FF}\x{E000}-\x{10FFFF}\t]*$`)

func checkName(what, name string) error {
	if name == "" || len(name) > maxName || !singleLine.MatchString(name) {
		return fail("InvalidInputException", "%s name %q", what, name)
	}
	return nil
}

// check finds what Glue would refuse, and folds the name as it does.
func (t *tableInput) check() error {
	t.Name = strings.ToLower(t.Name)
	if err := checkName("table", t.Name); err != nil {
		return err
	}
	if len(t.ViewOriginalText) > maxViewText || len(t.ViewExpandedText) > maxViewText {
		return fail("ValidationException", "the text of view %s is too long", t.Name)
	}
	for k, v := range t.Parameters {
		if k == "" || len(k) > maxName || len(v) > maxParameter {
			return fail("ValidationException", "parameter %q", k)
		}
	}
	if err := checkColumns(t.PartitionKeys); err != nil {
		return err
	}
	if t.StorageDescriptor == nil {
		return nil
	}
	return t.StorageDescriptor.check()
}

func (s *storage) check() error {
	if len(s.Location) > maxLocation {
		return fail("ValidationException", "location %q is too long", s.Location)
	}
	return checkColumns(s.Columns)
}

func checkColumns(columns []column) error {
	seen := make(map[string]bool)
	for i, c := range columns {
		columns[i].Name = strings.ToLower(c.Name)
		if err := checkName("column", c.Name); err != nil {
			return err
		}
		if seen[columns[i].Name] {
			return fail("InvalidInputException", "column %s twice", c.Name)
		}
		seen[columns[i].Name] = true
		if len(c.Comment) > maxComment || !utf8.ValidString(c.Comment) || !singleLine.MatchString(c.Comment) {
			return fail("ValidationException", "comment %q of column %s", c.Comment, c.Name)
		}
		if rest, ok := cutHiveType(c.Type); !ok || rest != "" {
			return fail("InvalidInputException", "type %q of column %s", c.Type, c.Name)
		}
	}
	return nil
}

var hiveScalar = regexp.MustCompile(`^(?:boolean|tinyint|smallint|int|bigint|float|double|string|binary|date|timestamp|decimal\(\d+,\d+\)|varchar\(\d+\)|char\(\d+\))`)

// cutHiveType reads the type, as Hive spells it, that text begins with.
func cutHiveType(text string) (rest string, ok bool) {
	if rest, ok := strings.CutPrefix(text, "array<"); ok {
		if rest, ok = cutHiveType(rest); !ok {
			return text, false
		}
		return strings.CutPrefix(rest, ">")
	}
	if rest, ok := strings.CutPrefix(text, "map<"); ok {
		key := hiveScalar.FindString(rest) // keys of maps are scalars
		if rest, ok = strings.CutPrefix(rest[len(key):], ","); key == "" || !ok {
			return text, false
		}
		if rest, ok = cutHiveType(rest); !ok {
			return text, false
		}
		return strings.CutPrefix(rest, ">")
	}
	found := hiveScalar.FindString(text)
	return text[len(found):], found != ""
}
