package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a number of bytes as flags have it: 256MiB, 1GB, 4096.
type size int64

var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// UnmarshalText reads a size. A number alone counts bytes.
func (s *size) UnmarshalText(text []byte) error {
	number, unit := string(text), 1.0
	for _, u := range sizeUnits {
		if cut, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(cut), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n*unit >= 1 && n*unit < 1<<62) {
		return fmt.Errorf("%q is no size; give bytes, or a number and KiB, MiB, GiB or TiB", text)
	}
	*s = size(n * unit)
	return nil
}

// String writes the size in the largest binary unit of which there is one at least.
func (s size) String() string {
	for _, u := range sizeUnits {
		if strings.HasSuffix(u.name, "iB") && float64(s) >= u.bytes {
			return strconv.FormatFloat(float64(s)/u.bytes, 'f', 1, 64) + " " + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + " B"
}
