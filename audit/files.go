package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/store"
)

// manifest compares _current.json with how it is written, and the manifest with the checksum in _SUCCESS.
func (v *verifier) manifest(context.Context) (Check, error) {
	c := Check{Name: "manifest", Checked: "run " + v.m.Run}
	if text, err := v.stored.ReadFile(export.CurrentName); err != nil {
		return c, err
	} else if want := asWritten(export.Current{Run: v.m.Run}); !bytes.Equal(text, want) {
		v.fault(&c, export.CurrentName, putBack, "is not as varlake writes it, %d bytes instead of %d", len(text), len(want))
	}
	manifest, success := path.Join(v.run, export.ManifestName), path.Join(v.run, export.SuccessName)
	sum, _, err := v.stored.SHA256(manifest)
	if err != nil {
		return c, err
	}
	switch text, err := v.stored.ReadFile(success); {
	case errors.Is(err, fs.ErrNotExist):
		v.fault(&c, success, putBack, "is missing")
	case err != nil:
		v.fault(&c, success, putBack, "can't be read: %v", err)
	case string(text) != sum+"  "+export.ManifestName+"\n":
		v.fault(&c, manifest, putBack, "has the SHA-256 %s, %s says %q", sum, export.SuccessName, text)
	}
	return c, nil
}

// asWritten is JSON as the files of a dataset have it.
func asWritten(value any) []byte {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil { // what came from JSON goes back
		return nil
	}
	return append(text, '\n')
}

// listing compares the files of the run with those that the manifest names.
func (v *verifier) listing(ctx context.Context) (Check, error) {
	c := Check{Name: "names", Checked: fmt.Sprintf("%d files", len(v.files)+2)}
	named := map[string]bool{path.Join(v.run, export.ManifestName): true, path.Join(v.run, export.SuccessName): true}
	type stat struct {
		info fs.FileInfo
		err  error
	}
	stats := make([]stat, len(v.files))
	each(ctx, len(v.files), func(i int) { stats[i].info, stats[i].err = v.stored.Stat(v.files[i].path) })
	if err := context.Cause(ctx); err != nil {
		return Check{}, err
	}
	for i, f := range v.files {
		switch info, err := stats[i].info, stats[i].err; {
		case named[f.path]:
			v.fault(&c, f.path, distrust, "is named twice by the manifest")
		case !strings.HasPrefix(f.path, v.run+"/"):
			v.fault(&c, f.path, distrust, "is named by the manifest, but lies outside %s", v.run)
		case errors.Is(err, fs.ErrNotExist):
			v.fault(&c, f.path, putBack, "is missing")
		case err != nil:
			v.fault(&c, f.path, putBack, "can't be read: %v", err)
		case !info.Mode().IsRegular():
			v.fault(&c, f.path, putBack, "is no file but %v", info.Mode())
		}
		named[f.path] = true
	}
	err := fs.WalkDir(v.stored, v.run, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !named[name] && !store.IsTemp(name) {
			c.Faults = append(c.Faults, Fault{name, "is not named by the manifest", "move it elsewhere: readers of the folder take it for a part of the table"})
		}
		return err
	})
	return c, err
}

// checksums compares sizes and contents.
func (v *verifier) checksums(ctx context.Context) (Check, error) {
	var sound []namedFile
	for _, f := range v.files {
		if !v.bad[f.path] {
			sound = append(sound, f)
		}
	}
	found := make([]string, len(sound))
	each(ctx, len(sound), func(i int) { found[i] = v.compare(sound[i]) })
	if err := context.Cause(ctx); err != nil {
		return Check{}, err
	}
	var size int64
	c := Check{Name: "checksums"}
	for i, f := range sound {
		size += f.bytes
		if found[i] != "" {
			v.fault(&c, f.path, putBack, "%s", found[i])
		}
	}
	c.Checked = fmt.Sprintf("%d files, %d bytes", len(sound), size)
	return c, nil
}

// compare returns how a file differs from what the manifest says of it, "" if it does not.
func (v *verifier) compare(f namedFile) string {
	info, err := v.stored.Stat(f.path)
	if err == nil && info.Size() != f.bytes {
		return fmt.Sprintf("has %d bytes, the manifest says %d", info.Size(), f.bytes)
	}
	sum, size, err := v.stored.SHA256(f.path)
	switch {
	case err != nil:
		return fmt.Sprintf("can't be read: %v", err)
	case size != f.bytes:
		return fmt.Sprintf("has %d bytes, the manifest says %d", size, f.bytes)
	case sum != f.sha256:
		return fmt.Sprintf("has the SHA-256 %s, the manifest says %s", sum, f.sha256)
	}
	return ""
}

// atOnce is how many files are read at once: more than the machine has cores, as they may be far away.
const atOnce = 8

// each calls do with 0 to n-1, some at a time, until ctx ends.
func each(ctx context.Context, n int, do func(i int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, max(atOnce, runtime.GOMAXPROCS(0))) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
}
