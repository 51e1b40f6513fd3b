package athena

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// athenaCatalog is what Athena calls the Glue catalog of the account.
const athenaCatalog = "awsdatacatalog"

// maxViewText is the length of ViewOriginalText that Glue takes, in bytes (Glue API reference, TableInput).
const maxViewText = 409_600

// storedView is a view as Athena and Trino store it (io.trino.spi.connector.ConnectorViewDefinition).
type storedView struct {
	OriginalSQL string             `json:"originalSql"`
	Catalog     string             `json:"catalog"`
	Schema      string             `json:"schema"`
	Columns     []storedViewColumn `json:"columns"`
	// RunAsInvoker has whoever asks read the tables with his own rights. Without it Trino wants an owner.
	RunAsInvoker bool `json:"runAsInvoker"`
}

type storedViewColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // Trino's
}

// viewInput describes a view as Athena does. The error is ErrTooLong or ErrType.
func viewInput(v View, database string, parameters map[string]string) (*types.TableInput, error) {
	stored := storedView{OriginalSQL: v.Query, Catalog: athenaCatalog, Schema: database, RunAsInvoker: true}
	for _, c := range v.Columns {
		t, err := ParseType(c.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		stored.Columns = append(stored.Columns, storedViewColumn{c.Name, t.Trino()})
	}
	columns, err := glueColumns(v.Columns)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	original := "/* Presto View: " + base64.StdEncoding.EncodeToString(text) + " */"
	if len(original) > maxViewText {
		return nil, fmt.Errorf("%w: stored, it has %d bytes, and Glue takes %d", ErrTooLong, len(original), maxViewText)
	}
	want := &types.TableInput{
		TableType:         aws.String(virtualView),
		ViewOriginalText:  &original,
		ViewExpandedText:  aws.String("/* Presto View */"),
		StorageDescriptor: &types.StorageDescriptor{Columns: columns, SerdeInfo: &types.SerDeInfo{}},
		Parameters:        maps.Clone(parameters),
	}
	maps.Copy(want.Parameters, map[string]string{"presto_view": "true", "comment": "Presto View"})
	return want, nil
}
