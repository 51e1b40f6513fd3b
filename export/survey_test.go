package export

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestOutlook compares what a survey says of a dataset with what an export then does.
func TestOutlook(t *testing.T) {
	opt := cohortOptions(t)
	other := opt
	other.PartSize = 1 << 20
	look := func(opt Options) Outlook {
		t.Helper()
		before := tree(t, filepath.Dir(opt.Out))
		s, err := NewSurvey(t.Context(), "test", opt)
		if err != nil {
			t.Fatal(err)
		}
		if after := tree(t, filepath.Dir(opt.Out)); len(after) != len(before) {
			t.Errorf("a survey left %d files where %d were", len(after), len(before))
		}
		return s.Outlook
	}
	first := look(opt)
	if first.Would != Begin || first.Run == "" || first.Replaces != "" {
		t.Errorf("before: %+v", first)
	}
	if _, err := os.Stat(opt.Out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is there: %v", opt.Out, err)
	}
	result, _ := mustRun(t, opt)
	if result.Manifest.Run != first.Run {
		t.Errorf("run %s, foreseen was %s", result.Manifest.Run, first.Run)
	}
	if got := look(opt); got != (Outlook{Would: Nothing, Run: first.Run}) {
		t.Errorf("after: %+v", got)
	}
	got := look(other)
	if _, err := Run(t.Context(), "test", other); got.Would != Refuse || err == nil || got.Reason != err.Error() {
		t.Errorf("other options: %+v; the export says %v", got, err)
	}
	other.Overwrite = true
	if got := look(other); got.Would != Begin || got.Replaces != first.Run {
		t.Errorf("other options, to replace: %+v", got)
	}
	// Not published yet: the same command would go on, any other is in the way.
	if err := os.Remove(filepath.Join(opt.Out, CurrentName)); err != nil {
		t.Fatal(err)
	}
	if got := look(opt); got.Would != Resume || got.Run != first.Run || got.ShardsDone != 1 || got.PartSets == 0 {
		t.Errorf("begun: %+v", got)
	}
	other.Overwrite = false
	if got := look(other); got.Would != Refuse {
		t.Errorf("begun, other options: %+v", got)
	}
	opt.Shards = 3
	if got := look(opt); got.Would != Refuse {
		t.Errorf("begun, other shards: %+v", got)
	}
}

// TestSurveyIsTheManifest: what is known before is what the run then says.
func TestSurveyIsTheManifest(t *testing.T) {
	opt := cohortOptions(t)
	s, err := NewSurvey(t.Context(), "test", opt)
	if err != nil {
		t.Fatal(err)
	}
	result, _ := mustRun(t, opt)
	for i, table := range result.Manifest.Tables {
		before := s.Manifest.Tables[i]
		if before.Name != table.Name || len(before.Columns) != len(table.Columns) {
			t.Fatalf("table %d is %s with %d columns, foreseen was %s with %d", i, table.Name, len(table.Columns), before.Name, len(before.Columns))
		}
		for c := range table.Columns {
			if before.Columns[c] != table.Columns[c] {
				t.Errorf("%s: column %+v, foreseen was %+v", table.Name, table.Columns[c], before.Columns[c])
			}
		}
	}
	if len(s.Manifest.Groups) != len(result.Manifest.Groups) || s.Manifest.Samples != result.Manifest.Samples || len(s.Manifest.Tables) != len(result.Manifest.Tables) {
		t.Errorf("%d groups, %d samples, foreseen were %d, %d", len(result.Manifest.Groups), result.Manifest.Samples, len(s.Manifest.Groups), s.Manifest.Samples)
	}
}
