package export

import (
	"errors"
	"fmt"
	"io/fs"
)

// firstFile is the first that a run writes. Nothing else may be written before that has succeeded.
type firstFile struct {
	name string
	put  func() error
}

// begin names the run and its first file: the plan, where there can be one.
func (e *exporter) begin(dir *destination, s state) (run string, first firstFile, err error) {
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
			name := RunPath(run) + headerName
			return run, firstFile{name, func() error { return put(dir, name, []byte(e.mergedHeader())) }}, err
		}
	}
	if p.Run, err = (identity{Inputs: p.Inputs, Options: options}).name(); err != nil || p.Run == s.currentRun {
		return p.Run, first, err
	}
	command, err := (identity{Args: e.opt.Inputs, Options: options}).name()
	if err != nil {
		return "", first, err
	}
	name := plansFolder + "/" + command + ".json"
	if err := dir.admit(s, name, p, e.opt.Overwrite); err != nil {
		return "", first, err
	}
	return p.Run, firstFile{name, func() error { return pin(dir, name, p, e.opt.Overwrite) }}, nil
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
