package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// counts are what a manifest, a shard and a set of parts say of their records.
type counts struct {
	Records  int64 `json:"records"`
	Rows     int64 `json:"rows"`
	Rejected int64 `json:"rejected"`
}

func (c counts) String() string {
	return fmt.Sprintf("%s, %s and %d rejected", plural(c.Records, "record", "records"), plural(c.Rows, "row", "rows"), c.Rejected)
}

func (c *counts) add(o counts) {
	c.Records += o.Records
	c.Rows += o.Rows
	c.Rejected += o.Rejected
}

// partSet is what a file of _parts says of the files of all record tables that hold the same records.
type partSet struct {
	counts
	Shard int        `json:"shard"`
	First int64      `json:"first_record"`
	Files []partFile `json:"files"`
	Tally string     `json:"tally_sha256"`
}

// partFile is a file of a set of parts.
type partFile struct {
	Table string `json:"table"`
	export.File
}

// balance adds up: records are rows and rejected ones, in the manifest, in every shard and in every set of parts, and the smaller make up the larger.
func (v *verifier) balance(context.Context) (Check, error) {
	c := Check{Name: "balance"}
	manifest := path.Join(v.run, export.ManifestName)
	total := counts{v.m.Records, v.m.Rows, v.m.Rejected}
	v.even(&c, manifest, total)
	v.tableSums(&c, manifest)

	parts, shards := v.support("_parts", ".json"), v.support("_shards", ".json")
	c.Checked = fmt.Sprintf("%v: manifest, %s, %s", total, plural(int64(len(shards)), "shard", "shards"), plural(int64(len(parts)), "set of parts", "sets of parts"))
	byShard := v.parts(&c, parts)
	var ofParts, ofShards counts
	for _, sum := range byShard {
		ofParts.add(sum)
	}
	for _, name := range shards {
		var shard counts
		if !v.read(&c, name, &shard) {
			continue
		}
		v.even(&c, name, shard)
		ofShards.add(shard)
		if sum := byShard[stem(name)]; sum != shard && !v.anyBad("_parts") {
			v.fault(&c, name, distrust, "says %v, its sets of parts %v", shard, sum)
		}
	}
	if ofParts != total && !v.anyBad("_parts") {
		v.fault(&c, manifest, distrust, "says %v, the sets of parts %v", total, ofParts)
	}
	if ofShards != total && !v.anyBad("_shards") {
		v.fault(&c, manifest, distrust, "says %v, the shards %v", total, ofShards)
	}
	return c, nil
}

// even finds records that are neither rows nor rejected.
func (v *verifier) even(c *Check, name string, n counts) {
	if n.Records != n.Rows+n.Rejected {
		v.fault(c, name, distrust, "says %v, which do not add up", n)
	}
}

// tableSums compares the tables of the manifest with their files, and with one another.
func (v *verifier) tableSums(c *Check, manifest string) {
	for _, t := range v.m.Tables {
		var rows, bytes int64
		for _, f := range t.Files {
			rows += f.Rows
			bytes += f.Bytes
		}
		if rows != t.Rows || bytes != t.Bytes {
			v.fault(c, manifest, distrust, "says that %s has %d rows and %d bytes, its files have %d and %d", t.Name, t.Rows, t.Bytes, rows, bytes)
		}
		switch {
		case t.Name == export.SampleAnnotations && t.Rows != v.m.Samples:
			v.fault(c, manifest, distrust, "says that %s has %d rows, the dataset %d samples", t.Name, t.Rows, v.m.Samples)
		case t.Name == export.Carriers && t.Rows > v.m.Rows*v.m.Samples:
			v.fault(c, manifest, distrust, "says that %s has %d rows, the dataset %d rows of %d samples", t.Name, t.Rows, v.m.Rows, v.m.Samples)
		case t.Name != export.SampleAnnotations && t.Name != export.Carriers && t.Rows != v.m.Rows:
			v.fault(c, manifest, distrust, "says that %s has %d rows, the dataset %d rows", t.Name, t.Rows, v.m.Rows)
		}
	}
}

// parts compares every set of parts with the manifest, and returns their sums by shard, as the names of the files spell it.
func (v *verifier) parts(c *Check, names []string) map[string]counts {
	sums := make(map[string]counts)
	known := v.recordFiles()
	for _, name := range names { // in order of shard and sequence
		var set partSet
		if !v.read(c, name, &set) {
			continue
		}
		shard, _, _ := strings.Cut(stem(name), "-")
		sum := sums[shard]
		v.even(c, name, set.counts)
		if set.First != sum.Records && !v.anyBad("_parts") {
			v.fault(c, name, distrust, "begins at record %d of its shard, the sets before it end at %d", set.First, sum.Records)
		}
		if tally := strings.TrimSuffix(name, ".json") + ".tally.zst"; v.sums[tally] != set.Tally {
			v.fault(c, name, distrust, "says that the tallies beside it have the SHA-256 %s, the manifest %q", set.Tally, v.sums[tally])
		}
		for _, f := range set.Files {
			// Of carriers, calls are rows.
			if known[f.Path] != f || f.Rows != set.Rows && f.Table != export.Carriers {
				v.fault(c, name, distrust, "says of %s other than the manifest", f.Path)
			}
			delete(known, f.Path)
		}
		sum.add(set.counts)
		sums[shard] = sum
	}
	for name := range known {
		if !v.anyBad("_parts") {
			v.fault(c, name, distrust, "is in no set of parts")
		}
	}
	return sums
}

// recordFiles are the files of the record tables by path.
func (v *verifier) recordFiles() map[string]partFile {
	files := make(map[string]partFile)
	for _, t := range v.m.Tables {
		if t.Name == export.SampleAnnotations {
			continue
		}
		for _, f := range t.Files {
			files[f.Path] = partFile{t.Name, f}
		}
	}
	return files
}

// rejects counts the lines set aside, shard by shard.
func (v *verifier) rejects(ctx context.Context) (Check, error) {
	c := Check{Name: "rejects"}
	var sum int64
	for _, name := range v.support("_rejects", ".jsonl") {
		n, err := countLines(ctx, v.stored, name)
		if cause := context.Cause(ctx); cause != nil {
			return c, cause
		}
		if err != nil {
			v.fault(&c, name, distrust, "can't be read after line %d: %v", n, err)
			continue
		}
		sum += n
		var shard counts
		if says := path.Join(v.run, "_shards", stem(name)+".json"); !v.bad[says] && v.read(&c, says, &shard) && shard.Rejected != n {
			v.fault(&c, name, distrust, "has %d lines, %s says %d", n, path.Base(says), shard.Rejected)
		}
	}
	if sum != v.m.Rejected && !v.anyBad("_rejects") {
		v.fault(&c, path.Join(v.run, export.ManifestName), distrust, "says %d rejected, _rejects has %d lines", v.m.Rejected, sum)
	}
	c.Checked = plural(sum, "line", "lines")
	return c, nil
}

// countLines counts the JSON lines of a file of rejects.
func countLines(ctx context.Context, files store.Store, name string) (n int64, err error) {
	f, err := files.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := json.NewDecoder(f); ctx.Err() == nil; n++ {
		var line export.Reject
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		case line.Reason == "":
			return n, errors.New("a line without reason")
		}
	}
	return n, ctx.Err()
}

// read reads a small JSON file.
func (v *verifier) read(c *Check, name string, into any) bool {
	text, err := v.stored.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		v.fault(c, name, distrust, "can't be read: %v", err)
	}
	return err == nil
}

// stem is the name of a file without folder and extension.
func stem(name string) string {
	base, _, _ := strings.Cut(path.Base(name), ".")
	return base
}
