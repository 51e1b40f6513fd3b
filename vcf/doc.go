// Package vcf reads the Variant Call Format, versions 4.0 to 4.5, as text.
//
// It is built for cohorts whose lines are megabytes long. A [Reader] hands out
// a [Chunk]: a stretch of whole record lines in one pooled buffer. A
// [LineScanner] walks its lines, a [Record] marks the columns of one line, an
// [InfoCursor] walks INFO, a [CallTable] turns genotypes into runs of codes.
// All of them borrow the chunk's bytes and allocate nothing a record; what is
// to outlive [Chunk.Release] must be copied.
//
// The header is parsed once into a [Header]. What is wrong there but can be
// taken without losing or guessing anything is accepted and told as an
// [Issue]; the rest is [ErrHeader]. A line that is no record is a
// [RecordError]: the caller decides whether it fails or is set aside.
//
// Positions are 1-based as in VCF; columns and lines in messages are 1-based.
package vcf
