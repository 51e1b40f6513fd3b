//go:build plain

package export

const fast = false
