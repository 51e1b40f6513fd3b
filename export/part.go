package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/export/pq"
	"github.com/varlake/varlake/internal/store"
)

// ErrConflictingFile is wrapped by the error for a file of the run that is there already with other content.
var ErrConflictingFile = errors.New("another content is there")

// maxParts bounds the parts of a dataset: Athena lists and opens every one.
const maxParts = 100_000

// partSet is what _parts/SSSSS-QQQQQQ.json says of one set of parts: the files of all record tables that hold the same records, and what was counted in
// these records alone. The tallies of the samples lie beside it, as .tally.zst, and the records that were set aside as .rejects.jsonl.
type partSet struct {
	Shard     int         `json:"shard"`
	Sequence  int         `json:"sequence"`
	Chrom     string      `json:"chrom"`
	First     int64       `json:"first_record"` // 0-based, within the shard
	Records   int64       `json:"records"`
	Rows      int64       `json:"rows"`
	Rejected  int64       `json:"rejected"`
	FirstRow  *rowPlace   `json:"first_row,omitempty"` // nil where there are no rows
	LastRow   *locus      `json:"last_row,omitempty"`
	Last      recordPlace `json:"last"`
	Chunk     place       `json:"chunk"` // where to begin to read in order to go on behind Last
	Files     []partFile  `json:"files"`
	Conflicts []Conflict  `json:"conflicts"`
	Tally     string      `json:"tally_sha256"`
	Rejects   string      `json:"rejects_sha256,omitempty"`
}

type partFile struct {
	Table string `json:"table"`
	File
}

// partWriter writes row groups to parts: a new one for each contig in turn and whenever a file has reached the part size.
type partWriter struct {
	store    store.Store
	run      string
	shard    int
	partSize int64
	tables   []recordTable
	samples  int

	part  *part
	next  int          // sequence of the next part
	total totals       // of the parts that are closed
	named func() error // waits until the files of all parts that are closed have their names
}

// recordTable is one of the tables that parts are written for.
type recordTable struct {
	name      string
	schema    *pq.Schema
	metadata  []pq.KeyValue
	sorting   []pq.SortingColumn
	fileOrder bool // rows are in the order of the records: sorted where these are
	write     func(*pq.File, *rowGroup) error
}

// part is a set of files being written.
type part struct {
	set       partSet
	files     []*openFile
	sorted    bool
	tally     *annotate.Tally
	conflicts conflicts
	rejected  store.Writer // nil: none were
}

type openFile struct {
	path    string
	out     store.Writer
	parquet *pq.File
}

func newPartWriter(dir store.Store, run string, shard int, partSize int64, samples int, tables []recordTable) *partWriter {
	return &partWriter{store: dir, run: run, shard: shard, partSize: partSize, tables: tables, samples: samples, named: func() error { return nil },
		total: newTotals(samples)}
}

// setName is the path of what _parts has of a set, without extension.
func (w *partWriter) setName(sequence int) string {
	return fmt.Sprintf("%s/%s/%05d-%06d", RunPath(w.run), partsFolder, w.shard, sequence)
}

// write adds an encoded row group.
func (w *partWriter) write(g *rowGroup) error {
	if w.part != nil && g.rows > 0 && w.part.set.Rows > 0 && (w.part.set.Chrom != g.chrom || w.part.size() >= w.partSize) {
		if err := w.closePart(); err != nil {
			return err
		}
	}
	if w.part == nil {
		w.part = &part{set: partSet{Shard: w.shard, Sequence: w.next, First: w.total.records}, sorted: true,
			tally: annotate.NewTally(w.samples), conflicts: make(conflicts)}
	}
	p := w.part
	if g.rows > 0 && p.files == nil {
		p.set.Chrom = g.chrom
		if err := w.openFiles(); err != nil {
			return err
		}
	}
	for i, f := range p.files {
		if err := w.tables[i].write(f.parquet, g); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
	}
	return p.count(w, g)
}

// count adds what was counted in a row group.
func (p *part) count(w *partWriter, g *rowGroup) error {
	if g.rows > 0 { // a group of rejects alone has no positions
		p.sorted = p.sorted && g.sorted && (p.set.Rows == 0 || g.firstPos >= p.set.LastRow.Pos)
		if p.set.FirstRow == nil {
			p.set.FirstRow = &rowPlace{locus{g.chrom, g.firstPos}, g.first}
		}
		p.set.LastRow = &locus{g.chrom, g.lastPos}
	}
	p.set.Records += g.records
	p.set.Rows += g.rows
	p.set.Rejected += int64(len(g.rejects))
	p.set.Last, p.set.Chunk = g.last, g.chunk
	p.conflicts.merge(g.conflicts)
	if err := p.tally.Merge(g.tally); err != nil {
		return err
	}
	return w.reject(p, g.rejects)
}

