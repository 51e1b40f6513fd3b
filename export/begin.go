package export

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/internal/store"
)

// begin names the run, and returns what pins the plan. Nothing may be written before that has succeeded.
func (e *exporter) begin(dir *destination, s state) (run string, pinPlan func() error, err error) {
	options := e.opt.lasting(e.sha256)
	p := Plan{Inputs: e.manifestInputs(), Replaces: s.currentRun}
	if e.from != nil {
		options.From = e.from.Manifest.Run
	}
	for _, in := range e.inputs {
		if e.from == nil && !in.Rereadable() { // no one can tell whether it is the same again
			if s.currentRun != "" && !e.opt.Overwrite {
				err = fmt.Errorf("%w: %s holds run %s; give --overwrite to replace it, or another --out", ErrOtherRun, dir.Root(), s.currentRun)
			}
			run = randomName()
			return run, func() error { return e.beginUnplanned(dir, run) }, err
		}
	}
	if p.Run, err = (identity{Inputs: p.Inputs, Options: options}).name(); err != nil || p.Run == s.currentRun {
		return p.Run, nil, err
	}
	command, err := (identity{Args: e.opt.Inputs, Options: options}).name()
	if err != nil {
		return "", nil, err
	}
	name := plansFolder + "/" + command + ".json"
	if err := dir.admit(s, name, p, e.opt.Overwrite); err != nil {
		return "", nil, err
	}
	return p.Run, func() error { return pin(dir, name, p, e.opt.Overwrite) }, nil
}

// unwritable says what to do where the dataset can't be written, or looked at.
func unwritable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; give --out a place that can be written", err)
	}
	return err
}

// beginUnplanned writes the first file of a run that has no plan, and reads it: that both can be done is to be known before the work.
func (e *exporter) beginUnplanned(dir store.Store, run string) error {
	name := RunPath(run) + headerName
	if err := put(dir, name, []byte(e.mergedHeader())); err != nil {
		return err
	}
	_, err := dir.ReadFile(name)
	return err
}

func (e *exporter) manifestInputs() []Input {
	if e.from != nil {
		return e.from.Manifest.Inputs
	}
	inputs := make([]Input, len(e.inputs))
	for i, in := range e.inputs {
		inputs[i] = Input{URI: in.URI, Bytes: in.Size, ETag: in.Version(), Format: in.format.String(), Header: digest([]byte(in.headerText()))}
	}
	return inputs
}

// both does two things at the same time and returns an error of either.
func both(one, other func() error) error {
	var group errgroup.Group
	group.Go(one)
	group.Go(other)
	return group.Wait()
}
