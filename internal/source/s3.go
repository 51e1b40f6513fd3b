package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/varlake/varlake/internal/bucket"
)

// ErrNoS3 is wrapped by the error for an input in S3 where there is none.
var ErrNoS3 = errors.New("S3 can't be read here")

// addS3 resolves an argument in S3: s3://bucket/key, a prefix that ends in a slash, or a pattern in the last part of a key. Of an object that is alone, its first
// bytes come along: of many, they would fill the memory.
func (f *Finder) addS3(ctx context.Context, l *Listing, arg string, alone bool) error {
	name, key, err := bucket.Split(arg)
	if err != nil {
		return err
	}
	if f.Bucket == nil {
		return fmt.Errorf("%w: %s", ErrNoS3, arg)
	}
	b, err := f.Bucket(ctx, name)
	if err != nil {
		return err
	}
	if key == "" || strings.HasSuffix(key, "/") {
		return addPrefix(ctx, l, b, key)
	}
	var object bucket.Object
	var first []byte
	wanted := 0
	if alone {
		wanted = bucket.FirstBytes
		if f.First != nil {
			wanted = f.First()
		}
	}
	if wanted > 0 {
		object, first, err = b.ReadFirst(ctx, key, wanted)
	} else {
		object, err = b.Stat(ctx, key)
	}
	switch {
	case err == nil:
		l.addObjects(b, []bucket.Object{object})
		if len(first) > 0 {
			in := &l.Inputs[len(l.Inputs)-1]
			in.first = new(atomic.Pointer[[]byte])
			in.first.Store(&first)
		}
		return nil
	case strings.ContainsAny(key, "*?["):
		return addPattern(ctx, l, b, key)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	// The answer to a HEAD does not tell a missing object from a missing bucket: the listing does.
	any, err := b.Check(ctx, key+"/")
	if err != nil {
		return err
	}
	if any {
		return addPrefix(ctx, l, b, key+"/")
	}
	return fmt.Errorf("%w: %s does not exist; give an object, a prefix that ends in /, or a pattern", ErrNoInput, arg)
}

// addPrefix adds the VCFs right below a prefix.
func addPrefix(ctx context.Context, l *Listing, b *bucket.Bucket, prefix string) error {
	var found []bucket.Object
	err := b.List(ctx, prefix, false, func(objects []bucket.Object, _ []string) error {
		for _, o := range objects {
			switch {
			case o.Key == prefix: // what consoles make to show a folder
			case IsVCF(o.Key):
				found = append(found, o)
			default:
				l.Skipped = append(l.Skipped, b.URI(o.Key))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("%w: %s holds no *.vcf, *.vcf.gz or *.vcf.bgz (prefixes are not searched recursively)", ErrNoInput, b.URI(prefix))
	}
	l.addObjects(b, found)
	return nil
}

// addPattern adds the objects that a pattern of path.Match matches, in which * does not stand for a slash.
func addPattern(ctx context.Context, l *Listing, b *bucket.Bucket, pattern string) error {
	folder, last := path.Split(pattern)
	if strings.ContainsAny(folder, "*?[") {
		return fmt.Errorf("%w: %s; a pattern may be in the part behind the last / only", ErrNoInput, b.URI(pattern))
	}
	var found []bucket.Object
	err := b.List(ctx, folder, false, func(objects []bucket.Object, _ []string) error {
		for _, o := range objects {
			ok, err := path.Match(last, strings.TrimPrefix(o.Key, folder))
			if err != nil {
				return fmt.Errorf("input %s: %w", b.URI(pattern), err)
			}
			if ok && o.Key != folder {
				found = append(found, o)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("%w: nothing matches %s", ErrNoInput, b.URI(pattern))
	}
	l.addObjects(b, found)
	return nil
}

// addObjects adds objects in natural order of their keys.
func (l *Listing) addObjects(b *bucket.Bucket, objects []bucket.Object) {
	slices.SortFunc(objects, func(x, y bucket.Object) int { return CompareNatural(x.Key, y.Key) })
	for _, o := range objects {
		uri := b.URI(o.Key)
		l.Inputs = append(l.Inputs, Input{Name: uri, URI: uri, Size: o.Size, ETag: o.ETag, bucket: b})
	}
}

// ReadFile reads a small file whole, of this machine or of S3.
func (f *Finder) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if !bucket.Is(name) {
		return os.ReadFile(name)
	}
	bucketName, key, err := bucket.Split(name)
	if err != nil {
		return nil, err
	}
	if f.Bucket == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoS3, name)
	}
	b, err := f.Bucket(ctx, bucketName)
	if err != nil {
		return nil, err
	}
	data, _, err := b.Get(ctx, key)
	return data, err
}
