package vcf

import "bytes"

// Cut returns the part of a list before the first sep, the part after it, and
// whether there was one. To walk a list, go on with rest while more:
//
//	for more := true; more; {
//		item, list, more = vcf.Cut(list, ',')
//	}
func Cut(list []byte, sep byte) (first, rest []byte, more bool) {
	i := bytes.IndexByte(list, sep)
	if i < 0 {
		return list, nil, false
	}
	return list[:i], list[i+1:], true
}

// LineScanner walks the lines of a chunk. Between calls of Next, which must
// be called before the first, the fields describe the current line.
type LineScanner struct {
	Line   []byte // without LF or CRLF; borrowed from the chunk
	Start  int    // index of its first byte in Chunk.Text, as for Chunk.Offset
	Number int64  // 1-based number of the line in the file; 0: not known

	text []byte
	next int   // start of the line to come
	step int64 // of Number
}

// Lines returns a scanner that stands before the first line.
func (c *Chunk) Lines() LineScanner {
	s := LineScanner{text: c.Text, Number: c.Line - 1, step: 1}
	if c.Line == 0 {
		s.Number, s.step = 0, 0
	}
	return s
}

// Next steps to the next line, blank lines included, and tells whether there
// is one.
func (s *LineScanner) Next() bool {
	rest := s.text[s.next:]
	if len(rest) == 0 {
		return false
	}
	s.Start = s.next
	s.Number += s.step
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
		s.next++
	}
	s.next += len(rest)
	s.Line = trimCR(rest)
	return true
}

// Back steps to before the current line, which Next comes to once more.
func (s *LineScanner) Back() {
	s.next = s.Start
	s.Number -= s.step
}

func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
