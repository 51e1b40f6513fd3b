package annotate

import "testing"

func TestPED(t *testing.T) {
	const headerless = "sample_id: I1|I2\nfamily_id string: 7|7\npaternal_id string: 0|I1\nmaternal_id string: 0|0\nsex int: 1|2\nphenotype int: -9|2\n"
	tests := map[string]struct{ text, want string }{
		"tabs":             {"7\tI1\t0\t0\t1\t-9\n7\tI2\tI1\t0\t2\t2\n", headerless},
		"blanks":           {"7 I1 0 0 1 -9\r\n7  I2   I1 0\t2 2\r\n", headerless},
		"ragged blanks":    {" 7 I1  0 0 1 -9 \n\n7 I2 I1 0 2 2", headerless},
		"blanks, then tab": {"7\t\tI1 0 0 1 -9\n7\tI2\tI1\t0\t2\t2\n", headerless},
		"sex in words": {"F I1 0 0 unknown NA\nF I2 0 0 other 1.5\n",
			"sample_id: I1|I2\nfamily_id string: F|F\npaternal_id string: 0|0\nmaternal_id string: 0|0\nsex string: unknown|other\nphenotype double: ~|1.5\n"},
		"phenotype in words": {"F I1 0 0 2 affected\n",
			"sample_id: I1\nfamily_id string: F\npaternal_id string: 0\nmaternal_id string: 0\nsex int: 2\nphenotype string: affected\n"},
		"empty field": {"F\tI1\t\t\t1\t1\n",
			"sample_id: I1\nfamily_id string: F\npaternal_id string: ~\nmaternal_id string: ~\nsex int: 1\nphenotype int: 1\n"},

		"header of 1000 Genomes": {"Family ID\tIndividual ID\tGender\nBB01\tHG01879\t1\n", "Individual ID: HG01879\nFamily ID string: BB01\nGender int: 1\n"},
		"header of slivar":       {"#family_id\tsample_id\tpaternal_id\tmaternal_id\tsex\tphenotype\nF\tI1\t0\t0\t1\t2\n", "sample_id: I1\nfamily_id string: F\npaternal_id int: 0\nmaternal_id int: 0\nsex int: 1\nphenotype int: 2\n"},
		"header of PLINK":        {"#FID IID PAT\nF I1 0\n", "IID: I1\nFID string: F\nPAT int: 0\n"},
		"psam without family":    {"#IID\tSEX\nI1\t1\n", "IID: I1\nSEX int: 1\n"},
		"family alone":           {"Family ID\tname\nF\tI1\n", "Family ID: F\nname string: I1\n"},
		"family not first":       {"Individual ID\tFamily ID\nI1\tF\n", "Individual ID: I1\nFamily ID string: F\n"},
		"column named other":     {"s\ta\tb\tc\tother\tnote\nHG1\t1\t2\t3\t4\t5\n", "s: HG1\na int: 1\nb int: 2\nc int: 3\nother int: 4\nnote int: 5\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := show(mustReadTable(t, test.text, TableOptions{})); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestPEDWithOtherKey(t *testing.T) {
	table := mustReadTable(t, "Family ID\tIndividual ID\nBB01\tHG01879\n", TableOptions{Key: "Family ID"})
	if table.Key != "Family ID" || table.IDs[0] != "BB01" {
		t.Error(show(table))
	}
}
