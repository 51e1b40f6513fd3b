package estimate

import (
	"math"
	"slices"

	"github.com/varlake/varlake/bgzf"
)

// quantity estimates a sum over all inputs from what count gives for a window. It is a ratio to the bytes that the windows take of the files (Cochran, Sampling Techniques, chapter 6), made for each format apart: the same
// records take other bytes in each.
func (s *sample) quantity(count func(*window) int64) Quantity {
	var sum, variance float64
	for format, bytes := range s.bytes {
		of := slices.DeleteFunc(slices.Clone(s.windows), func(w *window) bool { return w.format != format })
		value, deviation := ratio(of, count, bytes)
		sum += value
		variance += deviation * deviation
	}
	q := Quantity{Value: int64(math.Round(sum)), Beginning: s.bytes[bgzf.Gzip] > 0 && !s.all}
	if sum > 0 && !s.all {
		q.Error = math.Sqrt(variance) / sum
	}
	return q
}

// ratio estimates the sum over so many bytes, and half the width of its interval of 95 %.
func ratio(windows []*window, count func(*window) int64, bytes int64) (sum, deviation float64) {
	var counted, read float64
	for _, w := range windows {
		counted += float64(count(w))
		read += float64(w.bytes)
	}
	if read == 0 {
		return 0, 0
	}
	n, r := float64(len(windows)), counted/read
	var squares float64
	for _, w := range windows {
		d := float64(count(w)) - r*float64(w.bytes)
		squares += d * d
	}
	sum = r * float64(bytes)
	if n < 2 {
		return sum, sum // one window tells nothing of how others differ
	}
	return sum, studentT(n-1) * math.Sqrt(squares/(n-1)/n) / (read / n) * float64(bytes)
}

// studentT is the 97.5 % point of Student's distribution, by the first terms of its expansion about the normal one (Abramowitz and Stegun, 26.7.5): within 2 % from 4 degrees of freedom on.
func studentT(freedom float64) float64 {
	const z = 1.959964
	return z + (z*z*z+z)/(4*freedom) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*freedom*freedom) +
		(3*math.Pow(z, 7)+19*math.Pow(z, 5)+17*z*z*z-15*z)/(384*freedom*freedom*freedom)
}

// weight is what kept lines stand for: the text of a stretch of the inputs that takes as many bytes. It is not the text of the lines, as what compresses well in the inputs does in the tables too.
func (s *sample) weight(format bgzf.Format, fileBytes float64) float64 {
	var text, read float64
	for _, w := range s.windows {
		if w.format == format {
			text += float64(w.text)
			read += float64(w.bytes)
		}
	}
	return fileBytes * text / max(1, read)
}

// contigs are those of the sample, in its order.
func (s *sample) contigs() []string {
	names := []string{}
	for _, w := range s.windows {
		for _, c := range w.contigs {
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
	}
	return names
}

// switches counts where one contig follows another in the sample.
func (s *sample) switches() (n int64) {
	last := ""
	for _, w := range s.windows {
		for _, c := range w.contigs {
			if last != "" && c.name != last {
				n++
			}
			last = c.name
		}
	}
	return n
}

func (s *sample) summary() Sample {
	sum := Sample{Windows: len(s.windows), All: s.all}
	for _, w := range s.windows {
		sum.Bytes += w.bytes
		sum.Text += w.text
		sum.Records += w.records
	}
	return sum
}

// meanBlock is the mean size in the file of the blocks of BGZF that the windows have; 0 where there are none.
func (s *sample) meanBlock() float64 {
	var sum, n float64
	for _, w := range s.windows {
		for _, size := range w.blocks {
			sum, n = sum+float64(size), n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// pieces is how many shards could have work: the blocks of BGZF, and other files as a whole.
func (s *sample) pieces() int64 {
	n := s.wholeFiles
	if mean := s.meanBlock(); mean > 0 {
		n += int64(float64(s.bytes[bgzf.BGZF])/mean) + 1
	}
	return n
}
