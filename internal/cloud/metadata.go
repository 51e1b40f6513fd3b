package cloud

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"
)

// Metadata returns a client of the metadata service of this machine, where environment and profile say that it is (AWS_EC2_METADATA_SERVICE_ENDPOINT). It asks with tokens
// only (IMDSv2), and never through a proxy: the service knows a machine by who connects. The error is what is wrong with environment and profiles.
func Metadata(ctx context.Context) (*imds.Client, error) {
	direct := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil })
	loaded, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(direct), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	return imds.NewFromConfig(loaded, func(o *imds.Options) { o.EnableFallback = aws.FalseTernary }), nil
}
