package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "align the columns of the tables in testdata; values are written by hand and stay as they are")

// section is one part of a file of testdata.
//
// The files say what comes of a VCF, in sections that begin with "-- NAME --":
//
//	options            a line each: quarantine, strict, unmatched fail, group-by a,b, tables a,b, part-size n
//	X.vcf              an input. Outside ## lines a stretch of blanks is a tab, \e nothing, \s a blank, \\ a backslash, \xHH a byte
//	samples.tsv        the sample table
//	variants, …        rows of a table: the first line names columns, cells are two blanks or more apart
//	columns TABLE      name, type and source of columns, in their order
//	conflicts, rejects, files, manifest   what the dataset says of these
//	header             lines of _header.vcf
//	error              texts that the message must have; there is then no dataset
type section struct {
	name  string
	lines []string
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			runCases(t, name)
		})
	}
}

// runCases runs the cases of a file: each begins with a line of === and a title.
func runCases(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	comment, cases, _ := strings.Cut(string(text), "=== ")
	var aligned strings.Builder
	aligned.WriteString(comment)
	for one := range strings.SplitSeq(cases, "\n=== ") {
		title, body, _ := strings.Cut(one, "\n")
		sections := parseSections(body)
		t.Run(title, func(t *testing.T) { runCase(t, sections) })
		fmt.Fprintf(&aligned, "=== %s\n", title)
		for _, s := range sections {
			s.align()
			fmt.Fprintf(&aligned, "%s\n", strings.Join(append([]string{"-- " + s.name + " --"}, s.lines...), "\n"))
		}
	}
	if *update && aligned.String() != string(text) {
		if err := os.WriteFile(name, []byte(aligned.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func parseSections(text string) (sections []section) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "-- "); ok {
			sections = append(sections, section{name: strings.TrimSuffix(name, " --")})
			continue
		}
		last := &sections[len(sections)-1]
		last.lines = append(last.lines, line)
	}
	return sections
}

var gap = regexp.MustCompile(`\t| {2,}`)

// isTable reports whether the section has rows of columns.
func (s *section) isTable() bool {
	return !slices.Contains([]string{"options", "samples.tsv", "header", "error"}, s.name) && !strings.HasSuffix(s.name, ".vcf")
}

// align pads the columns of a table.
func (s *section) align() {
	if !s.isTable() {
		return
	}
	var width []int
	for _, line := range s.lines {
		for i, cell := range gap.Split(line, -1) {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	for i, line := range s.lines {
		var b strings.Builder
		for j, cell := range gap.Split(line, -1) {
			fmt.Fprintf(&b, "%-*s  ", width[j], cell)
		}
		s.lines[i] = strings.TrimRight(b.String(), " ")
	}
}

// rows reads a table.
func (s *section) rows() []row {
	var rows []row
	names := gap.Split(s.lines[0], -1)
	for _, line := range s.lines[1:] {
		r := make(row)
		for i, cell := range gap.Split(line, -1) {
			r[names[i]] = cell
		}
		rows = append(rows, r)
	}
	return rows
}

var (
	blanks  = regexp.MustCompile(` +`)
	escaped = regexp.MustCompile(`\\(e|s|\\|x[0-9a-f]{2})`)
)

// vcf makes the bytes of an input.
func (s *section) vcf() []byte {
	var out bytes.Buffer
	for _, line := range s.lines {
		if !strings.HasPrefix(line, "##") {
			line = blanks.ReplaceAllString(line, "\t")
		}
		out.WriteString(escaped.ReplaceAllStringFunc(line, func(e string) string {
			switch e[1] {
			case 'e':
				return ""
			case 's':
				return " "
			case '\\':
				return `\`
			}
			b, _ := strconv.ParseUint(e[2:], 16, 8)
			return string([]byte{byte(b)})
		}) + "\n")
	}
	return out.Bytes()
}

func runCase(t *testing.T, sections []section) {
	dir := t.TempDir()
	opt := Options{Out: filepath.Join(dir, "out"), Workers: 2}
	for _, s := range sections {
		name := filepath.Join(dir, s.name)
		content := []byte(strings.Join(s.lines, "\n"))
		switch {
		case s.name == "options":
			setOptions(t, &opt, s.lines)
			continue
		case s.name == "samples.tsv":
			opt.Samples = name
		case strings.HasSuffix(s.name, ".vcf"):
			opt.Inputs = append(opt.Inputs, name)
			content = s.vcf()
		default:
			continue
		}
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if i := slices.IndexFunc(sections, func(s section) bool { return s.name == "error" }); i >= 0 {
		expectError(t, opt, sections[i].lines)
		return
	}
	_, d := mustRun(t, opt)
	for _, s := range sections {
		switch {
		case s.name == "header":
			expectHeader(t, d, s.lines)
		case s.isTable():
			got := rowsOf(t, d, s.name)
			if strings.HasPrefix(s.name, "columns ") {
				got = slices.DeleteFunc(got, func(r row) bool {
					return !slices.ContainsFunc(s.rows(), func(want row) bool { return want["name"] == r["name"] })
				})
			}
			for _, diff := range differences(got, s.rows()) {
				t.Errorf("%s: %s", s.name, diff)
			}
		}
	}
}

func setOptions(t *testing.T, opt *Options, lines []string) {
	for _, line := range lines {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "quarantine":
			opt.Quarantine = true
		case "strict":
			opt.StrictHeader = true
		case "unmatched":
			opt.Unmatched = value
		case "group-by":
			opt.GroupBy = strings.Split(value, ",")
		case "tables":
			opt.Tables = strings.Split(value, ",")
		case "part-size":
			opt.PartSize, _ = strconv.ParseInt(value, 10, 64)
		default:
			t.Fatalf("unknown option %q", line)
		}
	}
}

func expectError(t *testing.T, opt Options, says []string) {
	_, err := Run(context.Background(), "test", opt)
	for _, text := range says {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, want one that says %q", err, text)
		}
	}
	if _, err := OpenDataset(opt.Out); !errors.Is(err, ErrNoDataset) {
		t.Errorf("after the failure OpenDataset gives %v", err)
	}
}

func expectHeader(t *testing.T, d *Dataset, want []string) {
	text, err := os.ReadFile(filepath.Join(d.Root, RunPath(d.Manifest.Run), "_header.vcf"))
	if err != nil {
		t.Fatal(err)
	}
	want = slices.Clone(want)
	want[len(want)-1] = blanks.ReplaceAllString(want[len(want)-1], "\t")
	if got := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"); !slices.Equal(got, want) {
		t.Errorf("header is\n%q, want\n%q", got, want)
	}
}

// rowsOf returns what a dataset has of a table, or of what is printed like one.
func rowsOf(t *testing.T, d *Dataset, name string) (rows []row) {
	m := d.Manifest
	switch name {
	case "conflicts":
		for _, c := range m.Conflicts {
			rows = append(rows, row{"field": c.Field, "kind": string(c.Kind), "count": fmt.Sprint(c.Count), "line": fmt.Sprint(c.Line), "text": printText(c.Text), "input": filepath.Base(c.Input)})
		}
	case "manifest":
		return []row{{"records": fmt.Sprint(m.Records), "rows": fmt.Sprint(m.Rows), "rejected": fmt.Sprint(m.Rejected), "samples": fmt.Sprint(m.Samples)}}
	case "files":
		for _, table := range m.Tables {
			for _, f := range table.Files {
				path := strings.TrimPrefix(f.Path, RunPath(m.Run)+"/")
				rows = append(rows, row{"path": path, "chrom": printText(f.Chrom), "rows": fmt.Sprint(f.Rows), "sorted": sortedBy(t, filepath.Join(d.Root, f.Path))})
			}
		}
	case "rejects":
		return readRejects(t, d)
	default:
		if table, ok := strings.CutPrefix(name, "columns "); ok {
			have, _ := m.Table(table)
			for _, c := range have.Columns {
				rows = append(rows, row{"name": c.Name, "type": c.Type, "source": c.Source})
			}
			return rows
		}
		return readRows(t, d, name)
	}
	return rows
}

func readRejects(t failer, d *Dataset) (rows []row) {
	names, err := d.Files().List(RunPath(d.Manifest.Run) + "/_rejects")
	if err != nil {
		t.Fatalf("rejects: %v", err)
	}
	var text []byte
	for _, name := range names {
		shard, err := d.Files().ReadFile(name)
		if err != nil {
			t.Fatalf("rejects: %v", err)
		}
		text = append(text, shard...)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var r Reject
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("rejects: %v", err)
		}
		rows = append(rows, row{"line": fmt.Sprint(r.Line), "offset": fmt.Sprint(r.Offset), "reason": r.Reason, "record": printText(r.Record), "input": filepath.Base(r.Input)})
	}
	return rows
}
