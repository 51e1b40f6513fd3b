"""QC equals Hail 0.2.139 (data/expected), a naive oracle where Hail refuses, and bcftools +fill-tags by group.

Integers must be equal, floats within 1e-9 relative, NULL where Hail has null or NaN. The one difference: on records with
haploid calls n_het, n_non_ref and the HWE columns are compared with the oracle, not with Hail.
--part leaves out the oracle on files of more than three million genotypes; Hail's values are compared for all files.
"""
import collections
import csv
import gzip
import json
import math
import re
import subprocess
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import qcrules
from dataset import BROKEN, Check, Refused, bcftools
from vcftext import Vcf

HAPLOID = {"n_het", "n_non_ref", "het_freq_hwe", "p_value_hwe", "p_value_excess_het"}
GROUPED = ["opencb+opencga/10k.chr22.phase3_shapeit2_mvncall_integrated_v5.20130502.genotypes.vcf.gz",
           "brentp+cyvcf2/test.vcf.gz", "bihealth+vcfpy/1kg.vcf.gz", "hail-is+hail/sample.vcf.gz",
           "projectglow+glow/1000G.phase3.broad.withGenotypes.chr20.10100000.vcf.gz",
           "CSCfi+beacon-python/ALL.chrMT.phase3_callmom-v0_4.20130502.genotypes.vcf.gz",
           "odelaneau+shapeit4/reference.vcf.gz", "cggh+scikit-allel/test32.vcf", "brentp+cyvcf2/test-haploidX.vcf"]
ORACLE_LIMIT = 3_000_000


def flat(row):
    """A line of data/expected with our column names: NaN as None, dp_stats opened up."""
    out = {}
    for key, value in row.items():
        if key.endswith("_stats"):
            for k in ("mean", "stdev", "min", "max"):
                out[f"qc_{key[:3]}{k}"] = clean((value or {}).get(k))
        elif key not in ("chrom", "pos", "alleles", "sample_id"):
            out["qc_" + key.lower()] = clean(value)
    return out


def clean(value):
    if isinstance(value, list):
        return None if any(clean(v) is None for v in value) else value
    return None if value in ("NaN", None) or value != value else value


def near(ours, theirs):
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(near, ours, theirs))
    if ours is None or theirs is None:
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-300)


def lines(path):
    with gzip.open(path, "rt") as f:
        return [row for row in map(json.loads, f) if "chrom" in row or "sample_id" in row]


