package pq

import "encoding/binary"

// hybrid writes the RLE/bit-packing hybrid of the format: runs of one value, and groups of 8 values packed bit by bit, in any mixture.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#run-length-encoding--bit-packing-hybrid-rle--3
type hybrid struct {
	dst    []byte
	width  uint      // bits of a value, 1 to 32
	group  [8]uint32 // values that wait to be packed, where width is above 8
	bits   uint64    // the same packed, where a group fits
	ones   uint64    // a one for every value of a group: a value times ones is the value eight times
	n      uint32    // how many wait
	single uint32    // n if those that wait are one run, before which no packed run is open; else 0
	last   uint32    // the value that waits, if single
	header int       // where the header byte of the open packed run is; -1 if none is open
	groups int       // groups in the open packed run
}

const (
	// longRun is from where on a run is written as one: 8 values fill a whole group.
	longRun = 8
	// maxGroups keeps the header of a packed run in one byte, so that it can be filled in at the end.
	maxGroups = 63
)

// newHybrid returns a hybrid that appends to dst.
func newHybrid(dst []byte, width uint) hybrid {
	h := hybrid{dst: dst, width: width, header: -1}
	for i := uint(0); i < 8 && width <= 8; i++ {
		h.ones |= 1 << (i * width)
	}
	return h
}

// add writes n values v.
func (h *hybrid) add(v, n uint32) {
	if h.n > 0 {
		if h.single > 0 && n >= longRun {
			// One short run between long ones takes fewer bytes as a run of its own than as a group filled from the next.
			h.run(h.last, h.single)
			h.n, h.single, h.bits = 0, 0, 0
		} else {
			k := min(8-h.n, n)
			h.wait(v, k)
			h.single = 0
			n -= k
			if h.n < 8 {
				return
			}
			h.packWaiting()
		}
	}
	if n >= longRun {
		h.closePacked()
		h.run(v, n)
	} else if n > 0 {
		h.wait(v, n)
		if h.header < 0 {
			h.single, h.last = n, v
		}
	}
}

// wait puts k values v into the group.
func (h *hybrid) wait(v, k uint32) {
	if h.width <= 8 {
		// Shifts by 64 give 0 in Go: for a whole group the mask is all ones.
		h.bits |= uint64(v) * h.ones & (1<<(uint(k)*h.width) - 1) << (uint(h.n) * h.width)
		h.n += k
		return
	}
	for ; k > 0; k-- {
		h.group[h.n] = v
		h.n++
	}
}

func (h *hybrid) packWaiting() {
	if h.width <= 8 {
		h.packBits(h.bits)
	} else {
		h.pack(&h.group)
	}
	h.n, h.bits = 0, 0
}

// addLevels writes runs of levels. Short ones, as lists in lists have, are packed several at a time.
func (h *hybrid) addLevels(runs []LevelRun) {
	w := h.width
	for i := 0; i < len(runs); {
		if h.n == 0 && h.header < 0 || w > 4 || runs[i].N >= longRun {
			h.add(uint32(runs[i].Level), runs[i].N)
			i++
			continue
		}
		// Less than a group waits, and less than a group comes: of up to 4 bits each, both fit in 64.
		packed, n := h.bits, h.n
		for ; i < len(runs) && runs[i].N < longRun; i++ {
			r := runs[i]
			packed |= uint64(r.Level) * h.ones & (1<<(uint(r.N)*w) - 1) << (uint(n) * w)
			if n += r.N; n >= 8 {
				h.packBits(packed & (1<<(8*w) - 1))
				packed >>= 8 * w
				n -= 8
			}
		}
		h.bits, h.n, h.single = packed, n, 0
	}
}

