//go:build plain

package bgzf

const fast = false
