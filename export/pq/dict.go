package pq

import (
	"bytes"
	"hash/maphash"
	"math"
	"math/bits"
)

// smallInts is how many int32 values from 0 up a Dict finds in a table without hashing: depths, qualities and dosages lie there.
const smallInts = 4096

// Dict numbers distinct values from 0 in order of first use. The zero Dict is empty and ready; it is for one physical type and one goroutine.
type Dict struct {
	Values

	small []uint32    // id+1 of the int32 values 0 to smallInts-1
	bases [256]uint32 // id+1 of the strings of one byte: alleles, most of them
	slots []slot      // open addressing, linear probing, a power of two in size, at most half full
	used  int         // slots taken
	shift uint8       // 64 - log2(len(slots))
	seed  maphash.Seed
}

// slot is a place in the hash table. key is the value's bits, or the hash of a string; id is one more than the value's, 0 where free.
type slot struct {
	key uint64
	id  uint32
}

// Len returns how many values there are.
func (d *Dict) Len() int {
	return len(d.Int32) + len(d.Int64) + len(d.Double) + len(d.Ends)
}

// Reset empties the dictionary and keeps its memory.
func (d *Dict) Reset() {
	for _, x := range d.Int32 {
		if uint32(x) < uint32(len(d.small)) {
			d.small[x] = 0
		}
	}
	if len(d.Ends) > 0 {
		clear(d.bases[:])
	}
	// A table that one odd vector made large would be cleared at every Reset: room for twice what was used will do.
	if d.used > 0 {
		d.resize(max(64, 1<<bits.Len(uint(4*d.used-1))))
	}
	d.used = 0
	d.Values.reset()
}

// InternInt32 returns the id of x, which is added if it is new.
func (d *Dict) InternInt32(x int32) uint32 {
	if uint32(x) < uint32(len(d.small)) && d.small[x] != 0 {
		return d.small[x] - 1
	}
	return d.internInt32(x)
}

// InternInt32s puts the ids of values, none of them negative, in their places. Values that are new are added in their order.
func (d *Dict) InternInt32s(values []uint32) {
	small := d.small
	for i, x := range values {
		if x < uint32(len(small)) && small[x] != 0 {
			values[i] = small[x] - 1
			continue
		}
		values[i] = d.internInt32(int32(x))
		small = d.small
	}
}

func (d *Dict) internInt32(x int32) uint32 {
	if uint32(x) < smallInts {
		if d.small == nil {
			d.small = make([]uint32, smallInts)
		}
		d.Int32 = append(d.Int32, x)
		d.small[x] = uint32(len(d.Int32))
		return d.small[x] - 1
	}
	at, found := d.find(uint64(uint32(x)))
	if !found {
		d.Int32 = append(d.Int32, x)
		return d.take(at, uint64(uint32(x)))
	}
	return d.slots[at].id - 1
}

// InternInt64 returns the id of x, which is added if it is new.
func (d *Dict) InternInt64(x int64) uint32 {
	at, found := d.find(uint64(x))
	if !found {
		d.Int64 = append(d.Int64, x)
		return d.take(at, uint64(x))
	}
	return d.slots[at].id - 1
}

// InternDouble returns the id of x, which is added if it is new. Values are the same if their bits are: 0 and -0 differ.
func (d *Dict) InternDouble(x float64) uint32 {
	key := math.Float64bits(x)
	at, found := d.find(key)
	if !found {
		d.Double = append(d.Double, x)
		return d.take(at, key)
	}
	return d.slots[at].id - 1
}

// InternBytes returns the id of the string s, which is copied if it is new.
func (d *Dict) InternBytes(s []byte) uint32 {
	if len(s) == 1 {
		if d.bases[s[0]] == 0 {
			d.AppendBytes(s)
			d.bases[s[0]] = uint32(d.Len())
		}
		return d.bases[s[0]] - 1
	}
	if len(d.slots) == 0 {
		d.resize(64)
	}
	key := maphash.Bytes(d.seed, s)
	at, found := d.find(key)
	// A wrong one with the same 64 bits of hash is as good as impossible, but it costs little to be sure.
	for found && !bytes.Equal(d.At(int(d.slots[at].id-1)), s) {
		at, found = d.findFrom((at+1)&(len(d.slots)-1), key)
	}
	if !found {
		d.AppendBytes(s)
		return d.take(at, key)
	}
	return d.slots[at].id - 1
}

