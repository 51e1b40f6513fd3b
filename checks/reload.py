"""A dataset made from a dataset has the tables of one made from the VCF.

Each file of data/real is exported, and the dataset exported again: every column of every table must hold the same values, the key
and the QC included, and the manifests the same counts; varlake verify --source finds nothing wrong with either. Then the same with a sample table and groups that the first had not, which must give
what the VCF gives with them. The whole takes a minute or two, so --part and --full are the same.
"""
import time

import pyarrow as pa

from dataset import BROKEN, Check, Refused

TABLES = ("variants", "variant_annotations", "sample_annotations")
COUNTS = ("samples", "records", "rows", "rejected", "groups")


def nan_as_text(table):
    """The table with doubles, in lists too, as text: NaN is equal to nothing, and must be equal here."""
    columns = []
    for c in table.columns:
        inner = c.type
        while pa.types.is_list(inner):
            inner = inner.value_type
        columns.append(pa.array([repr(v) for v in c.to_pylist()]) if pa.types.is_floating(inner) else c)
    return pa.table(columns, names=table.column_names)


def same(check, name, a, b):
    for table in TABLES:
        x, y = a.read(table), b.read(table)
        if x is None or y is None:
            check.expect(x is None and y is None, f"{name}: {table} has rows in one only")
            continue
        if not check.expect(x.schema.equals(y.schema) and len(x) == len(y), f"{name}: {table}: {len(x)} and {len(y)} rows, or other columns"):
            continue
        if x.equals(y):
            check.expect(True, name)
            continue
        x, y = nan_as_text(x), nan_as_text(y)
        differ = [c for c in x.column_names if not x.column(c).equals(y.column(c))]
        check.expect(not differ, f"{name}: {table}: {differ} differ")
    for count in COUNTS:
        check.expect(a.manifest.get(count) == b.manifest.get(count), f"{name}: {count}: {a.manifest.get(count)} and {b.manifest.get(count)}")


def reload(check, name):
    started = time.time()
    try:
        first = check.export(check.data / "real" / name)
        again = check.export(first.root)
    except Refused as e:
        check.expect(False, f"{name}: {e}")
        return
    same(check, name, first, again)
    for dataset in (first, again):
        p = check.run("verify", dataset.root, "--source", check.data / "real" / name)
        check.expect(p.returncode == 0, f"{name}: verify: {p.stdout} {p.stderr}")
    print(f"{first.manifest['records']:8} {first.manifest['samples']:8} {time.time() - started:5.1f}  {name}", flush=True)
    first.discard()
    again.discard()


def with_samples(check):
    path = check.data / "real/opencb+opencga/10k.chr22.phase3_shapeit2_mvncall_integrated_v5.20130502.genotypes.vcf.gz"
    options = ["--samples", check.data / "annotations/1000g_phase3.samples.tsv", "--group-by", "super_pop"]
    bare = check.export(path)
    same(check, "with samples and groups", check.export(path, *options), check.export(bare.root, *options))


def quarantined(check):
    """What was set aside is set aside again, in its place."""
    path = check.data / "bad/opencb+opencga/variant-test-file-corrupted.vcf"
    first = check.export(path, "--on-bad-record", "quarantine")
    again = check.export(first.root)
    check.expect(first.manifest["rejected"] > 0, "something is set aside")
    same(check, "with rejects", first, again)
    a, b = ((d.run / "_rejects/00000.jsonl").read_text() for d in (first, again))
    check.expect(a.count("\n") == b.count("\n") == first.manifest["rejected"], "as many lines are set aside")
    print(f"{first.manifest['rejected']} of {first.manifest['records']} records set aside, twice")


def main():
    check = Check(__doc__)
    print(f"{'records':>8} {'samples':>8} {'s':>5}  file")
    for name in check.real():
        if name not in BROKEN:
            reload(check, name)
    if not check.only:
        with_samples(check)
        quarantined(check)
    check.finish()


if __name__ == "__main__":
    main()
