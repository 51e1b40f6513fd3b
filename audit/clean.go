package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// ErrChanged is wrapped by the error for a leftover that has come to life since it was found.
var ErrChanged = errors.New("changed meanwhile")

// errLink is the error for a folder of the dataset that is a symbolic link: what it leads to is not clean's to judge.
var errLink = errors.New("clean follows no symbolic links")

// Kind is what a leftover is.
type Kind string

// What killed and replaced exports leave.
const (
	Run       Kind = "run"       // all of a run that is not current
	Temporary Kind = "temporary" // a file that was being written, or a run that was being deleted
	Plan      Kind = "plan"      // what a command pinned for a run that is gone
)

// Leftover is what no manifest names.
type Leftover struct {
	Kind   Kind
	Path   string // relative to the root of the dataset, slash-separated; it may hold any character
	Files  int64
	Bytes  int64
	Newest time.Time // when the youngest of its files and folders changed
	Why    string    // it is kept; "" if it may be deleted

	run string // that a Run is and a Plan is of
}

// Survey is what can be deleted from a dataset.
type Survey struct {
	Current   string // run that readers see, "" while there is none
	Leftovers []Leftover
	Kept      []Leftover

	before time.Time
	named  map[string]string
	files  store.Store
}

// Look finds what no manifest names in a dataset. All of the current run is named, but for its temporary files. What is younger than
// before is kept, and so is a run with anything in it that is: an export may be at work there. named are runs that tables name, with why they are kept; their plans stay too. An error wraps export.ErrNoDataset where nothing is there that an export
// made, and export.ErrManifest where it can't be told which run is current.
func Look(files store.Store, before time.Time, named map[string]string) (*Survey, error) {
	s := &Survey{before: before, named: named, files: files}
	if err := s.readCurrent(); err != nil {
		return nil, err
	}
	found := s.Current != ""
	for _, look := range []func() (bool, error){s.runs, s.temporaries, s.plans} {
		any, err := look()
		if err != nil {
			return nil, fmt.Errorf("clean %s: %w", files.Root(), err)
		}
		found = found || any
	}
	if !found {
		return nil, fmt.Errorf("%s: %w: it has neither %s nor plans nor runs; give the --out of an export", files.Root(), export.ErrNoDataset, export.CurrentName)
	}
	return s, nil
}

// readCurrent finds the current run. Where it can't be read, nothing may be deleted: another run may be the only good one.
func (s *Survey) readCurrent() error {
	d, err := export.ReadDataset(s.files)
	if err == nil {
		s.Current = d.Manifest.Run
		return nil
	}
	info, statErr := s.files.Stat(".")
	if errors.Is(err, export.ErrNoDataset) && statErr == nil && info.IsDir() {
		s.Current = ""
		return nil
	}
	return err
}

func (s *Survey) add(l Leftover) {
	if l.Why == "" && l.Newest.After(s.before) {
		l.Why = "changed too recently"
	}
	if l.Why == "" {
		s.Leftovers = append(s.Leftovers, l)
	} else {
		s.Kept = append(s.Kept, l)
	}
}

// Delete deletes one of the leftovers, unless it has changed since: then the error wraps ErrChanged. What is interrupted leaves a temporary folder, which
// the next survey finds.
func (s *Survey) Delete(ctx context.Context, l Leftover) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return s.files.Discard(l.Path, func() error { return s.unchanged(l) })
}

// unchanged looks at a leftover once more, now that nobody can make another run current.
func (s *Survey) unchanged(l Leftover) error {
	now := &Survey{files: s.files}
	if err := now.readCurrent(); err != nil {
		return err
	}
	if l.run != "" && l.run == now.Current {
		return fmt.Errorf("%s: %w: its run is current now", l.Path, ErrChanged)
	}
	paths := []string{l.Path}
	if l.run != "" {
		paths = append(paths, export.RunPath(l.run))
	}
	for _, name := range paths {
		again, err := now.measure(l.Kind, name)
		if err != nil {
			return err
		}
		if !l.Newest.IsZero() && again.Newest.After(s.before) {
			return fmt.Errorf("%s: %w: an export is at work there", l.Path, ErrChanged)
		}
	}
	return nil
}
