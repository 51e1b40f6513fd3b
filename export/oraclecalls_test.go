package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// call is one GT: its alleles, -1 for a missing one, nil where it can't be read.
type call struct {
	alleles []int
	called  bool
}

func readCall(gt string, alts int) call {
	if !genotype.MatchString(gt) {
		return call{}
	}
	c := call{called: true}
	for _, text := range separators.Split(strings.TrimLeft(gt, "/|"), -1) {
		n, err := strconv.ParseInt(text, 10, 32)
		if text == "." {
			n = -1
		} else if err != nil {
			return call{}
		}
		c.alleles = append(c.alleles, int(n))
		c.called = c.called && n >= 0 && int(n) <= alts
	}
	return c
}

// carry makes carriers the calls of a record that are not homozygous reference.
func (o *oracle) carry(variants row) {
	for i := range o.carriers {
		o.carriers[i]["sample_id"], o.carriers[i]["sample_index"] = fmt.Sprintf("s%d", i), fmt.Sprint(i+1)
		for _, name := range []string{"chrom", "pos", "ref", "alt"} {
			o.carriers[i][name] = variants[name]
		}
	}
	o.carriers = slices.DeleteFunc(o.carriers, func(r row) bool { return r["gt"] == "" || r["n_alt"] == "0" })
}

// format fills in gt, n_alt, fmt_* and fmt_other, and returns the calls, nil where the record has no GT.
func (o *oracle) format(r row, format string, samples []string, alts int) []call {
	columns := map[string][]string{} // by key: printed cells
	other := map[string][]string{}
	keep := func(key string, sample int, text string) {
		if other[key] == nil {
			other[key] = slices.Repeat([]string{"NULL"}, len(samples))
		}
		other[key][sample] = printText(o.spell(text))
	}
	keys := strings.Split(format, ":")
	var calls []call
	nAlt := slices.Repeat([]string{"NULL"}, len(samples))
	o.carriers = nil
	for sample, cell := range samples {
		parts := strings.SplitN(cell, ":", len(keys)+1)
		if len(parts) > len(keys) {
			keep("", sample, parts[len(keys)])
			parts = parts[:len(keys)]
		}
		ploidy := 2
		carrier := row{"n_alt": "NULL"}
		for _, d := range o.formats {
			if d.isScalar() && d.id != "GT" {
				carrier[d.column("fmt_")] = "NULL"
			}
		}
		o.carriers = append(o.carriers, carrier)
		for i, key := range keys {
			d, known := find(o.formats, key)
			text, there := ".", i < len(parts)
			if there {
				text = parts[i]
			}
			switch {
			case key == "" || slices.Index(keys, key) < i:
				if text != "." {
					keep(fmt.Sprintf("%s:%d", key, i+1), sample, text)
				}
			case key == "GT":
				cell := printText(text)
				if !there || text == "" {
					text, cell = "", "NULL"
				}
				if !utf8.ValidString(text) {
					keep("GT", sample, text)
					text, cell = "", "NULL"
				}
				columns["gt"] = append(columns["gt"], cell)
				carrier["gt"] = cell
				c := readCall(text, alts)
				calls = append(calls, c)
				if ploidy = len(c.alleles); text == "." {
					ploidy = 0
				}
				if c.called {
					nAlt[sample] = fmt.Sprint(c.copies())
					carrier["n_alt"] = nAlt[sample]
				}
			case !known:
				if text != "." {
					keep(key, sample, text)
				}
			default:
				value, exact := o.value(d, text, o.formatCount(d, text, alts, ploidy), false)
				if !exact {
					keep(key, sample, text)
				}
				columns["fmt_"+key] = append(columns["fmt_"+key], value)
				if d.isScalar() {
					carrier[d.column("fmt_")] = value
				}
			}
		}
	}
	r["gt"], r["n_alt"], r["fmt_other"] = "NULL", "NULL", "NULL"
	if len(samples) > 0 {
		r["n_alt"] = printCells(nAlt)
	}
	for _, d := range o.formats {
		r["fmt_"+d.id] = "NULL"
	}
	for name, cells := range columns {
		r[name] = printCells(cells)
	}
	lists := map[string]string{}
	for key, cells := range other {
		lists[key] = printCells(cells)
	}
	r["fmt_other"] = printEntries(lists)
	delete(r, "fmt_GT")
	return calls
}

// formatCount is count for a sample; where GT is missing as a whole, G may be that of one copy or of two.
func (o *oracle) formatCount(d declared, text string, alts, ploidy int) int {
	if d.number == "G" && ploidy == 0 {
		ploidy = 2
		if strings.Count(text, ",") == alts {
			ploidy = 1
		}
	}
	return o.count(d.number, alts, ploidy)
}

// copies counts the alleles that are not the reference.
func (c call) copies() (n int) {
	for _, a := range c.alleles {
		if a > 0 {
			n++
		}
	}
	return n
}

// quality fills in the counts of variant_qc that can be had by counting.
func (o *oracle) quality(r row, calls []call, alts int) {
	if _, ok := find(o.formats, "GT"); !ok {
		r["qc_n_called"], r["qc_ac"], r["qc_call_rate"] = "NULL", "NULL", "NULL"
		return
	}
	var called, het, nonRef, an int
	ac, hom := make([]int, alts+1), make([]int, alts+1)
	for _, c := range calls {
		if !c.called {
			continue
		}
		called++
		an += len(c.alleles)
		for _, a := range c.alleles {
			ac[a]++
		}
		if c.copies() > 0 {
			nonRef++
		}
		if len(c.alleles) > 1 && slices.Min(c.alleles) != slices.Max(c.alleles) {
			het++
		} else if len(c.alleles) > 1 {
			hom[c.alleles[0]]++
		}
	}
	r["qc_n_called"], r["qc_n_not_called"] = fmt.Sprint(called), fmt.Sprint(o.samples-called)
	r["qc_n_het"], r["qc_n_non_ref"], r["qc_an"] = fmt.Sprint(het), fmt.Sprint(nonRef), fmt.Sprint(an)
	r["qc_ac"], r["qc_homozygote_count"] = fmt.Sprint(ac), fmt.Sprint(hom)
	r["qc_call_rate"] = "NULL"
	if o.samples > 0 {
		r["qc_call_rate"] = printDouble(float64(called) / float64(o.samples))
	}
}
