"""What Trino reads from S3 for a question: the columns, row groups and pages that it is about, and no others.

A cohort with GT:AD:DP:GQ:PL on two contigs, and sites with long texts, are made, exported from and to S3 and registered. How many bytes a query read is Trino's own figure (physicalInputBytes);
what the columns and pages that it is about take is read from the footers. Both bounds count: fewer bytes than these would mean that the figure is not what it seems. A field of genotypes costs
its own bytes and those of n_alt; a view that unnests all arrays at once must fail that. One contig, one row group and one page are a part of the table. Answers are those of DuckDB.
--part has 800 samples and 12,000 records, --full four times as many records.
"""
import base64
import gzip
import random
import subprocess

import duckdb
import numpy as np

import footer
from dataset import Check
from hive import Lake, query, servers_or_leave

SAMPLES = 800
POPULATIONS = ["AFR", "AMR", "EAS", "EUR", "SAS"]
CONTIGS = {"21": 1, "22": 3}  # shares of the records
POOL = 4000
FIELDS = {"gt": "GT", "fmt_ad": "AD", "fmt_dp": "DP", "fmt_gq": "GQ", "fmt_pl": "PL"}
SITES = 600_000
OVERHEAD = 150_000  # bytes: tails of files that are read again for every split, and the samples of the view
HEADER = """##fileformat=VCFv4.2
##INFO=<ID=DP,Number=1,Type=Integer,Description="Total read depth">
##INFO=<ID=T,Number=1,Type=String,Description="Text">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Read depth">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Phred-scaled genotype likelihoods">
""" + "".join(f"##contig=<ID={c}>\n" for c in CONTIGS) + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def cells(rng, gt):
    """Many cells of one genotype, with depths and likelihoods as a caller gives them."""
    depth, likelihoods = rng.poisson(32, POOL), rng.integers(20, 1200, (POOL, 3))
    alternate = rng.binomial(depth, {"0/0": .002, "0/1": .5, "1/1": .998}[gt])
    likelihoods[:, gt.count("1")] = 0
    quality = np.minimum(99, np.sort(likelihoods, axis=1)[:, 1])
    return [f"{gt}:{d - a},{a}:{d}:{q}:{','.join(map(str, pl))}" for d, a, q, pl in zip(depth, alternate, quality, likelihoods)]


