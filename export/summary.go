package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/annotate"
)

// QCSummary is sample_qc summed over the samples of a dataset. All counts are 0 where the VCF has no genotypes.
type QCSummary struct {
	Called, NotCalled          int64 // calls
	Het                        int64 // calls
	Singletons                 int64 // alleles
	Transitions, Transversions int64 // alleles, one of each copy
}

// sampleCounts are the columns of sample_annotations that are summed.
type sampleCounts struct {
	Called        *int64 `parquet:"qc_n_called,optional"`
	NotCalled     *int64 `parquet:"qc_n_not_called,optional"`
	Het           *int64 `parquet:"qc_n_het,optional"`
	Singletons    *int64 `parquet:"qc_n_singleton,optional"`
	Transitions   *int64 `parquet:"qc_n_transition,optional"`
	Transversions *int64 `parquet:"qc_n_transversion,optional"`
}

// QC sums the QC of a dataset's samples, from sample_annotations.
func (d *Dataset) QC() (QCSummary, error) {
	var sum QCSummary
	table, ok := d.Manifest.Table(SampleAnnotations)
	if !ok {
		return sum, nil
	}
	for _, f := range table.Files {
		if err := sum.addFile(d, f.Path); err != nil {
			return sum, fmt.Errorf("read QC of the samples: %w", err)
		}
	}
	return sum, nil
}

// sumQC sums what sample_annotations were made from, which needs no reading.
func (e *exporter) sumQC(t *annotate.Tally) (sum QCSummary) {
	if !e.layout.hasGT {
		return sum
	}
	for i := range t.Samples() {
		qc := t.Sample(i)
		sum.Called += qc.NCalled
		sum.NotCalled += qc.NNotCalled
		sum.Het += qc.NHet
		sum.Singletons += qc.NSingleton
		sum.Transitions += qc.NTransition
		sum.Transversions += qc.NTransversion
	}
	return sum
}

func (s *QCSummary) addFile(d *Dataset, name string) error {
	data, err := d.Files().ReadFile(name) // it is small, and far away perhaps
	if err != nil {
		return err
	}
	r := parquet.NewGenericReader[sampleCounts](bytes.NewReader(data))
	defer r.Close()
	rows := make([]sampleCounts, 1024)
	for {
		n, err := r.Read(rows)
		for _, row := range rows[:n] {
			s.add(row)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

func (s *QCSummary) add(row sampleCounts) {
	for _, c := range []struct {
		sum   *int64
		value *int64
	}{
		{&s.Called, row.Called}, {&s.NotCalled, row.NotCalled}, {&s.Het, row.Het},
		{&s.Singletons, row.Singletons}, {&s.Transitions, row.Transitions}, {&s.Transversions, row.Transversions},
	} {
		if c.value != nil {
			*c.sum += *c.value
		}
	}
}
