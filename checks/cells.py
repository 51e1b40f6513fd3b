"""Every cell of data/real against independent readers.

Each fixed column, INFO key and FORMAT field of every record and sample is compared with what a naive text reader finds
there and the rules of the design make of it (cellrules.py). Then bcftools query is asked for the same cells: how many of
the values it confirms is the last column, and a value that it reads otherwise is a failure.
--part leaves out the three files of more than seven million genotypes.
"""
import collections
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cellrules import ABSENT, EITHER, KEPT, Rules, decode, printable
from dataset import BROKEN, Check, Refused, bcftools, names, same
from vcftext import Vcf, alleles

LARGE = 5_000_000
KEYS = ["input_index", "record_offset", "chrom"]
STEP = 500


class File:
    """One converted file with its text, its rules and the names of its columns."""

    def __init__(self, check, name):
        self.check, self.name = check, name
        self.path = check.data / "real" / name
        self.vcf = Vcf(self.path)
        self.rules = Rules(self.vcf)
        self.records = list(self.vcf.records())
        ours = KEYS + ["pos", "end_pos", "id", "ref", "alt", "qual", "filter", "format"]
        self.fmt = names("fmt_", [k for k in self.vcf.formats if k != "GT"], ours + ["gt", "n_alt", "fmt_other"])
        self.info = names("info_", self.vcf.infos, ours + ["info_keys", "info_other"])
        self.cells = collections.Counter()
        self.open = collections.Counter()

    def compare(self):
        ds = self.check.export(self.path)
        self.variants, self.annotations = ds.read("variants"), ds.read("variant_annotations")
        columns = {t: {c["name"]: c for c in ds.tables[t]["columns"]} for t in ds.tables}
        self.check.expect(set(self.fmt.values()) <= set(columns["variants"]), f"{self.name}: a column for each FORMAT field")
        self.check.expect(set(self.info.values()) <= set(columns["variant_annotations"]), f"{self.name}: a column for each INFO key")
        if self.variants is None:
            return self.check.expect(not self.records, f"{self.name}: no rows")
        if self.check.expect(len(self.variants) == len(self.annotations) == len(self.records), f"{self.name}: a row per record"):
            self.keys()
            self.fixed()
            self.infos()
            self.genotypes()
            self.formats()
            self.ask_bcftools()
        ds.discard()

    def column(self, table, name):
        return table.column(name).to_pylist()

    def tally(self, what, got, wanted):
        """Compares two lists cell by cell; one expectation for the column, its cells counted."""
        wrong = [] if same(got, wanted) else [i for i, (g, w) in enumerate(zip(got, wanted)) if not same(g, w)]
        self.cells["text"] += len(got)
        at = wrong[0] if wrong else 0
        self.check.expect(not wrong and len(got) == len(wanted), f"{self.name}: {what}: {len(wrong)} cells, first in record {at + 1}: "
                          f"{str(got[at:at + 1])[:200]} for {str(wanted[at:at + 1])[:200]}")

    def keys(self):
        for table in (self.variants, self.annotations):
            self.tally("input_index", self.column(table, "input_index"), [0] * len(self.records))
            offsets = self.column(table, "record_offset")
            self.tally("record_offset", [self.vcf.text_offset(o) for o in offsets], self.vcf.starts)
            self.tally("chrom", self.column(table, "chrom"), [r.chrom for r in self.records])

    def fixed(self):
        rows = [self.rules.fixed(r) for r in self.records]
        for name in rows[0]:
            self.tally(name, self.column(self.variants, name), [row[name] for row in rows])
        keys = [[e[0] for e in r.info() if e[0]] for r in self.records]  # empty entries are in info_other['']
        self.tally("info_keys", [[k for k in (g or "").split(";") if k] for g in self.column(self.annotations, "info_keys")], keys)

    def infos(self):
        wanted = [self.rules.info(r) for r in self.records]
        other = [dict(o or []) for o in self.column(self.annotations, "info_other")]
        for key, name in self.info.items():
            none = ((False, ABSENT),) if self.vcf.infos[key].type == "Flag" else ((None, ABSENT),)
            values, wrong = self.column(self.annotations, name), []
            for i, value in enumerate(values):
                typed, texts = wanted[i]
                text = texts.get(key)
                alternatives = typed.get(key, none)
                if not self.fits(alternatives, value, key in other[i], other[i].get(key) == text):
                    wrong.append(i)
            self.cells["text"] += len(values)
            self.report(f"INFO {key}", wrong, lambda i: f"{values[i]!r}, other {other[i].get(key, ABSENT)!r}, text {wanted[i][1].get(key)!r}")
        for i, (typed, texts) in enumerate(wanted):
            undeclared = {k: texts[k] for k in typed if k not in self.info}
            found = {k: v for k, v in other[i].items() if k not in self.info}
            known = all(k in texts and found[k] == texts[k] for k in found)
            must = all(k in found for k in undeclared if "" not in typed or k == "")
            self.cells["text"] += len(undeclared)
            self.report("info_other", [] if known and must else [i], lambda i: f"{found!r} for {undeclared!r}")

    def fits(self, alternatives, value, has_other, same_text):
        if len(alternatives) > 1 or alternatives[0][1] == EITHER:
            self.open["cells"] += 1
        return any(same(value, v) and (o == EITHER or (o == KEPT) == has_other) and (not has_other or same_text)
                   for v, o in alternatives)

    def report(self, what, wrong, show):
        if wrong or what != "info_other":
            self.check.expect(not wrong, f"{self.name}: {what}: {len(wrong)} cells, first in record "
                              f"{wrong[0] + 1 if wrong else ''}: {show(wrong[0])[:300] if wrong else ''}")

    def genotypes(self):
        """gt and n_alt of every record, by column: the texts once split are compared with the arrays whole."""
        n = len(self.vcf.samples)
        gt, n_alt = (self.variants.column(c).combine_chunks() for c in ("gt", "n_alt"))
        if n == 0:
            return self.check.expect(all(not x for x in gt.to_pylist() + n_alt.to_pylist()), f"{self.name}: no samples, no genotypes")
        has = np.array(["GT" in (r.format or "").split(":") for r in self.records])
        self.check.expect(np.array_equal(has, pc.is_valid(gt).to_numpy(zero_copy_only=False)), f"{self.name}: gt NULL where FORMAT lacks GT")
        self.check.expect(n_alt.null_count == 0, f"{self.name}: n_alt never a NULL array")
        bad = collections.Counter()
        for at in range(0, len(self.records), STEP):
            rows = [i for i in range(at, min(at + STEP, len(self.records)))]
            texts = [t for i in rows for t in self.gt_texts(self.records[i])]
            want = pa.array(texts, pa.string()).dictionary_encode() if not isinstance(texts[0], pa.Array) else \
                pa.concat_arrays(texts).dictionary_encode()
            here = [i for i in rows if has[i]]
            mask = np.repeat(has[at:at + STEP], n)
            flat = pc.list_flatten(gt.slice(at, STEP))
            wanted = want.cast(pa.string()).filter(pa.array(mask))
            if len(flat) != len(here) * n or not flat.equals(wanted):
                bad["gt"] += 1
                self.first_gt(flat, wanted, at)
            known = [alleles(t) for t in want.dictionary.to_pylist()]
            top = np.array([-1 if a is None or None in a else max(a) for a in known] + [-1])
            copies = np.array([0 if a is None else sum(x is not None and x > 0 for x in a) for a in known] + [0])
            codes = pc.fill_null(want.indices, len(known)).to_numpy(zero_copy_only=False)
            limit = np.repeat([len(self.records[i].alts) for i in rows], n)
            ok = (top[codes] >= 0) & (top[codes] <= limit)
            wanted_n = pa.array(copies[codes].astype(np.int32), mask=~ok)
            if not pc.list_flatten(n_alt.slice(at, STEP)).cast(pa.int32()).equals(wanted_n):
                bad["n_alt"] += 1
            self.cells["gt"] += 2 * len(rows) * n
        for what in ("gt", "n_alt"):
            self.check.expect(not bad[what], f"{self.name}: {what} differs in {bad[what]} stretches of {STEP} records; {bad.get('where', '')}")

    def gt_texts(self, r):
        if r.format == "GT":
            return [pc.list_flatten(pc.split_pattern(pa.array([r.cells_text]), "\t"))] if self.all_gt() else r.cells()
        return r.genotypes()

    def all_gt(self):
        if not hasattr(self, "_all_gt"):
            self._all_gt = all(r.format == "GT" for r in self.records)
        return self._all_gt

    def first_gt(self, got, wanted, at):
        for i, (g, w) in enumerate(zip(got.to_pylist(), wanted.to_pylist())):
            if g != w:
                return print(f"     {self.name}: gt {g!r} for {w!r}, value {i} after record {at + 1}")

    def formats(self):
        """Every FORMAT field but GT, sample by sample; fmt_other with it."""
        if self.all_gt() or not self.vcf.samples:
            return
        n, wrong, shown = len(self.vcf.samples), collections.Counter(), {}
        seen = {key: name for key, name in self.fmt.items()}
        columns = {key: self.variants.column(name) for key, name in seen.items()}
        others = self.variants.column("fmt_other")
        for at in range(0, len(self.records), STEP):
            got = {key: c.slice(at, STEP).to_pylist() for key, c in columns.items()}
            other_rows = others.slice(at, STEP).to_pylist()
            for j, r in enumerate(self.records[at:at + STEP]):
                keys = r.format.split(":")
                split = [c.split(":") for c in r.cells()]
                genotypes = r.genotypes()
                laa = keys.index("LAA") if "LAA" in keys else None
                local = [None if laa is None or len(c) <= laa or c[laa] == "." else [a for a in c[laa].split(",") if a] for c in split]
                other = dict(other_rows[j] or [])
                for key in columns.keys() - set(keys):
                    wrong[key] += got[key][j] is not None
                for k in set(other) - set(keys):
                    wrong["fmt_other"] += 1
                    shown.setdefault("fmt_other", f"record {at + j + 1}: {k!r}")
                for p, key in enumerate(keys):
                    if key in ("GT", "."):
                        continue
                    texts = [c[p] if p < len(c) else None for c in split]
                    want = self.rules.fmt(r, key, texts, genotypes, local)
                    values = got[key][j] if key in got else [None] * n
                    kept = other.get(key) or [None] * n
                    if values is None or len(values) != n or len(kept) != n:
                        wrong[key] += n
                        shown.setdefault(key, f"record {at + j + 1}: {str(values)[:100]}, other {str(kept)[:100]}")
                        continue
                    self.cells["text"] += n
                    for value, alternatives, keep, text in zip(values, want, kept, texts):
                        if len(alternatives) == 1 and alternatives[0] == (value, ABSENT) and keep is None:
                            continue
                        if not self.fits(alternatives, value, keep is not None, text is not None and keep == printable(text)):
                            wrong[key] += 1
                            shown.setdefault(key, f"record {at + j + 1}: {value!r}, other {keep!r}, text {text!r}, wanted {alternatives}")
        for key in [*columns, *(wrong.keys() - columns.keys())]:
            self.check.expect(not wrong[key], f"{self.name}: FORMAT {key}: {wrong[key]} cells, first {shown.get(key, '')[:300]}")

    def ask_bcftools(self):
        """The same columns from bcftools query: a typed value that it reads otherwise is a failure."""
        def ask(fmt):
            out = bcftools("query", "-f", fmt + "\n", self.path)
            lines = None if out is None else out.decode("utf-8", "surrogateescape").split("\n")[:-1]
            return lines if lines is not None and len(lines) == len(self.records) else None

        lines = ask("%POS\t%END\t%ID\t%REF\t%ALT\t%FILTER\t%QUAL")
        if lines is None:
            return
        fixed = [c.to_pylist() for c in self.variants.select(["pos", "end_pos", "id", "ref", "alt", "filter", "qual"]).columns]
        version_says = self.vcf.version >= (4, 4)
        for i, line in enumerate(lines):
            p, e, *strings, qual = line.split("\t")
            row = [c[i] for c in fixed]
            ok = [int(p) == row[0], int(e) == row[1] or version_says]
            ok += [t == ("." if v is None else s.join(v)) for t, v, s in zip(strings, row[2:6], ("", "", ",", ";"))]
            ok.append(agrees(qual, row[6], "Float", False))
            if row[0] < 2**31:  # bcftools 1.16 prints POS in 32 bits
                self.confirm(ok, "fixed columns", i, line)
        for key, name in self.info.items():
            field, lines = self.vcf.infos[key], ask(f"%INFO/{key}")
            if lines is None or "" in (l.strip() for l in lines):
                continue
            values = self.column(self.annotations, name)
            for i, (text, value) in enumerate(zip(lines, values)):
                if value is not None and not (field.type == "Flag" and f"{key}=" in self.records[i].info_text):
                    self.confirm([agrees(text, value, field.type, self.rules.percent)], f"INFO {key}", i, text, value)
        for key in ["GT", *self.fmt] if self.vcf.samples else []:
            lines = ask(f"[%{key}\t]")
            if lines is None:
                continue
            if key == "GT" and self.all_gt():
                same_lines = [line.rstrip("\t") == r.cells_text for line, r in zip(lines, self.records)]
                self.confirm(same_lines, "GT line", same_lines.index(False) if False in same_lines else 0)
                self.cells["bcftools"] += (len(self.vcf.samples) - 1) * sum(same_lines)
                continue
            kind = "String" if key == "GT" else self.vcf.formats[key].type
            column = self.variants.column("gt" if key == "GT" else self.fmt[key])
            for at in range(0, len(lines), STEP):
                for j, values in enumerate(column.slice(at, STEP).to_pylist()):
                    texts = lines[at + j].split("\t")[:-1]
                    for text, value in zip(texts, values or ()):
                        if value is not None:
                            self.confirm([agrees(text, value, kind, self.rules.percent)], f"FORMAT {key}", at + j, text, value)

    def confirm(self, ok, what, record, text="", ours=""):
        self.cells["bcftools"] += sum(ok)
        if not all(ok):
            self.cells["otherwise"] += len(ok) - sum(ok)
            if self.cells["otherwise"] <= 3:
                print(f"     {self.name}: bcftools reads {what} of record {record + 1} otherwise: {text[:100]!r}, ours {str(ours)[:100]}")


