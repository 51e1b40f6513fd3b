package restore

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestCases restores the VCFs of testdata. A file has sections that begin with "-- NAME --":
//
//	X.vcf      an input. Outside ## lines a stretch of blanks is a tab, \e nothing, \s a blank, \\ a backslash, \xHH a byte
//	restored   the VCF that comes back, in the same spelling; without this section it is that of the only input
//
// Lines of an input that are no records come back too.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			names, sections := cutSections(t, string(text))
			var inputs []string
			texts := make(map[string][]byte)
			for _, name := range names {
				if strings.HasSuffix(name, ".vcf") {
					inputs = append(inputs, name)
					texts[name] = []byte(sections[name])
				}
			}
			want, ok := sections["restored"]
			if !ok {
				want = sections[inputs[0]]
			}
			want = strings.ReplaceAll(want, "\r\n", "\n")
			if got := restored(t, dataset(t, t.TempDir(), inputs, texts), true); got != want {
				t.Errorf("got\n%s\nwant\n%s\n%s", got, want, firstDifference(got, want))
			}
		})
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "line " + strconv.Itoa(i+1) + ":\n" + strconv.Quote(a[i]) + "\n" + strconv.Quote(b[i])
		}
	}
	return strconv.Itoa(len(a)) + " and " + strconv.Itoa(len(b)) + " lines"
}

func cutSections(t *testing.T, text string) (names []string, sections map[string]string) {
	sections = make(map[string]string)
	for part := range strings.SplitSeq("\n"+text, "\n-- ") {
		name, body, ok := strings.Cut(part, " --\n")
		if !ok {
			continue
		}
		names = append(names, name)
		var out strings.Builder
		for line := range strings.Lines(strings.TrimSuffix(body, "\n") + "\n") {
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, "##") {
				line = plainText(t, strings.Join(strings.Fields(line), "\t"))
			}
			out.WriteString(line + "\n")
		}
		sections[name] = out.String()
	}
	return names, sections
}

// plainText undoes the spelling of bytes that would not show.
func plainText(t *testing.T, s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'e':
		case 's':
			out.WriteByte(' ')
		case '\\':
			out.WriteByte('\\')
		case 'x':
			b, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteByte(byte(b))
			i += 2
		default:
			t.Fatalf("%q is no spelling", s[i-1:i+1])
		}
	}
	return out.String()
}
