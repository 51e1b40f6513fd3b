package awserr

import (
	"regexp"
	"strings"
)

// Permission is what a policy must allow.
type Permission struct {
	Action   string // s3:GetObject
	Resource string // its ARN; "" where it is not known
	Why      string // which policy denied it, where AWS says so
}

// String is what to do: "allow s3:GetObject on arn:aws:s3:::bucket/key".
func (p Permission) String() string {
	text := "allow " + p.Action
	if p.Resource != "" {
		text += " on " + p.Resource
	}
	if p.Why != "" {
		text += " (AWS says: " + p.Why + ")"
	}
	return text
}

var (
	toldAction = regexp.MustCompile(`is not authorized to perform:? ([a-z0-9-]+:[A-Za-z0-9]+)(?: on resource:? (?:"([^"]+)"|([^\s"]+)))?`)
	toldReason = regexp.MustCompile(`(?:because no [a-z -]+ (?:policy|policies) allows? |with an explicit deny in )[^.]*`)
)

// Missing finds in what AWS said the permission that a request lacked. AWS names it where the caller is of the account, or the organization, that the resource belongs to:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func Missing(err error) (p Permission, told bool) {
	message := Message(err)
	found := toldAction.FindStringSubmatch(message)
	if found == nil {
		return p, false
	}
	return Permission{Action: found[1], Resource: found[2] + strings.TrimRight(found[3], ".,;"), Why: toldReason.FindString(message)}, true
}

// ARN names a resource of a service in the partition of a region: ARN("cn-north-1", "s3", ":::bucket") is arn:aws-cn:s3:::bucket.
func ARN(region, service, resource string) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":" + service + resource
}
