package annotate

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// However records are dealt to workers, their tallies merge to that of one.
func TestTalliesMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const samples, workers = 4, 3
		records := rapid.SliceOf(anyRecord(samples)).Draw(t, "records")
		order := rapid.Permutation([]int{0, 1, 2}).Draw(t, "order")

		whole := newFeeder(samples, nil)
		var parts [workers]*feeder
		for i := range parts {
			parts[i] = newFeeder(samples, nil)
		}
		for _, r := range records {
			whole.add(r)
			parts[rapid.IntRange(0, workers-1).Draw(t, "worker")].add(r)
		}
		merged := NewTally(samples)
		for _, i := range order {
			if err := merged.Merge(parts[i].qc.Tally()); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(marshal(merged), marshal(whole.qc.Tally())) {
			t.Fatalf("merged %+v, whole %+v", merged, whole.qc.Tally())
		}
		whole.qc.Tally().Reset()
		if !bytes.Equal(marshal(whole.qc.Tally()), marshal(NewTally(samples))) {
			t.Fatalf("not empty after Reset: %+v", whole.qc.Tally())
		}
	})
}

func TestTalliesOfOtherSamplesDoNotMerge(t *testing.T) {
	if err := NewTally(2).Merge(NewTally(3)); !errors.Is(err, ErrTally) {
		t.Errorf("got %v, want %v", err, ErrTally)
	}
}

func TestTallyBinaryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.IntRange(0, 3).Draw(t, "samples")
		f := newFeeder(samples, nil)
		for _, r := range rapid.SliceOf(anyRecord(samples)).Draw(t, "records") {
			f.add(r)
		}
		data := marshal(f.qc.Tally())
		var got Tally
		if err := got.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(marshal(&got), data) {
			t.Fatalf("got %+v, want %+v", got, f.qc.Tally())
		}
		for i := range samples {
			diffSampleQC(t, i, got.Sample(i), f.qc.Tally().Sample(i))
		}
		if cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut"); got.UnmarshalBinary(data[:cut]) == nil {
			t.Fatalf("%d bytes of %d were taken for a tally", cut, len(data))
		}
		if got.UnmarshalBinary(append(data, 0)) == nil {
			t.Fatal("a byte too many was taken for a tally")
		}
	})
}

func TestTallyUnmarshalBinaryOfOtherData(t *testing.T) {
	integers := func(values ...int64) []byte { return appendIntegers([]byte(tallyMagic), values) }
	for name, data := range map[string][]byte{
		"nothing":                    nil,
		"another magic":              []byte("varlakeX"),
		"samples below 0":            integers(-1, 0, 0, 0),
		"more samples than data":     integers(1<<60, 0, 0, 0),
		"records below 0":            integers(0, -1, 0, 0),
		"a minimum that is no int32": integers(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 5, 0, 25, 1<<31, 5, 0),
	} {
		if err := new(Tally).UnmarshalBinary(data); !errors.Is(err, ErrTally) {
			t.Errorf("%s: got %v, want %v", name, err, ErrTally)
		}
	}
}

func marshal(t *Tally) []byte {
	data, _ := t.MarshalBinary()
	return data
}

func FuzzTallyUnmarshalBinary(f *testing.F) {
	feed := newFeeder(2, nil)
	f.Add(marshal(feed.qc.Tally()))
	r := parseRecord("A G,T 0/1 2/2")
	r.dp = []int32{7, Missing}
	feed.add(r)
	f.Add(marshal(feed.qc.Tally()))
	f.Add([]byte(tallyMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		tally := NewTally(1)
		if err := tally.UnmarshalBinary(data); err != nil {
			if !errors.Is(err, ErrTally) {
				t.Errorf("%v is no %v", err, ErrTally)
			}
			if tally.Samples() != 1 {
				t.Error("changed by what is no tally")
			}
			return
		}
		if !bytes.Equal(marshal(tally), data) {
			t.Error("does not marshal to what it was unmarshalled from")
		}
		for i := range tally.Samples() {
			tally.Sample(i)
		}
	})
}
