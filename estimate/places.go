package estimate

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/varlake/varlake/export"
)

// place is where in the inputs a window begins, at the earliest, and where its stratum ends, beyond which no other place looks.
type place struct {
	input       int
	offset, end int64
}

// places cuts the inputs, end to end, into n strata of the same size and draws a byte of each. The same inputs give the same places.
func places(inputs []export.Surveyed, n int) []place {
	total := totalSize(inputs)
	random := rand.New(rand.NewPCG(seed(inputs), 0))
	drawn := make([]place, 0, n)
	input, before := 0, int64(0) // bytes before the input
	for i := range int64(n) {
		from, to := share(total, i, n), share(total, i+1, n)
		if from == to {
			continue
		}
		at := from + random.Int64N(to-from)
		for at >= before+inputs[input].Size {
			before += inputs[input].Size
			input++
		}
		drawn = append(drawn, place{input, at - before, min(to-before, inputs[input].Size)})
	}
	return drawn
}

// share returns i/n of total.
func share(total, i int64, n int) int64 {
	return total/int64(n)*i + total%int64(n)*i/int64(n)
}

func totalSize(inputs []export.Surveyed) (n int64) {
	for _, in := range inputs {
		n += in.Size
	}
	return n
}

// seed is a number that follows from names and sizes.
func seed(inputs []export.Surveyed) uint64 {
	h := fnv.New64a()
	for _, in := range inputs {
		io.WriteString(h, in.URI+"\n"+strconv.FormatInt(in.Size, 10)+"\n")
	}
	return h.Sum64()
}
