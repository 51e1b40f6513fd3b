package vcf

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestAppendFloat(t *testing.T) {
	for want, x := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "29": 29, "0.1": 0.1, "-1.25": -1.25, "1000000": 1e6, "9999999999999998": 9999999999999998,
		"1e+16": 1e16, "0.0001": 1e-4, "9.9e-05": 9.9e-5, "1e-05": 1e-5, "5e-324": 5e-324, "inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
	} {
		if got := string(AppendFloat([]byte("x"), x)); got != "x"+want {
			t.Errorf("%v is %s, not %s", x, got[1:], want)
		}
	}
}

// Every number reads back as itself, from text that the parser of QUAL takes.
func TestAppendFloatReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		text := AppendFloat(nil, x)
		y, err := strconv.ParseFloat(string(text), 64)
		if err != nil || x != y && !(math.IsNaN(x) && math.IsNaN(y)) {
			t.Errorf("%v is written %s and read %v: %v", x, text, y, err)
		}
		if q, ok := parseQual(text); !ok || q != x && !math.IsNaN(x) {
			t.Errorf("%s as QUAL is %v, %v", text, q, ok)
		}
	})
}
