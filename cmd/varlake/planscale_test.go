package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/varlake/varlake/bgzf"
	"github.com/varlake/varlake/estimate"
	"github.com/varlake/varlake/internal/realfiles"
)

// What a plan of many large files may take.
const (
	planFiles   = 25
	planFile    = 1 << 30 // bytes of each
	planShards  = 10_000
	planSeconds = 30
	planMost    = 200 << 20
)

// TestPlanOfLargeFiles plans 10,000 shards over 25 files of 1 GB in a storage double, by the program as it is built for workers. The truth is known: the files repeat the blocks of a real one.
func TestPlanOfLargeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program := filepath.Join(t.TempDir(), "varlake")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	object := newLargeFile(t, planFile)
	bucket := &double{t: t, object: object}
	server := httptest.NewServer(bucket)
	defer server.Close()

	var out, said bytes.Buffer
	c := exec.Command(program, "plan", "s3://in/vcf/", "--out", "s3://out/cohort", "--shards", strconv.Itoa(planShards), "--format", "json")
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3="+server.URL, "AWS_ACCESS_KEY_ID=k", "AWS_SECRET_ACCESS_KEY=s", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "TMPDIR="+t.TempDir())
	c.Stdout, c.Stderr = &out, &said
	began := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	peak := watchMemory(c.Process.Pid)
	err := c.Wait()
	took, memory := time.Since(began), peak()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	var e estimate.Estimate
	if err := json.Unmarshal(out.Bytes(), &e); err != nil {
		t.Fatal(err)
	}
	records, empty := planFiles*object.records(), object.emptyShards(planFiles, planShards)
	t.Logf("%.1f s, %d MiB, %d requests for %d MiB; %d records, truly %d (said ± %.1f %%); %d of %d shards empty, truly %d", took.Seconds(), memory>>20,
		bucket.requests.Load(), bucket.sent.Load()>>20, e.Records.Value, records, 100*e.Records.Error, e.Shards.Empty, planShards, empty)
	if took > planSeconds*time.Second {
		t.Errorf("it took %v, more than %d s", took, planSeconds)
	}
	if memory == 0 {
		t.Log("its memory is not known: there is no /proc")
	}
	if memory > planMost {
		t.Errorf("it had %d bytes of memory, more than %d", memory, planMost)
	}
	if off := float64(e.Records.Value)/float64(records) - 1; max(off, -off) > max(1.5*e.Records.Error, 0.01) {
		t.Errorf("%d records, truly %d: %.1f %% off, where it said %.1f %%", e.Records.Value, records, 100*off, 100*e.Records.Error)
	}
	if off := e.Shards.Empty - empty; max(off, -off) > planShards/20 {
		t.Errorf("%d of %d shards empty, truly %d", e.Shards.Empty, planShards, empty)
	}
}

