package bgzf

import (
	"bytes"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// headSize is how much of an input detection looks at. It holds the whole
// first block, so that what is inside can be told from BCF and BAM.
const headSize = maxBlock

// Detect returns what an input is. head holds its first bytes, up to 64 KiB;
// the fewer there are, the less can be told: without the whole gzip header
// BGZF looks like gzip. An input of no bytes is Empty, and text is what has no
// NUL among its first 512 bytes.
func Detect(head []byte) Format {
	if len(head) == 0 {
		return Empty
	}
	if isPrefix(head, gzipMagic) {
		return detectGzip(head)
	}
	if f := detectMagic(head); f != Unknown {
		return f
	}
	if isMarkup(head) {
		return HTML
	}
	if bytes.IndexByte(head[:min(len(head), 512)], 0) < 0 && !isUTF16(head) {
		return Text
	}
	return Unknown
}

// detectGzip tells BGZF from gzip, and what is inside either that is no text.
func detectGzip(head []byte) Format {
	inside := inflatedHead(head)
	if f := detectMagic(inside); f == BCF || f == BAM || f == Index {
		return f
	}
	if bytes.HasPrefix(inside, []byte(gzipMagic)) {
		return Nested
	}
	if _, err := parseFrame(head); err == nil {
		return BGZF
	}
	return Gzip
}

// inflatedHead returns the first bytes of the text of a gzip file, or nothing
// where they can't be had; leading empty blocks are passed over.
func inflatedHead(head []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return nil
	}
	text := make([]byte, 8)
	n, _ := io.ReadFull(z, text) // a head may well end inside a member
	return text[:n]
}

func detectMagic(head []byte) Format {
	for _, m := range [...]struct {
		magic  string
		format Format
	}{
		{"BCF\x02", BCF},
		{"BCF\x04", BCF}, // BCF1
		{"BAM\x01", BAM},
		{"CRAM", CRAM},
		{"TBI\x01", Index},
		{"CSI\x01", Index},
		{"BAI\x01", Index},
		{"PK\x03\x04", ZIP},
		{"PK\x05\x06", ZIP}, // an archive of no files
		{"BZh", Bzip2},
		{"\xfd7zXZ\x00", XZ},
		{"\x28\xb5\x2f\xfd", Zstd},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.format
		}
	}
	return Unknown
}

// isMarkup finds documents that servers send instead of a file: no line of a
// VCF or of a table begins with these.
func isMarkup(head []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	low := strings.ToLower(string(start[:min(len(start), 16)]))
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body", "<?xml", "<error"} {
		if strings.HasPrefix(low, tag) {
			return true
		}
	}
	return false
}

func isUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}

// isPrefix tells whether head begins with magic, or is the beginning of it.
func isPrefix(head []byte, magic string) bool {
	n := min(len(head), len(magic))
	return string(head[:n]) == magic[:n]
}
