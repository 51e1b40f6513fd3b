"""A Parquet footer and page index read by hand: thrift compact protocol into dicts keyed by field id.

pyarrow does not expose the page index, so the statistics check reads it here (parquet.thrift, PageIndex.md).
"""
import collections
import struct

Chunk = collections.namedtuple("Chunk", "path type rows row_group nulls low high exact pages start end sorting")
Page = collections.namedtuple("Page", "first_row nulls low high null_page size")
BOOLEAN, INT32, INT64, DOUBLE, BYTES = 0, 1, 2, 5, 6


def chunks(path):
    """Every column chunk of a file, with its statistics and those of its pages (None where the file has no index)."""
    raw = open(path, "rb").read()
    size = struct.unpack("<I", raw[-8:-4])[0]
    assert raw[:4] == raw[-4:] == b"PAR1", path
    meta = _Reader(raw, len(raw) - 8 - size).struct()
    for number, group in enumerate(meta[4]):
        for c in group[1]:
            m = c[3]
            s = m.get(12, {})
            start = min(x for x in (m[9], m.get(11, m[9])) if x)
            yield Chunk(".".join(p.decode() for p in m[3]), m[1], group[3], number, s.get(3), _value(m[1], s.get(6)), _value(m[1], s.get(5)),
                        s.get(7, False) and s.get(8, False), _pages(raw, c, m[1]), start, start + m[7], group.get(4))


def _pages(raw, chunk, kind):
    if 4 not in chunk:
        return None
    places = _Reader(raw, chunk[4]).struct()[1]
    if 6 not in chunk:
        return [Page(p.get(3, 0), None, None, None, None, p[2]) for p in places]
    index = _Reader(raw, chunk[6]).struct()
    nulls = index.get(5, [None] * len(places))
    return [Page(p.get(3, 0), n, None if empty else _value(kind, low), None if empty else _value(kind, high), empty, p[2])
            for p, n, low, high, empty in zip(places, nulls, index[2], index[3], index[1], strict=True)]


def _value(kind, raw):
    if raw is None:
        return None
    forms = {BOOLEAN: "<?", INT32: "<i", INT64: "<q", DOUBLE: "<d"}
    return struct.unpack(forms[kind], raw)[0] if kind in forms else raw


class _Reader:
    """Thrift compact protocol."""

    def __init__(self, raw, at):
        self.raw, self.at = raw, at

    def varint(self):
        value = shift = 0
        while True:
            b = self.raw[self.at]
            self.at += 1
            value |= (b & 0x7F) << shift
            if b < 0x80:
                return value
            shift += 7

    def zigzag(self):
        n = self.varint()
        return n >> 1 ^ -(n & 1)

    def struct(self):
        out, field = {}, 0
        while True:
            head = self.raw[self.at]
            self.at += 1
            if head == 0:
                return out
            field = field + (head >> 4) if head >> 4 else self.zigzag()
            kind = head & 15
            out[field] = kind == 1 if kind in (1, 2) else self.value(kind)

    def value(self, kind):
        if kind in (1, 2):  # a boolean inside a list
            self.at += 1
            return self.raw[self.at - 1] == 1
        if kind == 3:
            self.at += 1
            return struct.unpack_from("<b", self.raw, self.at - 1)[0]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return struct.unpack_from("<d", self.raw, self.at - 8)[0]
        if kind == 8:
            size = self.varint()
            self.at += size
            return self.raw[self.at - size:self.at]
        if kind in (9, 10):
            head = self.raw[self.at]
            self.at += 1
            size = head >> 4 if head >> 4 != 15 else self.varint()
            return [self.value(head & 15) for _ in range(size)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"thrift type {kind} at {self.at}")
