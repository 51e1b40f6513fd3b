package athena

import "github.com/aws/aws-sdk-go-v2/service/athena/types"

// What Athena bills a query on demand: https://aws.amazon.com/athena/pricing/. Bytes are rounded up to megabytes, ten at least. AWS does not say whether these are powers of
// two; as powers of ten they cost more, by a tenth.
const (
	megabyte    = 1_000_000
	leastBilled = 10 * megabyte

	// PricePerTerabyte is in USD, in us-east-1 and most other regions.
	PricePerTerabyte = 5
)

// Billed returns the bytes that Athena bills of what was scanned by now. Statements that only describe tables, failed queries and results used again are free; queries that were
// cancelled are not.
func (e *Execution) Billed() int64 {
	switch {
	case e.State == types.QueryExecutionStateFailed, e.reused, e.kind == types.StatementTypeDdl:
		return 0
	case e.Scanned == 0 && (e.kind == types.StatementTypeUtility || e.State == types.QueryExecutionStateCancelled):
		return 0
	}
	return roundUp(e.Scanned)
}

// Cost returns what that costs in USD, at PricePerTerabyte.
func (e *Execution) Cost() float64 { return float64(e.Billed()) / 1e12 * PricePerTerabyte }

// CostOf returns what a query that scans so many bytes costs in USD, at PricePerTerabyte.
func CostOf(scanned int64) float64 { return float64(roundUp(scanned)) / 1e12 * PricePerTerabyte }

func roundUp(scanned int64) int64 {
	return max(leastBilled, (scanned+megabyte-1)/megabyte*megabyte)
}
