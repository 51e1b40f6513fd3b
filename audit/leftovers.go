package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// temporaries finds the files of killed writers beside the runs and in the current one. Those of other runs go or stay with the run.
func (s *Survey) temporaries() (found bool, err error) {
	for _, folder := range []string{".", plansFolder, runsFolder} {
		entries, err := s.entries(folder)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			name := path.Join(folder, e.Name())
			if !store.IsTemp(name) || !e.Type().IsRegular() && (folder != runsFolder || !e.IsDir()) {
				continue
			}
			l, err := s.measure(Temporary, name)
			if err != nil {
				return false, err
			}
			if e.IsDir() { // a run that was being deleted: its age has been looked at
				l.Newest = time.Time{}
			}
			s.add(l)
		}
	}
	if s.Current == "" {
		return false, nil
	}
	// Notes of uploads are as many as there are large files, and come and go together.
	uploads := Leftover{Kind: Temporary, Path: path.Join(export.RunPath(s.Current), store.UploadsFolder)}
	err = s.walk(export.RunPath(s.Current), func(name string, info fs.FileInfo) {
		switch {
		case !info.Mode().IsRegular() || !store.IsTemp(name):
		case path.Dir(name) == uploads.Path:
			uploads.count(info)
		default:
			l := Leftover{Kind: Temporary, Path: name}
			l.count(info)
			s.add(l)
		}
	})
	if uploads.Files > 0 {
		s.add(uploads)
	}
	return false, err
}

// runs finds the runs that are not current.
func (s *Survey) runs() (found bool, err error) {
	entries, err := s.entries(runsFolder)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if e.Name() == s.Current && !e.IsDir() {
			return true, fmt.Errorf("%w: %s is a symbolic link, perhaps to another run; put a folder in its place", errLink, export.RunPath(s.Current))
		}
		if e.Name() == s.Current || !e.IsDir() || !isRunName(e.Name()) {
			continue
		}
		found = true
		l, err := s.measure(Run, export.RunPath(e.Name()))
		if err != nil {
			return found, err
		}
		if l.Why, err = s.foreign(l.Path); err != nil {
			return found, err
		}
		if why, ok := s.named[e.Name()]; ok {
			l.Why = why
		}
		l.run = e.Name()
		s.add(l)
	}
	return found, nil
}

// isRunName tells the names that export gives to runs: 16 hexadecimal digits.
func isRunName(name string) bool {
	return len(name) == 16 && strings.Trim(name, "0123456789abcdef") == ""
}

// foreign says what in the folder of a run no export has put there.
func (s *Survey) foreign(run string) (why string, err error) {
	entries, err := s.entries(run)
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "_"), name == export.Variants, name == export.VariantAnnotations, name == export.SampleAnnotations, name == export.Carriers:
		default:
			return fmt.Sprintf("it holds %q, which no export wrote", name), nil
		}
	}
	return "", err
}

// plans finds the plans of runs that are gone, or go now.
func (s *Survey) plans() (found bool, err error) {
	entries, err := s.entries(plansFolder)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		name := path.Join(plansFolder, e.Name())
		if !e.Type().IsRegular() || path.Ext(name) != ".json" {
			continue
		}
		text, err := fs.ReadFile(s.files, name)
		if err != nil {
			return found, err
		}
		var p export.Plan
		if json.Unmarshal(text, &p) != nil || !isRunName(p.Run) {
			continue // not known to be ours
		}
		found = true
		stays, err := s.stays(p.Run)
		if err != nil {
			return found, err
		}
		if stays {
			continue
		}
		l, err := s.measure(Plan, name)
		if err != nil {
			return found, err
		}
		l.run = p.Run
		s.add(l)
	}
	return found, nil
}

// stays tells whether a run is there and not to be deleted.
func (s *Survey) stays(run string) (bool, error) {
	for _, l := range s.Leftovers {
		if l.run == run {
			return false, nil
		}
	}
	_, err := fs.Lstat(s.files, export.RunPath(run))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
