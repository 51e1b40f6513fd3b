//go:build !cgo

package athena

import (
	"context"

	"github.com/varlake/varlake/export"
)

// HasEngine tells whether this build can query.
const HasEngine = false

// Query fails with ErrNoEngine: DuckDB needs cgo.
func Query(context.Context, *export.Dataset, string) (*Rows, error) { return nil, ErrNoEngine }
