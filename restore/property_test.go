package restore

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/varlake/varlake/export"
)

// Whatever the text, it comes back: lines that are no records as they stand, records by the rules of departs.
func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "varlake")
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer os.RemoveAll(dir)
		var names []string
		texts, headers, lines := make(map[string][]byte), make(map[string]string), make(map[string][]string)
		first := drawVCF(t)
		for i := range rapid.IntRange(1, 3).Draw(t, "inputs") {
			v := first
			if i > 0 {
				v = v.redraw(t)
			}
			name := fmt.Sprintf("in%d.vcf", i)
			names = append(names, name)
			headers[name], lines[name] = v.header(), v.drawLines(t)
			end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
			text := []byte(strings.ReplaceAll(headers[name], "\n", end) + strings.Join(append(slices.Clone(lines[name]), ""), end))
			if rapid.Bool().Draw(t, "BGZF") {
				text = bgzip(t, text, rapid.SampledFrom([]int{50, 1000, 60000}).Draw(t, "block"))
			}
			texts[name] = text
			if end == "\n" { // then a CR before it is of the line end too
				for i, line := range lines[name] {
					lines[name][i] = strings.TrimSuffix(line, "\r")
				}
			}
		}
		ds := dataset(t, dir, names, texts)
		floats := floatFields(headers)
		got := strings.Split(restored(t, ds, true), "\n")
		for len(got) > 0 && strings.HasPrefix(got[0], "#") {
			got = got[1:]
		}
		bad := rejectedLines(t, ds)
		for _, name := range names {
			for i, line := range lines[name] {
				if len(got) == 0 {
					t.Fatalf("%s, record %d and what follows is missing", name, i)
				}
				number := strings.Count(headers[name], "\n") + i + 1
				if bad[fmt.Sprint(name, " ", number)] {
					if got[0] != line {
						t.Fatalf("the line %q, which was set aside, came back as %q", line, got[0])
					}
				} else if why := departs(line, got[0], floats); why != "" {
					t.Fatalf("%s:\n%q came back as\n%q", why, line, got[0])
				}
				got = got[1:]
			}
		}
		if len(got) != 1 || got[0] != "" {
			t.Errorf("beyond the last record there is %q", got)
		}
	})
}

// departs says where a restored record is not what the original should come back as, "" where it is all there.
func departs(original, restored string, floats map[string]bool) string {
	a, b := strings.Split(original, "\t"), strings.Split(restored, "\t")
	if len(a) != len(b) {
		return fmt.Sprintf("%d columns became %d", len(a), len(b))
	}
	for i := range a {
		ok := a[i] == b[i]
		switch {
		case i == 1:
			ok = b[i] == strings.TrimLeft(a[i][:len(a[i])-1], "0")+a[i][len(a[i])-1:]
		case i == 5:
			ok = sameFloats(a[i], b[i])
		case i == 7 && !ok:
			ok = sameInfo(a[i], b[i], floats)
		case i > 8 && !ok:
			ok = sameCell(a[i], b[i], strings.Split(a[8], ":"), floats)
		}
		if !ok {
			return fmt.Sprintf("column %d: %q became %q", i+1, a[i], b[i])
		}
	}
	return ""
}

func sameInfo(a, b string, floats map[string]bool) bool {
	return slices.EqualFunc(strings.Split(a, ";"), strings.Split(b, ";"), func(x, y string) bool {
		key, value, _ := strings.Cut(x, "=")
		other, have, _ := strings.Cut(y, "=")
		return x == y || key == other && floats["INFO "+key] && sameFloats(value, have)
	})
}

func sameCell(a, b string, keys []string, floats map[string]bool) bool {
	x := strings.Split(a, ":")
	for len(x) > 1 && len(x) <= len(keys) { // what is missing at the end is dropped, also a GT without any text
		last := len(x) - 1
		if x[last] != "." && !(x[last] == "" && keys[last] == "GT" && !slices.Contains(keys[:last], "GT")) {
			break
		}
		x = x[:last]
	}
	y := strings.Split(b, ":")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] && (i >= len(keys) || !floats["FORMAT "+keys[i]] || !sameFloats(x[i], y[i])) {
			return false
		}
	}
	return true
}

