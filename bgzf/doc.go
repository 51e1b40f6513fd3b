// Package bgzf turns an input into inflated text: it tells by content what the
// input is, inflates block gzip (BGZF, SAM specification section 4.1) on
// several cores with every checksum checked, reads plain gzip and plain text
// behind the same Reader, and finds where a range of blocks may start.
//
// Text comes in segments, in file order. What lies before a fault is always
// delivered before the fault, and io.EOF is only given for an input that is
// proven whole: a BGZF file that was cut at a block boundary is an error.
package bgzf

import "errors"

// Every error of this package that is about the content of an input wraps one
// of these three, and names the input, the offset, what was found there and
// what to do. Errors of the underlying reader are wrapped as they are.
var (
	// ErrTruncated says that the input ends too early: inside a block, inside
	// a gzip member, or without the BGZF end-of-file marker.
	ErrTruncated = errors.New("truncated file")
	// ErrCorrupt says that bytes are not what the format demands: a bad
	// header, bad compressed data, a wrong CRC32 or length, trailing garbage.
	ErrCorrupt = errors.New("corrupt file")
	// ErrFormat says that the input is no text, BGZF or gzip at all.
	ErrFormat = errors.New("unreadable format")
)
