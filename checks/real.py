"""All files of data/real are converted: records that an independent reader counts, rows that come out.

The BCF must be refused with a message that says what it is. The files of BROKEN are shown to be broken and must be refused
too. Then: one file by path, by glob and from stdin gives equal tables, and so does a directory of it cut in three.
The whole takes a minute or two, so --part and --full are the same.
"""
import subprocess
import time

from dataset import BROKEN, Check, Refused
from vcftext import Vcf

TABLES = ("variants", "variant_annotations", "sample_annotations")
CUT = "brentp+cyvcf2/test.vcf.gz"
BCF = "abdenlab+oxbow/sample.bcf"


def count(path, vcf):
    """Records by bcftools where it reads the file to its end, else lines of text; and who counted."""
    with subprocess.Popen(["bcftools", "view", "-H", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        n = sum(block.count(b"\n") for block in iter(lambda: p.stdout.read(1 << 20), b""))
    return (n, "bcftools") if p.returncode == 0 else (len(vcf.lines), "text")


def converted(check):
    print(f"{'counted':>8} {'by':9} {'rows':>8} {'samples':>8} {'columns':>8} {'s':>5}  file")
    files = 0
    for name in check.real():
        path = check.data / "real" / name
        vcf, started = Vcf(path), time.time()
        if name in BROKEN:
            broken(check, name, path, vcf)
            continue
        try:
            ds = check.export(path)
        except Refused as e:
            check.expect(False, f"{name}: {e}")
            continue
        took = time.time() - started
        (n, by), rows = count(path, vcf), [ds.rows(t) for t in TABLES]
        columns = sum(len(t["columns"]) for t in ds.tables.values())
        print(f"{n:8} {by:9} {rows[0]:8} {rows[2]:8} {columns:8} {took:5.1f}  {name}", flush=True)
        check.expect(rows[0] == rows[1] == n, f"{name}: {n} records, {rows[0]} and {rows[1]} rows")
        check.expect(rows[2] == len(vcf.samples), f"{name}: {len(vcf.samples)} samples, {rows[2]} rows")
        files += 1
        ds.discard()
    print(f"{files} files converted")
    check.expect(files >= 58 or check.only, "58 or more of the 59 text files converted")


def broken(check, name, path, vcf):
    """A file that may fail: the evidence from its own text, and that the refusal says the same."""
    wide = [i for i, r in enumerate(vcf.records()) if len(r.cells()) != len(vcf.samples)]
    first = len(next(vcf.records()).cells())
    print(f"{len(vcf.lines):8} {'text':9} {'refused':>8} {len(vcf.samples):8} {'':14}  {name}: {BROKEN[name]}: "
          f"{len(wide)} records, the first has {first} sample columns, the header {len(vcf.samples)}")
    check.expect(wide, f"{name}: is broken")
    try:
        check.export(path)
        check.expect(False, f"{name}: converted though sample columns are too many")
    except Refused as e:
        print(f"{'':8} says: {e}")
        check.expect(e.code == 1 and path.name in e.text and str(first) in e.text, f"{name}: the message names the file and the count: {e.text}")


def refused(check):
    try:
        check.export(check.data / "real" / BCF)
        check.expect(False, f"{BCF}: converted")
    except Refused as e:
        print(f"{BCF}: {e}")
        check.expect(e.code == 1 and "BCF" in e.text and "bcftools view" in e.text, f"{BCF}: names what it is and what to do: {e.text}")


def tables(ds, without=()):
    return {t: whole.drop_columns([c for c in without if c in whole.column_names]) if (whole := ds.read(t)) is not None else None
            for t in TABLES}


def same_tables(check, what, a, b):
    for t in TABLES:
        check.expect(a[t].equals(b[t]) or a[t].to_pylist() == b[t].to_pylist(), f"{what}: {t} is the same table")
    print(f"{what}: {', '.join(f'{t} {a[t].num_rows} x {a[t].num_columns}' for t in TABLES)}")


def ways_in(check):
    """Path, glob, stdin, and a directory of the file cut in three with bcftools."""
    path = check.data / "real" / CUT
    whole = tables(check.export(path))
    same_tables(check, "by glob", whole, tables(check.export(path.parent / "test.vcf.g?")))
    same_tables(check, "from stdin", whole, tables(check.export("-", stdin=path)))

    parts = check.temp / "parts"
    parts.mkdir()
    lines = subprocess.run(["bcftools", "view", "--no-version", path], capture_output=True, check=True).stdout.splitlines(keepends=True)
    head, body = [l for l in lines if l.startswith(b"#")], [l for l in lines if not l.startswith(b"#")]
    (check.temp / "whole.vcf").write_bytes(b"".join(head + body))
    third = len(body) // 3
    for name, piece in (("chr2.vcf", body[:third]), ("chr10.vcf.gz", body[third:2 * third]), ("chr11.vcf.bgz", body[2 * third:])):
        text = b"".join(head + piece)
        packed = subprocess.run(["bgzip", "-c"], input=text, capture_output=True, check=True).stdout
        (parts / name).write_bytes(text if name.endswith(".vcf") else packed)
    (parts / "README.txt").write_text("not a VCF\n")
    key = ("input_index", "record_offset")
    cut = check.export(parts)
    inputs = cut.read("variants").column("input_index").to_pylist()
    check.expect([inputs.count(i) for i in sorted(set(inputs))] == [third, third, len(body) - 2 * third], "a directory: rows of each of three inputs")
    same_tables(check, "a directory of three", tables(check.export(check.temp / "whole.vcf"), key), tables(cut, key))


def main():
    check = Check(__doc__)
    converted(check)
    refused(check)
    ways_in(check)
    check.finish()


if __name__ == "__main__":
    main()
