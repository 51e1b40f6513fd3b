//go:build race

package bgzf

func init() { largestRealFile = 256 << 10 }
