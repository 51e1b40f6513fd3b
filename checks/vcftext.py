"""A short, naive reader of VCF text: split at tabs, semicolons, colons, nothing clever. It shares nothing with varlake."""
import collections
import gzip
import re
import struct

Field = collections.namedtuple("Field", "id number type")
TYPES = {"Integer", "Float", "Flag", "Character", "String"}


class Vcf:
    """The text of a file: header fields, samples, record lines and where each record starts."""

    def __init__(self, path):
        raw = open(path, "rb").read()
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        self.blocks = _blocks(raw) if _is_bgzf(raw) else None
        self.infos, self.formats, self.samples = {}, {}, []
        self.header, self.lines, self.starts, at = [], [], [], 0
        for line in text.split(b"\n"):
            start, at = at, at + len(line) + 1
            line = line.rstrip(b"\r")
            if line.startswith(b"#"):
                self.header.append(line.decode())
            if line.startswith(b"##"):
                self._header(line.decode())
            elif line.startswith(b"#"):
                self.columns = line.decode().split("\t")
                self.samples = self.columns[9:]
            elif line:
                self.lines.append(line)
                self.starts.append(start)

    def _header(self, line):
        if line.startswith("##fileformat=VCFv"):
            self.version = tuple(map(int, line[17:].split(".")))
        kind = re.match(r"##(INFO|FORMAT)=<", line)
        if not kind:
            return
        keys = dict(re.findall(r'(\w+)=("(?:\\.|[^"\\])*"|[^,>]*)', line[kind.end():]))
        number, kind_of = keys.get("Number", "."), keys.get("Type", "String")
        if kind_of not in TYPES:
            kind_of = "String"
        if not re.fullmatch(r"\d+|[ARGPM.]|L[ARG]", number):
            number = "."
        fields = self.infos if kind[1] == "INFO" else self.formats
        fields.setdefault(keys["ID"], Field(keys["ID"], number, kind_of))

    def records(self):
        for line in self.lines:
            yield Record(line)

    def text_offset(self, offset):
        """Where in the text a record_offset points: virtual in BGZF, else the offset itself."""
        return self.blocks[offset >> 16] + (offset & 0xFFFF) if self.blocks else offset


class Record:
    """One record: the columns as text, INFO as a list of (key, value or None), the sample columns as they stand."""

    def __init__(self, line):
        head = line.split(b"\t", 9)
        c = [x.decode("utf-8", "surrogateescape") for x in head]
        self.chrom, self.pos, self.id, self.ref, self.alt, self.qual, self.filter, self.info_text = c[:8]
        self.format = c[8] if len(c) > 8 else None
        self.cells_text = c[9] if len(c) > 9 else None
        self.alts = [] if self.alt == "." else self.alt.split(",")

    def info(self):
        return [] if self.info_text == "." else [tuple(e.split("=", 1)) if "=" in e else (e, None)
                                                 for e in self.info_text.split(";")]

    def cells(self):
        return [] if self.cells_text is None else self.cells_text.split("\t")

    def genotypes(self):
        """GT text of each sample, None where the record or the cell has none."""
        keys = (self.format or "").split(":")
        if "GT" not in keys:
            return [None] * len(self.cells())
        at = keys.index("GT")
        return [(c.split(":") + [None] * (at + 1))[at] for c in self.cells()]


def alleles(gt):
    """Alleles of a GT text, None where missing: '0|1' → [0, 1]; None for text that is no GT."""
    if not re.fullmatch(r"[/|]?(\d+|\.)([/|](\d+|\.))*", gt or ""):
        return None
    return [None if a == "." else int(a) for a in re.split(r"[/|]", gt.lstrip("/|"))]


def called(gt, nalt):
    """Alleles of a complete call that names only alleles of the record, else None."""
    found = alleles(gt)
    return found if found and None not in found and max(found) <= nalt else None


def _is_bgzf(raw):
    return raw[:4] == b"\x1f\x8b\x08\x04" and raw[12:16] == b"BC\x02\x00"


def _blocks(raw):
    """Compressed offset → text offset of every BGZF block, the end of the file included."""
    at, text, found = 0, 0, {}
    while at < len(raw):
        found[at] = text
        size = struct.unpack_from("<H", raw, at + 16)[0] + 1
        text += struct.unpack_from("<I", raw, at + size - 4)[0]
        at += size
    found[at] = text
    return found