class File:
    def __init__(self, check, name):
        self.check, self.name = check, name
        self.counts = collections.Counter()
        path = check.data / "real" / name
        self.vcf = Vcf(path)
        self.records = list(self.vcf.records())
        self.genotypes = len(self.records) * len(self.vcf.samples)
        ds = check.export(path)
        self.sites, self.samples = ds.read("variant_annotations"), ds.read("sample_annotations")
        ds.discard()
        self.haploid = [self.has_haploid(r) for r in self.records]

    def has_haploid(self, r):
        if r.cells_text is None or not (r.format or "").startswith("GT"):
            return False
        first = pc.list_element(pc.split_pattern(pa.array(r.cells_text.split("\t")), ":", max_splits=1), 0)
        return qcrules.haploid(first.unique().to_pylist())

    def compare(self, what, wanted, table, rows, skip=lambda column, i: False):
        """wanted: a list of {column: value}; rows: which row of the table each is. No records: no table."""
        columns = sorted({c for w in wanted for c in w})
        for c in columns:
            if not self.check.expect(c in table.column_names, f"{self.name}: {what} has {c}"):
                continue
            ours = table.column(c).to_pylist()
            todo = [i for i, w in enumerate(wanted) if c in w and not skip(c, i)]
            wrong = [i for i in todo if not near(ours[rows[i]], wanted[i][c])]
            self.counts[what] += len(todo)
            self.check.expect(not wrong, f"{self.name}: {what}.{c}: {len(wrong)} of {len(todo)}; " + (
                f"first row {rows[wrong[0]] + 1}: {ours[rows[wrong[0]]]!r} for {wanted[wrong[0]][c]!r}" if wrong else ""))

    def hail(self):
        base = str(self.check.data / "expected" / self.name)
        sites = lines(base + ".variant_qc.ndjson.gz")
        self.check.expect(len(sites) == len(self.records), f"{self.name}: Hail has {len(sites)} records")
        wanted = [flat(s) for s in sites]
        rows = self.pair(sites, wanted)
        self.compare("variant_qc", wanted, self.sites, rows,
                     lambda c, i: c[3:] in HAPLOID and self.haploid[rows[i]])
        people = lines(base + ".sample_qc.ndjson.gz")
        self.check.expect(sorted(p["sample_id"] for p in people) == sorted(self.vcf.samples), f"{self.name}: samples are Hail's")
        if people:
            ids = self.samples.column("sample_id").to_pylist()
            self.check.expect(ids == self.vcf.samples, f"{self.name}: sample_id in order")
            self.compare("sample_qc", [flat(p) for p in people], self.samples, [ids.index(p["sample_id"]) for p in people])

    def pair(self, sites, wanted):
        """Our row of each of Hail's records: by key, in order; records of one key, which Hail may swap, by their values."""
        keyed = collections.defaultdict(list)
        for i, r in enumerate(self.records):
            keyed[r.chrom, int(r.pos), r.ref, *r.alts].append(i)
        ours = {c: self.sites.column(c).to_pylist() for c in ("qc_n_called", "qc_ac", "qc_homozygote_count") if sites}
        rows = []
        for s, w in zip(sites, wanted):
            free = keyed[s["chrom"], s["pos"], *s["alleles"]]
            equal = [i for i in free if all(near(v[i], w[c]) for c, v in ours.items())] if len(free) > 1 else free
            rows.append((equal or free)[0])
            free.remove(rows[-1])
        return rows

    def oracle(self, all_columns):
        """The naive oracle: everything where Hail refuses the file, the haploid columns where it does not."""
        if "GT" not in self.vcf.formats:
            return self.null_without_gt()
        todo = [i for i in range(len(self.records)) if all_columns or self.haploid[i]]
        wanted = []
        for i in todo:
            q = qcrules.variant(self.records[i], self.records[i].genotypes())
            wanted.append({f"qc_{k}": v for k, v in q.items() if all_columns or k in HAPLOID})
        if todo:
            self.compare("oracle", wanted, self.sites, todo)
        if all_columns and self.vcf.samples and self.records:
            tally = qcrules.samples(self.vcf, self.records)
            self.compare("oracle", [{f"qc_{k}": v for k, v in t.items()} for t in tally], self.samples, range(len(tally)))

    def null_without_gt(self):
        for table in (self.sites, self.samples):
            for c in (c for c in (table.column_names if table is not None else []) if c.startswith("qc_")):
                self.counts["oracle"] += len(table)
                self.check.expect(table.column(c).null_count == len(table), f"{self.name}: no GT declared, yet {c} has values")


def against_hail(check):
    print(f"{'records':>8} {'samples':>7} {'haploid':>8} {'variant_qc':>10} {'sample_qc':>9} {'oracle':>8} {'s':>5}  file")
    total = collections.Counter()
    for name in check.real():
        if name in BROKEN:
            continue
        started = time.time()
        try:
            f = File(check, name)
        except Refused as e:
            check.expect(False, f"{name}: {e}")
            continue
        hail = (check.data / "expected" / f"{name}.variant_qc.ndjson.gz").exists()
        if hail:
            f.hail()
        if check.full or f.genotypes < ORACLE_LIMIT:
            f.oracle(all_columns=not hail)
        total += f.counts
        print(f"{len(f.records):8} {len(f.vcf.samples):7} {sum(f.haploid):8} {f.counts['variant_qc']:10} {f.counts['sample_qc']:9} "
              f"{f.counts['oracle']:8} {time.time() - started:5.1f}  {name}", flush=True)
    print(f"values compared: {total['variant_qc']} of variant_qc, {total['sample_qc']} of sample_qc, {total['oracle']} of the oracle")


