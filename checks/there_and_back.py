"""All files of data/real are converted, and made a VCF again from the dataset alone.

What bcftools view prints of the restored file must equal what it prints of the original: the records, and the header up to
order. Where bcftools can't read the original it can't compare, so all files are also compared field by field, in plain
Python: numbers by value, all other text exactly, FORMAT fields that are missing at the end of a cell as if they were not
there. The index of each sorted file must find what bcftools' own index finds. The BCF and the files of BROKEN are left out,
as varlake does not convert them. The whole takes a minute or two, so --part and --full are the same.
"""
import collections
import itertools
import subprocess
import time

from dataset import BROKEN, Check, Refused, bcftools
from vcftext import Vcf

Difference = collections.namedtuple("Difference", "line what original restored")


def view(path, *args):
    """Header and record lines as bcftools prints them, None where it refuses the file."""
    out = bcftools("view", "--no-version", *args, path)
    if out is None:
        return None
    lines = out.split(b"\n")
    return sorted(l for l in lines if l.startswith(b"#")), [l for l in lines if l and not l.startswith(b"#")]


def same_number(a, b):
    try:
        a, b = float(a), float(b)
    except ValueError:
        return False
    return a == b or a != a and b != b


def same_value(a, b, kind):
    """Equality of two values, or lists of them, of the declared type."""
    if a == b:
        return True
    if kind not in ("Integer", "Float") or a is None or b is None:
        return False
    a, b = a.split(","), b.split(",")
    return len(a) == len(b) and all(x == y or same_number(x, y) for x, y in zip(a, b))


def same_info(a, b, infos):
    a, b = a.split(";"), b.split(";")
    for x, y in itertools.zip_longest(a, b, fillvalue=""):
        (key, _, value), (other_key, _, other) = x.partition("="), y.partition("=")
        if key != other_key or ("=" in x) != ("=" in y) or not same_value(value, other, infos[key].type if key in infos else "String"):
            return False
    return True


def cell_values(cell, keys):
    values = cell.split(":")
    return values + ["."] * (len(keys) - len(values))


def same_cell(a, b, keys, formats):
    if a == b:
        return True
    a, b = cell_values(a, keys), cell_values(b, keys)
    types = [formats[k].type if k in formats else "String" for k in keys]
    return len(a) == len(b) and all(same_value(x, y, t) for x, y, t in itertools.zip_longest(a, b, types[:len(a)], fillvalue="String"))


def differences(a, b):
    """Where the restored file departs from the original, by the rules above; and how many lines are not the same text."""
    found, respelt = [], 0
    if a.header != b.header:
        first = next((x, y) for x, y in itertools.zip_longest(a.header, b.header) if x != y)
        found.append(Difference(0, "header", *first))
    if len(a.lines) != len(b.lines):
        found.append(Difference(0, "records", len(a.lines), len(b.lines)))
    for i, (x, y) in enumerate(zip(a.lines, b.lines)):
        if x == y:
            continue
        respelt += 1
        x, y = (line.decode("utf-8", "surrogateescape").split("\t") for line in (x, y))
        keys = x[8].split(":") if len(x) > 8 else []
        same = {
            "columns": len(x) == len(y), "CHROM": x[0] == y[0], "POS": int(x[1]) == int(y[1]), "ID to ALT": x[2:5] == y[2:5],
            "QUAL": x[5] == y[5] or same_number(x[5], y[5]), "FILTER": x[6] == y[6],
            "INFO": same_info(x[7], y[7], a.infos), "FORMAT": x[8:9] == y[8:9],
            "samples": all(same_cell(s, t, keys, a.formats) for s, t in zip(x[9:], y[9:])),
        }
        found += [Difference(i + 1, what, x, y) for what, ok in same.items() if not ok]
    return found, respelt


def there_and_back(check, name):
    path, back = check.data / "real" / name, check.temp / "restored.vcf.gz"
    started = time.time()
    try:
        ds = check.export(path)
    except Refused as e:
        check.expect(False, f"{name}: {e}")
        return
    p = check.run("restore", ds.root, "-o", back)
    took = time.time() - started
    ds.discard()
    if not check.expect(p.returncode == 0, f"{name}: restore: {p.stderr.strip()}"):
        return
    original, restored = Vcf(path), Vcf(back)
    found, respelt = differences(original, restored)
    check.expect(not found, f"{name}: {len(found)} differences, the first: {found[:1]}")
    expected, got, by = view(path), view(back), "text"
    if expected is not None:
        by = "bcftools"
        check.expect(got is not None and expected[0] == got[0], f"{name}: the header that bcftools prints")
        if check.expect(got is not None and len(expected[1]) == len(got[1]), f"{name}: as many records for bcftools"):
            differ = [(x, y) for x, y in zip(expected[1], got[1]) if x != y]
            check.expect(not differ, f"{name}: {len(differ)} records that bcftools prints differ, the first: {differ[:1]}")
    print(f"{by:9} {len(original.header):7} {len(original.lines):8} {len(original.samples):8} {respelt:8} {took:5.1f}  {name}", flush=True)


def indexed(check, name, kind):
    """Ranges through the index that restore writes, and through bcftools' own."""
    path, back = check.data / "real" / name, check.temp / "indexed.vcf.gz"
    try:
        ds = check.export(path)
    except Refused:
        return False
    p = check.run("restore", ds.root, "-o", back, "--index", kind)
    ds.discard()
    if p.returncode:  # only a file that is not in order can't be indexed
        check.expect("not sorted" in p.stderr or "is beyond position" in p.stderr, f"{name}: {kind}: {p.stderr.strip()}")
        return False
    ours, theirs = back, check.temp / "theirs.vcf.gz"
    theirs.write_bytes(ours.read_bytes())
    # tabix, not bcftools: it takes headers that declare too little
    option = ["-C"] if kind == "csi" else []
    if subprocess.run(["tabix", "-f", "-p", "vcf", *option, theirs], capture_output=True).returncode:
        return False
    regions = sorted({region for r in itertools.islice(Vcf(back).records(), 0, None, 97)
                      for region in (f"{r.chrom}:{r.pos}-{r.pos}", f"{r.chrom}:{max(int(r.pos) - 5000, 1)}-{int(r.pos) + 5000}")})[:40]
    for region in regions + sorted({r.partition(":")[0] for r in regions}):
        a, b = (subprocess.run(["tabix", f, region], capture_output=True).stdout for f in (ours, theirs))
        check.expect(a == b, f"{name}: {kind}: {region}: {a.count(bytes([10]))} records, by tabix' index {b.count(bytes([10]))}")
    for f in (back, theirs):
        f.with_name(f"{f.name}.{kind}").unlink()
    return True


def main():
    check = Check(__doc__)
    names = [n for n in check.real() if n not in BROKEN]
    print(f"{'compared':9} {'header':>7} {'records':>8} {'samples':>8} {'respelt':>8} {'s':>5}  file")
    for name in names:
        there_and_back(check, name)
    for kind in ("tbi", "csi"):
        n = sum(indexed(check, name, kind) for name in names)
        print(f"{kind}: {n} files with an index")
        check.expect(n or check.only, f"some file has a {kind} index")
    check.finish()


if __name__ == "__main__":
    main()
