//go:build !plain

package vcf

// fast is whether shortcuts are taken. Builds with the tag plain go without: the checks compare the two.
const fast = true