// addIDs writes table[id] for each id, or the ids themselves if there is no table.
func (h *hybrid) addIDs(ids, table []uint32) {
	for len(ids) > 0 {
		if h.n > 0 || len(ids) < 8 {
			id := ids[0]
			if table != nil {
				id = table[id]
			}
			h.add(id, 1)
			ids = ids[1:]
			continue
		}
		g := *(*[8]uint32)(ids)
		if table != nil {
			g = [8]uint32{table[g[0]], table[g[1]], table[g[2]], table[g[3]], table[g[4]], table[g[5]], table[g[6]], table[g[7]]}
		}
		v := g[0]
		if (g[1]^v)|(g[2]^v)|(g[3]^v)|(g[4]^v)|(g[5]^v)|(g[6]^v)|(g[7]^v) != 0 {
			h.pack(&g)
			ids = ids[8:]
			continue
		}
		n := 8
		for n < len(ids) && ids[n] == ids[0] {
			n++
		}
		if n < 2*longRun {
			// Not worth a run of its own between packed groups.
			n = 8
			h.pack(&g)
		} else {
			h.add(v, uint32(n))
		}
		ids = ids[n:]
	}
}

// finish writes what waits and returns all bytes. With pad the last group may end in values that mean nothing, which only the end of a page
// allows; without, nothing but the values added is written.
func (h *hybrid) finish(pad bool) []byte {
	switch {
	case h.single > 0:
		h.run(h.last, h.single)
	case h.n > 0 && pad:
		clear(h.group[h.n:])
		h.packWaiting()
	case h.n > 0:
		h.closePacked()
		for i := uint32(0); i < h.n; {
			v, from := h.waiting(i), i
			for i++; i < h.n && h.waiting(i) == v; i++ {
			}
			h.run(v, i-from)
		}
	}
	h.closePacked()
	return h.dst
}

// waiting returns value i of those that wait.
func (h *hybrid) waiting(i uint32) uint32 {
	if h.width <= 8 {
		return uint32(h.bits >> (uint(i) * h.width) & (1<<h.width - 1))
	}
	return h.group[i]
}

// run writes n values v as a run.
func (h *hybrid) run(v, n uint32) {
	if n < 1<<6 {
		h.dst = append(h.dst, byte(n<<1), byte(v))
	} else {
		h.dst = append(binary.AppendUvarint(h.dst, uint64(n)<<1), byte(v))
	}
	for bits := uint(8); bits < h.width; bits += 8 {
		h.dst = append(h.dst, byte(v>>bits))
	}
}

func (h *hybrid) closePacked() {
	if h.header >= 0 {
		h.dst[h.header] = byte(h.groups<<1 | 1)
		h.header = -1
	}
}

// openPacked makes room for one more group in a packed run.
func (h *hybrid) openPacked() {
	if h.header >= 0 && h.groups < maxGroups {
		h.groups++
		return
	}
	h.closePacked()
	h.header, h.groups = len(h.dst), 1
	h.dst = append(h.dst, 0)
}

// packBits writes a group of values that are packed already, each of up to 8 bits.
func (h *hybrid) packBits(bits uint64) {
	h.openPacked()
	end := len(h.dst) + int(h.width)
	h.dst = binary.LittleEndian.AppendUint64(h.dst, bits)[:end]
}

// pack writes a group.
func (h *hybrid) pack(g *[8]uint32) {
	w := h.width
	if w <= 8 {
		h.packBits(uint64(g[0]) | uint64(g[1])<<w | uint64(g[2])<<(2*w) | uint64(g[3])<<(3*w) |
			uint64(g[4])<<(4*w) | uint64(g[5])<<(5*w) | uint64(g[6])<<(6*w) | uint64(g[7])<<(7*w))
		return
	}
	h.openPacked()
	if w <= 16 { // two words hold four values each, and then both the group
		low := uint64(g[0]) | uint64(g[1])<<w | uint64(g[2])<<(2*w) | uint64(g[3])<<(3*w)
		high := uint64(g[4]) | uint64(g[5])<<w | uint64(g[6])<<(2*w) | uint64(g[7])<<(3*w)
		end := len(h.dst) + int(w)
		h.dst = binary.LittleEndian.AppendUint64(h.dst, low|high<<(4*w))
		h.dst = binary.LittleEndian.AppendUint64(h.dst, high>>(64-4*w))[:end]
		return
	}
	var bits uint64
	var filled uint
	for _, v := range g {
		bits |= uint64(v) << filled
		for filled += w; filled >= 8; filled -= 8 {
			h.dst = append(h.dst, byte(bits))
			bits >>= 8
		}
	}
}
