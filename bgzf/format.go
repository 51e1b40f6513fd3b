package bgzf

import "fmt"

// Format is what an input is, told by its bytes and never by its name.
type Format int

// What an input can be. BGZF, Gzip and Text can be read; the others are known
// so that a message can say what was given and what to do about it.
const (
	Unknown Format = iota
	BGZF           // block gzip, SAM specification section 4.1
	Gzip           // gzip, RFC 1952, of one or several members
	Text           // text that is not compressed
	BCF            // binary VCF, bare or inside gzip
	BAM            // aligned reads
	CRAM           // aligned reads
	Index          // a TBI, CSI or BAI index
	Nested         // gzip inside gzip: compressed twice
	ZIP
	Bzip2
	XZ
	Zstd
	HTML  // an HTML or XML document, such as the error page of a server
	Empty // no bytes
)

// String returns the name of the format as messages spell it.
func (f Format) String() string {
	switch f {
	case BGZF:
		return "BGZF"
	case Gzip:
		return "gzip"
	case Text:
		return "text"
	case BCF:
		return "BCF"
	case BAM:
		return "BAM"
	case CRAM:
		return "CRAM"
	case Index:
		return "index"
	case Nested:
		return "gzip inside gzip"
	case ZIP:
		return "ZIP"
	case Bzip2:
		return "bzip2"
	case XZ:
		return "xz"
	case Zstd:
		return "zstd"
	case HTML:
		return "HTML"
	case Empty:
		return "empty"
	}
	return "unknown"
}

// Readable tells whether NewReader reads the format.
func (f Format) Readable() bool { return f == BGZF || f == Gzip || f == Text }

// refuse explains a format that can't be read. head holds the first bytes.
func (f Format) refuse(name string, head []byte) error {
	what, advice := "a "+f.String()+" file", ""
	switch f {
	case BCF:
		advice = "make it VCF with `bcftools view -Oz -o OUT.vcf.gz`"
	case BAM, CRAM:
		advice = "it holds aligned reads: call variants first, with `bcftools mpileup` and `bcftools call` for one"
	case Index:
		what, advice = "an index", "give the file that it indexes"
	case Nested:
		what, advice = "gzip inside gzip", "it was compressed twice: unpack it once, with `gzip -dc IN >OUT.vcf.gz`"
	case ZIP:
		advice = "unpack it with `unzip` and give what is inside"
	case Bzip2:
		advice = "make it BGZF with `bzip2 -dc IN | bgzip >OUT.vcf.gz`"
	case XZ:
		what, advice = "an xz file", "make it BGZF with `xz -dc IN | bgzip >OUT.vcf.gz`"
	case Zstd:
		advice = "make it BGZF with `zstd -dc IN | bgzip >OUT.vcf.gz`"
	case HTML:
		what, advice = "an HTML or XML page", "a server's page was saved in place of the file: check the address and fetch it again"
	case Empty:
		what, advice = "an empty file", "fetch or make it again"
	default:
		what = fmt.Sprintf("no text, BGZF or gzip: it begins with % x", head[:min(len(head), 8)])
		advice = "check that this is the right file"
	}
	return fmt.Errorf("%s: %w: this is %s; %s", name, ErrFormat, what, advice)
}
