package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/varlake/varlake/export"
)

// Folders of a dataset.
const (
	plansFolder = "_plans"
	runsFolder  = "runs"
)

// plans compares the plans of commands with how they are written, with the runs that are there, and those of the current run with the manifest.
func (v *verifier) plans(context.Context) (Check, error) {
	names, err := fs.Glob(v.stored, plansFolder+"/*.json")
	if err != nil {
		return Check{}, err
	}
	c := Check{Name: "plans", Checked: plural(int64(len(names)), "plan", "plans")}
	for _, name := range names {
		if found := v.comparePlan(name); found != "" {
			c.Faults = append(c.Faults, Fault{name, found, "delete it, unless an export has just begun; readers do not need it"})
		}
	}
	return c, nil
}

func (v *verifier) comparePlan(name string) (found string) {
	text, err := v.stored.ReadFile(name)
	if err != nil {
		return fmt.Sprintf("can't be read: %v", err)
	}
	var p export.Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Sprintf("can't be read: %v", err)
	}
	if string(text) != string(asWritten(p)) {
		return "is not as varlake writes it"
	}
	if p.Run == v.m.Run && !slices.Equal(p.Inputs, v.m.Inputs) {
		return "has other inputs than the manifest of its run"
	}
	if _, err := v.stored.Stat(export.RunPath(p.Run)); p.Run == "" || errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("is of run %q, which is not there", p.Run)
	}
	return ""
}
