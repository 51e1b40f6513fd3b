package estimate

import (
	"fmt"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/export"
)

// athenaRow is the largest row that Athena reads, in bytes (Athena user guide, "Other notable limitations").
const athenaRow = 32 << 20

// Files from which on readers take longer to list and open them than to read them, and what a file of a table should have at least.
const (
	manyFiles = 10_000
	fewBytes  = 16 << 20
)

// largestRow is the largest row of the sample beside what Athena reads.
func largestRow(s *sample, samples int64) Row {
	r := Row{Limit: athenaRow}
	for _, w := range s.windows {
		r.Bytes = max(r.Bytes, w.longest)
	}
	r.Beyond = r.Bytes > athenaRow
	if samples > 0 && r.Bytes > 0 {
		r.Fit = samples * athenaRow / r.Bytes
	}
	return r
}

// warnings says what the user should know before the export.
func warnings(survey *export.Survey, s *sample, e *Estimate, t *trial) []string {
	list := []string{}
	warn := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	s.checkOrder(survey, warn)
	for _, c := range e.Conflicts {
		if c.Kind == export.Disagreement {
			warn("headers disagree: %s has %s in %s; the column takes both", c.Field, c.Text, c.Input)
		}
	}
	if t.rejected > 0 {
		what := "the export will fail; mend them, or give --on-bad-record quarantine"
		if survey.Options.Quarantine {
			what = "they will be set aside"
		}
		warn("%d of the %d records of the sample are no records: %s", t.rejected, t.records, what)
	}
	if len(t.misfits) > 0 && survey.Options.StrictHeader {
		warn("records of the sample depart from the header (%s is %s): with --on-header-mismatch fail the export will fail", t.misfits[0].Field, t.misfits[0].Kind)
	}
	warnRow(e, warn)
	warnFiles(e, warn)
	if n := s.bytes[bgzf.Gzip]; n > 0 && !s.all {
		warn("%d bytes are plain gzip, of which the beginning alone can be looked at: what follows may differ from it; compressed with bgzip they could be cut into shards too", n)
	}
	if e.Shards.Empty > 0 {
		warn("%d of %d shards would have nothing to do: no more than %d could have; give --shards %d", e.Shards.Empty, e.Shards.Count, e.Batch.MostUseful, e.Batch.ArraySize)
	}
	if e.Batch.Memory > survey.Options.Memory {
		warn("records have up to %d bytes: give --memory %dGiB", e.LargestRow.Bytes, e.Batch.Memory>>30)
	}
	return list
}

func warnRow(e *Estimate, warn func(string, ...any)) {
	r := e.LargestRow
	if r.Bytes < athenaRow/4*3 {
		return
	}
	text := "near"
	if r.Beyond {
		text = "beyond"
	}
	warn("a record has %d bytes, %s the %d that Athena reads of a row; about %d of the %d samples fit", r.Bytes, text, r.Limit, r.Fit, e.Samples)
}

func warnFiles(e *Estimate, warn func(string, ...any)) {
	if e.Files > manyFiles {
		warn("the tables would have %d files, and readers list and open every one: give fewer shards, or a larger --part-size", e.Files)
	}
	for _, t := range e.Tables {
		if t.Files > 1000 && t.Bytes/t.Files < fewBytes {
			warn("the files of %s would have %d bytes each, where readers do best with 64 MiB and more: give fewer shards", t.Name, t.Bytes/t.Files)
			return
		}
	}
}

// checkOrder looks for contigs that return, that the header lacks, and positions that go back, as far as the sample shows them.
func (s *sample) checkOrder(survey *export.Survey, warn func(string, ...any)) {
	told := make(map[string]bool)
	tell := func(kind, contig, format string, args ...any) {
		if !told[kind+contig] {
			told[kind+contig] = true
			warn(format, args...)
		}
	}
	left := make(map[string]bool) // contigs that others have followed
	var last stretch
	var before *window
	for _, w := range s.windows {
		name := survey.Inputs[w.input].Name
		for i, c := range w.contigs {
			if c.name != last.name {
				left[last.name] = true
			}
			follows := i > 0 || before != nil && before.input == w.input && before.from+before.bytes <= w.from
			if c.name != last.name && left[c.name] {
				tell("left", c.name, "contig %q returns after others, in %s: each return begins new files; sort with bcftools sort", c.name, name)
			}
			if !c.sorted || follows && c.name == last.name && c.first < last.last {
				tell("back", c.name, "positions of contig %q are not in order, in %s: queries of a region will read more than they need; sort with bcftools sort", c.name, name)
			}
			if !survey.Inputs[w.input].Declares(c.name) {
				tell("undeclared", c.name, "contig %q is not in the header of %s", c.name, name)
			}
			last = c
		}
		before = w
	}
}
