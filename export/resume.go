package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/internal/store"
)

// resumePoint is where an interrupted run is taken up again.
type resumePoint struct {
	Input int
	place       // where to begin to read
	Last  int64 // offset of the last record that is done
}

// keptSet is a set of parts that an earlier attempt has completed.
type keptSet struct {
	set     partSet
	tally   *annotate.Tally
	support []SupportFile
}

// maxKept is how many sets of parts are looked at together.
const maxKept = 8

// keep takes up what earlier attempts have completed of the shard: all sets of parts from the first on, as far as there is none missing. Files are kept by their
// checksums; one that has another is no work of this run.
func (w *partWriter) keep(ctx context.Context) (last *resumePoint, err error) {
	for {
		group, ctx := errgroup.WithContext(ctx) // of a few sets: all of them can be too many, and to list the folder is to list those of all shards
		var sets [maxKept]*keptSet
		for i := range sets {
			group.Go(func() (err error) {
				sets[i], err = w.check(ctx, w.setName(w.next+i))
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for _, s := range sets {
			if s == nil {
				return last, nil
			}
			if err := w.take(s); err != nil {
				return nil, err
			}
			last = &resumePoint{s.set.Last.Input, s.set.Chunk, s.set.Last.Offset}
		}
	}
}

// take adds a set that is kept to the totals.
func (w *partWriter) take(s *keptSet) error {
	if s.set.First != w.total.records {
		return fmt.Errorf("%s.json: %w: it begins at record %d of its shard, the sets before it end at %d; remove the folder of its run, or export to another place",
			w.setName(w.next), ErrConflictingFile, s.set.First, w.total.records)
	}
	w.next++
	w.total.support = append(w.total.support, s.support...)
	return w.total.addSet(&s.set, conflictsOf(s.set.Conflicts), s.tally)
}

// check reads what _parts has of a set, nil if it is not whole, and compares all files that it names with their checksums.
func (w *partWriter) check(ctx context.Context, name string) (*keptSet, error) {
	k := new(keptSet)
	text, err := w.store.ReadFile(name + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &k.set); err != nil {
		return nil, fmt.Errorf("%s.json: %w: %w; remove the folder of its run, or export to another place", name, ErrConflictingFile, err)
	}
	tally, err := w.store.ReadFile(name + tallyExtension)
	if err != nil {
		return nil, err
	}
	if digest(tally) != k.set.Tally {
		return nil, differs(name+tallyExtension, digest(tally), k.set.Tally)
	}
	if k.tally, err = unpackTally(tally, w.samples); err != nil {
		return nil, fmt.Errorf("%s: %w", name+tallyExtension, err)
	}
	if k.set.Rejects != "" {
		size, err := sameFile(ctx, w.store, name+rejectsExtension, k.set.Rejects)
		if err != nil {
			return nil, err
		}
		k.support = append(k.support, SupportFile{name + rejectsExtension, size, k.set.Rejects})
	}
	k.support = append(k.support, supportFile(name+tallyExtension, tally), supportFile(name+".json", text))
	for _, f := range k.set.Files {
		if _, err := sameFile(ctx, w.store, f.Path, f.SHA256); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// checkShard compares all files of a shard that an earlier attempt has completed with their checksums.
func checkShard(ctx context.Context, dir store.Store, s *shardFile) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxKept)
	check := func(name, want string) {
		group.Go(func() error {
			_, err := sameFile(ctx, dir, name, want)
			return err
		})
	}
	for _, f := range s.Files {
		check(f.Path, f.SHA256)
	}
	for _, f := range s.Support {
		check(f.Path, f.SHA256)
	}
	return group.Wait()
}

// sameFile returns an error if a file is gone or not that of the checksum.
func sameFile(ctx context.Context, dir store.Store, name, want string) (size int64, err error) {
	if ctx.Err() != nil { // files may be large, and many
		return 0, context.Cause(ctx)
	}
	have, size, err := dir.SHA256(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%s: %w, though it was done; remove the folder of its run, or export to another place", name, err)
	}
	if err == nil && have != want {
		err = differs(name, have, want)
	}
	return size, err
}

func differs(name, have, want string) error {
	return fmt.Errorf("%s: %w (SHA-256 %s, where %s was made); remove the folder of its run, or export to another place", name, ErrConflictingFile, have, want)
}

// conflictsOf is the inverse of list.
func conflictsOf(list []Conflict) conflicts {
	c := make(conflicts, len(list))
	for i := range list {
		c[conflictKey{list[i].Field, list[i].Kind}] = &list[i]
	}
	return c
}

// abortUploads drops what earlier attempts had sent of files of the shard that they did not complete. Nobody commits before the shard is done, so that no file of a
// commit is among those under way.
func (w *partWriter) abortUploads() error {
	for _, prefix := range []string{"part-%05d-", "%05d"} {
		if err := w.store.AbortUploads(RunPath(w.run), fmt.Sprintf(prefix, w.shard)); err != nil {
			return err
		}
	}
	return nil
}
