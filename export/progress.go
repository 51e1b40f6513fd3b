package export

import (
	"sync/atomic"
	"time"
)

// Stage is a step of an export that Progress keeps the time of.
type Stage int

// The stages. Reading and writing are one goroutine each; decoding and encoding are done by all workers, whose times add up.
const (
	StageRead   Stage = iota // waiting for the text of the inputs: reading and inflating
	StageDecode              // text to columns, and QC
	StageEncode              // columns to pages
	StageWrite               // pages to files, as far as these hold it up
	StageCommit              // what follows the last record: the last files, sample_annotations, the manifest
	stages
)

// String returns the stage in a word: "read".
func (s Stage) String() string {
	return [stages]string{"read", "decode", "encode", "write", "commit"}[s]
}

// Stages returns all stages in their order.
func Stages() []Stage { return []Stage{StageRead, StageDecode, StageEncode, StageWrite, StageCommit} }

// Progress counts the work of an export while it runs; any goroutine may read it. The zero value is ready, and a nil *Progress counts nothing.
type Progress struct {
	before  atomic.Int64 // compressed bytes of the inputs that are done
	current atomic.Int64 // of the one being read
	input   atomic.Int64
	records atomic.Int64
	rejects atomic.Int64
	kept    atomic.Int64
	total   atomic.Int64
	run     atomic.Pointer[string]
	spent   [stages]atomic.Int64 // nanoseconds
}

// Bytes returns how many bytes of the inputs were read, as they are stored, and how many are read in all, without what earlier attempts have done; -1 where that is not known.
func (p *Progress) Bytes() (done, total int64) {
	return p.before.Load() + p.current.Load(), p.total.Load()
}

// Records returns how many records were read, those included that were set aside.
func (p *Progress) Records() int64 { return p.records.Load() }

// Rejects returns how many records were set aside.
func (p *Progress) Rejects() int64 { return p.rejects.Load() }

// Kept returns how many records earlier attempts had done, which are not among Records.
func (p *Progress) Kept() int64 { return p.kept.Load() }

// Run names the run; "" before inputs and options have told which it is.
func (p *Progress) Run() string {
	if run := p.run.Load(); run != nil {
		return *run
	}
	return ""
}

// Spent returns the time that a stage took by now.
func (p *Progress) Spent(s Stage) time.Duration { return time.Duration(p.spent[s].Load()) }

// spend adds the time since then to a stage.
func (p *Progress) spend(s Stage, since time.Time) {
	if p != nil {
		p.spent[s].Add(int64(time.Since(since)))
	}
}

func (p *Progress) setRun(run string) {
	if p != nil {
		p.run.Store(&run)
	}
}

func (p *Progress) addRecords(n, rejects int64) {
	if p != nil {
		p.records.Add(n)
		p.rejects.Add(rejects)
	}
}

// setBytes notes that n bytes of an input were read. It is called by one goroutine.
func (p *Progress) setBytes(input int, n int64) {
	if p == nil {
		return
	}
	if p.input.Swap(int64(input)) != int64(input) {
		p.before.Add(p.current.Load())
	}
	p.current.Store(n)
}

func (p *Progress) setKept(records int64) {
	if p != nil {
		p.kept.Store(records)
	}
}

func (p *Progress) setTotal(n int64) {
	if p != nil {
		p.total.Store(n)
	}
}
