package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/internal/bucket"
)

const (
	// maxDelete is how many objects S3 deletes at a time.
	maxDelete = 1000
	// notesAtOnce is how many notes of uploads are read at once, and the uploads aborted.
	notesAtOnce = 16
)

// Discard implements Store. Uploads that are noted in what is discarded are aborted.
func (s *S3) Discard(name string, agreed func() error) error {
	key, err := s.key(name)
	if err != nil {
		return err
	}
	keys, err := s.below(key)
	if err != nil || len(keys) == 0 {
		return err
	}
	for batch := range slices.Chunk(keys, maxDelete) {
		if err := agreed(); err != nil {
			return err
		}
		var notes errgroup.Group
		notes.SetLimit(notesAtOnce)
		for _, key := range batch {
			notes.Go(func() error { return s.abortNoted(key) })
		}
		if err := notes.Wait(); err != nil {
			return err
		}
		if err := s.delete(batch); err != nil {
			return err
		}
	}
	return nil
}

// AbortUploads implements Store. The notes stay.
func (s *S3) AbortUploads(run, prefix string) error {
	key, err := s.key(run)
	if err != nil {
		return err
	}
	var notes errgroup.Group
	notes.SetLimit(notesAtOnce)
	err = s.bucket.List(s.ctx, path.Join(key, UploadsFolder, prefix), true, func(objects []bucket.Object, _ []string) error {
		for _, o := range objects {
			notes.Go(func() error { return s.abortNoted(o.Key) })
		}
		return nil
	})
	return errors.Join(err, notes.Wait())
}

// below returns the keys of an object and of all that is below it as a folder, those first that say what is there: a part of a run that was left is no run.
func (s *S3) below(key string) (keys []string, err error) {
	switch _, err := s.bucket.Stat(s.ctx, key); {
	case err == nil:
		keys = append(keys, key)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	err = s.bucket.List(s.ctx, key+"/", true, func(objects []bucket.Object, _ []string) error {
		for _, o := range objects {
			keys = append(keys, o.Key)
		}
		return nil
	})
	rank := func(key string) int {
		switch base := path.Base(key); {
		case base == "_SUCCESS":
			return 0
		case strings.HasPrefix(base, "_"):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
	return keys, err
}

// abortNoted aborts the upload that an object is the note of, if it is one.
func (s *S3) abortNoted(key string) error {
	if path.Base(path.Dir(key)) != UploadsFolder {
		return nil
	}
	text, _, err := s.bucket.Get(s.ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var note uploadNote
	if json.Unmarshal(text, &note) != nil || !fs.ValidPath(note.Key) {
		return nil // no note of ours
	}
	return s.abortUpload(s.ctx, s.prefix+note.Key, note.Upload)
}

func (s *S3) delete(keys []string) error {
	objects := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		objects[i].Key = &keys[i]
	}
	out, err := s.bucket.Client.DeleteObjects(s.ctx, &s3.DeleteObjectsInput{Bucket: &s.bucket.Name, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
	if err != nil {
		return s.bucket.Explain(s.ctx, "delete", keys[0], err)
	}
	for _, e := range out.Errors {
		if code := aws.ToString(e.Code); code != "NoSuchKey" {
			return s.bucket.Explain(s.ctx, "delete", aws.ToString(e.Key), &smithy.GenericAPIError{Code: code, Message: aws.ToString(e.Message)})
		}
	}
	return nil
}
