package annotate

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openShared opens a table of the shared test data.
func openShared(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", "annotations", filepath.FromSlash(name)))
	if os.IsNotExist(err) {
		t.Skipf("no shared test data: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func readShared(t *testing.T, name string) *Table {
	t.Helper()
	table, err := ReadTable(openShared(t, name), name, TableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func countGroups(t *testing.T, table *Table, column string) map[string]int {
	t.Helper()
	g, err := NewGroups(table, seq(len(table.IDs)), []string{column})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, group := range g.Groups {
		counts[group.Value] = group.Samples
	}
	return counts
}

// columnTypes lists the columns as "name:type", separated by blanks.
func columnTypes(table *Table) string {
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name+":"+c.Type.String())
	}
	return strings.Join(names, " ")
}

// Expected numbers in these tests are those that awk and the 1000 Genomes
// project give.
func TestRealTables(t *testing.T) {
	tests := []struct {
		file, key, first string
		rows             int
		types            string
		column           string
		counts           map[string]int // of some values of column
	}{
		{"1000g_phase3.samples.tsv", "sample", "HG00096", 2504,
			"pop:string super_pop:string gender:string",
			"super_pop", map[string]int{"AFR": 661, "AMR": 347, "EAS": 504, "EUR": 503, "SAS": 489}},
		{"wdecoster+pathSTR/igsr_samples.tsv", "Sample name", "HG00271", 4978,
			"Sex:string Biosample ID:string Population code:string Population name:string Superpopulation code:string Superpopulation name:string Population elastic ID:string Data collections:string",
			"Superpopulation code", map[string]int{"AFR": 1421, "AMR": 535, "EAS": 621, "EUR": 669, "SAS": 661, "EUR,AFR": 1}},
		{"opencb+opencga/20130606_g1k.ped", "Individual ID", "HG01879", 3501,
			"Family ID:string Paternal ID:string Maternal ID:string Gender:int Phenotype:int Population:string Relationship:string Siblings:string Second Order:string Third Order:string Other Comments:string",
			"Gender", map[string]int{"1": 1740, "2": 1761}},
		{"brentp+slivar/ceph.ped", "sample_id", "1011", 603,
			"family_id:string paternal_id:string maternal_id:string sex:int phenotype:int",
			"sex", map[string]int{"1": 292, "2": 311}},
		{"hail-is+hail/sampleAnnotations.tsv", "Sample", "HG00096", 100,
			"Status:string qPhen:int",
			"Status", map[string]int{"CASE": 41, "CTRL": 59}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			table := readShared(t, test.file)
			if table.Key != test.key || len(table.IDs) != test.rows || table.IDs[0] != test.first {
				t.Errorf("key %q, %d rows, first %q", table.Key, len(table.IDs), table.IDs[0])
			}
			if got := columnTypes(table); got != test.types {
				t.Errorf("got  %s\nwant %s", got, test.types)
			}
			counts := countGroups(t, table, test.column)
			if len(counts) != len(test.counts) {
				t.Errorf("groups %v", counts)
			}
			for value, want := range test.counts {
				if counts[value] != want {
					t.Errorf("%s=%s: %d samples, want %d", test.column, value, counts[value], want)
				}
			}
		})
	}
}

// Hail's samples2.csv has two rows for PT-0003, which no join could tell apart.
func TestRealTableWithDuplicateKey(t *testing.T) {
	_, err := ReadTable(openShared(t, "hail-is+hail/samples2.csv"), "samples2.csv", TableOptions{Key: "PT-ID"})
	const want = `sample table samples2.csv:5: sample "PT-0003" is in line 4 already; keep one row per sample, or name another key column`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Quoted fields with commas, and CRLF, leave nothing behind.
func TestRealTableQuotes(t *testing.T) {
	table := readShared(t, "wdecoster+pathSTR/igsr_samples.tsv")
	c, _ := table.Column("Data collections")
	const want = "1000 Genomes on GRCh38,1000 Genomes 30x on GRCh38,1000 Genomes phase 3 release,1000 Genomes phase 1 release,Geuvadis"
	if c.Strings[0] != want {
		t.Errorf("got %q", c.Strings[0])
	}
	for _, v := range c.Strings {
		if strings.ContainsAny(v, "\"\r") {
			t.Fatalf("quote or CR left in %q", v)
		}
	}
}
