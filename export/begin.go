package export

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/varlake/varlake/internal/source"
)

// firstFile is the first that a run writes. Nothing else may be written before that has succeeded.
type firstFile struct {
	name string
	put  func() error
}

// beginning is how a run begins.
type beginning struct {
	Plan
	first firstFile
	again bool // a command like this one has begun before, and what it did may be there
}

// begin names the run and its first file: the plan, where there can be one.
func (e *exporter) begin(dir *destination, s state) (b beginning, err error) {
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
			b.Run = randomName()
			name := RunPath(b.Run) + headerName
			b.first = firstFile{name, func() error { return put(dir, name, []byte(e.mergedHeader())) }}
			return b, err
		}
	}
	if p.Run, err = (identity{Inputs: p.Inputs, Options: options}).name(); err != nil || p.Run == s.currentRun {
		return beginning{Plan: p}, err
	}
	name, err := planName(e.opt.Inputs, options)
	if err != nil {
		return b, err
	}
	if err := dir.admit(s, name, p, e.opt.Overwrite); err != nil {
		return b, err
	}
	plans, err := dir.plans()
	if err != nil {
		return b, err
	}
	pinned := firstFile{name, func() error { return pin(dir, name, p, e.opt.Overwrite, e.opt.Shards) }}
	return beginning{p, pinned, slices.Contains(plans, name)}, nil
}

// firstOf returns how many bytes of an input are to come along when it is looked up: none where there is a dataset, which may well be of this input.
func firstOf(out func() (*destination, error)) int {
	if dir, err := out(); err == nil {
		if state, err := dir.state(); err == nil && state.currentRun != "" {
			return 0
		}
	}
	return firstBytes
}

// finished returns the dataset that the same command made of the same inputs before, nil where there is none. Nothing of the inputs is read.
func (e *exporter) finished(out func() (*destination, error), table func() ([]byte, error), listed []source.Input) *Result {
	dir, err := out()
	if err != nil || len(listed) == 0 {
		return nil // whoever goes on will find the same error
	}
	state, err := dir.state()
	if err != nil || state.currentRun == "" {
		return nil
	}
	data, err := table()
	if err != nil {
		return nil
	}
	sampleDigest := ""
	if e.opt.Samples != "" {
		sampleDigest = digest(data)
	}
	name, err := planName(e.opt.Inputs, e.opt.lasting(sampleDigest))
	if err != nil {
		return nil
	}
	p, ok := readPlan(dir, name)
	if !ok || p.Run != state.currentRun || !slices.EqualFunc(p.Inputs, listed, func(pinned Input, now source.Input) bool {
		return pinned.URI == now.URI && pinned.Bytes == now.Size && pinned.ETag == now.Version()
	}) {
		return nil
	}
	result, err := e.done(dir.Store)
	if err != nil {
		return nil
	}
	return result
}

// unwritable says what to do where the dataset can't be written, or looked at.
func unwritable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; give --out a place that can be written", err)
	}
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
