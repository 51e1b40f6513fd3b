package athena

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// replaceable tells whether an update can make one table of the other. What tables are, and what they are partitioned by, is for good.
func replaceable(found *types.Table, want *types.TableInput) bool {
	sameKey := func(a, b types.Column) bool {
		return aws.ToString(a.Name) == aws.ToString(b.Name) && aws.ToString(a.Type) == aws.ToString(b.Type)
	}
	return aws.ToString(found.TableType) == aws.ToString(want.TableType) && slices.EqualFunc(found.PartitionKeys, want.PartitionKeys, sameKey)
}

// over is the table to write in place of another one of this dataset: what others added to it stays.
func (r *registrar) over(found *types.Table, want *types.TableInput, state string) *types.TableInput {
	input := *want
	input.Parameters = make(map[string]string)
	if found != nil && r.owns(found) {
		input.Owner, input.Description, input.Retention = found.Owner, found.Description, found.Retention
		input.LastAccessTime, input.LastAnalyzedTime = found.LastAccessTime, found.LastAnalyzedTime
		for k, v := range found.Parameters {
			if !strings.HasPrefix(k, ownParameters) {
				input.Parameters[k] = v
			}
		}
	}
	maps.Copy(input.Parameters, want.Parameters)
	input.Parameters[stateParameter] = state
	return &input
}

// sameTable tells whether writing input would change nothing.
func sameTable(found *types.Table, input *types.TableInput) bool {
	return aws.ToString(found.TableType) == aws.ToString(input.TableType) &&
		aws.ToString(found.ViewOriginalText) == aws.ToString(input.ViewOriginalText) &&
		aws.ToString(found.ViewExpandedText) == aws.ToString(input.ViewExpandedText) &&
		slices.EqualFunc(found.PartitionKeys, input.PartitionKeys, sameColumn) &&
		maps.Equal(found.Parameters, input.Parameters) &&
		sameStorage(found.StorageDescriptor, input.StorageDescriptor)
}

func sameStorage(found, want *types.StorageDescriptor) bool {
	if found == nil {
		return false
	}
	serde := func(s *types.StorageDescriptor) (library string, parameters map[string]string) {
		if s.SerdeInfo == nil {
			return "", nil
		}
		return aws.ToString(s.SerdeInfo.SerializationLibrary), s.SerdeInfo.Parameters
	}
	foundLibrary, foundParameters := serde(found)
	library, parameters := serde(want)
	return foundLibrary == library && maps.Equal(foundParameters, parameters) &&
		aws.ToString(found.Location) == aws.ToString(want.Location) &&
		aws.ToString(found.InputFormat) == aws.ToString(want.InputFormat) &&
		aws.ToString(found.OutputFormat) == aws.ToString(want.OutputFormat) &&
		slices.EqualFunc(found.Columns, want.Columns, sameColumn)
}

func sameColumn(a, b types.Column) bool {
	return aws.ToString(a.Name) == aws.ToString(b.Name) && aws.ToString(a.Type) == aws.ToString(b.Type) && aws.ToString(a.Comment) == aws.ToString(b.Comment)
}
