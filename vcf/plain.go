//go:build plain

package vcf

const fast = false
