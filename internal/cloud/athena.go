package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/athena"
)

// ErrNoRegion is the error of a service that is in every region, where neither options nor environment nor profile say which is meant.
var ErrNoRegion = errors.New("no AWS region; give --region, or set AWS_REGION")

// Athena returns a client of Athena. The error is ErrNoRegion, or what is wrong with environment and profiles.
func Athena(ctx context.Context, opt Options) (*athena.Client, error) {
	made := New(opt)
	loaded, err := made.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		return nil, fmt.Errorf("Athena: %w", ErrNoRegion)
	}
	return athena.NewFromConfig(loaded, func(o *athena.Options) {
		if opt.Endpoint != "" {
			o.BaseEndpoint = &opt.Endpoint
		}
		o.Retryer = made.retryer(loaded)
	}), nil
}
