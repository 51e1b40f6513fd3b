#!/usr/bin/env python3
"""Compares what `varlake plan` foresees with what `varlake export` then makes.

Small real files, which a plan reads as a whole: records, rows, bytes of every column (but that of offsets) and number of files must be exact. Large files, of which it reads a sample: the larger of the real files, sites, one sample, and the cohorts of make_cohort.py that figures.py left in VARLAKE_COHORTS: records,
bytes of the tables and bytes that queries scan, against the manifest and the footers. The columns of each query are those of its SQL, written down here once more. A plan must leave nothing behind, in the working directory, at
--out and in TMPDIR, and what it says of a dataset (nothing to do, would refuse) must be what export does. --part has some 80 MB of text in each, --full the sites and the sample of docs/performance.md.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import measure
from dataset import BROKEN, Check, Refused

HERE = Path(__file__).resolve().parent
COHORTS = ["p3", "gatk", "s10000", "p3.gzip"]
DEEP = {"sites": ["200000", "1000000"], "single": ["400000", "2000000"]}
# How far off, as a share: records beyond what the plan says of itself, all tables together, one table of records, one query.
RECORDS, ALL, TABLE, QUERY = 0.02, 0.15, 0.40, 0.40
SLACK = 40_000  # bytes by which a small table or query may be off
COLUMNS = {
    "variants of each contig": {"variant_annotations": []},
    "allele frequencies of a region": {"variant_annotations": ["pos", "ref", "alt", "qc_af"]},
    "carriers of a variant": {"variants": ["pos", "format", "gt", "n_alt"], "sample_annotations": ["sample_id", "sample_index"]},
    "genotypes of a sample": {"variants": ["pos", "gt", "n_alt"], "sample_annotations": ["sample_id", "sample_index"]},
    "variants that pass QC": {"variant_annotations": ["pos", "ref", "alt", "qc_call_rate", "qc_p_value_hwe"]},
}


class Truth:
    """What an export made: sizes of columns and footers by table, from the footers."""

    def __init__(self, ds):
        self.records = ds.manifest["records"]
        self.bytes = {name: t["bytes"] for name, t in ds.tables.items()}
        self.rows = {name: t["rows"] for name, t in ds.tables.items()}
        self.files = {name: len(t["files"] or []) for name, t in ds.tables.items()}
        self.columns, self.footers, self.groups = {}, {}, {}
        for name in ds.tables:
            columns = self.columns[name] = {}
            self.footers[name] = self.groups[name] = 0
            for path, _ in ds.files(name):
                m = pq.ParquetFile(path).metadata
                self.footers[name] += m.serialized_size
                self.groups[name] += m.num_row_groups
                for g in range(m.num_row_groups):
                    for c in range(m.num_columns):
                        chunk = m.row_group(g).column(c)
                        column = chunk.path_in_schema.split(".")[0]
                        columns[column] = columns.get(column, 0) + chunk.total_compressed_size

    def scanned(self, name):
        """Bytes of the columns of a query; of a region or variant those of a row group on average."""
        total = 0
        for table, columns in COLUMNS[name].items():
            part = sum(self.columns[table].get(c, 0) for c in columns) + self.footers[table]
            one = table != "sample_annotations" and name in ("allele frequencies of a region", "carriers of a variant")
            total += part / max(1, self.groups[table]) if one else part
        return total


def plan(check, path, out, *args):
    """The plan as JSON, with seconds and peak memory; it must leave nothing behind."""
    work = check.temp / "empty"
    work.mkdir(exist_ok=True)
    here, before = os.getcwd(), os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(work)
    os.chdir(work)
    try:
        got = measure.run([Path(here, check.varlake) if os.sep in check.varlake else check.varlake, "plan", path, "--out", out, "--format", "json", *args], 600)
    finally:
        os.chdir(here)
        os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
    check.expect(not list(work.iterdir()), f"{path}: left behind {list(work.iterdir())}")
    if got.code:
        raise Refused(got.code, got.err.strip())
    return json.loads(got.out), got


def small(check):
    """Real files as they are: all must be exact. Returns those that were not read as a whole."""
    files, long = 0, []
    for name in check.real():
        path = check.data / "real" / name
        out = check.temp / "none"
        try:
            ds = check.export(path)
        except Refused as refused:
            try:
                p, _ = plan(check, path, out)
                # Bad records show in a plan as a warning.
                check.expect(any("the export will fail" in w for w in p["warnings"]), f"{name}: the export fails ({refused}), and the plan does not say so")
            except Refused as also:
                check.expect(also.code == refused.code, f"{name}: plan {also}, export {refused}")
            continue
        p, _ = plan(check, path, out)
        if not p["sample"]["all"]:
            long.append(name)
            continue
        t = Truth(ds)
        check.expect(not out.exists(), f"{name}: --out is there")
        check.expect(p["records"] == {"value": t.records, "error": 0}, f"{name}: {p['records']}, truly {t.records}")
        for table in p["tables"]:
            had = {c["name"]: c["bytes"] for c in table["columns"] if c["name"] != "record_offset"}
            check.expect(had == {c: t.columns[table["name"]].get(c, 0) for c in had}, f"{name}: columns of {table['name']}")
            rows, size = t.rows[table["name"]], t.bytes[table["name"]]
            # The offsets are those of the sample, which is text, and the page indexes and footers have bounds of them.
            check.expect(table["rows"] == rows and abs(table["bytes"] - size) < max(1000, 0.06 * size), f"{name}: {table['name']} {table['rows']} rows, {table['bytes']} bytes; truly {rows}, {size}")
            check.expect(table["files"] == t.files[table["name"]], f"{name}: {table['files']} files of {table['name']}, truly {t.files[table['name']]}")
        outlook, _ = plan(check, path, ds.root)
        check.expect(outlook["outlook"]["would"] == "nothing", f"{name}: after the export {outlook['outlook']}")
        other, _ = plan(check, path, ds.root, "--part-size", "1MiB")
        check.expect(other["outlook"]["would"] == "refuse", f"{name}: with other options {other['outlook']}")
        files += 1
        ds.discard()
    print(f"{files} real files, read as a whole: exact", flush=True)
    return long


def off(got, want):
    return got / want - 1 if want else 0.0


def sampled(check, name, path):
    """A large file: how far off the estimates are."""
    p, took = plan(check, path, check.temp / "none")
    ds = check.export(path)
    t = Truth(ds)
    ds.discard()
    r = p["records"]
    check.expect(not p["sample"]["all"], f"{name} was read as a whole")
    check.expect(abs(off(r["value"], t.records)) <= max(1.5 * r["error"], RECORDS), f"{name}: {r['value']} records, truly {t.records}")
    check.expect(abs(off(p["bytes"], sum(t.bytes.values()))) <= ALL, f"{name}: {p['bytes']} bytes, truly {sum(t.bytes.values())}")
    tables = []
    for table in p["tables"]:
        want = t.bytes[table["name"]]
        tables.append(f"{off(table['bytes'], want):+8.1%}")
        if table["name"] != "sample_annotations":
            check.expect(abs(off(table["bytes"], want)) <= TABLE or abs(table["bytes"] - want) < SLACK, f"{name}: {table['bytes']} bytes of {table['name']}, truly {want}")
    worst = 0
    for q in p["queries"]:
        want = t.scanned(q["name"])
        ok = abs(off(q["bytes"], want)) <= QUERY or abs(q["bytes"] - want) < SLACK
        check.expect(ok, f"{name}: {q['name']} scans {q['bytes']} bytes, truly {want:.0f}")
        if abs(q["bytes"] - want) >= SLACK:
            worst = max(worst, abs(off(q["bytes"], want)))
    print(f"{name:34} {t.records:9} {off(r['value'], t.records):+8.2%} {r['error']:7.2%} {off(p['bytes'], sum(t.bytes.values())):+8.1%} {' '.join(tables)} {worst:7.1%} "
          f"{took.seconds:6.2f} {took.peak >> 20:5}", flush=True)


def large(check, long):
    print(f"{'':34} {'records':>9} {'off':>8} {'said':>7} {'bytes':>8} {'variants':>8} {'annot.':>8} {'samples':>8} {'queries':>7} {'s':>6} {'MiB':>5}")
    for name in long:
        sampled(check, Path(name).name[:34], check.data / "real" / name)
    if check.only:
        return
    cohorts = os.environ.get("VARLAKE_COHORTS")
    for name in COHORTS if cohorts else []:
        sampled(check, name, Path(cohorts, f"{name}.vcf.gz"))
    if not cohorts:
        print("simulated cohorts: left out, VARLAKE_COHORTS names no directory that figures.py made them in")
    for name, records in DEEP.items():
        path = check.temp / f"{name}.vcf.gz"
        subprocess.run([sys.executable, HERE / "make_deep.py", name, path, "--records", records[check.full]], check=True, stdout=subprocess.DEVNULL)
        sampled(check, name, path)


def main():
    check = Check(__doc__)
    long = small(check)
    large(check, long)
    check.finish()


if __name__ == "__main__":
    main()