def against_fill_tags(check):
    """ac, an and af of each group; half-calls are set to missing for bcftools, which would count their known allele."""
    for name in GROUPED:
        if check.only not in name:
            continue
        path, vcf = check.data / "real" / name, Vcf(check.data / "real" / name)
        table, column = check.temp / "groups.tsv", "super_pop"
        of = super_populations(check) if name == GROUPED[0] else {s: ["North", "south-east", "", "W"][i * 7 % 4] for i, s in enumerate(vcf.samples)}
        with open(table, "w") as f:
            csv.writer(f, delimiter="\t", lineterminator="\n").writerows([["sample", column], *((s, of[s]) for s in vcf.samples)])
        groups = sorted({g for g in of.values() if g})
        with open(check.temp / "groups.txt", "w") as f:
            f.writelines(f"{s}\t{of[s].replace('-', '_')}\n" for s in vcf.samples if of[s])
        ds = check.export(path, "--samples", table, "--group-by", column)
        ours = ds.read("variant_annotations")
        tagged = check.temp / "tagged.vcf"
        whole = for_fill_tags(path, vcf, check.temp / "whole.vcf")
        tags = subprocess.run(["bcftools", "+fill-tags", whole, "-Ov", "-o", tagged, "--", "-S", check.temp / "groups.txt", "-t", "AC,AN,AF"],
                              capture_output=True, text=True)
        if not check.expect(tags.returncode == 0, f"{name}: bcftools +fill-tags: {tags.stderr.strip()[-200:]}"):
            continue
        compared = 0
        for g in groups:
            tag, ours_tag = g.replace("-", "_"), f"{column}_{g.lower().replace('-', '_')}"
            theirs = bcftools("query", "-f", f"%AN_{tag}\t%AC_{tag}\t%AF_{tag}\n", tagged).decode().splitlines()
            mine = zip(*(ours.column(f"{ours_tag}_{k}").to_pylist() for k in ("an", "ac", "af")))
            wrong = [i for i, (line, m) in enumerate(zip(theirs, mine)) if not agrees(line.split("\t"), *m)]
            check.expect(len(theirs) == len(ours) and not wrong, f"{name}: {ours_tag}: {len(wrong)} records, first {wrong[:1]}: "
                         f"{theirs[wrong[0]] if wrong else ''}")
            compared += len(theirs)
        print(f"{compared:8} records x {len(groups)} groups as bcftools +fill-tags  {name}")
        ds.discard()


def for_fill_tags(path, vcf, copy):
    """The file, or a copy with half-calls set to missing and a line for every contig, without which bcftools fails."""
    half = any(re.search(r"(^|\t)(\.[/|]\d|\d+[/|]\.)", r.cells_text) for r in vcf.records())
    contigs = {r.chrom for r in vcf.records()} - set(re.findall(r"##contig=<ID=([^,>]+)", "\n".join(vcf.header)))
    if contigs:
        head = [*vcf.header[:-1], *(f"##contig=<ID={c}>" for c in sorted(contigs)), vcf.header[-1]]
        copy.write_bytes(b"\n".join(["\n".join(head).encode(), *vcf.lines, b""]))
        path = copy
    if half:
        copy.write_bytes(bcftools("+setGT", path, "-Ov", "--", "-t", "./x", "-n", "."))
        path = copy
    return path


def agrees(theirs, an, ac, af):
    numbers = lambda text, kind: [] if text == "." else [kind(x) for x in text.split(",") if x != "."]
    if numbers(theirs[0], int) not in ([an], [] if an == 0 else [an]) or numbers(theirs[1], int) not in (ac or [], [] if an == 0 else ac or []):
        return False
    if not an:
        return af is None
    return len(af) == len(ac) and all(f == c / an for f, c in zip(af, ac)) and np.allclose(numbers(theirs[2], float), af, rtol=1e-5, atol=1e-12)


def super_populations(check):
    with open(check.data / "annotations" / "1000g_phase3.samples.tsv") as f:
        return {row["sample"]: row["super_pop"] for row in csv.DictReader(f, delimiter="\t")}


def main():
    check = Check(__doc__)
    against_hail(check)
    against_fill_tags(check)
    check.finish()


if __name__ == "__main__":
    main()
