package pq

import "math/bits"

// appendLevels appends levels in the hybrid encoding, padded at the end if pad is set.
func appendLevels(dst []byte, runs []LevelRun, highest uint8, pad bool) []byte {
	h := newHybrid(dst, uint(bits.Len8(highest)))
	h.addLevels(runs)
	return h.finish(pad)
}

// countLevels returns how many entries there are, and how many of them have the level.
func countLevels(runs []LevelRun, level uint8) (entries, same int) {
	for _, r := range runs {
		entries += int(r.N)
		if r.Level == level {
			same += int(r.N)
		}
	}
	return entries, same
}

// levelReader hands out runs of levels piece by piece.
type levelReader struct {
	runs []LevelRun
	used uint32 // entries of runs[0] handed out
}

// take appends the next n entries to dst.
func (r *levelReader) take(dst []LevelRun, n int) []LevelRun {
	for n > 0 && len(r.runs) > 0 {
		next := r.runs[0]
		k := min(n, int(next.N-r.used))
		dst = addLevel(dst, next.Level, uint32(k))
		n -= k
		if r.used += uint32(k); r.used == next.N {
			r.runs, r.used = r.runs[1:], 0
		}
	}
	return dst
}

// entriesOf returns how many of the next entries make up the given number of rows, where every level 0 begins a row.
func (r *levelReader) entriesOf(rows int) int {
	entries, used := 0, r.used
	for _, run := range r.runs {
		n := int(run.N - used)
		used = 0
		if run.Level == 0 {
			if n > rows {
				return entries + rows
			}
			rows -= n
		}
		entries += n
	}
	return entries
}