def make_cohort(path, records):
    """A block-gzipped VCF of this many records; its samples have a population."""
    rng = np.random.default_rng(22)
    ids = [f"S{i:04d}" for i in range(SAMPLES)]
    path.with_suffix(".tsv").write_text("sample\tsuper_pop\n" + "".join(f"{s}\t{POPULATIONS[i % 5]}\n" for i, s in enumerate(ids)))
    pool = np.array([c for gt in ("0/0", "0/1", "1/1") for c in cells(rng, gt)] + ["./."], dtype=object)
    with open(path, "wb") as f:
        z = subprocess.Popen(["bgzip", "-c", "-l", "1", "-@", "2"], stdin=subprocess.PIPE, stdout=f)
        z.stdin.write("\t".join([HEADER, "FORMAT", *ids]).encode() + b"\n")
        for contig, share in CONTIGS.items():
            for i in range(records * share // sum(CONTIGS.values())):
                copies = rng.binomial(2, rng.beta(.3, 1.5), SAMPLES)
                chosen = np.where(rng.random(SAMPLES) < .01, len(pool) - 1, copies * POOL + rng.integers(0, POOL, SAMPLES))
                z.stdin.write(f"{contig}\t{16_050_000 + 90 * i}\trs{i}\tA\tC\t{i % 900}\tPASS\tDP={i}\tGT:AD:DP:GQ:PL\t".encode() + "\t".join(pool[chosen]).encode() + b"\n")
        z.stdin.close()
        if z.wait():
            raise RuntimeError("bgzip failed")


def make_sites(path):
    """Records of one contig, without samples, whose texts do not compress."""
    rng = random.Random(7)
    text = lambda: base64.b32encode(rng.randbytes(30)).decode()
    with gzip.open(path, "wt", compresslevel=1) as f:
        f.write(HEADER + "\n")
        f.writelines(f"22\t{1000 + 90 * i}\t{text()}\tA\tC\t.\tPASS\tDP={i};T={text()}\n" for i in range(SITES))


class Table:
    """A table: its column chunks by the contig and column."""

    def __init__(self, ds, name):
        self.paths, self.chunks = [], []
        for path, contig in ds.files(name):
            self.paths.append(str(path))
            self.chunks += [(contig, c.path.split(".")[0], c) for c in footer.chunks(path)]

    def bytes(self, columns, contig=None):
        return sum(c.end - c.start for where, column, c in self.chunks if column in columns and contig in (None, where))

    def all(self):
        return sum(c.end - c.start for _, _, c in self.chunks)

    def groups(self, contig):
        """The chunks of pos, one for each row group of a contig."""
        return [c for where, column, c in self.chunks if column == "pos" and where == contig]


class Asked:
    """Queries of one database, each with what it may read."""

    def __init__(self, check, database):
        self.check, self.database = check, database

    def within(self, what, sql, low, high, whole=None):
        """The query reads between low and high bytes; the answer's rows."""
        answer = query(sql, self.database)
        self.check.expect(low <= answer.bytes <= high, f"{what}: {answer.bytes} bytes read, {low} to {high} wanted")
        part = f", {answer.bytes / whole:.1%} of the table" if whole else ""
        print(f"{answer.bytes:11,} bytes read, {low:11,} to {high:11,} wanted{part}: {what}", flush=True)
        return answer.rows


def publish(check, lake, path, *flags):
    """Exports a file from the bucket to the bucket; the dataset and what to ask it with."""
    database = lake.database()
    p = lake.export(check, [lake.bucket.put(f"in/{path.name}", path.read_bytes())], path.name, database, "", *flags)
    path.unlink()
    if not check.expect(p.returncode == 0, f"export: exit {p.returncode}: {p.stderr[-300:]}"):
        check.finish()
    return lake.download(check, path.name), Asked(check, database)


def columns(check, lake):
    """Fields of the view, and contigs."""
    path = check.temp / "cohort.vcf.gz"
    make_cohort(path, 48_000 if check.full else 12_000)
    samples = lake.bucket.put("in/samples.tsv", path.with_suffix(".tsv").read_bytes())
    ds, asked = publish(check, lake, path, "--samples", samples, "--group-by", "super_pop")
    variants = Table(ds, "variants")
    whole = variants.all()
    print(f"cohort: variants {whole:,} bytes; " + ", ".join(f"{c} {variants.bytes([c]):,}" for c in [*FIELDS, "n_alt"]))
    for column in FIELDS if check.full else ("gt", "fmt_pl"):
        least = variants.bytes([column, "n_alt"])
        asked.within(f"{column} through genotypes", f"SELECT checksum({column}) FROM genotypes", least, int(1.1 * least), whole)
    query("CREATE VIEW naive AS SELECT u.* FROM variants v CROSS JOIN UNNEST(v.gt, v.n_alt, v.fmt_ad, v.fmt_dp, v.fmt_gq, v.fmt_pl) AS u (gt, n_alt, fmt_ad, fmt_dp, fmt_gq, fmt_pl)", asked.database)
    least = variants.bytes(["gt", "n_alt"])
    read = query("SELECT checksum(gt) FROM naive", asked.database).bytes
    check.expect(read > 1.1 * least, f"a view that unnests all arrays reads {read} bytes: the bound shows nothing")
    print(f"{read:11,} bytes read by a view that unnests all arrays at once, for gt: {read / least:.1f} times gt and n_alt")
    for contig in CONTIGS:
        least = variants.bytes(["fmt_pl"], contig)
        asked.within(f"fmt_pl of contig {contig}", f"SELECT checksum(fmt_pl) FROM variants WHERE chrom = '{contig}'", least, least + OVERHEAD, whole)
    groups = variants.groups("22")
    pages = [p for g in groups for p in g.pages]
    check.expect(len(pages) >= 4 * len(groups), f"cohort: {len(groups)} row groups, {len(pages)} pages of pos")
    pos = groups[len(groups) // 2].low + 90 * 100
    # 11 records may lie across two pages, and ranges that are near each other are read as one.
    asked.within("fmt_pl of 11 records", f"SELECT checksum(fmt_pl) FROM variants WHERE chrom = '22' AND pos BETWEEN {pos} AND {pos + 900}",
                 500_000, variants.bytes(["fmt_pl"], "22") // len(groups) // 4, whole)
    found = asked.within("alleles by population", "SELECT super_pop, sum(n_alt), count(n_alt) FROM genotypes GROUP BY 1 ORDER BY 1",
                         variants.bytes(["n_alt"]), int(1.1 * variants.bytes(["n_alt"])) + OVERHEAD, whole)
    flat = f"SELECT unnest(n_alt) AS n, generate_subscripts(n_alt, 1) AS i FROM read_parquet({variants.paths})"
    theirs = duckdb.sql(f"SELECT s.super_pop, sum(n), count(n) FROM ({flat}) JOIN read_parquet({Table(ds, 'sample_annotations').paths}) s ON s.sample_index = i GROUP BY 1 ORDER BY 1").fetchall()
    check.expect([tuple(r) for r in found] == theirs, f"alleles by population: {found[:2]} for {theirs[:2]}")
    ds.discard()


def ranges(check, lake):
    """Row groups and pages of a table that is sorted by pos."""
    path = check.temp / "sites.vcf.gz"
    make_sites(path)
    ds, asked = publish(check, lake, path)
    variants = Table(ds, "variants")
    whole, groups = variants.bytes(["pos", "id"]), variants.groups("22")
    pages = [p for g in groups for p in g.pages]
    ids = [c for _, column, c in variants.chunks if column == "id"]
    print(f"sites: {len(groups)} row groups, {len(pages)} pages of pos, pos and id {whole:,} bytes")
    check.expect(len(groups) >= 4 and len(pages) >= 4 * len(groups), f"{len(groups)} row groups, {len(pages)} pages of pos")
    sql = "SELECT count(*), min(pos), max(pos), min(id), max(id) FROM {} WHERE pos BETWEEN {} AND {}"
    group, page = groups[len(groups) // 2], pages[len(pages) // 2]
    of_page = (page.high - page.low) // 90 + 1
    for what, low, high, least, most in (
            ("all of pos and id", 0, 1 << 40, whole, int(1.02 * whole)),
            ("one row group", group.low, group.high, whole // len(groups) // 2, 2 * whole // len(groups)),
            ("one page of pos", page.low, page.high, of_page * 40, of_page * 40 + 3 * (1 << 20)),
            ("beyond the last pos", 1 << 40, 1 << 41, 0, OVERHEAD)):
        ours = asked.within(what, sql.format("variants", low, high), least, most, whole)
        theirs = duckdb.sql(sql.format(f"read_parquet({variants.paths})", low, high)).fetchall()
        check.expect([tuple(r) for r in ours] == theirs, f"{what}: {ours} for {theirs}")
    ds.discard()


def main():
    check = Check(__doc__)
    servers_or_leave()
    lake = Lake()
    try:
        columns(check, lake)
        ranges(check, lake)
    finally:
        lake.remove()
    check.finish()


if __name__ == "__main__":
    main()
