"""Cuts and flips: a damaged file fails, or gives exactly the tables of the whole one. Silent differences: 0.

A BGZF file of 60 blocks or more is cut at every block boundary and at random bytes, and has single bytes changed at random;
so are plain gzip files, of one member and of several. A failure is exit 1, one line that names the file and where in it,
and nothing visible. Where SHA-256 of the Parquet files differ, the values are compared.

What can't be told is shown not to be told, and what comes of it: gzip cut where a member ends, and text cut where a line
ends, give the records before the cut. Text cut inside the last column of a line gives that line as far as it goes.
--part does 250 cuts and 250 changes of each file, --full 1,000, and two more files.
"""
import collections
import gzip
import hashlib
import itertools
import os
import random
import re
import shutil
import subprocess
import tempfile
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dataset import ROOT, Check, Dataset
from packing import END, bgzf, blocks, header_and_lines, member
from real import TABLES

COHORT = ROOT / "testdata" / "cohort.vcf.gz"
REAL = "brentp+cyvcf2/test.vcf.gz"  # many INFO and FORMAT fields
PLACE = re.compile(r"\b(byte|offset|line) \d+")
PROCESSES = 2
Result = collections.namedtuple("Result", "outcome said where")


class Target:
    """A whole file, what its tables are, and what becomes of them when it is damaged."""

    def __init__(self, check, name, data):
        self.check, self.name, self.data = check, name, data
        self.folder, self.numbers = Path(tempfile.mkdtemp(dir=check.temp)), itertools.count()
        self.file = "in.vcf.gz" if data[:2] == b"\x1f\x8b" else "in.vcf"
        self.whole = self.export(data)
        assert self.whole.outcome == "tables", self.whole.said
        self.shas, self.tables = digests(self.whole.where), tables(self.whole.where)

    def export(self, data):
        """Exports data from a directory of this thread; where it fails nothing may be visible."""
        folder = self.folder / str(threading.get_ident())
        folder.mkdir(exist_ok=True)
        out = folder / f"out-{next(self.numbers)}"
        (folder / self.file).write_bytes(data)
        workers = str(1 + len(data) % 2)
        p = subprocess.run([self.check.varlake, "export", folder / self.file, "--out", out, "--progress", "never", "--workers", workers],
                           capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
        visible = (out / "_current.json").exists()
        if p.returncode == 0:
            return Result("tables" if visible else "exit 0, nothing visible", p.stdout, out)
        shutil.rmtree(out, ignore_errors=True)
        lines = p.stderr.splitlines()
        if p.returncode != 1 or visible or len(lines) != 1 or "panic" in p.stderr:
            return Result("bad failure", f"exit {p.returncode}, visible {visible}: {p.stderr[-500:]}", None)
        if self.file not in lines[0] or not (PLACE.search(lines[0]) or "unreadable format" in lines[0]):
            return Result("vague failure", lines[0], None)
        return Result("fails", lines[0], None)

    def judge(self, data):
        """Outcome of a damaged file beside the whole: fails, same, offsets (all but record_offset is the same) or differs."""
        r = self.export(data)
        if r.outcome != "tables":
            return r
        outcome = "same" if digests(r.where) == self.shas else self.compare(tables(r.where))
        shutil.rmtree(r.where)
        return Result(outcome, r.said[r.said.find("\nnote") + 1:].rpartition("next ")[0], None)

    def compare(self, found):
        if all(same_table(self.tables[t], found[t]) for t in TABLES):
            return "same"
        plain = all(same_table(keyless(self.tables[t]), keyless(found[t])) for t in TABLES)
        return "offsets" if plain else "differs"

    def rows_of(self, data):
        """Rows of variants that a damaged file gives, or None where it fails."""
        r = self.export(data)
        if r.outcome != "tables":
            return None
        found = tables(r.where)["variants"]
        shutil.rmtree(r.where)
        return self.tables["variants"].slice(0, 0) if found is None else found

    def is_prefix(self, found, of=None):
        """Whether rows are the first of the whole; of bounds how many are looked at."""
        n = found.num_rows if of is None else of
        return same_table(found.slice(0, n), self.tables["variants"].slice(0, n))


def digests(out):
    run = Dataset(out).run
    return {str(f.relative_to(run)): hashlib.sha256(f.read_bytes()).hexdigest() for f in run.rglob("*.parquet")}


def tables(out):
    ds = Dataset(out)
    return {t: ds.read(t) for t in TABLES}


def same_table(a, b):
    return a is b or (a is not None and b is not None and (a.equals(b) or a.to_pylist() == b.to_pylist()))


def keyless(table):
    return table.drop_columns(["record_offset"]) if table is not None and "record_offset" in table.column_names else table


def changes(data, n, rng):
    """(position, data) with one byte changed."""
    for _ in range(n):
        at = rng.randrange(len(data))
        yield at, data[:at] + bytes([data[at] ^ rng.randint(1, 255)]) + data[at + 1:]


def frame(data):
    """(position and bit, data) with one bit changed, of the first 18 bytes and of the last 28: what makes a file BGZF."""
    for at in [*range(18), *range(len(data) - 28, len(data))]:
        for bit in range(8):
            yield f"{at} bit {bit}", data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def cuts(data, n, rng):
    return ((at, data[:at]) for at in sorted(rng.sample(range(len(data)), min(n, len(data)))))


def tried(target, what, cases, allowed):
    """Judges all cases, two at a time; outcomes other than those allowed are failures. Prints a row."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        found = list(pool.map(lambda c: (c[0], target.judge(c[1])), cases))
    counts = collections.Counter(r.outcome for _, r in found)
    for at, r in found:
        target.check.expect(r.outcome in allowed, f"{target.name}, {what} {at}: {r.outcome}: {' / '.join(r.said.split(chr(10))[-3:])[:200]}")
    row = [counts.pop(k, 0) for k in ("fails", "same", "offsets", "differs")]
    print(f"{target.name:34} {what:16} {len(found):6} {row[0]:6} {row[1]:6} {row[2]:8} {row[3]:8}  {dict(counts) or ''}", flush=True)


def damaged(check, name, data, seed, boundaries=None):
    """Cuts at the boundaries, random cuts and random changes of one file."""
    rng, n = random.Random(seed), 1000 if check.full else 250
    target = Target(check, name, data)
    if boundaries:
        tried(target, "cut at boundary", ((at, data[:at]) for at in boundaries), {"fails"})
    untold = set() if boundaries else set(member_ends(data))
    tried(target, "cut at byte", (c for c in cuts(data, n, rng) if c[0] not in untold), {"fails"})
    tried(target, "changed byte", changes(data, n, rng), {"fails", "same"})
    if boundaries:
        tried(target, "bit of the frame", frame(data), {"fails", "same"})
    return target


def member_ends(data):
    """Where each gzip member but the last ends."""
    at = 0
    while at < len(data):
        inflate = zlib.decompressobj(31)
        inflate.decompress(data[at:])
        at = len(data) - len(inflate.unused_data)
        if at < len(data):
            yield at


def ends_of_members(check, text, lines):
    """A gzip file cut where a member ends: the records before, as far as the text goes, and no way to tell."""
    pieces = [len(text) * i // 6 for i in range(7)]
    for i in (1, 3, 5):  # these at the end of a line, the others inside one
        pieces[i] = text.index(b"\n", pieces[i]) + 1
    data = [member(text[a:b]) for a, b in itertools.pairwise(pieces)]
    target = damaged(check, "gzip, six members", b"".join(data), 3)
    at, outcomes = 0, []
    for part, end in zip(data[:-1], pieces[1:]):
        at += len(part)
        found, whole = target.rows_of(target.data[:at]), text[:end].count(b"\n") - lines
        if text[end - 1:end] == b"\n":
            check.expect(found is not None and found.num_rows == whole and target.is_prefix(found),
                         f"gzip cut at {at}, the end of a member and of a line: the {whole} records before it")
            outcomes.append(f"byte {at}: end of a line, {whole} rows, not told")
        else:
            check.expect(found is None or found.num_rows == whole + 1 and target.is_prefix(found, whole),
                         f"gzip cut at {at}, the end of a member, inside a line: fails, or rows up to the cut")
            outcomes.append(f"byte {at}: inside a line, {'fails' if found is None else 'not told'}")
    print("gzip cut where a member ends:", "; ".join(outcomes))


def cut_text(check, text, lines, seed):
    """Text has no checksum: what a cut gives, by where it falls."""
    target, rng = Target(check, "text", text), random.Random(seed)
    ends = [m.end() for m in re.finditer(b"\n", text)][lines - 1:]
    n = 200 if check.full else 50
    places = rng.sample(ends, min(n, len(ends))) + [rng.randrange(len(text)) for _ in range(n)] + [e - 1 - rng.randint(0, 3) for e in ends[1:n]]
    counts = collections.Counter()
    for at in sorted(set(places)):
        found, whole = target.rows_of(text[:at]), text[:at].count(b"\n") - lines
        rest = text[:at].rpartition(b"\n")[2]
        where = "header" if whole < 0 else "end of a line" if not rest else "last column" if rest.count(b"\t") == text[ends[0]:ends[1]].count(b"\t") else "inside a line"
        counts[where, "fails" if found is None else "rows"] += 1
        got = 0 if found is None else found.num_rows
        ok = {"header": found is None, "inside a line": found is None, "end of a line": found is not None and got == whole and target.is_prefix(found),
              "last column": found is None or got == whole + 1 and target.is_prefix(found, whole)}[where]
        check.expect(ok, f"text cut at {at} ({where}, {whole} records before): {got} rows")
    print("text cut at:", "; ".join(f"{w}: {k} {v}" for (w, k), v in sorted(counts.items())))


def excerpt(text, size):
    """The header and the first records, size bytes or little more; and how many lines the header has."""
    header, lines = header_and_lines(text)
    while len(header) < size and lines:
        header += lines.pop(0)
    return header, header[:header.index(b"\n#CHROM") + 1].count(b"\n") + 1


def main():
    check = Check(__doc__)
    os.nice(10)
    cohort = gzip.decompress(COHORT.read_bytes())
    text, lines = excerpt(cohort, 300_000)
    print(f"{'file':34} {'damage':16} {'runs':>6} {'fails':>6} {'same':>6} {'offsets':>8} {'differs':>8}")
    cut = blocks(text, len(text) // 70)
    at = [0, *itertools.accumulate(map(len, cut))]
    damaged(check, f"BGZF, {len(cut)} blocks", b"".join(cut) + END, 1, at)
    damaged(check, "gzip, one member", member(text), 2)
    ends_of_members(check, text, lines)
    cut_text(check, text, lines, 4)
    if check.full:
        whole = COHORT.read_bytes()
        damaged(check, f"BGZF, {sum(1 for _ in member_ends(whole))} blocks: cohort.vcf.gz", whole, 5, [0, *member_ends(whole)])
        if (check.data / "real" / REAL).exists():
            text = gzip.decompress((check.data / "real" / REAL).read_bytes())
            whole = bgzf(text, 8192)
            damaged(check, f"BGZF, {len(text) // 8192 + 1} blocks: {Path(REAL).name}", whole, 6, [0, *member_ends(whole)])
    check.finish()


if __name__ == "__main__":
    main()
