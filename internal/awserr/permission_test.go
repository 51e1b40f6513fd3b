package awserr

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"
)

func TestMissing(t *testing.T) {
	const user = "User: arn:aws:sts::111122223333:assumed-role/worker/i-0 is not authorized to perform: "
	for message, want := range map[string]string{
		"Access Denied": "",
		user + `s3:ListBucket on resource: "arn:aws:s3:::lake" because no identity-based policy allows the s3:ListBucket action`:                                                                       "allow s3:ListBucket on arn:aws:s3:::lake (AWS says: because no identity-based policy allows the s3:ListBucket action)",
		user + `s3:PutObject on resource: "arn:aws:s3:::lake/a b"`:                                                                                                                                     "allow s3:PutObject on arn:aws:s3:::lake/a b",
		user + "glue:CreateTable on resource: arn:aws:glue:eu-west-1:111122223333:table/d/t with an explicit deny in a service control policy":                                                         "allow glue:CreateTable on arn:aws:glue:eu-west-1:111122223333:table/d/t (AWS says: with an explicit deny in a service control policy)",
		user + "kms:GenerateDataKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access": "allow kms:GenerateDataKey",
		user + "kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region":                                                                        "allow kms:Decrypt",
	} {
		err := fmt.Errorf("request: %w", &smithy.GenericAPIError{Code: "AccessDenied", Message: message})
		p, told := Missing(err)
		if got := p.String(); told != (want != "") || told && got != want {
			t.Errorf("%s:\n%v %s, want %s", message, told, got, want)
		}
	}
	if _, told := Missing(errors.New(user + "s3:GetObject on resource: x")); told {
		t.Error("an error that no server gave")
	}
}

func TestARN(t *testing.T) {
	for region, want := range map[string]string{"": "arn:aws:s3:::b", "eu-west-1": "arn:aws:s3:::b", "cn-north-1": "arn:aws-cn:s3:::b", "us-gov-east-1": "arn:aws-us-gov:s3:::b"} {
		if got := ARN(region, "s3", ":::b"); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}
