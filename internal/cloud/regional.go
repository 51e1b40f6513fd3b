package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// ErrNoRegion is the error of a service that is in every region, where neither options nor environment nor profile say which is meant.
var ErrNoRegion = errors.New("no AWS region; give --region, or set AWS_REGION")

// Athena returns a client of Athena. The error is ErrNoRegion, or what is wrong with environment and profiles.
func Athena(ctx context.Context, opt Options) (*athena.Client, error) {
	loaded, err := regional(ctx, opt, "Athena")
	if err != nil {
		return nil, err
	}
	return athena.NewFromConfig(loaded, func(o *athena.Options) {
		if opt.Endpoint != "" {
			o.BaseEndpoint = &opt.Endpoint
		}
	}), nil
}

// Glue returns a client of Glue. The error is ErrNoRegion, or what is wrong with environment and profiles.
func Glue(ctx context.Context, opt Options) (*glue.Client, error) {
	loaded, err := regional(ctx, opt, "Glue")
	if err != nil {
		return nil, err
	}
	return glue.NewFromConfig(loaded, func(o *glue.Options) {
		if opt.Endpoint != "" {
			o.BaseEndpoint = &opt.Endpoint
		}
	}), nil
}

// SNS returns a client of SNS. The error is ErrNoRegion, or what is wrong with environment and profiles.
func SNS(ctx context.Context, opt Options) (*sns.Client, error) {
	loaded, err := regional(ctx, opt, "SNS")
	if err != nil {
		return nil, err
	}
	return sns.NewFromConfig(loaded, func(o *sns.Options) {
		if opt.Endpoint != "" {
			o.BaseEndpoint = &opt.Endpoint
		}
	}), nil
}

// regional returns the configuration for a service that has no buckets to tell the region by.
func regional(ctx context.Context, opt Options, service string) (aws.Config, error) {
	made := New(opt)
	loaded, err := made.load(ctx)
	if err != nil {
		return loaded, fmt.Errorf("AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		return loaded, fmt.Errorf("%s: %w", service, ErrNoRegion)
	}
	loaded.Retryer = func() aws.Retryer { return made.retryer(loaded) }
	return loaded, nil
}
