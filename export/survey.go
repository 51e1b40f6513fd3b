package export

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/internal/source"
)

// Survey is what can be known of an export before any record is read.
type Survey struct {
	Options  Options    // with the defaults
	Inputs   []Surveyed // in order
	Manifest *Manifest  // what the run's would say: tables without files, groups, conflicts of the headers; no records
	Notes    []string
	Outlook  Outlook
}

// Surveyed is an input whose header was read.
type Surveyed struct {
	source.Input
	Format bgzf.Format
	in     *input
}

// Header is the header as it stands, with LF.
func (s Surveyed) Header() string { return s.in.headerText() }

// Declares tells whether the header declares a contig.
func (s Surveyed) Declares(contig string) bool { return s.in.contigs[contig] }

// What an export would do, in view of what is at Options.Out.
const (
	Begin   = "begin"   // make the dataset
	Resume  = "resume"  // go on with what the same command began
	Nothing = "nothing" // it is done
	Refuse  = "refuse"  // it would fail, for the Reason
)

// Outlook is what an export would do.
type Outlook struct {
	Would      string `json:"would"`                 // Begin, Resume, Nothing or Refuse
	Run        string `json:"run,omitempty"`         // that it would make
	Replaces   string `json:"replaces,omitempty"`    // the run that is current, with Overwrite
	Reason     string `json:"reason,omitempty"`      // of Refuse
	ShardsDone int    `json:"shards_done,omitempty"` // of Resume
	PartSets   int    `json:"part_sets,omitempty"`   // of Resume: those that are whole
}

// ErrUnplannable is wrapped by the error for inputs of which a survey can't be made.
var ErrUnplannable = errors.New("can't be planned")

// NewSurvey reads the headers of the inputs of opt and the sample table, and looks at what is at opt.Out. It writes nothing. Errors are those that Run would have before it reads records, but for
// that of a dataset that is in the way, which is an Outlook; and ErrUnplannable for standard input, pipes and datasets.
func NewSurvey(ctx context.Context, version string, opt Options) (*Survey, error) {
	if slices.Contains(opt.Inputs, source.Stdin) {
		return nil, unplannable("standard input can be read only once: save it to a file, or run the export")
	}
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &exporter{opt: opt, version: version, issues: make(conflicts)}
	defer e.close()
	out := early(func() (*destination, error) { return approach(opt.Stores, opt.Out) })
	table := early(func() ([]byte, error) { return e.sampleTable(ctx) })
	listed, err := e.list(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.openInputs(ctx, listed); err != nil {
		return nil, err
	}
	if e.from != nil {
		return nil, unplannable("%s is a dataset: `varlake tables` has its rows and bytes, and another export of it makes as many", e.from.Root)
	}
	e.mergeHeaders()
	if err := e.readTable(table); err != nil {
		return nil, err
	}
	e.layout = newLayout(e.infos.list, e.formats.list, e.table, e.groups)
	s := &Survey{Options: opt, Notes: e.notes}
	for _, in := range e.inputs {
		if !in.Rereadable() {
			return nil, unplannable("%s can be read only once: save it to a file, or run the export", in.Name)
		}
		s.Inputs = append(s.Inputs, Surveyed{in.Input, in.format, in})
	}
	s.Manifest = e.manifest("", &totals{conflicts: make(conflicts)})
	s.Outlook, err = e.outlook(out)
	return s, err
}

func unplannable(format string, args ...any) error {
	return fmt.Errorf("%w: %w: %s", ErrUsage, ErrUnplannable, fmt.Sprintf(format, args...))
}

// outlook finds out what an export would do.
func (e *exporter) outlook(out func() (*destination, error)) (Outlook, error) {
	dir, err := out()
	if err != nil {
		return Outlook{}, err
	}
	state, err := dir.state()
	if err != nil {
		return Outlook{}, err
	}
	begun, err := e.begin(dir, state)
	if err != nil {
		return refusal(err)
	}
	if begun.Run == state.currentRun {
		return Outlook{Would: Nothing, Run: begun.Run}, nil
	}
	o := Outlook{Would: Begin, Run: begun.Run, Replaces: begun.Replaces}
	pinned, ok := readPlan(dir, begun.first.name)
	if !ok {
		return o, nil
	}
	if keep, err := agree(dir, pinned, begun.Plan, e.opt.Overwrite, e.opt.Shards); err != nil {
		return refusal(err)
	} else if !keep {
		return o, nil
	}
	o.Would = Resume
	for folder, n := range map[string]*int{"/_shards": &o.ShardsDone, "/_parts": &o.PartSets} {
		names, err := dir.List(RunPath(begun.Run) + folder)
		if err != nil {
			return Outlook{}, err
		}
		*n = len(slices.DeleteFunc(names, func(name string) bool { return path.Ext(name) != ".json" || strings.HasPrefix(path.Base(name), "_") }))
	}
	return o, nil
}

// refusal is the outlook where an export would refuse to begin.
func refusal(err error) (Outlook, error) {
	if errors.Is(err, ErrOtherRun) || errors.Is(err, ErrInputChanged) {
		return Outlook{Would: Refuse, Reason: err.Error()}, nil
	}
	return Outlook{}, err
}
