"""Files made to exhaust memory: peak memory is bounded, and the answer is an error in one line or the right tables.

The bound is 1 GiB, the default of --memory, unless the table says otherwise; a line may have a quarter of it. What the files
claim, or inflate to, is far more: counts of a billion, a line of 64 MB, 1 GiB of zeros or of newlines in a megabyte of gzip.
--part leaves out those that take more than ten seconds.
"""
import itertools
import os
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

import measure
from dataset import ALL_TABLES, Check, Dataset
from packing import END, bgzf, block, member

MIB = 1 << 20
HEAD = "##fileformat=VCFv4.3\n##contig=<ID=1>\n"
SITES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
TIMEOUT = 120  # seconds


def field(kind, key, number="1", of="String"):
    return f'##{kind}=<ID={key},Number={number},Type={of},Description="made">\n'


def site(info=".", pos=1, ref="A", alt="C", chrom="1", more=""):
    return f"{chrom}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t{info}{more}\n"


def sites(*records, header=HEAD):
    return (header + SITES + "\n" + "".join(records)).encode()


def calls(cells, fmt, header="", samples=2):
    """A file of one record with a cell for each sample."""
    head = HEAD + header + SITES + "\tFORMAT\t" + "\t".join(f"s{i}" for i in range(samples)) + "\n"
    return (head + site(more=f"\t{fmt}\t" + "\t".join(cells))).encode()


