package restore

import (
	"fmt"
	"strconv"

	"github.com/varlake/varlake/export"
)

// place is the key of a record: which input it is from, and where in it.
type place struct{ input, offset int64 }

func (p place) before(q place) bool {
	return p.input < q.input || p.input == q.input && p.offset < q.offset
}

// position is where a record lies on its contig, 1-based and inclusive.
type position struct {
	chrom    string
	pos, end int64
}

// recordReader reads the records of a dataset, in the order of the manifest's files, which is that of the inputs: parts hold ranges of records that do not overlap.
type recordReader struct {
	variants, annotations   *table
	files                   [][2]export.File // of both tables, not yet opened
	group, groups           int              // the next of the open file
	left                    int64            // rows of the open row group
	chrom                   string
	formatColumn            bool   // the header has FORMAT
	encodes                 []bool // by input: its version percent-encodes
	input, offset, pos, end *leaf
	id, ref, alt            *leaf
	qual, filter, format    *leaf
	info                    *infoWriter
	cells                   *cellWriter

	annotationOffset *leaf
	last             place
}

func newRecordReader(ds *export.Dataset, variants, annotations *export.Table, h *headers) (*recordReader, error) {
	if len(variants.Files) != len(annotations.Files) {
		return nil, damaged("%d files of %s and %d of %s", len(variants.Files), variants.Name, len(annotations.Files), annotations.Name)
	}
	v, a := newTable(ds, variants), newTable(ds, annotations)
	r := &recordReader{
		variants: v, annotations: a, encodes: h.encodes, formatColumn: h.merged.Columns > 8, last: place{input: -1},
		input: v.number("input_index"), offset: v.number("record_offset"), pos: v.number("pos"), end: v.number("end_pos"),
		id: v.text("id", ""), ref: v.text("ref", ""), alt: v.list("alt", 1, ""), qual: v.text("qual", ""), filter: v.list("filter", 1, ""), format: v.text("format", ""),
		cells: newCellWriter(v, len(h.merged.Samples)), info: newInfoWriter(a), annotationOffset: a.number("record_offset"),
	}
	for i, f := range variants.Files {
		if f.Chrom != annotations.Files[i].Chrom {
			return nil, damaged("%s and %s are of different contigs", f.Path, annotations.Files[i].Path)
		}
		r.files = append(r.files, [2]export.File{f, annotations.Files[i]})
	}
	return r, nil
}

// next goes to the next record; ok is false where there is none.
func (r *recordReader) next() (ok bool, err error) {
	for r.left == 0 {
		if ok, err := r.nextGroup(); !ok {
			return false, err
		}
	}
	r.left--
	if err := r.variants.next(); err != nil {
		return false, fmt.Errorf("%s: %w", r.variants.path, err)
	}
	if err := r.annotations.next(); err != nil {
		return false, fmt.Errorf("%s: %w", r.annotations.path, err)
	}
	at := r.place()
	if at.input < 0 || at.input >= int64(len(r.encodes)) || !r.last.before(at) || at.offset != r.annotationOffset.number() {
		return false, fmt.Errorf("%s: %w", r.variants.path, damaged("the record of input %d at offset %d is out of order, or not in both tables", at.input, at.offset))
	}
	r.last = at
	return true, nil
}

// nextGroup goes to the next row group, opening the next files where need be.
func (r *recordReader) nextGroup() (ok bool, err error) {
	if r.group == r.groups {
		if len(r.files) == 0 {
			return false, nil
		}
		pair := r.files[0]
		r.files = r.files[1:]
		r.group, r.chrom = 0, pair[0].Chrom
		if r.groups, err = r.variants.open(pair[0]); err != nil {
			return false, err
		}
		groups, err := r.annotations.open(pair[1])
		if err != nil {
			return false, err
		}
		if groups != r.groups {
			return false, damaged("%d row groups in %s and %d in %s", r.groups, pair[0].Path, groups, pair[1].Path)
		}
		return true, nil
	}
	if r.left, err = r.variants.group(r.group); err != nil {
		return false, fmt.Errorf("%s: %w", r.variants.path, err)
	}
	rows, err := r.annotations.group(r.group)
	if err != nil {
		return false, fmt.Errorf("%s: %w", r.annotations.path, err)
	}
	if rows != r.left {
		return false, damaged("row group %d has %d rows in %s and %d in %s", r.group, r.left, r.variants.path, rows, r.annotations.path)
	}
	r.group++
	return true, nil
}

func (r *recordReader) place() place { return place{r.input.number(), r.offset.number()} }

// position returns where the record lies. Its end is not before its position.
func (r *recordReader) position() position {
	return position{r.chrom, r.pos.number(), max(r.end.number(), r.pos.number())}
}

// append appends the line of the record, without line end.
func (r *recordReader) append(dst []byte) ([]byte, error) {
	encoded := r.encodes[r.input.number()]
	dst = append(append(dst, r.chrom...), '\t')
	dst = append(strconv.AppendInt(dst, r.pos.number(), 10), '\t')
	dst = append(appendScalar(dst, r.id, false), '\t')
	dst = append(appendScalar(dst, r.ref, false), '\t')
	dst = append(appendList(dst, r.alt, ',', false), '\t')
	dst = append(appendScalar(dst, r.qual, false), '\t')
	dst = append(appendList(dst, r.filter, ';', false), '\t')
	dst = r.info.append(dst, encoded)
	if !r.formatColumn {
		return dst, nil
	}
	dst = appendScalar(append(dst, '\t'), r.format, false)
	var format []byte
	if r.format.has() {
		format = r.format.text(false)
	}
	dst, err := r.cells.append(dst, format, encoded)
	if err != nil {
		return dst, fmt.Errorf("%s: record of input %d at offset %d: %w", r.variants.path, r.last.input, r.last.offset, err)
	}
	return dst, nil
}

func (r *recordReader) close() {
	r.variants.close() // of what was only read, nothing can be lost
	r.annotations.close()
}
