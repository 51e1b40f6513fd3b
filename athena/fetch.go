package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// ErrTooLarge is wrapped by the error for a statement that needs more than may be copied.
var ErrTooLarge = errors.New("too much to copy")

// copiesAtOnce is how many files are copied at once, each by several requests.
const copiesAtOnce = 4

// Copy says what of a dataset a statement needs on this machine. While it is open, nobody deletes it from the cache.
type Copy struct {
	Files []export.File // that are not in the cache yet
	Bytes int64         // of Files

	dataset *export.Dataset
	tables  map[string]bool // to be read
	cache   *store.Dir      // of this dataset
	folder  string          // of all datasets
	use     *use
}

// PlanCopy finds out what of a dataset elsewhere a statement needs here: all files of the tables that it names, itself or by a view. Files are kept in a folder, the
// cache, which other processes may use at the same time: they never change. The caller closes the copy when it is read no more.
func PlanCopy(ds *export.Dataset, statement, folder string) (_ *Copy, err error) {
	c := &Copy{dataset: ds, tables: make(map[string]bool), cache: store.At(cacheOf(folder, ds.Root)), folder: folder}
	if c.use, err = beginUse(filepath.Join(c.cache.Root(), filepath.FromSlash(export.RunPath(ds.Manifest.Run)))); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	for _, t := range namedTables(ds.Manifest, statement, "") {
		c.tables[t.Name] = true
		for _, f := range t.Files {
			info, err := c.cache.Stat(f.Path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("cache: %w", err)
			}
			if err != nil || info.Size() != f.Bytes {
				c.Files = append(c.Files, f)
				c.Bytes += f.Bytes
			}
		}
	}
	return c, nil
}

// Close lets go of the copy: it may be deleted from now on.
func (c *Copy) Close() error { return c.use.end() }

// Run copies the files and returns the dataset as it is in the cache. Tables that the statement does not name are empty there.
func (c *Copy) Run(ctx context.Context) (*export.Dataset, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copiesAtOnce)
	for _, f := range c.Files {
		group.Go(func() error { return c.file(ctx, f) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	m := *c.dataset.Manifest
	m.Tables = slices.Clone(m.Tables)
	for i := range m.Tables {
		if !c.tables[m.Tables[i].Name] {
			m.Tables[i].Files = nil
		}
	}
	return export.NewDataset(c.cache, &m), nil
}

// file copies one file, which appears whole or not at all.
func (c *Copy) file(ctx context.Context, f export.File) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	in, _, err := c.dataset.OpenFile(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := c.cache.Create(f.Path)
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := io.Copy(out, in); err != nil {
		return fmt.Errorf("copy %s: %w", f.Path, err)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if out.SHA256() != f.SHA256 {
		return fmt.Errorf("copy %s: %w: it has the SHA-256 %s, the manifest says %s", f.Path, export.ErrManifest, out.SHA256(), f.SHA256)
	}
	if err := out.Commit(); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}
