"""The commit of many shards of a wide cohort: the process that adds up their tallies stays within 1 GiB.

A cohort of 100,000 samples with GT:DP:GQ, whose tallies are the largest there are, is exported in as many shards as it has records, each by a process of its own, and in one. The last shard, which commits, is measured:
its memory, whatever the number of shards, and its CPU. What it writes of the samples must be, byte for byte, what one process writes; het calls and mean depths of samples must be what the making of the cohort counts; and
varlake verify must be content.
--part has 40 shards, --full 1,000.
"""
import random

import measure
from dataset import Check, Dataset
from packing import END, block, blocks
from workers import run_shards, sharded

SAMPLES, MEMORY = 100_000, 1 << 30
KINDS = 8  # of records, which come again in turn: their blocks are packed once
CALLS = ["0|0", "0|0", "0|0", "0|1", "1|0", "1|1", ".|."]
HET = {"0|1", "1|0"}


def cohort(records):
    """The cohort, and of each kind of record which samples are het, and the depth of each."""
    rng = random.Random(7)
    names = "\t".join(f"sample_{i}" for i in range(SAMPLES))
    header = "".join(f'##FORMAT=<ID={id},Number=1,Type={type},Description="">\n' for id, type in [("GT", "String"), ("DP", "Integer"), ("GQ", "Integer")])
    data = blocks(f"##fileformat=VCFv4.2\n##contig=<ID=1>\n{header}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}\n".encode(), level=1)
    calls = [[(rng.choice(CALLS), rng.randrange(60), rng.randrange(100)) for _ in range(SAMPLES)] for _ in range(KINDS)]
    packed = [blocks(("\t".join(f"{gt}:{dp}:{gq}" for gt, dp, gq in kind) + "\n").encode(), level=1) for kind in calls]
    for i in range(records):
        data += [block(f"1\t{100 + i}\t.\tA\tC\t.\t.\t.\tGT:DP:GQ\t".encode()), *packed[i % KINDS]]
    return b"".join(data) + END, [[gt in HET for gt, _, _ in kind] for kind in calls], [[dp for _, dp, _ in kind] for kind in calls]


def main():
    check = Check(__doc__)
    shards = 1000 if check.full else 40
    data, het, depth = cohort(shards)
    vcf = check.temp / "wide.vcf.gz"
    vcf.write_bytes(data)
    one, many = check.temp / "one", check.temp / "many"
    alone = measure.run([check.varlake, "export", vcf, "--out", one, "--progress", "never"], 3600)
    check.expect(alone.code == 0, f"one process: {alone.err}")

    told = run_shards(check, [vcf], many, shards, order=range(shards - 1))
    check.expect(all(t[0] == 0 for t in told.values()), f"shards: {[t for t in told.values() if t[0] != 0][:2]}")
    check.expect(not (many / "_current.json").exists(), "nothing is visible before the last shard")
    # How many records a shard has depends on where blocks fall; the last is measured twice: as it ends its own work and commits, and, once that is taken away again, as it does nothing but commit.
    last = [check.varlake, "export", vcf, "--out", many, "--progress", "never", *sharded(shards, shards - 1)]
    took = [measure.run(last, 3600)]
    before = {f: f.read_bytes() for f in sorted(many.rglob("*")) if f.is_file() and (f.name in ("_current.json", "_SUCCESS", "_manifest.json") or f.parent.name == "sample_annotations")}
    check.expect(len(before) == 4, f"what the commit wrote: {list(before)}")
    for f in before:
        f.unlink()
    took.append(measure.run(last, 3600))
    for t in took:
        check.expect(t.code == 0 and t.peak <= MEMORY, f"the last shard: exit {t.code}, {t.peak >> 20} MiB: {t.err}")
    check.expect({f: f.read_bytes() for f in before} == before, "a second commit writes other bytes")

    x, y = Dataset(one), Dataset(many)
    files = [[p.read_bytes() for p, _ in ds.files("sample_annotations")] for ds in (x, y)]
    check.expect(files[0] == files[1] and len(files[0]) == 1, "sample_annotations is not that of one process")
    check.expect(y.manifest["records"] == y.manifest["rows"] == shards, f"{y.manifest['records']} records, {y.manifest['rows']} rows")
    table = y.read("sample_annotations", ["qc_n_het", "qc_dp_mean"]).to_pydict()
    times = [len(range(k, shards, KINDS)) for k in range(KINDS)]
    n_het = [sum(n for n, h in zip(times, of) if h) for of in zip(*het)]
    mean = [sum(n * d for n, d in zip(times, of)) / shards for of in zip(*depth)]
    check.expect(table["qc_n_het"] == n_het, "het calls of samples")
    check.expect(max(abs(a - b) for a, b in zip(table["qc_dp_mean"], mean)) < 1e-9, "mean depths of samples")
    verified = check.run("verify", many)
    check.expect(verified.returncode == 0, f"verify: {verified.stderr} {verified.stdout[-400:]}")
    print(f"{shards} shards of {SAMPLES} samples: the last takes {took[0].peak >> 20} MiB and {took[0].cpu:.1f} s of CPU, its commit alone {took[1].peak >> 20} MiB and {took[1].cpu:.1f} s; one process for all {alone.peak >> 20} MiB")
    check.finish()


if __name__ == "__main__":
    main()
