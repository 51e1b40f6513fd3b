package source

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/s3test"
)

// inS3 returns a Finder and a bucket with objects that hold their keys.
func inS3(t *testing.T, keys ...string) (*Finder, *bucket.Bucket) {
	t.Helper()
	b := s3test.New(t)
	for _, key := range keys {
		s3test.Put(t, b, key, key)
	}
	return &Finder{Bucket: func(context.Context, string) (*bucket.Bucket, error) { return b, nil }}, b
}

func TestListS3(t *testing.T) {
	f, b := inS3(t, "d/chr10.vcf.gz", "d/chr2.vcf.gz", "d/chr1.vcf", "d/X.VCF.BGZ", "d/chr2.vcf.gz.tbi", "d/", "d/sub/a.vcf", "top.vcf", "odd[1].vcf", "dd.vcf")
	root := "s3://" + b.Name + "/"
	for _, tt := range []struct{ arg, want, skipped string }{
		{"d/", "d/X.VCF.BGZ d/chr1.vcf d/chr2.vcf.gz d/chr10.vcf.gz", "d/chr2.vcf.gz.tbi"},
		{"d", "d/X.VCF.BGZ d/chr1.vcf d/chr2.vcf.gz d/chr10.vcf.gz", "d/chr2.vcf.gz.tbi"},
		{"", "dd.vcf odd[1].vcf top.vcf", ""},
		{"d/chr*.vcf.gz", "d/chr2.vcf.gz d/chr10.vcf.gz", ""},
		{"d/chr?.vcf*", "d/chr1.vcf d/chr2.vcf.gz d/chr2.vcf.gz.tbi", ""},
		{"top.vcf", "top.vcf", ""},
		{"odd[1].vcf", "odd[1].vcf", ""},
		{"d/chr2.vcf.gz.tbi", "d/chr2.vcf.gz.tbi", ""},
	} {
		if tt.arg == "" && s3test.InProcess(t) {
			continue
		}
		list, err := f.List(t.Context(), []string{root + tt.arg})
		if err != nil {
			t.Errorf("%s: %v", tt.arg, err)
			continue
		}
		var names []string
		for _, in := range list.Inputs {
			names = append(names, strings.TrimPrefix(in.Name, root))
			if in.URI != in.Name || in.Size != int64(len(in.Name)-len(root)) || in.ETag == "" || in.Version() != in.ETag || !in.Rereadable() {
				t.Errorf("%+v", in)
			}
		}
		if want := strings.Fields(tt.want); !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", tt.arg, names, want)
		}
		if got := strings.ReplaceAll(strings.Join(list.Skipped, " "), root, ""); got != tt.skipped {
			t.Errorf("%s: skipped %q, want %q", tt.arg, got, tt.skipped)
		}
	}
	for _, tt := range []struct {
		args string
		want error
		text string
	}{
		{"none.vcf", ErrNoInput, "does not exist"},
		{"none/", ErrNoInput, "holds no *.vcf"},
		{"d/none*", ErrNoInput, "nothing matches"},
		{"*/chr1.vcf", ErrNoInput, "behind the last /"},
		{"top.vcf top.vcf", ErrDuplicate, "name it once"},
	} {
		var args []string
		for _, a := range strings.Fields(tt.args) {
			args = append(args, root+a)
		}
		if _, err := f.List(t.Context(), args); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, want %v with %q", tt.args, err, tt.want, tt.text)
		}
	}
}

func TestOpenS3(t *testing.T) {
	f, b := inS3(t, "a.vcf")
	list, err := f.List(t.Context(), []string{b.URI("a.vcf")})
	if err != nil {
		t.Fatal(err)
	}
	in := list.Inputs[0]
	r, err := in.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != "a.vcf" {
		t.Errorf("read %q, %v", text, err)
	}
	readParts(t, in, "a.vcf")
	if text, err := f.ReadFile(t.Context(), in.URI); err != nil || string(text) != "a.vcf" {
		t.Errorf("ReadFile: %q, %v", text, err)
	}
	s3test.Put(t, b, "a.vcf", "other")
	again, err := in.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := io.ReadAll(again); !errors.Is(err, bucket.ErrChanged) {
		t.Errorf("after it was replaced: %v", err)
	}
}

// One of many has its bytes read when it is opened, one alone when it is looked up; either is the object that was listed.
func TestOpenS3Many(t *testing.T) {
	f, b := inS3(t, "a.vcf", "b.vcf")
	for _, args := range [][]string{{b.URI("b.vcf")}, {b.URI("b.vcf"), b.URI("a.vcf")}} {
		for range 2 {
			list, err := f.List(t.Context(), args)
			if err != nil {
				t.Fatal(err)
			}
			for i, in := range list.Inputs {
				if in.URI != args[i] {
					t.Errorf("input %d is %s, want %s", i, in.URI, args[i])
				}
				for range 2 { // a second time it is asked for again
					r, err := in.Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if text, err := io.ReadAll(r); err != nil || b.URI(string(text)) != in.URI {
						t.Errorf("%s: read %q, %v", in.URI, text, err)
					}
					r.Close()
				}
			}
		}
	}
}

func TestWithoutS3(t *testing.T) {
	if _, err := new(Finder).List(t.Context(), []string{"s3://b/a.vcf"}); !errors.Is(err, ErrNoS3) {
		t.Errorf("List: %v", err)
	}
	if _, err := new(Finder).ReadFile(t.Context(), "s3://b/a.tsv"); !errors.Is(err, ErrNoS3) {
		t.Errorf("ReadFile: %v", err)
	}
	if _, err := new(Finder).List(t.Context(), []string{"s3://"}); !errors.Is(err, bucket.ErrName) {
		t.Errorf("no bucket: %v", err)
	}
}
