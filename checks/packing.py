"""Block gzip and gzip made from text with zlib, cut where a check wants it. It shares nothing with varlake."""
import struct
import zlib

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")  # the BGZF end marker


def block(text, level=6, isize=None):
    """One BGZF block of up to 64 KiB of text. isize, where given, is the lie that it tells of its length."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = squeeze.compress(text) + squeeze.flush()
    head = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(text), len(text) if isize is None else isize)


def blocks(text, size=65280, level=6):
    """The text in BGZF blocks of size bytes each, without the end marker."""
    return [block(text[i:i + size], level) for i in range(0, len(text), size)]


def bgzf(text, size=65280, level=6):
    return b"".join(blocks(text, size, level)) + END


def member(text, level=6):
    """One gzip member, without a name or a time."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, 31)
    return squeeze.compress(text) + squeeze.flush()


def header_and_lines(text):
    """The header of a VCF and its record lines, newlines kept."""
    at = text.index(b"\n", text.index(b"\n#CHROM") + 1) + 1
    return text[:at], text[at:].splitlines(keepends=True)