// watchMemory looks at the peak of a process's resident memory, in bytes, until the returned function is called, which returns the last; 0 where there is no /proc. What wait4(2) tells would count the memory of the test, which
// the process was started from.
func watchMemory(pid int) (peak func() int64) {
	done, last := make(chan struct{}), make(chan int64)
	go func() {
		var bytes int64
		for {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
				var kib int64
				if _, err := fmt.Sscan(rest, &kib); err == nil {
					bytes = kib << 10
				}
			}
			select {
			case <-done:
				last <- bytes
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-last
	}
}

// largeFile is a BGZF file that need not be there: the blocks of a header, those of records again and again, and the end marker.
type largeFile struct {
	header, body, end []byte
	bodies            int64
	lines             int64   // of a body
	starts            []int64 // of the blocks of a body
}

// newLargeFile returns a file of size bytes or a little less.
func newLargeFile(t *testing.T, size int64) *largeFile {
	t.Helper()
	files := realfiles.Small("real/opencb*/10k.chr22.*.vcf.gz", 4<<20)
	if len(files) == 0 {
		file, err := os.ReadFile("../../testdata/cohort.vcf.gz")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	z, err := gzip.NewReader(bytes.NewReader(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	column := bytes.Index(text, []byte("\n#CHROM")) + 1
	first := column + bytes.IndexByte(text[column:], '\n') + 1
	header, end := packed(t, text[:first])
	body, _ := packed(t, text[first:])
	r := &largeFile{header: header, body: body, end: end, lines: int64(bytes.Count(text[first:], []byte{'\n'}))}
	r.bodies = (size - int64(len(header)) - int64(len(end))) / int64(len(body))
	err = bgzf.ReadBlocks(bytes.NewReader(body), int64(len(body)), 0, func(b bgzf.Block) bool {
		r.starts = append(r.starts, b.Offset)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// packed is text in BGZF: its blocks, and the end marker.
func packed(t *testing.T, text []byte) (blocks, end []byte) {
	t.Helper()
	const marker = 28 // bytes of the end marker
	var out bytes.Buffer
	w := bgzf.NewWriter(&out, 2)
	_, err := w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	at := out.Len() - marker
	return out.Bytes()[:at], out.Bytes()[at:]
}

func (r *largeFile) size() int64 {
	return int64(len(r.header)) + r.bodies*int64(len(r.body)) + int64(len(r.end))
}

func (r *largeFile) records() int64 { return r.bodies * r.lines }

// ReadAt implements io.ReaderAt.
func (r *largeFile) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		at := offset + int64(n) - int64(len(r.header))
		switch repeats := r.bodies * int64(len(r.body)); {
		case at < 0:
			n += copy(p[n:], r.header[at+int64(len(r.header)):])
		case at < repeats:
			n += copy(p[n:], r.body[at%int64(len(r.body)):])
		case at < repeats+int64(len(r.end)):
			n += copy(p[n:], r.end[at-repeats:])
		default:
			return n, io.EOF
		}
	}
	return n, nil
}

// emptyShards counts the shards in which no block with text begins, of so many over several such files. Every cut is looked up.
func (r *largeFile) emptyShards(files, shards int) (empty int) {
	size := r.size()
	total := int64(files) * size
	next := func(cut int64) int64 { // the first block with text at or after it
		file, at := cut/size, cut%size-int64(len(r.header))
		if cut%size == 0 {
			return cut
		}
		if at < 0 {
			at = 0
		}
		body := int64(len(r.body))
		for i := at / body; i < r.bodies; i++ {
			for _, start := range r.starts {
				if i*body+start >= at {
					return file*size + int64(len(r.header)) + i*body + start
				}
			}
		}
		return (file + 1) * size
	}
	from := int64(0)
	for k := range shards {
		to := next(total / int64(shards) * int64(k+1))
		if k+1 == shards {
			to = total
		}
		if to == from {
			empty++
		}
		from = to
	}
	return empty
}

// double is a bucket of large files, and one that is empty. Nothing may be written to either.
type double struct {
	t              *testing.T
	object         *largeFile
	requests, sent atomic.Int64
}

// ServeHTTP implements http.Handler.
func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.requests.Add(1)
	query := r.URL.Query()
	isObject := strings.HasPrefix(r.URL.Path, "/in/vcf/") && strings.HasSuffix(r.URL.Path, ".vcf.gz")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		d.t.Errorf("%s %s: a plan writes nothing", r.Method, r.URL)
		w.WriteHeader(http.StatusForbidden)
	case query.Has("list-type") && strings.HasPrefix(r.URL.Path, "/in"):
		d.list(w)
	case query.Has("list-type"):
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
	case isObject && (r.Header.Get("If-Match") == "" || r.Header.Get("If-Match") == `"tag"`):
		d.serve(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `<Error><Code>NoSuchKey</Code><Message>not here</Message></Error>`)
	}
}

func (d *double) list(w io.Writer) {
	fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated>`)
	for i := range planFiles {
		fmt.Fprintf(w, `<Contents><Key>vcf/chr%d.vcf.gz</Key><Size>%d</Size><ETag>"tag"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`, i+1, d.object.size())
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

// serve answers with the object, or a range of it.
func (d *double) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"tag"`)
	counted := &counting{ResponseWriter: w, n: &d.sent}
	http.ServeContent(counted, r, "", time.Time{}, io.NewSectionReader(d.object, 0, d.object.size()))
}

// counting counts the bytes of a body.
type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}
