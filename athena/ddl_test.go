package athena

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/varlake/varlake/export"
)

var testOptions = DDLOptions{Database: "lake", TablePrefix: "p_", Location: "s3://bucket/data set/"}

func TestDDLGolden(t *testing.T) {
	m := writeDataset(t, t.TempDir(), smallCohort()).Manifest
	m.Tables[0].Columns[2].Source = "POS"
	m.Tables[0].Columns[12].Source = "FORMAT/DP"
	m.Tables[0].Columns[12].Description = `it's "deep"; \ ` + "\n-- é"
	statements, err := DDL(m, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/ddl.golden", strings.Join(statements, ";\n\n")+";\n")

	opt := testOptions
	opt.Replace = true
	replace, err := DDL(m, opt)
	if err != nil {
		t.Fatal(err)
	}
	var rest []string
	for _, s := range replace {
		if !strings.HasPrefix(s, "DROP TABLE IF EXISTS `lake`.`p_") {
			rest = append(rest, s)
		}
	}
	if len(replace) != len(rest)+3 || strings.Join(rest, ";") != strings.Join(statements, ";") {
		t.Errorf("with Replace: %q", replace)
	}
}

func TestDDLSplitsPartitions(t *testing.T) {
	table := export.Table{Name: export.Variants, Partition: "chrom", Columns: columns("n_alt", "array<int>")}
	const contigs = 5_000
	for i := range contigs {
		chrom := fmt.Sprintf("contig-%d-%s", i, strings.Repeat("'", i%50))
		for part := range 2 {
			table.Files = append(table.Files, export.File{Chrom: chrom,
				Path: fmt.Sprintf("runs/r/variants/chrom=%s/part-00000-%06d.parquet", export.EscapePartition(chrom), part)})
		}
	}
	statements, err := DDL(&export.Manifest{Run: "r", Tables: []export.Table{table}}, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	partitions, alters := 0, 0
	for _, s := range statements {
		if len(s) > 262_144 {
			t.Errorf("a statement of %d bytes", len(s))
		}
		if rest, ok := strings.CutPrefix(s, "ALTER TABLE `lake`.`p_variants` ADD IF NOT EXISTS"); ok {
			alters++
			for _, line := range strings.Split(rest, "\n")[1:] {
				if !strings.HasPrefix(line, fmt.Sprintf("  PARTITION (`chrom` = 'contig-%d-", partitions)) {
					t.Fatalf("partition %d is %s", partitions, line)
				}
				partitions++
			}
		}
	}
	if partitions != contigs || alters < 2 || alters > 5 {
		t.Errorf("%d partitions in %d statements", partitions, alters)
	}
}

func TestDDLDropsCommentsOfWideTables(t *testing.T) {
	wide := func(n int) *export.Manifest {
		table := export.Table{Name: "t"}
		for i := range n {
			table.Columns = append(table.Columns, export.Column{Name: fmt.Sprintf("column_%d", i), Type: "int", Description: strings.Repeat("x", 300)})
		}
		return &export.Manifest{Run: "r", Tables: []export.Table{table}}
	}
	for n, comments := range map[int]bool{10: true, 2_000: false} {
		statements, err := DDL(wide(n), testOptions)
		if err != nil {
			t.Fatal(err)
		}
		if create := statements[1]; len(create) > 262_144 || strings.Contains(create, "COMMENT") != comments || strings.Count(create, "`column_") != n {
			t.Errorf("%d columns: %d bytes", n, len(create))
		}
	}
	if _, err := DDL(wide(20_000), testOptions); !errors.Is(err, ErrTooLong) {
		t.Errorf("20,000 columns: %v", err)
	}
}

func TestDDLErrors(t *testing.T) {
	tests := []struct {
		opt  DDLOptions
		want error
	}{
		{DDLOptions{Database: "", Location: "s3://b/x"}, ErrName},
		{DDLOptions{Database: "Lake", Location: "s3://b/x"}, ErrName},
		{DDLOptions{Database: "a`; DROP", Location: "s3://b/x"}, ErrName},
		{DDLOptions{Database: "a", TablePrefix: "P", Location: "s3://b/x"}, ErrName},
		{DDLOptions{Database: "a", Location: "/data/x"}, ErrLocation},
		{DDLOptions{Database: "a", Location: "s3://"}, ErrLocation},
	}
	for _, test := range tests {
		if _, err := DDL(&export.Manifest{}, test.opt); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test.opt, err)
		}
	}
	m := &export.Manifest{Tables: []export.Table{{Name: "t", Columns: columns("a", "array<struct>")}}}
	if _, err := DDL(m, testOptions); !errors.Is(err, ErrType) {
		t.Errorf("bad type: %v", err)
	}
}

func TestComment(t *testing.T) {
	for _, test := range []struct {
		column export.Column
		want   string
	}{
		{export.Column{Source: "INFO/AF", Description: "frequency"}, "INFO/AF: frequency"},
		{export.Column{Source: "QC"}, "QC"},
		{export.Column{Description: "a\tb\n"}, "a b "},
		{export.Column{Description: "a\xffb"}, "a\uFFFDb"},
		{export.Column{}, ""},
	} {
		if got := Comment(test.column); got != test.want {
			t.Errorf("Comment(%+v) = %q, want %q", test.column, got, test.want)
		}
	}
	for n := range 10 {
		got := Comment(export.Column{Description: strings.Repeat("x", n) + strings.Repeat("é染😀", 60)})
		if len(got) > 255 || len(got) < 250 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
}
