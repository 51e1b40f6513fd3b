"""What varlake does with each file of data/bad: 51 that programs choke on, 696 of specification suites.

Each is exported as it stands and with --on-bad-record quarantine. No crash, no hang (20 s), no more than 300 MiB; exit 0 or 1, a
failure in one line that names the file, and nothing visible. For each record line that a naive reader finds there is a row, a
reject or a failure: the rows are those of the lines that were not rejected, in order, and records read = rows + rejected. Then
every cell of the files that are accepted is compared with their text, as cells.py does it for good files: what can be kept is
kept. --part compares cells of every fourth file.
"""
import bz2
import collections
import csv
import json
import os
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cells
import measure
from dataset import Check, Dataset
from vcftext import Vcf

TIMEOUT, MEMORY = 20, 300 << 20
LISTS = {"SOURCES.tsv": 51, "SPEC.tsv": 696}
# Both tables have a row for each record, so that nothing of it is only half there.
RECORD_TABLES = ("variants", "variant_annotations")


def text_of(path):
    """The text of a file, as far as it can be had."""
    raw = path.read_bytes()
    if raw[:3] == b"BZh":
        return bz2.decompress(raw)
    text = b""
    while raw[:2] == b"\x1f\x8b":
        inflate = zlib.decompressobj(31)
        try:
            text += inflate.decompress(raw) + inflate.flush()
        except zlib.error:
            break
        raw = inflate.unused_data
    return text or raw


def record_lines(text):
    """Line number → line for all that follows #CHROM, blank lines at the very end aside."""
    lines = text.split(b"\n")
    while lines and not lines[-1].strip(b"\r"):
        lines.pop()
    head = next((i for i, line in enumerate(lines) if line.startswith(b"#CHROM")), len(lines))
    return {i + 1: line.removesuffix(b"\r") for i, line in enumerate(lines) if i > head}


class Run:
    """One export of one file."""

    def __init__(self, check, path, *flags):
        self.out = Path(tempfile.mkdtemp(dir=check.temp, prefix="bad-"))
        self.did = measure.run([check.varlake, "export", path, "--out", self.out, "--progress", "never", "--workers", "2", *flags], TIMEOUT)
        self.visible = (self.out / "_current.json").exists()
        self.manifest, self.rejects, self.keys = {}, [], []
        if self.visible:
            ds = Dataset(self.out)
            self.manifest = ds.manifest
            for f in sorted((ds.run / "_rejects").glob("*.jsonl")):
                self.rejects += map(json.loads, f.read_text().splitlines())
            variants = ds.read("variants", ["input_index", "record_offset", "pos"])
            self.keys = list(zip(variants.column("chrom").to_pylist(), variants.column("pos").to_pylist())) if variants is not None else []
            self.rows = {ds.rows(t) for t in RECORD_TABLES}
            ds.discard()

    def message(self):
        return self.did.err.strip().removeprefix("varlake: ")

    def conflicts(self):
        kinds = collections.Counter()
        for c in self.manifest.get("conflicts") or []:
            kinds[c["kind"]] += c["count"]
        return kinds


def key(line):
    """CHROM and POS as a table has them."""
    chrom, pos = line.split(b"\t")[:2]
    return chrom.decode(), int(pos)


def judge(check, name, lines, run, quarantine):
    """What must hold of every run."""
    what = f"{name}{', quarantine' if quarantine else ''}"
    check.expect(not measure.crashed(run.did), f"{what}: {measure.crashed(run.did)}: {run.message()[:500]}")
    check.expect(run.did.peak < MEMORY, f"{what}: {run.did.peak >> 20} MiB")
    if not run.visible:
        said = run.did.err.splitlines()
        return check.expect(run.did.code == 1 and len(said) == 1 and name.rpartition("/")[2] in said[0], f"{what}: exit {run.did.code}, {len(said)} lines: {run.message()[:300]}")
    m = run.manifest
    check.expect(run.did.code == 0, f"{what}: visible, and exit {run.did.code}")
    check.expect(m["records"] == m["rows"] + m["rejected"] == len(lines), f"{what}: {m['records']} = {m['rows']} + {m['rejected']}, {len(lines)} record lines")
    check.expect(run.rows == {m["rows"]} and len(run.rejects) == m["rejected"], f"{what}: {run.rows} rows in the files, {len(run.rejects)} rejects")
    rejected = {r["line"]: r for r in run.rejects}
    check.expect(len(rejected) == len(run.rejects) and (quarantine or not rejected), f"{what}: each reject is of its own line")
    for number, r in rejected.items():
        raw = lines.get(number, b"")
        check.expect(r["reason"] and r["record"] in (raw.decode("utf-8", "replace"), escaped(raw)), f"{what}: line {number}: the reject has the raw line: {r['record'][:200]!r}")
    kept = [key(line) for number, line in lines.items() if number not in rejected]
    return check.expect(kept == run.keys, f"{what}: rows are the lines that were not rejected: {run.keys[:3]} for {kept[:3]}")


