package pq

import (
	"errors"
	"fmt"
	"math"
)

var (
	// ErrVector is wrapped by errors about a vector whose levels, values and rows do not fit each other.
	ErrVector = errors.New("pq: inconsistent vector")
	// ErrTooLarge is wrapped by errors about what the format has no room for, such as a page of 2 GiB.
	ErrTooLarge = errors.New("pq: too large for Parquet")
)

// LevelRun is a repetition or definition level that N entries in a row have.
type LevelRun struct {
	Level uint8
	N     uint32
}

// Run is a dictionary id that N values in a row have.
type Run struct {
	ID, N uint32
}

// Vector holds the values of one leaf for some whole rows: levels for every entry, values for those entries whose definition level is
// the leaf's MaxDef. The values are either plain, in Values, or ids into Dict, given as Runs or one by one as IDs.
//
// The zero Vector is empty and ready. A Vector is built by one goroutine, through its methods or by hand, and used again after Reset.
type Vector struct {
	// Rows counts whole rows. AddLevel and AddRep count it.
	Rows int
	// Rep and Def are the levels of all entries. Rep is not looked at where the leaf's MaxRep is 0: there every entry is a row.
	Rep, Def []LevelRun
	// Values are the plain values where Dict is nil.
	Values
	// Runs or IDs are the values where Dict is not nil.
	Runs []Run
	IDs  []uint32
	// Dict belongs to this vector: it may not change between Append and the end of Page.Encode.
	Dict *Dict
}

// Reset empties the vector and its dictionary and keeps their memory.
func (v *Vector) Reset() {
	v.Rows = 0
	v.Rep, v.Def = v.Rep[:0], v.Def[:0]
	v.Values.reset()
	v.Runs, v.IDs = v.Runs[:0], v.IDs[:0]
	if v.Dict != nil {
		v.Dict.Reset()
	}
}

// AddLevel adds n entries with these levels; with rep 0 each begins a row.
func (v *Vector) AddLevel(rep, def uint8, n uint32) {
	v.AddRep(rep, n)
	v.AddDef(def, n)
}

// AddRep adds n repetition levels. Used with AddDef it lets a list of many runs have two repetition runs a row.
func (v *Vector) AddRep(level uint8, n uint32) {
	if level == 0 {
		v.Rows += int(n)
	}
	v.Rep = addLevel(v.Rep, level, n)
}

// AddDef adds n definition levels.
func (v *Vector) AddDef(level uint8, n uint32) {
	if last := len(v.Def) - 1; last >= 0 && v.Def[last].Level == level {
		v.Def[last].N += n
		return
	}
	v.Def = addLevel(v.Def, level, n)
}

func addLevel(runs []LevelRun, level uint8, n uint32) []LevelRun {
	if n == 0 {
		return runs
	}
	if last := len(runs) - 1; last >= 0 && runs[last].Level == level {
		runs[last].N += n
		return runs
	}
	return append(runs, LevelRun{level, n})
}

// AddRun adds n values with an id of Dict.
func (v *Vector) AddRun(id, n uint32) {
	if last := len(v.Runs) - 1; last >= 0 && v.Runs[last].ID == id {
		v.Runs[last].N += n
		return
	}
	v.Runs = append(v.Runs, Run{id, n})
}

// AddNulls adds n rows that are NULL.
func (v *Vector) AddNulls(n int) { v.AddLevel(0, 0, uint32(n)) }

// AddID adds a row of a scalar field, whose value is that of an id of Dict.
func (v *Vector) AddID(id uint32) {
	v.AddRun(id, 1)
	v.addScalar()
}

// AddBool adds a row of a scalar field.
func (v *Vector) AddBool(x bool) {
	v.Bool = append(v.Bool, x)
	v.addScalar()
}

// AddInt32 adds a row of a scalar field.
func (v *Vector) AddInt32(x int32) {
	v.Int32 = append(v.Int32, x)
	v.addScalar()
}

// AddInt64 adds a row of a scalar field.
func (v *Vector) AddInt64(x int64) {
	v.Int64 = append(v.Int64, x)
	v.addScalar()
}

// AddDouble adds a row of a scalar field.
func (v *Vector) AddDouble(x float64) {
	v.Double = append(v.Double, x)
	v.addScalar()
}

// AddBytes adds a row of a scalar field. The string is copied.
func (v *Vector) AddBytes(s []byte) {
	v.AppendBytes(s)
	v.addScalar()
}

// AddString adds a row of a scalar field.
func (v *Vector) AddString(s string) {
	v.AppendString(s)
	v.addScalar()
}

// addScalar adds the levels of a row of a scalar field, which has no repetition levels.
func (v *Vector) addScalar() {
	v.Rows++
	if last := len(v.Def) - 1; last >= 0 && v.Def[last].Level == 1 {
		v.Def[last].N++
		return
	}
	v.Def = append(v.Def, LevelRun{1, 1})
}

// appendRows adds rows of plain values.
func (v *Vector) appendRows(leaf *Leaf, rows int, rep, def []LevelRun, values Values) {
	v.Rows += rows
	if leaf.MaxRep > 0 {
		v.Rep = appendRuns(v.Rep, rep)
	}
	v.Def = appendRuns(v.Def, def)
	v.Values.appendAll(leaf.Physical, &values)
}

func appendRuns(runs, more []LevelRun) []LevelRun {
	if len(more) == 0 {
		return runs
	}
	return append(addLevel(runs, more[0].Level, more[0].N), more[1:]...)
}

// count returns how many values there are, in whichever form.
func (v *Vector) count(k Kind) int {
	if v.Dict == nil {
		return v.Values.count(k)
	}
	n := len(v.IDs)
	for _, r := range v.Runs {
		n += int(r.N)
	}
	return n
}

// check counts entries and values by the levels and compares them with Rows and the values there are.
func (v *Vector) check(leaf *Leaf) (entries, values int, err error) {
	entries, values = countLevels(v.Def, leaf.MaxDef)
	rows, reps := entries, entries
	if leaf.MaxRep > 0 {
		reps, rows = countLevels(v.Rep, 0)
	}
	n := v.count(leaf.Physical)
	switch {
	case reps != entries:
		return 0, 0, fmt.Errorf("%w of column %s: %d repetition and %d definition levels", ErrVector, leaf.Name(), reps, entries)
	case rows != v.Rows:
		return 0, 0, fmt.Errorf("%w of column %s: levels of %d rows, Rows is %d", ErrVector, leaf.Name(), rows, v.Rows)
	case n != values:
		return 0, 0, fmt.Errorf("%w of column %s: %d values, levels of %d", ErrVector, leaf.Name(), n, values)
	case entries > math.MaxInt32:
		return 0, 0, fmt.Errorf("%w: %d entries in a page of column %s", ErrTooLarge, entries, leaf.Name())
	}
	return entries, values, nil
}
