package export

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// SchemaVersion is the version of the tables' schema. It changes when a column changes its name, type or meaning.
const SchemaVersion = 1

var (
	// ErrOtherRun is wrapped by the error for a dataset that was made, or is being made, from other inputs or options.
	ErrOtherRun = errors.New("another dataset is there")
	// ErrInputChanged is wrapped by the error for an input that is not what it was when the command first ran.
	ErrInputChanged = errors.New("input has changed")
)

// Plan is what a command found when it began: _plans/CMD.json.
type Plan struct {
	Run      string  `json:"run"`
	Replaces string  `json:"replaces,omitempty"` // the run that was current
	Inputs   []Input `json:"inputs"`
}

// identity is what the names of a run and a command are digests of.
type identity struct {
	Schema  int      `json:"schema"`
	Encoder string   `json:"encoder"`
	Inputs  []Input  `json:"inputs,omitempty"`    // of a run
	Args    []string `json:"arguments,omitempty"` // of a command
	Options any      `json:"options"`
}

// name returns the first 16 hexadecimal digits of the digest.
func (i identity) name() (string, error) {
	i.Schema, i.Encoder = SchemaVersion, pq.Version
	data, err := json.Marshal(i)
	if err != nil {
		return "", fmt.Errorf("run: %w", err)
	}
	return digest(data)[:16], nil
}

// randomName names a run whose inputs can't be identified, as standard input can't.
func randomName() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// state is what a dataset's directory says at the start of a command.
type state struct {
	current    []byte // content of _current.json, nil where there is none
	currentRun string
}

func readState(dir store.Store) (state, error) {
	data, err := dir.ReadFile(CurrentName)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	var c Current
	if err := json.Unmarshal(data, &c); err != nil {
		return state{}, fmt.Errorf("%s: %w: %w", CurrentName, ErrManifest, err)
	}
	return state{data, c.Run}, nil
}

// begin pins the plan of a command, or finds the one that an earlier start of the same command pinned. It fails where the dataset belongs to another command and
// overwrite does not say to replace it.
func begin(dir store.Store, command string, p Plan, overwrite bool) (state, error) {
	s, err := readState(dir)
	if err != nil {
		return s, err
	}
	if s.currentRun == p.Run {
		return s, nil
	}
	name := "_plans/" + command + ".json"
	if s.currentRun != "" && !overwrite {
		if old, ok := readPlan(dir, name); ok {
			if err := sameInputs(old.Inputs, p.Inputs); err != nil {
				return s, err
			}
		}
		return s, fmt.Errorf("%w: %s holds run %s, made from other inputs or options; give --overwrite to replace it, or another --out", ErrOtherRun, dir.Root(), s.currentRun)
	}
	if s.currentRun == "" && !overwrite {
		if err := onlyCommand(dir, name); err != nil {
			return s, err
		}
	}
	p.Replaces = s.currentRun
	data, err := marshal(p)
	if err != nil {
		return s, err
	}
	switch err := dir.Put(name, data); {
	case err == nil:
		return s, nil
	case !errors.Is(err, store.ErrExists):
		return s, err
	}
	old, err := dir.ReadFile(name)
	if err != nil {
		return s, err
	}
	var pinned Plan
	if err := json.Unmarshal(old, &pinned); err != nil {
		return s, fmt.Errorf("%s: %w: %w", name, ErrManifest, err)
	}
	if !overwrite {
		return s, sameInputs(pinned.Inputs, p.Inputs)
	}
	if string(old) != string(data) {
		return s, dir.Replace(name, old, data)
	}
	return s, nil
}

func readPlan(dir store.Store, name string) (p Plan, ok bool) {
	data, err := dir.ReadFile(name)
	return p, err == nil && json.Unmarshal(data, &p) == nil
}

// onlyCommand makes sure that no other command has begun to fill the dataset.
func onlyCommand(dir store.Store, name string) error {
	plans, err := dir.List("_plans")
	if err != nil {
		return err
	}
	for _, other := range plans {
		if other != name {
			return fmt.Errorf("%w: an export of other inputs or options began to fill %s and has not finished; run that one again, give --overwrite, or another --out",
				ErrOtherRun, dir.Root())
		}
	}
	return nil
}

// sameInputs returns an error that names the first input that differs from what was pinned.
func sameInputs(pinned, now []Input) error {
	for i, in := range now {
		switch {
		case i >= len(pinned):
			return fmt.Errorf("%w: %s was not there when this command first ran; give --overwrite to begin anew", ErrInputChanged, in.URI)
		case in.URI != pinned[i].URI:
			return fmt.Errorf("%w: %s stands where %s stood when this command first ran; give --overwrite to begin anew", ErrInputChanged, in.URI, pinned[i].URI)
		case in != pinned[i]:
			return fmt.Errorf("%w: %s had %d bytes (%s) when this command first ran and has %d (%s); give --overwrite to begin anew",
				ErrInputChanged, in.URI, pinned[i].Bytes, pinned[i].ETag, in.Bytes, in.ETag)
		}
	}
	if len(now) < len(pinned) {
		return fmt.Errorf("%w: %s is gone since this command first ran; give --overwrite to begin anew", ErrInputChanged, pinned[len(now)].URI)
	}
	return nil
}

// publish makes a finished run the one that readers see. It fails where another run became current since the command began.
func publish(dir store.Store, s state, run string) error {
	data, err := marshal(Current{Run: run})
	if err != nil {
		return err
	}
	err = dir.Replace(CurrentName, s.current, data)
	if errors.Is(err, store.ErrChanged) {
		if now, again := readState(dir); again == nil && now.currentRun == run {
			return nil
		}
		return fmt.Errorf("%w: another command published its run while this one worked; run this one again with --overwrite to replace it: %w", ErrOtherRun, err)
	}
	return err
}
