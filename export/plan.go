package export

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// SchemaVersion is the version of the tables' schema. It changes when a column changes its name, type or meaning.
const SchemaVersion = 1

// plansFolder is where commands say what they found when they began.
const plansFolder = "_plans"

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

// same tells whether two plans of a command make the same run, which takes the same place.
func (p Plan) same(other Plan) bool { return p.Run == other.Run && p.Replaces == other.Replaces }

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

// destination is where the dataset goes, and what the command has to know of it.
type destination struct {
	store.Store
	state func() (state, error)
	plans func() ([]string, error) // the names of all that are there
}

// approach opens a store, and asks what is in it.
func approach(open store.Opener, root string) (*destination, error) {
	s, err := open(root)
	if err != nil {
		return nil, err
	}
	return &destination{s,
		early(func() (state, error) { return readState(s) }),
		early(func() ([]string, error) { return s.List(plansFolder) }),
	}, nil
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

// admit fails where the dataset belongs to another command than that of the plan called name, and overwrite does not say to replace it.
func (d *destination) admit(s state, name string, p Plan, overwrite bool) error {
	switch {
	case overwrite:
		return nil
	case s.currentRun != "":
		if old, ok := readPlan(d, name); ok {
			if err := sameInputs(old.Inputs, p.Inputs); err != nil {
				return fmt.Errorf("%w; give --overwrite to begin anew", err)
			}
		}
		return fmt.Errorf("%w: %s holds run %s, made from other inputs or options; give --overwrite to replace it, or another --out", ErrOtherRun, d.Root(), s.currentRun)
	}
	plans, err := d.plans()
	if err != nil {
		return err
	}
	if slices.Contains(plans, name) { // this command has begun, perhaps at the same time as another: the commit tells who is first
		return nil
	}
	for _, other := range plans {
		if other != name {
			return fmt.Errorf("%w: an export of other inputs or options began to fill %s and has not finished; run that one again, give --overwrite, or another --out",
				ErrOtherRun, d.Root())
		}
	}
	return nil
}

// planName is where the plan of a command is.
func planName(args []string, options lasting) (string, error) {
	command, err := (identity{Args: args, Options: options}).name()
	return plansFolder + "/" + command + ".json", err
}

// pin writes the plan of a command, or compares it with the one that an earlier start of the same command wrote, or another of its shards. With overwrite another takes its place,
// but not while shards of it may be at work: they would not come together.
func pin(dir store.Store, name string, p Plan, overwrite bool, shards int) error {
	data, err := marshal(p)
	if err != nil {
		return err
	}
	if err := dir.Put(name, data); !errors.Is(err, store.ErrExists) {
		return err
	}
	old, err := dir.ReadFile(name)
	if err != nil {
		return err
	}
	var pinned Plan
	if err := json.Unmarshal(old, &pinned); err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrManifest, err)
	}
	keep, err := agree(dir, pinned, p, overwrite, shards)
	if keep || err != nil {
		return err
	}
	err = dir.Replace(name, old, data)
	if errors.Is(err, store.ErrChanged) { // by another shard, perhaps to the same
		if now, ok := readPlan(dir, name); ok && now.same(p) {
			return nil
		}
	}
	return err
}

// agree finds out which of two plans of the same command holds, the one that is pinned or p, which is made now: keep is the first. An error says why neither does.
func agree(dir store.Store, pinned, p Plan, overwrite bool, shards int) (keep bool, err error) {
	changed := sameInputs(pinned.Inputs, p.Inputs)
	if changed == nil && (!overwrite || pinned.same(p)) {
		return true, nil
	}
	if shards > 1 {
		_, err := dir.Stat(RunPath(pinned.Run) + "/" + SuccessName)
		if errors.Is(err, fs.ErrNotExist) {
			if changed == nil {
				changed = fmt.Errorf("%w: run %q was current when the first shard began, and %q is now", ErrOtherRun, pinned.Replaces, p.Replaces)
			}
			return false, fmt.Errorf("%w; shards of this command have begun with it: to begin anew, stop them all and run varlake clean %s --older-than 0s", changed, dir.Root())
		}
		if err != nil {
			return false, err
		}
	}
	if !overwrite {
		return false, fmt.Errorf("%w; give --overwrite to begin anew", changed)
	}
	return false, nil
}

func readPlan(dir store.Store, name string) (p Plan, ok bool) {
	data, err := dir.ReadFile(name)
	return p, err == nil && json.Unmarshal(data, &p) == nil
}

// sameInputs returns an error that names the first input that differs from what was pinned.
func sameInputs(pinned, now []Input) error {
	for i, in := range now {
		switch {
		case i >= len(pinned):
			return fmt.Errorf("%w: %s was not there when this command first ran", ErrInputChanged, in.URI)
		case in.URI != pinned[i].URI:
			return fmt.Errorf("%w: %s stands where %s stood when this command first ran", ErrInputChanged, in.URI, pinned[i].URI)
		case in != pinned[i]:
			return fmt.Errorf("%w: %s had %d bytes (%s) when this command first ran and has %d (%s)",
				ErrInputChanged, in.URI, pinned[i].Bytes, pinned[i].ETag, in.Bytes, in.ETag)
		}
	}
	if len(now) < len(pinned) {
		return fmt.Errorf("%w: %s is gone since this command first ran", ErrInputChanged, pinned[len(now)].URI)
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