def repeated(piece, times, level=6):
    """Whole pieces of up to a megabyte as one gzip member, many times over."""
    return member(piece * (MIB // len(piece)), level) * times


def column(table, name, row=0):
    return lambda ds: ds.read(table, [name]).column(name)[row].as_py()


def alleles(ds):
    """The distinct alternate alleles of carriers, which are not read once for each row."""
    found = [pq.ParquetFile(path, read_dictionary=["alt.list.element"]).read(["alt"]).column("alt").combine_chunks() for path, _ in ds.files("carriers")]
    return [a for f in found for a in f.values.dictionary.to_pylist()]


class Hostile:
    """A file: how it is made, what it must come to (a word of the error, or a condition on the dataset), and flags."""

    def __init__(self, name, make, error=None, holds=None, flags=(), bound=1024, slow=False):
        self.name, self.make, self.error, self.holds, self.flags, self.bound, self.slow = name, make, error, holds, flags, bound, slow


def lies():
    """Headers and blocks that claim more than there is."""
    billion = "1000000000"
    header = field("INFO", "N", billion, "Integer") + field("INFO", "S", billion)
    yield Hostile("INFO Number=1000000000", lambda: sites(*[site(f"N={i},2;S=a,b", i) for i in range(1, 1001)], header=HEAD + header), bound=256,
                  holds=lambda ds: column("variant_annotations", "info_other", 999)(ds) == [("N", "1000,2"), ("S", "a,b")])
    header = field("FORMAT", "GT") + field("FORMAT", "N", billion, "Integer") + field("FORMAT", "B", "99999999999999999999", "Integer")
    yield Hostile("FORMAT Number=1000000000", lambda: calls(["0/1:1,2:3", "1/1:.:."], "GT:N:B", header), bound=256,
                  holds=lambda ds: ("N", ["1,2", None]) in column("variants", "fmt_other")(ds))
    yield Hostile("contig length=9999999999999999999", lambda: sites(site(pos=9_223_372_036_854_775_807), header="##fileformat=VCFv4.3\n##contig=<ID=1,length=9999999999999999999>\n"),
                  bound=256, holds=lambda ds: column("variants", "pos")(ds) == 2**63 - 1)
    genotypes = ["/".join(["0"] * 200), "2000000000/0"]
    yield Hostile("a GT of ploidy 200 with Number=G, an allele 2000000000", lambda: calls([g + ":1" for g in genotypes], "GT:PL", field("FORMAT", "GT") + field("FORMAT", "PL", "G", "Integer")),
                  bound=256, holds=lambda ds: column("variants", "gt")(ds) == genotypes and column("variants", "n_alt")(ds) == [0, None])
    text = sites(*[site(pos=i) for i in range(1, 1001)])
    yield Hostile("a block that claims 64 KiB more than it holds", lambda: block(text[:9000]) + block(text[9000:], isize=len(text) - 9000 + 65536) + END, error="ISIZE", bound=128)
    yield Hostile("a block that claims 10 bytes more than it holds", lambda: block(text[:9000]) + block(text[9000:], isize=len(text) - 8990) + END, error="byte", bound=128)
    yield Hostile("a block that claims 4 GiB", lambda: block(text, isize=2**32 - 1) + END, error="ISIZE", bound=128)


def lines():
    """Lines of 64 MB."""
    long = "ACGTTGCA" * (8 * MIB)
    fit = lambda name, table: lambda ds: column(table, name)(ds) == long
    yield Hostile("INFO of 64 MB", lambda: bgzf(sites(site(f"S={long}"), header=HEAD + field("INFO", "S")), level=1), holds=fit("info_s", "variant_annotations"))
    yield Hostile("an undeclared INFO key of 64 MB", lambda: bgzf(sites(site(f"U={long}")), level=1),
                  holds=lambda ds: column("variant_annotations", "info_other")(ds) == [("U", long)])
    yield Hostile("one sample's field of 64 MB", lambda: bgzf(calls([long, "x"], "S", field("FORMAT", "S")), level=1), holds=lambda ds: column("variants", "fmt_s")(ds) == [long, "x"])
    yield Hostile("a REF of 64 MB", lambda: bgzf(sites(site(ref=long)), level=1), holds=fit("ref", "variants"))
    yield Hostile("a GT of 64 MB", lambda: bgzf(calls(["/".join("01" * (16 * MIB)), "0/1"], "GT", field("FORMAT", "GT")), level=1),
                  holds=lambda ds: column("variants", "n_alt")(ds) == [16 * MIB, 1])
    yield Hostile("a list of 8 M integers", lambda: bgzf(sites(site("I=" + ",".join("1234567" for _ in range(8 * MIB))), header=HEAD + field("INFO", "I", ".", "Integer")), level=1),
                  holds=lambda ds: len(column("variant_annotations", "info_i")(ds)) == 8 * MIB)
    yield Hostile("16 M ALT alleles", lambda: bgzf(sites(site(alt=",".join("ACG" for _ in range(16 * MIB)))), level=1), slow=True,
                  holds=lambda ds: len(column("variants", "alt")(ds)) == 16 * MIB)
    yield Hostile("300,000 undeclared INFO keys in a record", lambda: bgzf(sites(site(";".join(f"k{i}" for i in range(300_000))))),
                  holds=lambda ds: len(column("variant_annotations", "info_other")(ds)) == 300_000)
    yield Hostile("300,000 undeclared FORMAT keys in a record", lambda: bgzf(calls([":".join(f"{i}" for i in range(300_000))] * 2, ":".join(f"k{i}" for i in range(300_000)))),
                  holds=lambda ds: len(column("variants", "fmt_other")(ds)) == 300_000)
    yield Hostile("an ALT of 64 MB that 1,000 samples carry, with carriers", lambda: bgzf(calls(["0/1"] * 1000, "GT", field("FORMAT", "GT"), 1000).replace(b"\tC\t", f"\t{long}\t".encode()), level=1),
                  flags=ALL_TABLES, holds=lambda ds: ds.rows("carriers") == 1000 and alleles(ds) == [long])
    yield Hostile("100 records of 100,000 calls, all missing, with carriers", lambda: bgzf(calls(["."] * 100_000, "GT", field("FORMAT", "GT"), 100_000) + 99 * site(more="\tGT" + 100_000 * "\t.").encode(), level=1),
                  flags=ALL_TABLES, holds=lambda ds: ds.rows("carriers") == 10_000_000)
    yield Hostile("a line longer than --memory allows", lambda: bgzf(sites(site(), site(f"S={long}")), level=1), error="line 5", flags=["--memory", "64MiB"], bound=256)
    yield Hostile("the same, quarantine", lambda: bgzf(sites(site(), site(f"S={long}")), level=1), error="line 5", flags=["--memory", "64MiB", "--on-bad-record", "quarantine"], bound=256)
    yield Hostile("64 MB that are no record, quarantine", lambda: bgzf(sites(site(), long + "\n"), level=1), flags=["--on-bad-record", "quarantine"],
                  holds=lambda ds: ds.manifest["rejected"] == 1 and ds.manifest["rows"] == 1)


def bombs():
    """A megabyte that inflates to a gibibyte."""
    head = member(sites(site()))
    gib = 1024
    yield Hostile("1 GiB of zeros", lambda: repeated(b"\0", gib), error="header")
    yield Hostile("a VCF, then 1 GiB of zeros: one line", lambda: head + repeated(b"\0", gib), error="line 5")
    yield Hostile("the same, quarantine", lambda: head + repeated(b"\0", gib), error="line 5", flags=["--on-bad-record", "quarantine"])
    yield Hostile("a VCF, then 1 GiB of one INFO", lambda: head + member(site("S=")[:-1].encode()) + repeated(b"x", gib), error="line 5")
    yield Hostile("the same in BGZF", lambda: block(sites(site())) + block(b"A" * 65536) * (gib * 16) + END, error="line 5")
    yield Hostile("a VCF, then 1 GiB of newlines", lambda: head + repeated(b"\n", gib), error="line 5")
    yield Hostile("a VCF, then 4 MiB of newlines and a record, quarantine", lambda: head + repeated(b"\n", 4) + member(site(pos=2).encode()), flags=["--on-bad-record", "quarantine"],
                  holds=lambda ds: ds.manifest["rejected"] == 4 * MIB and ds.manifest["rows"] == 2)
    yield Hostile("1 GiB of header lines", lambda: member(b"##fileformat=VCFv4.3\n") + repeated(b"##a=0123456789b\n", gib), error="header")
    yield Hostile("1 GiB of one header line", lambda: member(b"##fileformat=VCFv4.3\n##a=") + repeated(b"x", gib), error="header")
    record = site("AA;BBBB;CCCCC;D").encode()
    yield Hostile("256 MiB of records", lambda: head + repeated(record, 256), slow=True, holds=lambda ds: ds.manifest["rows"] == 1 + 256 * (MIB // len(record)))
    yield Hostile("20,000 empty blocks", lambda: block(sites(site())) + END * 20_000, holds=lambda ds: ds.manifest["rows"] == 1, bound=128)


def headers():
    """Headers of millions of lines, names by the million."""
    yield Hostile("2 M contig lines", lambda: bgzf(sites(site(), header=HEAD + "".join(f"##contig=<ID=c{i},length=1000>\n" for i in range(2_000_000))), level=1), holds=lambda ds: ds.manifest["rows"] == 1)
    yield Hostile("5 M unstructured lines", lambda: bgzf(sites(site(), header=HEAD + "".join(f"##l{i}=x\n" for i in range(5_000_000))), level=1), holds=lambda ds: ds.manifest["rows"] == 1)
    yield Hostile("100,000 INFO lines", lambda: bgzf(sites(*[site(f"I{i}=v", i) for i in range(1, 101)], header=HEAD + "".join(field("INFO", f"I{i}") for i in range(100_000))), level=1), slow=True,
                  holds=lambda ds: len(ds.tables["variant_annotations"]["columns"]) > 100_000)
    yield Hostile("100,000 samples", lambda: bgzf(calls(["0/1"] * 100_000, "GT", field("FORMAT", "GT"), 100_000), level=1),
                  holds=lambda ds: ds.rows("sample_annotations") == 100_000)
    yield Hostile("1 M undeclared keys, one a record", lambda: bgzf(sites(*(site(f"K{i}=1", i) for i in range(1, 1_000_001))), level=1), slow=True,
                  holds=lambda ds: ds.manifest["rows"] == 1_000_000)
    texts = ("/".join(p) for p in itertools.product("0123456789", repeat=6))
    yield Hostile("1 M distinct GT texts", lambda: bgzf((HEAD + field("FORMAT", "GT") + SITES + "\tFORMAT\t" + "\t".join(f"s{i}" for i in range(1000)) + "\n" + "".join(
        site(pos=p, more="\tGT\t" + "\t".join(itertools.islice(texts, 1000))) for p in range(1, 1001))).encode(), level=1), slow=True, holds=lambda ds: ds.manifest["rows"] == 1000)


def main():
    check = Check(__doc__)
    os.nice(10)
    print(f"{'file':>9} {'peak':>6} {'bound':>6} {'s':>6} {'exit':>4}  case")
    for case in itertools.chain(lies(), lines(), bombs(), headers()):
        if case.slow and not check.full or check.only not in case.name:
            continue
        folder = Path(tempfile.mkdtemp(dir=check.temp))
        path, out = folder / "in.vcf.gz", folder / "out"
        path.write_bytes(case.make())
        did = measure.run([check.varlake, "export", path, "--out", out, "--progress", "never", "--workers", "2", *case.flags], TIMEOUT)
        said = did.err.strip().replace(str(folder), "")
        print(f"{path.stat().st_size:9} {did.peak // MIB:6} {case.bound:6} {did.seconds:6.1f} {did.code:4}  {case.name}: {said[:160] or 'tables'}", flush=True)
        path.unlink()
        check.expect(not measure.crashed(did), f"{case.name}: {measure.crashed(did)}: {did.err[:300]}")
        check.expect(did.peak < case.bound * MIB, f"{case.name}: {did.peak // MIB} MiB, {case.bound} allowed")
        visible = (out / "_current.json").exists()
        if case.error:
            check.expect(did.code == 1 and not visible and len(said.splitlines()) == 1 and case.error in said, f"{case.name}: exit {did.code}, visible {visible}: {said[:300]}")
        else:
            check.expect(did.code == 0 and visible and case.holds(Dataset(out)), f"{case.name}: exit {did.code}, the tables have what the file says: {said[:300]}")
        shutil.rmtree(folder)
    check.finish()


if __name__ == "__main__":
    main()
