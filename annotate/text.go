package annotate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// defaultMaxBytes is far above any sample table, and far below what a VCF or a
// gzip bomb given by mistake would take.
const defaultMaxBytes = 1 << 30

// readText returns the whole text of a table, inflated where it is gzip, without
// the byte order mark, and checked to be text.
func readText(r io.Reader, name string, maxBytes int64) (string, error) {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	plain, err := inflate(bufio.NewReader(r))
	if err != nil {
		return "", tableErrorf(name, 0, "%w", err)
	}
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(plain, maxBytes+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "", tableErrorf(name, 0, "gzip data is cut short after %d bytes of text: %w; copy the file again", n, err)
	case err != nil:
		return "", tableErrorf(name, 0, "reading: %w", err)
	case n > maxBytes:
		return "", tableErrorf(name, 0, "more than %d bytes of text; is it a sample table, a row per sample?", maxBytes)
	}
	text := b.String()
	if err := checkText(text, name); err != nil {
		return "", err
	}
	return strings.TrimPrefix(text, "\ufeff"), nil
}

// inflate returns the content of r, of all members where it is gzip.
func inflate(r *bufio.Reader) (io.Reader, error) {
	magic, err := r.Peek(2)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading: %w", err)
	}
	if string(magic) != "\x1f\x8b" {
		return r, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("gzip header: %w; copy the file again", err)
	}
	return z, nil
}

// checkText refuses what is no UTF-8 text, by its name where it has one.
func checkText(text, name string) error {
	if what := foreignFormat(text); what != "" {
		return tableErrorf(name, 0, "%s", what)
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return tableErrorf(name, lineAt(text, i), "a NUL byte; save the table as UTF-8 text, TSV or CSV")
	}
	if !utf8.ValidString(text) {
		i := firstInvalid(text)
		return tableErrorf(name, lineAt(text, i), "byte 0x%02X is not UTF-8; save the table as UTF-8 (iconv -f latin1 -t utf8)", text[i])
	}
	return nil
}

// foreignFormat says what a file is that is surely no table, and what to do.
func foreignFormat(text string) string {
	begins := func(magics ...string) bool {
		return slices.ContainsFunc(magics, func(m string) bool { return strings.HasPrefix(text, m) })
	}
	switch {
	case text == "":
		return "the file is empty; is it the right one?"
	case begins("PK\x03\x04", "\xd0\xcf\x11\xe0"):
		return "an Excel workbook or ZIP archive; save the table as TSV or CSV"
	case begins("\xff\xfe", "\xfe\xff"):
		return "UTF-16 text; save the table as UTF-8 (iconv -f utf-16 -t utf-8)"
	case begins("BZh9", "BZh1", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"):
		return "compressed with bzip2, xz or zstd; give it plain or gzipped"
	case begins("##fileformat=VCF"):
		return "a VCF; the sample table has a row per sample and a header line"
	case begins("PAR1\x15"):
		return "a Parquet file; save the table as TSV or CSV"
	case begins("<!DOCTYPE", "<!doctype", "<html", "<HTML", "<?xml"):
		return "an HTML or XML page, often what a failed download leaves; download the table again"
	}
	return ""
}

func firstInvalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

func lineAt(text string, i int) int { return 1 + strings.Count(text[:i], "\n") }
