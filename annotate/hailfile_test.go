package annotate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// number is a number of the expected values; "NaN" and null are NaN.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	if s := string(b); s == "null" || s == `"NaN"` {
		*n = number(math.NaN())
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	*n = number(f)
	return err
}

type hailStats struct{ Mean, Stdev, Min, Max number }

type hailVariant struct {
	Chrom      string
	Pos        int64
	Alleles    []string
	DP         *hailStats `json:"dp_stats"`
	GQ         *hailStats `json:"gq_stats"`
	AC         []number
	AF         []number
	AN         number
	Homs       []number `json:"homozygote_count"`
	CallRate   number   `json:"call_rate"`
	NCalled    number   `json:"n_called"`
	NNotCalled number   `json:"n_not_called"`
	NFiltered  number   `json:"n_filtered"`
	NHet       number   `json:"n_het"`
	NNonRef    number   `json:"n_non_ref"`
	HetFreqHWE number   `json:"het_freq_hwe"`
	PValueHWE  number   `json:"p_value_hwe"`
	PExcessHet number   `json:"p_value_excess_het"`
}

func (v *hailVariant) key() string {
	return fmt.Sprint(v.Chrom, "\t", v.Pos, "\t", strings.Join(v.Alleles, ","))
}

type hailSample struct {
	ID                 string     `json:"sample_id"`
	DP                 *hailStats `json:"dp_stats"`
	GQ                 *hailStats `json:"gq_stats"`
	CallRate           number     `json:"call_rate"`
	NCalled            number     `json:"n_called"`
	NNotCalled         number     `json:"n_not_called"`
	NFiltered          number     `json:"n_filtered"`
	NHomRef            number     `json:"n_hom_ref"`
	NHet               number     `json:"n_het"`
	NHomVar            number     `json:"n_hom_var"`
	NNonRef            number     `json:"n_non_ref"`
	NSingleton         number     `json:"n_singleton"`
	NSNP               number     `json:"n_snp"`
	NInsertion         number     `json:"n_insertion"`
	NDeletion          number     `json:"n_deletion"`
	NTransition        number     `json:"n_transition"`
	NTransversion      number     `json:"n_transversion"`
	NStar              number     `json:"n_star"`
	RTiTv              number     `json:"r_ti_tv"`
	RHetHomVar         number     `json:"r_het_hom_var"`
	RInsertionDeletion number     `json:"r_insertion_deletion"`
}

func readExpected[T any](t *testing.T, name string) []T {
	r := open(t, filepath.Join(sharedData, "expected", name))
	var all []T
	for decoder := json.NewDecoder(r); ; {
		var v T
		if err := decoder.Decode(&v); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, v)
	}
}

// open reads a file, plain or gzip of any number of members.
func open(t *testing.T, name string) io.Reader {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r := bufio.NewReaderSize(f, 1<<20)
	if magic, _ := r.Peek(2); string(magic) != "\x1f\x8b" {
		return r
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// part is a field of a sample's cell; trailing ones may be left out.
func part(cell []byte, field int) []byte {
	for range field {
		var more bool
		if _, cell, more = bytes.Cut(cell, []byte(":")); !more {
			return []byte(".")
		}
	}
	first, _, _ := bytes.Cut(cell, []byte(":"))
	return first
}
