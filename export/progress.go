package export

import "sync/atomic"

// Progress counts the work of an export while it runs; any goroutine may read it. The zero value is ready, and a nil *Progress counts nothing.
type Progress struct {
	before  atomic.Int64 // compressed bytes of the inputs that are done
	current atomic.Int64 // of the one being read
	input   atomic.Int64
	records atomic.Int64
	total   atomic.Int64
}

// Bytes returns how many bytes of the inputs were read, as they are stored, and how many there are, -1 where that is not known.
func (p *Progress) Bytes() (done, total int64) {
	return p.before.Load() + p.current.Load(), p.total.Load()
}

// Records returns how many records were read.
func (p *Progress) Records() int64 { return p.records.Load() }

func (p *Progress) addRecords(n int64) {
	if p != nil {
		p.records.Add(n)
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

func (p *Progress) setTotal(n int64) {
	if p != nil {
		p.total.Store(n)
	}
}
