package bucket

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/varlake/varlake/internal/awserr"
)

// explainDenied says which permission a request lacked: as AWS says, else as IAM calls what was done. S3 may deny also what is not there, unless it may be listed, so
// where reading was denied the listing decides.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (b *Bucket) explainDenied(ctx context.Context, doing, key string, err error) error {
	fail := func(kind error, missing any) error {
		return fmt.Errorf("%s %s: %w: %v, or give other credentials", doing, b.URI(key), kind, missing)
	}
	list := awserr.Permission{Action: "s3:ListBucket", Resource: fmt.Sprintf("%s with s3:prefix %q", b.arn(""), key)}
	own := awserr.Permission{Action: action(doing), Resource: b.arn(key)}
	told, ok := awserr.Missing(err)
	switch {
	case ok && strings.HasPrefix(told.Action, "kms:"):
		return fail(ErrKey, told)
	case ok && (told.Action != list.Action || doing == "list"):
		return fail(ErrDenied, told)
	case doing == "list":
		return fail(ErrDenied, list)
	case own.Action != "s3:GetObject" || b.Client == nil:
		return fail(ErrDenied, own)
	}
	page, err := b.Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &key, MaxKeys: aws.Int32(1), RequestPayer: b.Payer})
	switch {
	case awserr.Code(err) == "AccessDenied":
		return fail(ErrDenied, fmt.Sprintf("%v, and %v, without which S3 denies also what is not there", own, list))
	case err == nil && (len(page.Contents) == 0 || aws.ToString(page.Contents[0].Key) != key):
		return fmt.Errorf("%s %s: %w", doing, b.URI(key), fs.ErrNotExist)
	}
	return fail(ErrDenied, own)
}

// action is what IAM calls that which could not be done with an object.
func action(doing string) string {
	switch doing {
	case "create", "write", "replace", "commit":
		return "s3:PutObject"
	case "delete":
		return "s3:DeleteObject"
	case "abort the upload of":
		return "s3:AbortMultipartUpload"
	}
	return "s3:GetObject"
}

// arn names an object, or with an empty key the bucket.
func (b *Bucket) arn(key string) string {
	region := ""
	if b.Client != nil {
		region = b.Client.Options().Region
	}
	if key != "" {
		key = "/" + key
	}
	return awserr.ARN(region, "s3", ":::"+b.Name+key)
}