// sameFloats reports whether two lists hold the same numbers, the second spelt with as few digits as can be.
func sameFloats(a, b string) bool {
	return slices.EqualFunc(strings.Split(a, ","), strings.Split(b, ","), func(a, b string) bool {
		x, errA := strconv.ParseFloat(a, 64)
		y, errB := strconv.ParseFloat(b, 64)
		if errA != nil || errB != nil {
			return a == b
		}
		return math.Float64bits(x) == math.Float64bits(y) && (math.IsNaN(y) || math.IsInf(y, 0) || digits(b) <= digits(strconv.FormatFloat(y, 'e', -1, 64))) || a == b
	})
}

// digits counts the digits of a number from the first to the last that is not 0.
func digits(s string) int {
	s, _, _ = strings.Cut(strings.ToLower(s), "e")
	return len(strings.Trim(strings.ReplaceAll(strings.TrimPrefix(s, "-"), ".", ""), "0"))
}

// floatFields are the fields that any header declares as Float.
func floatFields(headers map[string]string) map[string]bool {
	floats := make(map[string]bool)
	for _, h := range headers {
		for line := range strings.Lines(h) {
			kind, rest, ok := strings.Cut(strings.TrimPrefix(line, "##"), "=<ID=")
			if id, _, _ := strings.Cut(rest, ","); ok && strings.Contains(line, "Type=Float") {
				floats[kind+" "+id] = true
			}
		}
	}
	return floats
}

// rejectedLines are the lines that export set aside, as "INPUT LINE".
func rejectedLines(t failer, ds *export.Dataset) map[string]bool {
	bad := make(map[string]bool)
	text, err := ds.Files().ReadFile(runFile(ds, "_rejects/00000.jsonl"))
	if err != nil {
		return bad
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var r export.Reject
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v", err)
		}
		bad[fmt.Sprint(r.Input[strings.LastIndex(r.Input, "/")+1:], " ", r.Line)] = true
	}
	return bad
}

// drawnVCF is what the header of a drawn VCF says.
type drawnVCF struct {
	minor, columns, samples int
	fields                  []string // lines
}

func drawVCF(t *rapid.T) drawnVCF {
	v := drawnVCF{columns: 8}
	if rapid.IntRange(0, 4).Draw(t, "FORMAT") > 0 {
		v.samples = rapid.IntRange(0, 4).Draw(t, "samples")
		v.columns = 9 + v.samples
	}
	return v.redraw(t)
}

// redraw draws another version and other fields for the same samples.
func (v drawnVCF) redraw(t *rapid.T) drawnVCF {
	v.minor = rapid.IntRange(1, 5).Draw(t, "version")
	v.fields = nil
	number := rapid.SampledFrom([]string{"1", "1", "2", "A", "R", "G", "."})
	typ := rapid.SampledFrom([]string{"Integer", "Float", "Float", "String", "Character", "Flag"})
	for _, kind := range []string{"INFO", "FORMAT"} {
		for i := range rapid.IntRange(0, 4).Draw(t, kind+" lines") {
			v.fields = append(v.fields, fmt.Sprintf(`##%s=<ID=f%d,Number=%s,Type=%s,Description="">`, kind, i, number.Draw(t, "number"), typ.Draw(t, "type")))
		}
	}
	if rapid.Bool().Draw(t, "GT") {
		v.fields = append(v.fields, `##FORMAT=<ID=GT,Number=1,Type=String,Description="">`)
	}
	return v
}

func (v drawnVCF) header() string {
	line := "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
	if v.columns > 8 {
		line += "\tFORMAT"
	}
	for i := range v.samples {
		line += fmt.Sprintf("\ts%d", i)
	}
	return fmt.Sprintf("##fileformat=VCFv4.%d\n", v.minor) + strings.Join(append(slices.Clone(v.fields), line), "\n") + "\n"
}

