package export

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/varlake/varlake/internal/store"
)

// Folders of a run.
const (
	partsFolder   = "_parts"
	shardsFolder  = "_shards"
	rejectsFolder = "_rejects"
)

// Extensions of what stands beside a .json of _parts or _shards.
const (
	tallyExtension   = ".tally.zst"
	rejectsExtension = ".rejects.jsonl"
)

// shardFile is what _shards/SSSSS.json says of a shard that is done: what it read, and all that the commit has to know of it.
type shardFile struct {
	Records   int64         `json:"records"`
	Rows      int64         `json:"rows"`
	Rejected  int64         `json:"rejected"`
	Slices    []slice       `json:"slices"`
	FirstRow  *rowPlace     `json:"first_row,omitempty"` // nil where there are no rows
	LastRow   *locus        `json:"last_row,omitempty"`
	Files     []partFile    `json:"files"`
	Conflicts []Conflict    `json:"conflicts"`
	Support   []SupportFile `json:"support"`
	Tally     *SupportFile  `json:"tally,omitempty"` // nil where there are no records
}

func shardName(run string, shard int) string {
	return fmt.Sprintf("%s/%s/%05d.json", RunPath(run), shardsFolder, shard)
}

// shardEnd is what is left to write of a shard whose parts are all there, or on their way.
type shardEnd struct {
	name  string
	file  shardFile
	data  []byte // of the file
	tally []byte // beside it; nil: that of the only set of parts will do
}

// end says what the shard came to. The rejects of its parts become one file, for which these must have their names.
func (e *exporter) end(w *partWriter) (*shardEnd, error) {
	t := &w.total
	s := &shardEnd{name: shardName(w.run, w.shard), file: shardFile{Records: t.records, Rows: t.rows, Rejected: t.rejected, Slices: e.slices, FirstRow: t.firstRow, LastRow: t.lastRow}}
	if err := w.gatherRejects(); err != nil {
		return nil, err
	}
	if t.sets == 1 {
		i := slices.IndexFunc(t.support, func(f SupportFile) bool { return f.Path == w.setName(0)+tallyExtension })
		s.file.Tally = &t.support[i]
	} else if t.sets > 1 {
		var err error
		if s.tally, err = packTally(t.tally); err != nil {
			return nil, err
		}
		tally := supportFile(strings.TrimSuffix(s.name, ".json")+tallyExtension, s.tally)
		s.file.Tally = &tally
		t.support = append(t.support, tally)
	}
	for _, table := range slices.Sorted(maps.Keys(t.files)) {
		for _, f := range t.files[table] {
			s.file.Files = append(s.file.Files, partFile{table, f})
		}
	}
	s.file.Conflicts, s.file.Support = t.conflicts.list(), slices.Clone(t.support)
	var err error
	if s.data, err = marshal(s.file); err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	t.support = append(t.support, supportFile(s.name, s.data))
	return s, nil
}

// gatherRejects makes _rejects of what the sets of parts have of them.
func (w *partWriter) gatherRejects() error {
	if w.total.rejected == 0 {
		return nil
	}
	if err := w.named(); err != nil {
		return err
	}
	name := fmt.Sprintf("%s/%s/%05d.jsonl", RunPath(w.run), rejectsFolder, w.shard)
	out, err := w.store.Create(name)
	if err != nil {
		return err
	}
	defer out.Abort()
	for _, f := range w.total.support {
		if strings.HasSuffix(f.Path, rejectsExtension) {
			if err := appendFile(out, w.store, f.Path); err != nil {
				return err
			}
		}
	}
	if err := commit(w.store, out, name); err != nil {
		return err
	}
	w.total.support = append(w.total.support, SupportFile{name, out.Size(), out.SHA256()})
	return nil
}

// appendFile copies a file to out.
func appendFile(out io.Writer, from store.Store, name string) error {
	f, err := from.Open(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return errors.Join(err, f.Close())
}

// put writes what says that the shard is done. Its parts must have their names.
func (s *shardEnd) put(dir store.Store) error {
	if s.tally != nil {
		if err := put(dir, s.file.Tally.Path, s.tally); err != nil {
			return err
		}
	}
	return put(dir, s.name, s.data)
}
