"""What a cell of VCF text must become: the typed value, and whether its text is kept in info_other or fmt_other.

An expectation is a tuple of alternatives (value, other): other is ABSENT, KEPT, or EITHER where the design leaves it open.
Almost all have one alternative; the few with more are cases the design does not settle.
"""
import functools
import math
import re

from vcftext import Field, alleles, called

ABSENT, KEPT, EITHER = "absent", "kept", "either"
NO_FIELD = Field("", ".", "String")
MISFIT = ((None, KEPT),)
MISSING = ((None, ABSENT),)
ESCAPES = {"%3A": ":", "%3B": ";", "%3D": "=", "%25": "%", "%2C": ",", "%0D": "\r", "%0A": "\n", "%09": "\t"}


def decode(text):
    """Percent-decoding of VCF 4.3 section 1.2: the eight escapes it lists, in either case, and no other."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda m: ESCAPES.get(m[0].upper(), m[0]), text)


def printable(text):
    """Text as the maps keep it: as it is, but where bytes are not UTF-8 these as \\xHH and \\ as \\\\; so too where \\xHH is in it."""
    if not re.search(r"[\udc80-\udcff]|\\x[0-9A-Fa-f]{2}", text):
        return text
    return "".join(f"\\x{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c.replace("\\", "\\\\") for c in text)


class Rules:
    """The expectations of one file."""

    def __init__(self, vcf):
        self.infos, self.formats = vcf.infos, vcf.formats
        self.version = vcf.version
        self.percent = vcf.version >= (4, 3)
        self.samples = len(vcf.samples)
        self._cell = functools.lru_cache(1 << 18)(self._evaluate)

    def fixed(self, r):
        """Columns that do not depend on the header."""
        return {
            "pos": int(r.pos), "end_pos": self._end(r), "ref": r.ref,
            "id": None if r.id == "." else r.id, "alt": r.alts or None,
            "qual": None if r.qual == "." else float(r.qual),
            "filter": None if r.filter == "." else r.filter.split(";"), "format": r.format,
        }

    def _end(self, r):
        """Last base: INFO END, from 4.4 on SVLEN and from 4.5 on FORMAT LEN where END is not there, else REF's."""
        info, pos, ref_end = dict(r.info()), int(r.pos), int(r.pos) + len(r.ref) - 1
        end = info.get("END") if self.infos.get("END", NO_FIELD).type == "Integer" else None
        if end and re.fullmatch(r"-?\d+", end) and int(end) >= pos:
            return int(end)
        ends = [ref_end]
        if self.version >= (4, 4):
            for alt, size in zip(r.alts, (info.get("SVLEN") or "").split(",")):
                if re.match("<(DEL|DUP|INV|CNV)[:>]", alt) and re.fullmatch(r"-?\d+", size):
                    ends.append(pos + abs(int(size)))
        keys = (r.format or "").split(":")
        if self.version >= (4, 5) and "LEN" in keys and "<*>" in r.alts:
            texts = [(c.split(":") + ["."] * len(keys))[keys.index("LEN")] for c in r.cells()]
            ends += [pos + int(t) - 1 for t in texts if t.isdigit()]
        return max(ends)

    def info(self, r):
        """Expectation of each declared INFO key that the record has, and the text of every key for info_other."""
        seen, typed, texts = {}, {}, {}
        entries = r.info()
        whole = len({k for k, _ in entries}) < len(entries) or any(k == "" and v is None for k, v in entries)
        for key, text in entries:
            seen.setdefault(key, []).append(text)
        for key, values in seen.items():
            field = self.infos.get(key)
            if key == "" and whole:
                continue
            texts[key] = None if values[0] is None else printable(values[0])
            if field is None:
                typed[key] = MISFIT
            elif field.type == "Flag":
                typed[key] = ((True, ABSENT),) if values[0] is None else ((True, KEPT), (None, KEPT))
            elif values[0] is None:
                typed[key] = MISFIT
            else:
                typed[key] = self._cell(field, values[0], counts(field.number, len(r.alts)))
                if whole:  # the whole text is kept: which of a repeated key's values is typed, if any, is open
                    more = [self._cell(field, v, counts(field.number, len(r.alts))) for v in values[1:] if v is not None]
                    typed[key] = tuple((v, EITHER) for e in [typed[key], *more] for v, _ in e) + ((None, EITHER),)
            if whole:
                typed[key] = tuple((v, EITHER) for v, _ in typed[key])
        if whole:
            typed[""], texts[""] = MISFIT, printable(r.info_text)
        return typed, texts

    def fmt(self, r, key, texts, genotypes, local):
        """Expectation of each sample's cell of one FORMAT field; texts has None where the cell lacks it."""
        field, nalt = self.formats.get(key), len(r.alts)
        if field is None:
            return [MISSING if t is None else ((None, EITHER),) if t in (".", "") else MISFIT for t in texts]
        plain = field.number in "A R . 1".split() or field.number.isdigit()
        fixed = counts(field.number, nalt) if plain else None
        out = []
        for i, text in enumerate(texts):
            n = fixed if plain else counts(field.number, nalt, genotypes[i], local[i])
            out.append(MISSING if text is None else self._cell(field, text, n))
        return out

    def genotype(self, gt, nalt):
        """n_alt: copies of alternate alleles, None unless the call is complete."""
        found = called(gt, nalt)
        return None if found is None else sum(a > 0 for a in found)

    def _evaluate(self, field, text, counts):
        if text.encode("utf-8", "surrogateescape") != text.encode("utf-8", "replace"):
            return MISFIT
        if field.number == "1":
            if text == ".":
                return MISSING
            if text == "" and field.type in ("String", "Character"):
                return (("", EITHER), (None, EITHER))
            if "," in text and field.type == "String":  # a list, or a string that has commas: the design says neither
                return self._scalar(field.type, text) + MISFIT
            return MISFIT if "," in text else self._scalar(field.type, text)
        if text == ".":
            return ((None, EITHER), ([None], EITHER))
        if text == "":
            return (([], EITHER), (None, EITHER), ([""], EITHER))
        parts = text.split(",")
        fits = counts is None or len(parts) in counts
        if not fits:
            return MISFIT
        elements = [MISSING if p == "." else self._scalar(field.type, p) for p in parts]
        if MISFIT in elements:
            return MISFIT
        values = [e[0][0] for e in elements]
        others = {e[0][1] for e in elements}
        kept = KEPT if KEPT in others else EITHER if EITHER in others else ABSENT
        open_count = counts is not None and len(counts) > 1  # it depends on a ploidy that the cell does not tell
        if open_count or any(len(e) > 1 for e in elements):
            return ((values, EITHER), (None, KEPT))
        return ((values, kept),)

    def _scalar(self, kind, text):
        if kind == "Integer":
            if not re.fullmatch(r"-?(0|[1-9]\d*)", text) or not -2**31 <= int(text) < 2**31:
                return MISFIT
            return ((int(text), ABSENT),) if text != "-0" else ((0, EITHER), (None, KEPT))
        if kind == "Float":
            return _double(text)
        if kind == "Character" and len(decode(text) if self.percent else text) != 1:
            return ((text, EITHER), (None, KEPT))
        if not self.percent:
            return ((text, ABSENT),)
        plain = decode(text)
        if "%" in text and re.sub("[%:;=,\r\n\t]", lambda m: f"%{ord(m[0]):02X}", plain) != text:
            # a text may also come back when only what must be is encoded again
            must = re.sub("[%;,\r\n\t]", lambda m: f"%{ord(m[0]):02X}", plain) != text
            return ((plain, KEPT if must else EITHER),)
        return ((plain, EITHER if re.search("[:;=]", plain) else ABSENT),)


def _double(text):
    if re.fullmatch(r"[-+]?(inf|infinity|nan)", text, re.I):
        return ((float(text), ABSENT if text[0] != "+" else EITHER),)
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text):
        return MISFIT
    value = float(text)
    if math.isinf(value) or (value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])):
        return MISFIT
    if text[0] == "+" or re.match(r"-?0\d", text):
        return ((value, EITHER), (None, KEPT))
    return ((value, ABSENT),)


def counts(number, nalt, gt="./.", local=None):
    """How many values a Number asks for, as a set (of several where the cell leaves it open); None: any number."""
    if number.isdigit():
        return frozenset([int(number)])
    if number in (".", "M"):
        return None
    if number == "A":
        return frozenset([nalt])
    if number == "R":
        return frozenset([nalt + 1])
    found = alleles(gt)
    ploidies = [len(found)] if found and gt != "." else [1, 2]
    if number == "P":
        return frozenset(ploidies)
    if number[0] == "L":
        nalt = nalt if local is None else len(local)
        if number != "LG":
            return frozenset([nalt + (number == "LR")])
    return frozenset(math.comb(nalt + p, p) for p in ploidies)
