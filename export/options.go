package export

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
)

// ErrUsage is wrapped by errors about options that can't be followed.
var ErrUsage = errors.New("wrong usage")

// Options say what to export and how.
type Options struct {
	Inputs []string      // files, directories, globs, "-", the same in S3; or one dataset
	Finder source.Finder // of the inputs and the sample table; the zero value knows those of this machine
	Lines  Lines         // reads the records of a dataset; nil: datasets are no inputs
	Out    string        // of the dataset: a directory, or what Stores opens
	Stores store.Opener  // opens datasets; nil: directories

	Samples string // sample table, a file or in S3; "" none
	Table   annotate.TableOptions
	GroupBy []string // columns of the sample table
	// Unmatched says what samples in only one of VCF and table do: "warn" (or ""), "fail", "ignore".
	Unmatched string

	Tables       []string // to write; none: all but Carriers. SampleAnnotations is always written
	Quarantine   bool     // set bad records aside instead of failing
	StrictHeader bool     // fail where values depart from the header
	PartSize     int64    // bytes from which on a file is followed by another; 0: DefaultPartSize
	Workers      int      // 0: all cores
	Memory       int64    // bytes; bounds lines to a quarter; 0: DefaultMemory
	Overwrite    bool     // replace a dataset made from other inputs or options
	Shards       int      // as how many pieces of work the inputs are exported, one by each of as many processes; 0: 1
	Shard        int      // which of them this is, from 0
	Progress     *Progress

	chunk       int // bytes of text decoded at a time, for tests; 0: what vcf takes
	carrierRows int // rows of a row group of carriers, for tests; 0: maxCarrierRows
}

// Defaults of Options.
const (
	DefaultPartSize = 256 << 20
	DefaultMemory   = 1 << 30
)

// maxShards bounds the numbers in the names of parts. An array job of AWS Batch has up to 10,000 children.
const maxShards = 99_999

// maxLine is the longest line that any memory allows.
const maxLine = 512 << 20

func (o Options) withDefaults() (Options, error) {
	if len(o.Inputs) == 0 {
		return o, fmt.Errorf("%w: no input; give a file, a directory, a glob or - for standard input", ErrUsage)
	}
	if o.Out == "" {
		return o, fmt.Errorf("%w: no dataset to write; give --out DATASET", ErrUsage)
	}
	if len(o.GroupBy) > 0 && o.Samples == "" {
		return o, fmt.Errorf("%w: --group-by needs the sample table that has the columns; give --samples FILE", ErrUsage)
	}
	if len(o.Tables) == 0 {
		o.Tables = []string{Variants, VariantAnnotations, SampleAnnotations}
	}
	for _, t := range o.Tables {
		if t != Variants && t != VariantAnnotations && t != SampleAnnotations && t != Carriers {
			return o, fmt.Errorf("%w: there is no table %q; there are %s, %s, %s and %s", ErrUsage, t, Variants, VariantAnnotations, SampleAnnotations, Carriers)
		}
	}
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Shards < 1 || o.Shards > maxShards || o.Shard < 0 || o.Shard >= o.Shards {
		return o, fmt.Errorf("%w: shard %d of %d; give --shards 1 to %d, and --shard 0 to one less than that", ErrUsage, o.Shard, o.Shards, maxShards)
	}
	if o.Stores == nil {
		o.Stores = store.Local
	}
	if o.PartSize <= 0 {
		o.PartSize = DefaultPartSize
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

// checkShards makes sure that each shard can read the inputs for itself.
func (o *Options) checkShards(inputs []source.Input) error {
	if o.Shards == 1 {
		return nil
	}
	for _, in := range inputs {
		if !in.Rereadable() {
			return fmt.Errorf("%w: %s can be read only once, and not by %d shards; give files or objects, or leave out --shards", ErrUsage, in.Name, o.Shards)
		}
	}
	return nil
}

func (o *Options) lineLimit() int64 { return min(maxLine, o.Memory/4) }

func (o *Options) writes(table string) bool { return slices.Contains(o.Tables, table) }

// lasting are the options that change the bytes of a dataset, so that they are part of what names a run. Workers and memory do not.
type lasting struct {
	From         string            `json:"from,omitempty"`    // the run that is exported anew
	Samples      string            `json:"samples,omitempty"` // SHA-256 of the sample table
	Key          string            `json:"sample_key,omitempty"`
	Missing      []string          `json:"missing,omitempty"`
	Types        map[string]string `json:"types,omitempty"`
	GroupBy      []string          `json:"group_by,omitempty"`
	Tables       []string          `json:"tables"`
	Quarantine   bool              `json:"quarantine,omitempty"`
	StrictHeader bool              `json:"strict_header,omitempty"`
	PartSize     int64             `json:"part_size"`
	Shards       int               `json:"shards"`
}

func (o *Options) lasting(sampleDigest string) lasting {
	l := lasting{Samples: sampleDigest, Key: o.Table.Key, Missing: o.Table.Missing, GroupBy: o.GroupBy, Tables: o.Tables,
		Quarantine: o.Quarantine, StrictHeader: o.StrictHeader, PartSize: o.PartSize, Shards: o.Shards}
	if len(o.Table.Types) > 0 {
		l.Types = make(map[string]string, len(o.Table.Types))
		for name, t := range o.Table.Types {
			l.Types[name] = t.String()
		}
	}
	return l
}