// size returns how many bytes the largest file has.
func (p *part) size() (n int64) {
	for _, f := range p.files {
		n = max(n, f.parquet.Size())
	}
	return n
}

func (w *partWriter) openFiles() error {
	if w.next >= maxParts {
		return fmt.Errorf("more than %d parts: the contigs change too often; sort the input with bcftools sort", maxParts)
	}
	for _, t := range w.tables {
		path := fmt.Sprintf("%s/%s/chrom=%s/part-%05d-%06d.parquet", RunPath(w.run), t.name, EscapePartition(w.part.set.Chrom), w.shard, w.next)
		out, err := w.store.Create(path)
		if err != nil {
			return err
		}
		w.part.files = append(w.part.files, &openFile{path, out, pq.NewFile(out, t.schema, t.metadata, t.sorting)})
	}
	return nil
}

// closePart ends the files of the part. They get their names while the next part is made: one set waits for its names and one is made at any time, which bounds
// the memory, and sets become whole in their order.
func (w *partWriter) closePart() error {
	p := w.part
	if p == nil {
		return nil
	}
	for i, f := range p.files {
		if !p.sorted && w.tables[i].fileOrder {
			f.parquet.Sorting = nil
		}
		if err := f.parquet.Close(); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		p.set.Files = append(p.set.Files, partFile{w.tables[i].name,
			File{Path: f.path, Chrom: p.set.Chrom, Rows: f.parquet.Rows(), Bytes: f.out.Size(), SHA256: f.out.SHA256()}})
	}
	if err := w.named(); err != nil {
		return err
	}
	if err := w.nameSet(p); err != nil {
		return err
	}
	w.next++
	w.part = nil
	return w.total.addSet(&p.set, p.conflicts, p.tally)
}

// nameSet has the files of a set get their names, and then _parts say that it is whole.
func (w *partWriter) nameSet(p *part) error {
	tally, err := packTally(p.tally)
	if err != nil {
		return err
	}
	name := w.setName(w.next)
	p.set.Conflicts = p.conflicts.list()
	p.set.Tally = digest(tally)
	if p.rejected != nil {
		p.set.Rejects = p.rejected.SHA256()
		w.total.support = append(w.total.support, SupportFile{name + rejectsExtension, p.rejected.Size(), p.set.Rejects})
	}
	set, err := marshal(p.set)
	if err != nil {
		return fmt.Errorf("%s.json: %w", name, err)
	}
	w.total.support = append(w.total.support, supportFile(name+tallyExtension, tally), supportFile(name+".json", set))
	w.named = start(func() error {
		var group errgroup.Group
		for _, f := range p.files {
			group.Go(func() error { return commit(w.store, f.out, f.path) })
		}
		if p.rejected != nil {
			group.Go(func() error { return commit(w.store, p.rejected, name+rejectsExtension) })
		}
		group.Go(func() error { return put(w.store, name+tallyExtension, tally) })
		if err := group.Wait(); err != nil {
			return err
		}
		return put(w.store, name+".json", set) // not before the rest is there
	})
	return nil
}

// reject appends records to those of the part that were set aside, a JSON line each.
func (w *partWriter) reject(p *part, rejects []Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	if p.rejected == nil {
		var err error
		if p.rejected, err = w.store.Create(w.setName(w.next) + rejectsExtension); err != nil {
			return err
		}
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, r := range rejects {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("reject: %w", err)
		}
	}
	_, err := p.rejected.Write(lines.Bytes())
	return err
}

// abort leaves nothing of what is not whole.
func (w *partWriter) abort() {
	_ = w.named() // it has been returned, or there is a worse error
	if w.part == nil {
		return
	}
	var group sync.WaitGroup // each may take a while where the store is far away, and whoever was told to stop has little time
	for _, f := range w.part.files {
		group.Go(f.out.Abort)
	}
	if w.part.rejected != nil {
		group.Go(w.part.rejected.Abort)
	}
	group.Wait()
}