def escaped(raw):
    """Text in which bytes that are not UTF-8 are spelt \\xHH, and the backslash twice."""
    return "".join(f"\\x{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else "\\\\" if c == "\\" else c for c in raw.decode("utf-8", "surrogateescape"))


def both(check, path):
    return Run(check, path), Run(check, path, "--on-bad-record", "quarantine")


def strange(vcf):
    """Whether FORMAT repeats a key or has an empty one, or a cell has more fields than it: shapes that cells.py has no rules for."""
    for r in vcf.records():
        keys = (r.format or "").split(":")
        if r.format is not None and (len(set(keys)) < len(keys) or "" in keys or any(c.count(":") >= len(keys) for c in r.cells())):
            return True
    return False


def kept_cells(check, name):
    """Compares every cell of an accepted file with its text; how many there are. Of strange ones, that each text is somewhere."""
    vcf = Vcf(check.data / "bad" / name)
    if hasattr(vcf, "version") and not strange(vcf):
        file = cells.File(check, f"../bad/{name}")
        file.compare()
        return file.cells["text"]
    ds, texts = check.export(check.data / "bad" / name), [{v for c in r.cells() for v in c.split(":") if v not in ("", ".")} for r in vcf.records()]
    variants = ds.read("variants")
    for i, row in enumerate(variants.to_pylist() if variants else []):
        have = {str(x) for x in flat([v for k, v in row.items() if k.startswith("fmt_") or k == "gt"])}
        lost = [t for t in texts[i] if not have & {t} and not all(any(same_number(p, h) for h in have) for p in t.split(","))]
        check.expect(not lost, f"{name}: record {i + 1}: not in the tables: {lost[:5]}")
    ds.discard()
    return sum(map(len, texts))


def flat(value):
    if not isinstance(value, (list, tuple)):
        return [] if value is None else [value]
    return [x for v in value for x in flat(v)]


def same_number(a, b):
    try:
        return float(a) == float(b)
    except ValueError:
        return a == b


def listed(check):
    """(path relative to data/bad, what is wrong with it) as the lists have them."""
    for name, n in LISTS.items():
        with open(check.data / "bad" / name, newline="") as f:
            rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
        check.expect(len(rows) == n, f"{name}: {len(rows)} files, {n} wanted")
        yield from ((r["file"], r["what_is_wrong"]) for r in rows if check.only in r["file"])


def main():
    check = Check(__doc__)
    os.nice(10)
    if not (check.data / "bad").is_dir():
        raise SystemExit(f"{check.data / 'bad'} is not there: give --shared")
    files, totals, kinds, reasons = list(listed(check)), collections.Counter(), collections.Counter(), collections.Counter()
    peak = slowest = 0
    accepted, compared = [], 0
    print(f"{'lines':>6} {'rows':>5} {'rejects':>7} {'conflicts by kind, or the failure':60}  file: what is wrong with it")
    with ThreadPoolExecutor(2) as pool:
        for (name, wrong), (plain, kept) in zip(files, pool.map(lambda f: both(check, check.data / "bad" / f[0]), files)):
            path = check.data / "bad" / name
            lines = record_lines(text_of(path))
            judge(check, name, lines, plain, False)
            judge(check, name, lines, kept, True)
            check.expect(kept.visible or not plain.visible, f"{name}: quarantine fails where fail does not: {kept.message()}")
            check.expect(plain.visible or not kept.visible or kept.rejects, f"{name}: fails, but quarantine finds nothing to reject: {plain.message()}")
            conflicts = kept.conflicts()
            said = ", ".join(f"{k} {n}" for k, n in sorted(conflicts.items())) if kept.visible else "FAILS " + kept.message().replace(str(path), "").lstrip(": ")
            shown = (kept.manifest["rows"], kept.manifest["rejected"]) if kept.visible else ("-", "-")
            print(f"{len(lines):6} {shown[0]:>5} {shown[1]:>7} {said[:150]:60}  {name}: {wrong}", flush=True)
            totals["fails" if not kept.visible else "rejects" if kept.rejects else "conflicts reported" if conflicts else "rows, nothing to report"] += 1
            kinds.update(conflicts.keys())
            if plain.visible:
                accepted.append(name)
            reasons.update(r["reason"] for r in kept.rejects)
            peak, slowest = max(peak, plain.did.peak, kept.did.peak), max(slowest, plain.did.seconds, kept.did.seconds)
    print("files:", ", ".join(f"{k} {n}" for k, n in totals.most_common()))
    print("files with conflicts of kind:", ", ".join(f"{k} {n}" for k, n in kinds.most_common()))
    print("lines rejected:", "; ".join(f"{n} {k}" for k, n in reasons.most_common(25)))
    print(f"largest peak {peak >> 20} MiB, slowest {slowest:.2f} s")
    chosen = accepted if check.full else accepted[::4]
    for name in chosen:
        compared += kept_cells(check, name)
    print(f"{compared} cells of {len(chosen)} accepted files compared with their text")
    check.finish()


if __name__ == "__main__":
    main()