def agrees(text, value, kind, percent):
    """Whether the text that bcftools prints (floats in single precision) says the value."""
    if kind == "Flag":
        return (text == "1") == bool(value)
    if kind in ("String", "Character"):
        value = ",".join("." if v is None else v for v in value) if isinstance(value, list) else value
        return text == value or (percent and decode(text) == value)
    values = value if isinstance(value, list) else [value]
    texts = text.split(",")
    if len(texts) != len(values):
        return values in ([], [None]) and text == "."
    return all((t == ".") if v is None else t != "." and near(float(t), v) for t, v in zip(texts, values))


def near(a, b):
    return same(a, b) or abs(a - b) <= 1e-5 * abs(b) or abs(b) < 1e-37 and abs(a) < 1e-37 or abs(b) > 3.4e38 and abs(a) > 3e38


def main():
    check = Check(__doc__)
    files, total = 0, collections.Counter()
    print(f"{'records':>8} {'samples':>7} {'cells':>10} {'genotypes':>10} {'bcftools':>10} {'otherwise':>9} {'open':>7} {'s':>5}  file")
    for name in check.real():
        if name in BROKEN:
            continue
        f = File(check, name)
        if not check.full and len(f.records) * len(f.vcf.samples) > LARGE:
            continue
        started = time.time()
        try:
            f.compare()
        except Refused as e:
            check.expect(False, f"{name}: {e}")
            continue
        check.expect(f.cells["otherwise"] == 0, f"{name}: bcftools reads {f.cells['otherwise']} values otherwise")
        files += f.cells["text"] > 0
        total += f.cells
        print(f"{len(f.records):8} {len(f.vcf.samples):7} {f.cells['text']:10} {f.cells['gt']:10} {f.cells['bcftools']:10} "
              f"{f.cells['otherwise']:9} {f.open['cells']:7} {time.time() - started:5.1f}  {name}", flush=True)
    print(f"{files} files, {total['text'] + total['gt']} cells compared with the text, {total['bcftools']} confirmed by bcftools")
    check.expect(files >= 30 or check.only, "whole files of at least 30")
    check.finish()


if __name__ == "__main__":
    main()
