package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// ErrTooLarge is wrapped by the error for a statement that needs more than may be copied.
var ErrTooLarge = errors.New("too much to copy")

// Copy says what of a dataset a statement needs on this machine.
type Copy struct {
	Files []export.File // that are not in the cache yet
	Bytes int64         // of Files

	dataset *export.Dataset
	cache   *store.Dir
	tables  map[string]bool // to be read
}

// PlanCopy finds out what of a dataset elsewhere a statement needs here: all files of the tables that it names, itself or by a view. Files are kept in the folder
// cache: they never change. A word of the statement that is the name of a table counts, whatever it stands for.
func PlanCopy(ds *export.Dataset, statement, cache string) (*Copy, error) {
	c := &Copy{dataset: ds, cache: store.At(cache), tables: make(map[string]bool)}
	words := strings.FieldsFunc(strings.ToLower(statement), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, t := range ds.Manifest.Tables {
		ofView := t.Name == export.Variants || t.Name == export.SampleAnnotations
		if !slices.Contains(words, t.Name) && !(ofView && (slices.Contains(words, Genotypes) || slices.Contains(words, Carriers))) {
			continue
		}
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

// Run copies the files and returns the dataset as it is in the cache. Tables that the statement does not name are empty there.
func (c *Copy) Run(ctx context.Context) (*export.Dataset, error) {
	for _, f := range c.Files {
		if err := c.file(ctx, f); err != nil {
			return nil, err
		}
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