// Intern returns the id of value i of another dictionary's, which is added if it is new.
func (d *Dict) Intern(k Kind, from *Values, i uint32) uint32 {
	switch k {
	case Int32:
		return d.InternInt32(from.Int32[i])
	case Int64:
		return d.InternInt64(from.Int64[i])
	case Double:
		return d.InternDouble(from.Double[i])
	default:
		return d.InternBytes(from.At(int(i)))
	}
}

// internAll appends the ids of values i to j of a vector.
func (d *Dict) internAll(ids []uint32, k Kind, from *Values, i, j int) []uint32 {
	switch k {
	case Int32:
		for _, x := range from.Int32[i:j] {
			ids = append(ids, d.InternInt32(x))
		}
	case Int64:
		for _, x := range from.Int64[i:j] {
			ids = append(ids, d.InternInt64(x))
		}
	case Double:
		for _, x := range from.Double[i:j] {
			ids = append(ids, d.InternDouble(x))
		}
	default:
		for ; i < j; i++ {
			ids = append(ids, d.InternBytes(from.At(i)))
		}
	}
	return ids
}

// find returns the slot of key, or else the free one where it belongs.
func (d *Dict) find(key uint64) (at int, found bool) {
	if len(d.slots) == 0 {
		d.resize(64)
	}
	// Fibonacci hashing: neighbouring integers spread, and only high bits of the product are good.
	return d.findFrom(int(key*0x9E3779B97F4A7C15>>d.shift), key)
}

func (d *Dict) findFrom(at int, key uint64) (int, bool) {
	for slots := d.slots; ; at = (at + 1) & (len(slots) - 1) {
		s := &slots[at]
		if s.id == 0 {
			return at, false
		}
		if s.key == key {
			return at, true
		}
	}
}

// take fills a free slot with the value appended last and returns its id.
func (d *Dict) take(at int, key uint64) uint32 {
	id := uint32(d.Len())
	d.slots[at] = slot{key, id}
	d.used++
	if 2*d.used > len(d.slots) {
		d.grow()
	}
	return id - 1
}

func (d *Dict) grow() { d.rehash(2*len(d.slots), math.MaxUint32) }

// rehash makes the table n slots and keeps those of the first values.
func (d *Dict) rehash(n int, first uint32) {
	old := d.slots
	d.slots, d.used = nil, 0
	d.resize(n)
	for _, s := range old {
		if s.id == 0 || s.id > first {
			continue
		}
		at := int(s.key * 0x9E3779B97F4A7C15 >> d.shift)
		for d.slots[at].id != 0 {
			at = (at + 1) & (len(d.slots) - 1)
		}
		d.slots[at] = s
		d.used++
	}
}

// truncate forgets all but the first n values.
func (d *Dict) truncate(n int) {
	for _, x := range d.Int32[min(n, len(d.Int32)):] {
		if uint32(x) < uint32(len(d.small)) {
			d.small[x] = 0
		}
	}
	for i, id := range d.bases {
		if id > uint32(n) {
			d.bases[i] = 0
		}
	}
	d.Values.truncate(n)
	if len(d.slots) > 0 {
		d.rehash(len(d.slots), uint32(n))
	}
}

// resize makes the table n free slots, n being a power of two.
func (d *Dict) resize(n int) {
	if d.seed == (maphash.Seed{}) {
		d.seed = maphash.MakeSeed()
	}
	if n > cap(d.slots) {
		d.slots = make([]slot, n)
	} else {
		d.slots = d.slots[:n]
		clear(d.slots)
	}
	d.shift = uint8(64 - bits.Len(uint(n-1)))
}
