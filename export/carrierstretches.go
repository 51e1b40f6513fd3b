package export

import "github.com/varlake/varlake/export/pq"

// carrierStretches are the carriers of one row group of the other record tables, in file order.
type carrierStretches struct {
	all  []*carrierStretch
	open *carrierStretch   // the last of all, where blocks may join it
	wait []*carrierStretch // sorted, or about to be, whose row groups no one encodes yet
	size int64             // of all rows while they are sorted, in bytes
}

// carrierJob is to be done once, by any goroutine. No job waits for one that came later.
type carrierJob func() error

// add takes over a block and returns the jobs that there are now.
func (s *carrierStretches) add(p *carrierPool, b *carrierBlock) (jobs []carrierJob) {
	if s.open != nil && !s.open.takes(b) {
		jobs = s.close()
	}
	if s.open == nil {
		s.open = &carrierStretch{pool: p, sorted: make(chan struct{})}
		s.all = append(s.all, s.open)
	}
	s.open.add(b)
	s.size += b.size()
	if len(s.wait) > 0 && s.wait[0].isSorted() { // else a worker would do nothing meanwhile
		jobs = append(jobs, s.encode(s.wait[:1])...)
		s.wait = s.wait[1:]
	}
	return jobs
}

// close completes the stretch that is open, if any.
func (s *carrierStretches) close() (jobs []carrierJob) {
	if s.open == nil {
		return nil
	}
	s.open.close()
	jobs = append(jobs, s.open.sort)
	s.wait = append(s.wait, s.open)
	s.open = nil
	return jobs
}

// finish returns all jobs that are left.
func (s *carrierStretches) finish() []carrierJob {
	jobs := append(s.close(), s.encode(s.wait)...)
	s.wait = nil
	return jobs
}

// encode returns the jobs that encode the row groups of stretches.
func (s *carrierStretches) encode(stretches []*carrierStretch) (jobs []carrierJob) {
	for _, stretch := range stretches {
		for _, group := range stretch.groups {
			jobs = append(jobs, func() error { return stretch.encode(group) })
		}
	}
	return jobs
}

// reset gives back what has been written.
func (s *carrierStretches) reset() {
	for _, stretch := range s.all {
		for _, group := range stretch.groups {
			stretch.pool.putGroup(group)
		}
	}
	*s = carrierStretches{}
}

// writeTo writes the row groups, all of which are encoded.
func (s *carrierStretches) writeTo(f *pq.File) error {
	for _, stretch := range s.all {
		for _, group := range stretch.groups {
			if err := f.WriteRowGroup(int64(group.to-group.from), group.chunks); err != nil {
				return err
			}
		}
	}
	return nil
}
