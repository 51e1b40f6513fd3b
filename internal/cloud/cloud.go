// Package cloud makes the clients of AWS: from the usual environment and profiles, with requests that are repeated and connections that can't hang.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/varlake/varlake/internal/bucket"
)

// fallbackRegion is where buckets are asked for while no region is set.
const fallbackRegion = "us-east-1"

// Options say how S3 is used. The zero value is good for most.
type Options struct {
	Region        string        // "" as environment and profile say
	Anonymous     bool          // send no credentials
	RequesterPays bool          // the reader pays
	Stall         time.Duration // how long a connection may stand still; 0: 30 s
	Attempts      int           // for each request; 0: 10
	Backoff       time.Duration // longest pause between attempts; 0: 8 s
	Endpoint      string        // instead of that of the environment, for tests
	Retries       *atomic.Int64 // counts requests that are repeated, and bodies asked for again; nil: nobody does
}

// Buckets gives access to buckets. Any number of goroutines may use it.
type Buckets struct {
	opt  Options
	http s3.HTTPClient // instead of the network, for tests

	mu     sync.Mutex
	config *aws.Config // nil until the first bucket
	open   map[string]*opened
}

// opened is a bucket that was asked for. Who asks for it again meanwhile waits, and who asks for another does not.
type opened struct {
	sync.Mutex
	bucket *bucket.Bucket // nil until its region is known
}

// New returns the buckets that can be reached with these options. Nothing is read before the first is asked for.
func New(opt Options) *Buckets {
	if opt.Stall <= 0 {
		opt.Stall = 30 * time.Second
	}
	if opt.Attempts <= 0 {
		opt.Attempts = 10
	}
	if opt.Backoff <= 0 {
		opt.Backoff = 8 * time.Second
	}
	return &Buckets{opt: opt, open: make(map[string]*opened)}
}

// Bucket returns a bucket, by a client for the region that it is in. Whether it is there and may be read is for the first request to tell.
func (b *Buckets) Bucket(ctx context.Context, name string) (*bucket.Bucket, error) {
	o, err := b.opened(ctx, name)
	if err != nil {
		return nil, err
	}
	o.Lock()
	defer o.Unlock()
	if o.bucket != nil {
		return o.bucket, nil
	}
	client := b.client(b.config.Region)
	if client.Options().BaseEndpoint == nil {
		region, err := lookUpRegion(ctx, client, name)
		if err != nil {
			return nil, err
		}
		if region != "" && region != b.config.Region {
			client = b.client(region)
		}
	}
	found := &bucket.Bucket{Client: client, Name: name, Backoff: b.opt.Backoff, Retries: b.opt.Retries}
	if b.opt.RequesterPays {
		found.Payer = types.RequestPayerRequester
	}
	o.bucket = found
	return found, nil
}

// opened returns what is known of a bucket, and reads the configuration before the first.
func (b *Buckets) opened(ctx context.Context, name string) (*opened, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.config == nil {
		loaded, err := b.load(ctx)
		if err != nil {
			return nil, fmt.Errorf("AWS configuration: %w", err)
		}
		if loaded.Region == "" {
			loaded.Region = fallbackRegion
		}
		b.config = &loaded
	}
	if b.open[name] == nil {
		b.open[name] = new(opened)
	}
	return b.open[name], nil
}

func (b *Buckets) load(ctx context.Context) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(b.httpClient()),
		config.WithLogger(logging.Nop{}), // stderr is for messages to the user
		config.WithAPIOptions([]func(*middleware.Stack) error{redact}),
	}
	if b.opt.Region != "" {
		options = append(options, config.WithRegion(b.opt.Region))
	}
	if b.opt.Anonymous {
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

func (b *Buckets) client(region string) *s3.Client {
	return s3.NewFromConfig(*b.config, func(o *s3.Options) {
		o.Region = region
		if b.opt.Endpoint != "" {
			o.BaseEndpoint = &b.opt.Endpoint
		}
		if b.http != nil {
			o.HTTPClient = b.http
		}
		o.Retryer = b.retryer(*b.config)
		o.UsePathStyle = o.BaseEndpoint != nil // servers beside AWS seldom have a name for each bucket
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// retryer repeats requests as often as environment or profile say, or else the options.
func (b *Buckets) retryer(loaded aws.Config) aws.Retryer {
	standard := retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = b.opt.Attempts, b.opt.Backoff
		if loaded.RetryMaxAttempts > 0 {
			o.MaxAttempts = loaded.RetryMaxAttempts
		}
		o.RateLimiter = ratelimit.None // attempts are bounded for each request; many at once must not use up those of one
	})
	if b.opt.Retries == nil {
		return standard
	}
	return &countingRetryer{standard, b.opt.Retries}
}

// countingRetryer counts the requests that are repeated: for each the SDK asks for a token first, also where tokens are without limit.
type countingRetryer struct {
	aws.RetryerV2
	retries *atomic.Int64
}

// GetRetryToken implements aws.Retryer.
func (r *countingRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	release, tokenErr := r.RetryerV2.GetRetryToken(ctx, err)
	if tokenErr == nil {
		r.retries.Add(1)
	}
	return release, tokenErr
}

// httpClient is the SDK's own, over connections that can't stand still.
func (b *Buckets) httpClient() *awshttp.BuildableClient {
	const buffer = 64 << 10
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = dialer(t.DialContext, b.opt.Stall)
		t.ReadBufferSize, t.WriteBufferSize = buffer, buffer
		t.MaxIdleConnsPerHost = 32
	})
}

// lookUpRegion asks which region a bucket is in; "" where S3 does not say. It says so to everyone, so nothing is signed.
func lookUpRegion(ctx context.Context, client *s3.Client, name string) (string, error) {
	anyone := s3.New(client.Options(), func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} })
	out, err := anyone.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if err == nil {
		return aws.ToString(out.BucketRegion), nil
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		if region := response.Response.Header.Get(bucket.RegionHeader); region != "" {
			return region, nil
		}
		if response.HTTPStatusCode() == http.StatusNotFound {
			return "", (&bucket.Bucket{Name: name}).Explain(ctx, "find", "", &types.NoSuchBucket{})
		}
		return "", nil // the request that matters has an error that says more
	}
	return "", (&bucket.Bucket{Name: name}).Explain(ctx, "find", "", err)
}
