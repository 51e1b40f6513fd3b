"""Wrong use is answered in one line on stderr that names what was wrong, with the exit codes of DESIGN section 3.

1: failed; 2: wrong usage. Nothing may become visible in the dataset. --part and --full are the same.
"""
import os
import tempfile

from dataset import ROOT, Check

COHORT, TABLE = ROOT / "testdata" / "cohort.vcf.gz", ROOT / "testdata" / "cohort.samples.tsv"
VCF = "##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{}\n"


def cases(temp, good):
    """Name, arguments, exit codes that will do, and words of which the message must have one of each group."""
    small = temp / "small.vcf"
    small.write_text(VCF.format("a\tb") + "1\t100\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1\n")
    other = temp / "other.vcf"
    other.write_text(VCF.format("a\tc") + "1\t200\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1\n")
    files = {"short.vcf": VCF.format("a") + "1\t100\t.\tA\n", "pos.vcf": VCF.format("a") + "1\tx\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", "empty.vcf": "",
             "page.vcf": "<!DOCTYPE html><html><body>404 Not Found</body></html>\n", "twice.vcf": VCF.format("a\ta"),
             "twice.tsv": "sample\tpop\na\tX\na\tY\n", "nokey.tsv": "name\tpop\na\tX\nb\tY\n", "ragged.tsv": "sample\tpop\na\tX\tmore\n"}
    for name, text in files.items():
        (temp / name).write_text(text)
    (temp / "cut.vcf.gz").write_bytes(COHORT.read_bytes()[:200_000])
    (temp / "plain").write_text("a file where a directory should be\n")
    (temp / "none").mkdir()
    def out(*args):
        return ["export", *args, "--out", tempfile.mkdtemp(dir=temp, prefix="out-"), "--progress", "never"]

    yield "no such file", out(temp / "missing.vcf.gz"), {1}, ["missing.vcf.gz"], ["no such", "not exist", "not found"]
    yield "a glob that matches nothing", out(temp / "none" / "*.vcf.gz"), {1, 2}, ["*.vcf.gz"]
    yield "a directory without VCFs", out(temp / "none"), {1, 2}, ["none"], [".vcf"]
    yield "output not writable: a file", ["export", small, "--out", temp / "plain" / "dataset", "--progress", "never"], {1}, ["plain"], ["--out"]
    yield "output not writable: the kernel's", ["export", small, "--out", "/proc/dataset", "--progress", "never"], {1}, ["/proc/dataset"], ["--out"]
    if os.geteuid():
        (temp / "locked").mkdir(mode=0o500)
        yield "output not writable: permission", ["export", small, "--out", temp / "locked" / "dataset", "--progress", "never"], {1}, ["locked"], ["permission"], ["--out"]
    yield "no --out", ["export", small, "--progress", "never"], {2}, ["--out"]
    yield "a sample table without the key column", out(small, "--samples", temp / "nokey.tsv", "--sample-key", "sample"), {1, 2}, ["nokey.tsv"], ["sample"], ["name"]
    yield "a sample table that is not there", out(small, "--samples", temp / "gone.tsv"), {1}, ["gone.tsv"]
    yield "a sample twice in the table", out(small, "--samples", temp / "twice.tsv"), {1}, ["twice.tsv"], ["3"], ["a"]
    yield "a ragged table", out(small, "--samples", temp / "ragged.tsv"), {1}, ["ragged.tsv"], ["2"]
    yield "an unknown --group-by column", out(COHORT, "--samples", TABLE, "--group-by", "continent"), {2}, ["continent"], ["super_pop"]
    yield "--group-by without --samples", out(small, "--group-by", "pop"), {2}, ["--samples", "pop"]
    yield "an unknown --type column", out(COHORT, "--samples", TABLE, "--type", "height=int"), {1, 2}, ["height"]
    yield "samples in only one, --unmatched fail", out(small, "--samples", TABLE, "--unmatched", "fail"), {1}, ["sample", "cohort.samples.tsv"]
    yield "an unknown flag", out(small, "--colour"), {2}, ["colour"]
    yield "an unknown command", ["convert", small], {2}, ["convert"]
    yield "a bad value of a flag", out(small, "--workers", "many"), {2}, ["workers"], ["many"]
    yield "an unknown choice", out(small, "--on-bad-record", "shrug"), {2}, ["on-bad-record", "shrug"]
    yield "a bad size", out(small, "--part-size", "big"), {2}, ["part-size"], ["big"]
    yield "the same file twice", out(small, small), {1, 2}, ["small.vcf"]
    yield "inputs with different samples", out(small, other), {1}, ["other.vcf"], ["c", "b"]
    yield "too few columns", out(temp / "short.vcf"), {1}, ["short.vcf"], ["4"]
    yield "POS not a number", out(temp / "pos.vcf"), {1}, ["pos.vcf"], ["POS"], ["4"]
    yield "an empty file", out(temp / "empty.vcf"), {1}, ["empty.vcf"], ["empty"]
    yield "an HTML page", out(temp / "page.vcf"), {1}, ["page.vcf"], ["HTML"]
    yield "a sample twice in the VCF", out(temp / "twice.vcf"), {1}, ["twice.vcf"], ["a"]
    yield "a truncated file", out(temp / "cut.vcf.gz"), {1}, ["cut.vcf.gz"], ["truncated", "cut", "end"]
    yield "SQL with an error", ["query", good, "SELEKT 1"], {1}, ["SELEKT", "syntax"]
    yield "SQL of an unknown table", ["query", good, "SELECT * FROM genes"], {1}, ["genes"]
    yield "SQL of an unknown column", ["query", good, "SELECT nosuch FROM variants"], {1}, ["nosuch"]
    yield "query without SQL", ["query", good], {2}, ["SQL", "argument"]
    yield "query of what is no dataset", ["query", temp / "none", "SELECT 1"], {1}, ["none"], ["dataset", "export"]
    yield "preview of an unknown table", ["preview", good, "genes"], {1, 2}, ["genes"], ["variants"]
    yield "tables of what is not there", ["tables", temp / "gone"], {1}, ["gone"]
    yield "inspect of what is not there", ["inspect", temp / "gone.vcf"], {1}, ["gone.vcf"]
    yield "ddl without --database", ["ddl", good], {2}, ["--database"]


def main():
    check = Check(__doc__)
    good = check.export(COHORT, "--samples", TABLE).root
    print(f"{'exit':>4}  {'case':40} answer")
    for name, args, codes, *words in cases(check.temp, good):
        p = check.run(*args)
        said = [line for line in p.stderr.splitlines() if line.strip()]
        print(f"{p.returncode:4}  {name:40} {' / '.join(said).replace(str(check.temp), '')[:230]}")
        check.expect(p.returncode in codes, f"{name}: exit {p.returncode}, {' or '.join(map(str, codes))} wanted")
        check.expect(len(said) == 1, f"{name}: {len(said)} lines on stderr, one wanted")
        for group in words:
            check.expect(any(w.lower() in p.stderr.lower() for w in group), f"{name}: says {' or '.join(group)}")
        check.expect("panic" not in p.stderr and "goroutine" not in p.stderr, f"{name}: no panic")
        check.expect(not list(check.temp.glob("out-*/_current.json")), f"{name}: nothing visible")
    check.finish()


if __name__ == "__main__":
    main()
