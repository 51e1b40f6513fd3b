"""The table carriers: the rows of the view, in order of sample and position, in pages that a query for one sample can tell apart.

Each file of data/real is exported with the view and with the table. The columns are the same, and so are the rows, sorted, by DuckDB; again from the dataset of
the first; where bcftools can read the file and every record has a GT, the calls are those that bcftools query prints. The other tables are the same bytes, and varlake verify is
content. A made cohort of several row groups then shows what a query for one sample, or for one position, has to read, and is exported with 1, 2 and 4 workers and,
where AWS_ENDPOINT_URL_S3 names a server, from and to S3: the bytes are the same. --part leaves out what has more than three million carriers.
"""
import csv
import hashlib
import io
import re
import time

import duckdb
import numpy as np
import pyarrow.parquet as pq

import footer
from dataset import ALL_TABLES, BROKEN, Check, Refused, bcftools, digests
from objects import ENDPOINT, Bucket
from vcftext import Vcf

CONFIRMED = 3_000_000  # most calls that bcftools is asked for in part
HOM_REF = re.compile(r"[/|]?0([/|]0)*")
SAMPLES, RECORDS = 2000, 6000  # of the made cohort: more than are sorted together


def columns(check, ds):
    """Name, type, source and description of the columns of carriers, table or view, the partition aside."""
    listed = csv.DictReader(io.StringIO(check.run("tables", ds.root, "--format", "csv").stdout))
    return [(c["column"], c["type"], c["source"], c["description"]) for c in listed if c["table"] == "carriers" and c["column"] != "chrom"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def select(names, source):
    return f"SELECT {', '.join(map(quoted, ['chrom', *names]))} FROM {source}"


def view(check, ds, names):
    """The rows of the view, by the DuckDB of varlake, in a file."""
    path = check.temp / "view.parquet"
    p = check.run("query", ds.root, f"COPY ({select(names, 'carriers')}) TO '{path}' (FORMAT parquet)")
    return path if check.expect(p.returncode == 0, f"the view: {p.stderr[-300:]}") else None


def table(con, ds, name):
    """Makes the files of the table known to DuckDB, the contig from the manifest's path; returns the rows."""
    parts = [f"SELECT *, '{contig.replace(chr(39), 2 * chr(39))}' AS chrom FROM read_parquet('{str(path).replace(chr(39), 2 * chr(39))}', hive_partitioning=false)"
             for path, contig in ds.files("carriers")]
    if not parts:
        return None
    con.execute(f"CREATE OR REPLACE VIEW {name} AS {' UNION ALL '.join(parts)}")
    return con.execute(f"SELECT count(*) FROM {name}").fetchone()[0]


def differences(con, one, other):
    """Rows of either that the other does not have as often."""
    return sum(con.execute(f"SELECT count(*) FROM ({a} EXCEPT ALL {b})").fetchone()[0] for a, b in ((one, other), (other, one)))


def in_order(check, ds, where):
    """Every row group is sorted by sample_index, then pos, and says so."""
    for path, _ in ds.files("carriers"):
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        for i in range(file.num_row_groups):
            group = file.read_row_group(i, columns=["sample_index", "pos"])
            sample, pos = (group.column(c).to_numpy() for c in ("sample_index", "pos"))
            steps = np.diff(sample)
            check.expect(bool(np.all((steps > 0) | (steps == 0) & (np.diff(pos) >= 0))), f"{where}: row group {i} of {path.name} is not in order")
            said = [names[c.column_index] for c in file.metadata.row_group(i).sorting_columns]
            check.expect(said == ["sample_index", "pos"], f"{where}: row group {i} is said to be sorted by {said}")


def sums(ds, but="carriers"):
    return {f["path"].split("/", 2)[2]: f["sha256"] for name, t in ds.tables.items() if name != but for f in t["files"]}


def naive(path):
    """Carriers as bcftools query prints the calls; None where it does not read the file (it may end early and say nothing), takes %REF for INFO/REF, or a record has
    no GT."""
    vcf = Vcf(path)
    if not vcf.samples or "REF" in vcf.infos or any(b"GT" not in line.split(b"\t", 9)[8].split(b":") for line in vcf.lines):
        return None
    text = bcftools("query", "-f", r"[%CHROM\t%POS\t%REF\t%ALT\t%SAMPLE\t%GT\n]", path)
    if text is None or text.count(b"\n") != len(vcf.lines) * len(vcf.samples):
        return None
    rows = (line.split("\t") for line in text.decode().split("\n")[:-1])
    return sorted(row for row in rows if not HOM_REF.fullmatch(row[5]))


def confirm(con, check, path, name):
    """How many calls bcftools confirms."""
    wanted = naive(path)
    if wanted is None:
        return ""
    got = con.execute("SELECT chrom, CAST(pos AS VARCHAR), ref, coalesce(array_to_string(list_transform(alt, lambda a: coalesce(a, '.')), ','), '.'), sample_id, coalesce(gt, '.') FROM new").fetchall()
    got = sorted(map(list, got))
    check.expect(got == wanted, f"{name}: {len(got)} carriers, bcftools has {len(wanted)}; first {[p for p in zip(got, wanted) if p[0] != p[1]][:1]}")
    return len(wanted)


def compare(check, name):
    started, path = time.time(), check.data / "real" / name
    try:
        old, new = check.export(path), check.export(path, *ALL_TABLES)
        again = check.export(old.root, *ALL_TABLES)
    except Refused as e:
        check.expect(False, f"{name}: {e}")
        return
    wanted, got = columns(check, old), columns(check, new)
    check.expect(wanted == got and got, f"{name}: columns {got}, of the view {wanted}")
    check.expect([c["name"] for c in new.tables["carriers"]["columns"]] == [c[0] for c in got], f"{name}: columns of the manifest")
    check.expect(sums(old) == sums(new), f"{name}: the other tables are other bytes")
    names, con = [c[0] for c in got], duckdb.connect()
    rows = table(con, new, "new")
    check.expect((rows or 0) == new.tables["carriers"]["rows"], f"{name}: {rows} rows, the manifest has {new.tables['carriers']['rows']}")
    confirmed = ""
    if rows is None:
        check.expect(new.manifest["rows"] == 0, f"{name}: no file of carriers")
    elif copy := view(check, old, names):
        of_view = f"SELECT * FROM read_parquet('{copy}')"
        differ = differences(con, of_view, select(names, "new"))
        check.expect(differ == 0, f"{name}: {differ} rows differ from the view's")
        table(con, again, "again")
        differ = differences(con, select(names, "again"), select(names, "new"))
        check.expect(differ == 0, f"{name}: {differ} rows differ in the dataset made from the dataset")
        in_order(check, new, name)
        if check.full or new.manifest["rows"] * new.manifest["samples"] <= CONFIRMED:
            confirmed = confirm(con, check, path, name)
    for ds in (new, again):
        p = check.run("verify", ds.root)
        check.expect(p.returncode == 0, f"{name}: verify: {p.stdout}{p.stderr}")
    print(f"{rows or 0:9} {confirmed:>9} {time.time() - started:5.1f}  {name}", flush=True)
    for ds in (old, new, again):
        ds.discard()


def made(path):
    """A cohort whose calls are drawn: one in five is not homozygous reference."""
    rng = np.random.default_rng(11)
    texts = np.array([b"0|0", b"0|1", b"1|0", b"1|1", b".|."])
    with open(path, "wb") as f:
        f.write(b"##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t")
        f.write("\t".join(f"S{i:04}" for i in range(1, SAMPLES + 1)).encode() + b"\n")
        for i in range(RECORDS):
            f.write(f"1\t{100 * i + 1}\t.\tA\tG\t.\t.\t.\tGT\t".encode())
            f.write(b"\t".join(texts[rng.choice(5, SAMPLES, p=[0.8, 0.08, 0.08, 0.03, 0.01])]) + b"\n")


def bytes_read(path, key, value):
    """Bytes of the row groups that may hold the value by their statistics, of those of their pages that may, with dictionaries, and of all; and the row groups."""
    groups = {}
    for c in footer.chunks(path):
        groups.setdefault(c.row_group, {})[c.path] = c
    by_group = by_page = total = held = 0
    for chunks in groups.values():
        size = sum(c.end - c.start for c in chunks.values())
        total += size
        if not chunks[key].low <= value <= chunks[key].high:
            continue
        held += 1
        by_group += size
        wanted = [i for i, p in enumerate(chunks[key].pages) if p.low <= value <= p.high]
        by_page += size - sum(p.size for c in chunks.values() for i, p in enumerate(c.pages) if i not in wanted)
    return by_group, by_page, total, held, len(groups)


def reading(check, ds):
    """What queries for one sample and for one position read."""
    path = ds.files("carriers")[0][0]
    first = {}
    for c in footer.chunks(path):
        rows = first.setdefault(c.row_group, [p.first_row for p in c.pages])
        check.expect([p.first_row for p in c.pages] == rows, f"pages of {c.path} hold other rows than those of sample_index")
    for key, value, most in (("sample_index", 777, 0.2), ("sample_id", b"S0777", 0.2), ("pos", 101, 0.95)):
        by_group, by_page, total, held, groups = bytes_read(path, key, value)
        check.expect(by_group < most * total, f"a query for {key} reads {by_group} of {total} bytes")
        check.expect(key == "pos" or 30 * by_page < total, f"a query for {key} reads {by_page} of {total} bytes by the page index")
        print(f"{key} = {value}: {held} of {groups} row groups, {100 * by_group / total:.1f} % of the bytes; by the page index {100 * by_page / total:.1f} %")
    count = lambda where: duckdb.sql(f"SELECT count(*) FROM read_parquet('{path}') WHERE {where}").fetchall()[0][0]
    check.expect(count("sample_id = 'S0777'") == count("sample_index = 777") > RECORDS / 10, "carriers of a sample")


def same_bytes(check, path, ds):
    wanted = digests(ds)
    for workers in (1, 2, 4):
        other = check.export(path, *ALL_TABLES, "--workers", workers)
        check.expect(digests(other) == wanted, f"{workers} workers: other bytes")
        other.discard()
    if not ENDPOINT:
        print("from and to S3: left out, AWS_ENDPOINT_URL_S3 names no server")
        return
    bucket = Bucket()
    try:
        p = check.run("export", bucket.put("in/cohort.vcf", path.read_bytes()), "--out", f"{bucket.uri}/out", *ALL_TABLES, "--progress", "never")
        check.expect(p.returncode == 0, f"to S3: {p.stderr[-300:]}")
        p = check.run("verify", f"{bucket.uri}/out")
        check.expect(p.returncode == 0, f"verify in S3: {p.stdout}{p.stderr}")
        found = {k.split("/", 1)[1]: hashlib.sha256(bucket.get(f"out/runs/{k}")).hexdigest() for k in bucket.keys("out/runs") if k.endswith(".parquet")}
        check.expect(found == {k.split("/", 1)[1]: v for k, v in wanted.items() if k.endswith(".parquet")}, "from and to S3: other bytes")
        print(f"from and to S3: {len(found)} files, the same bytes")
    finally:
        bucket.remove()


def cohort(check):
    path = check.temp / "cohort.vcf"
    made(path)
    ds = check.export(path, *ALL_TABLES)
    print(f"made cohort: {SAMPLES} samples, {RECORDS} records, {ds.tables['carriers']['rows']} carriers")
    in_order(check, ds, "made cohort")
    reading(check, ds)
    same_bytes(check, path, ds)


def main():
    check = Check(__doc__)
    print(f"{'carriers':>9} {'bcftools':>9} {'s':>5}  file")
    for name in check.real():
        if name not in BROKEN:
            compare(check, name)
    if not check.only:
        cohort(check)
    check.finish()


if __name__ == "__main__":
    main()