func (v drawnVCF) drawLines(t *rapid.T) []string {
	lines := rapid.SliceOfN(rapid.Custom(v.drawLine), 0, 25).Draw(t, "lines")
	for len(lines) > 0 && strings.Trim(lines[len(lines)-1], "\r") == "" { // a blank line at the end is none
		lines = lines[:len(lines)-1]
	}
	return lines
}

var drawText = rapid.OneOf(
	rapid.SampledFrom([]string{"0", "1", "-7", "2147483648", "007", "+5", "0.50", "1e-5", "1E+300", "1e400", "1e-400", "0x1p4", "inf", "NaN", "-0.0", "123456789012345678901", "0.1000000000000000055"}),
	rapid.SampledFrom([]string{"", ".", "a", "é", "\xff", `\`, `\xFF`, `\\`, "\xc3\\x41", "%3A", "%3a", "%2C%3B", "%", "%41", "%25", "%0D", "a\rb", "x y", "\"", "=", "|"}),
	rapid.StringMatching(`-?[0-9]{1,3}(\.[0-9]{1,4})?(e-?[0-9]{1,2})?`),
)

func drawValue(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(drawText, 1, 4).Draw(t, "values"), ",")
}

func (v drawnVCF) drawLine(t *rapid.T) string {
	pick := func(from ...string) string { return rapid.SampledFrom(from).Draw(t, "column") }
	if rapid.IntRange(0, 12).Draw(t, "bad") == 0 {
		return pick("", "x", "1\t5", strings.Repeat("\t", v.columns-1), strings.Repeat("1\t", v.columns), "a\xff\\\t\\xFF", "\r")
	}
	cells := []string{pick("1", "1", "1", "2", "a/b=c", "é*"), pick("0", "1", "007", "4294967296", "x"), pick(".", "rs1", "a;b", `\xFF`), pick("A", ".", "ACGT"),
		pick(".", "G", "G", "G,T", "<DEL>", "*,.", "G,"), pick(".", "0", "29.50", "1e3", "NaN", "-inf", "q"), pick(".", "PASS", "q10;s50", "q10;.", ";"), drawInfo(t)}
	if v.columns > 8 {
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"f0", "f1", "f2", "f3", "xx", "GT", "", "."}), 1, 5).Draw(t, "keys")
		if rapid.Bool().Draw(t, "GT first") {
			keys[0] = "GT"
		}
		if rapid.IntRange(0, 3).Draw(t, "GT alone") == 0 {
			keys = []string{"GT"}
		}
		if keys[0] == "" && len(keys) == 1 {
			keys[0] = "f0"
		}
		cells = append(cells, strings.Join(keys, ":"))
		for range v.samples {
			cells = append(cells, drawCell(t, keys))
		}
	}
	return strings.Join(cells, "\t")
}

func drawInfo(t *rapid.T) string {
	var entries []string
	for range rapid.IntRange(0, 5).Draw(t, "entries") {
		key := rapid.SampledFrom([]string{"f0", "f1", "f2", "f3", "xx", `y\`, "k\xff", ""}).Draw(t, "key")
		if rapid.IntRange(0, 6).Draw(t, "bare") > 0 {
			key += "=" + strings.ReplaceAll(drawValue(t), ";", "")
		}
		entries = append(entries, key)
	}
	if info := strings.Join(entries, ";"); info != "" {
		return info
	}
	return "."
}

func drawCell(t *rapid.T, keys []string) string {
	var parts []string
	for _, key := range keys {
		if key == "GT" {
			parts = append(parts, rapid.SampledFrom([]string{"0/0", "0|0", "0|1", "1/1", "0", ".", "./.", "0/.", "|1", "0/9", "x", "", "0\xff1", "0/0/0/0/0"}).Draw(t, "call"))
		} else {
			parts = append(parts, drawValue(t))
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		parts = parts[:rapid.IntRange(0, len(parts)).Draw(t, "trailing")]
	case 1:
		parts = append(parts, "extra", "")
	}
	return strings.Join(parts, ":")
}
