package export

import (
	"fmt"
	"math"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// writeSamples writes sample_annotations: a row a sample, in the order of the VCF, with the columns of the sample table and sample_qc. rows holds the row of
// each sample in the table, -1 where it has none.
func writeSamples(dir store.Store, run string, l *layout, samples []string, table *annotate.Table, rows []int, tally *annotate.Tally, metadata []pq.KeyValue, codec *pq.Codec) (File, error) {
	schema, leafOf, err := parquetSchema(SampleAnnotations, l.samples)
	if err != nil {
		return File{}, err
	}
	vectors := make([]pq.Vector, len(schema.Leaves()))
	col := func(i int) column { return column{&vectors[leafOf[i]]} }
	for i, name := range samples {
		col(0).AddString(name)
		col(1).AddInt64(int64(i + 1))
		next := 2
		if table != nil {
			for c := range table.Columns {
				appendCell(col(next), &table.Columns[c], rows[i])
				next++
			}
		}
		appendSampleQC(tally, i, l.hasGT, func() column { next++; return col(next - 1) })
	}

	chunks := make([]*pq.Chunk, len(vectors))
	for i := range chunks {
		chunks[i] = pq.NewChunk(schema.Leaves()[i], pq.Options{Codec: codec})
		if p := chunks[i].Append(&vectors[i]); p != nil {
			if err := p.Encode(); err != nil {
				return File{}, err
			}
		}
		if err := chunks[i].Finish(); err != nil {
			return File{}, err
		}
	}
	path := fmt.Sprintf("%s/%s/part-%05d-%06d.parquet", RunPath(run), SampleAnnotations, 0, 0)
	out, err := dir.Create(path)
	if err != nil {
		return File{}, err
	}
	defer out.Abort()
	file := pq.NewFile(out, schema, metadata, nil)
	if err := file.WriteRowGroup(int64(len(samples)), chunks); err != nil {
		return File{}, err
	}
	if err := file.Close(); err != nil {
		return File{}, err
	}
	if err := commit(dir, out, path); err != nil {
		return File{}, err
	}
	return File{Path: path, Rows: int64(len(samples)), Bytes: out.Size(), SHA256: out.SHA256()}, nil
}

// appendCell appends the value of a sample table's column; row -1 is a sample that the table does not have.
func appendCell(c column, from *annotate.Column, row int) {
	if row < 0 || !from.Valid[row] {
		c.AddNulls(1)
		return
	}
	switch from.Type {
	case annotate.Boolean:
		c.AddBool(from.Bools[row])
	case annotate.Int:
		c.AddInt32(int32(from.Ints[row]))
	case annotate.BigInt:
		c.AddInt64(from.Ints[row])
	case annotate.Double:
		c.AddDouble(from.Doubles[row]) // NaN is a value here: the table says so
	default:
		c.AddString(from.Strings[row])
	}
}

// appendSampleQC appends sample_qc in the order of sampleQCColumns; all of it is NULL where no GT is declared.
func appendSampleQC(tally *annotate.Tally, sample int, hasGT bool, next func() column) {
	if !hasGT {
		for range sampleQCColumns {
			next().AddNulls(1)
		}
		return
	}
	qc := tally.Sample(sample)
	next().double(qc.CallRate)
	for _, n := range []int64{qc.NCalled, qc.NNotCalled, qc.NFiltered, qc.NHomRef, qc.NHet, qc.NHomVar, qc.NNonRef, qc.NSingleton,
		qc.NSNP, qc.NInsertion, qc.NDeletion, qc.NTransition, qc.NTransversion, qc.NStar} {
		next().AddInt64(n)
	}
	for _, r := range []float64{qc.RTiTv, qc.RHetHomVar, qc.RInsertionDeletion} {
		if math.IsInf(r, 0) { // n/0 can't be computed either
			r = math.NaN()
		}
		next().double(r)
	}
	for _, s := range []*annotate.Stats{&qc.DP, &qc.GQ} {
		appendStats(s, next(), next(), next(), next())
	}
}
