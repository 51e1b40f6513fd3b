package main

import (
	"context"

	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/cloud"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/internal/store"
)

// datasetFlags say how datasets in S3 are reached.
type datasetFlags struct {
	Region string `placeholder:"REGION" help:"AWS region, where environment and profile set none; that of each bucket is looked up." group:"S3"`
}

// cloud returns the options of clients.
func (f datasetFlags) cloud() cloud.Options { return cloud.Options{Region: f.Region} }

// stores opens datasets until the end of ctx.
func (f datasetFlags) stores(ctx context.Context) store.Opener { return encrypted(ctx, f.cloud(), "") }

// encrypted opens datasets until the end of ctx. Their objects are encrypted with a KMS key; "": as the bucket says.
func encrypted(ctx context.Context, opt cloud.Options, kmsKey string) store.Opener {
	buckets := cloud.New(opt)
	return func(root string) (store.Store, error) {
		if !bucket.Is(root) {
			return store.Local(root)
		}
		name, prefix, err := store.Split(root)
		if err != nil {
			return nil, err
		}
		b, err := buckets.Bucket(ctx, name)
		if err != nil {
			return nil, err
		}
		return store.NewS3(ctx, b, prefix, kmsKey), nil
	}
}

// open opens a finished dataset.
func (f datasetFlags) open(ctx context.Context, root string) (*export.Dataset, error) {
	if !bucket.Is(root) {
		return export.OpenDataset(root)
	}
	files, err := f.stores(ctx)(root)
	if err != nil {
		return nil, err
	}
	return export.ReadDataset(files)
}

// inputFlags say how inputs in S3 are read.
type inputFlags struct {
	Anonymous     bool `help:"Read inputs in S3 without credentials, as public buckets allow." group:"S3"`
	RequesterPays bool `help:"Pay for what is read of inputs in S3, as their owners may demand." group:"S3"`
}

// finder finds inputs.
func (f inputFlags) finder(opt cloud.Options) source.Finder {
	opt.Anonymous, opt.RequesterPays = f.Anonymous, f.RequesterPays
	buckets := cloud.New(opt)
	return source.Finder{Bucket: buckets.Bucket}
}
