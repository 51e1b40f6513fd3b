#!/usr/bin/env python3
"""What docs/scale.md reckons with, measured: CPU, memory, bytes, files and requests of exports by samples and records.

  costs.py --varlake BINARY [--cohorts DIRECTORY] [--rounds 3] > checks/scale.json

Each cohort is exported with one record, as it was made, and with its records repeated: what the last has more than the first is what a record costs, the first is what a job costs before it
begins, and what repetition hides, bytes of variant_annotations, is told by the second. Requests are counted by a proxy before the S3 server of AWS_ENDPOINT_URL_S3. Needs bgzip on PATH, and msprime and numpy where the cohorts are not there yet.
One export at a time; not part of CI, whose machines have neighbours. scale.py makes the tables of the page from what this prints.
"""
import argparse
import collections
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from objects import Bucket, Proxy
from packing import END

HERE = Path(__file__).resolve().parent
MAKE = HERE.parent.parent / "shared" / "bench" / "make_cohort.py"

# Arguments of make_cohort.py, and how often the records are repeated.
COHORTS = {
    "phase 3": ("p3x4", ["--variants", "200000"], 14),
    "100,000 samples": ("s100000", ["--samples", "100000", "--variants", "1000"], 40),
    "100,000 samples, GATK": ("g100000", ["--style", "gatk", "--samples", "100000", "--variants", "200"], 10),
}
SHARDS = [1, 4, 16, 64]  # numbers of shards of phase 3 as it was made
SETS = 20000  # part sets of the export that shows what a set costs


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Cohorts:
    """The cohorts of a directory, which are made if they are not there."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)

    def made(self, name, arguments):
        path = self.dir / f"{name}.vcf.gz"
        if not path.exists():
            subprocess.run([sys.executable, MAKE, *arguments, self.dir / name], check=True, stdout=sys.stderr)
        return path

    def one(self, path):
        """The header and the first record."""
        out = self.dir / f"one-{path.name}"
        text = subprocess.Popen(["bgzip", "-dc", path], stdout=subprocess.PIPE)
        header = b""
        for line in text.stdout:
            header += line
            if not line.startswith(b"#"):
                break
        text.kill()
        text.wait()
        out.write_bytes(subprocess.run(["bgzip", "-c"], input=header, stdout=subprocess.PIPE, check=True).stdout)
        return out

    def long(self, path, times):
        """The header and the records so many times: their blocks are copied."""
        out = self.dir / f"long-{path.name}"
        if out.exists():
            return out
        packed = lambda keep: subprocess.run(f"bgzip -dc {path} | grep {keep} '^#' | bgzip -c", shell=True, stdout=subprocess.PIPE, check=True).stdout.removesuffix(END)
        body = packed("-v")
        with open(out, "wb") as f:
            f.write(packed("-e"))
            for _ in range(times):
                f.write(body)
            f.write(END)
        return out


class Exports:
    def __init__(self, varlake, rounds):
        self.varlake, self.rounds = varlake, rounds

    def run(self, vcf, out, *flags, env=None):
        """CPU seconds, wall seconds and MiB of one export."""
        command = [self.varlake, "export", str(vcf), "--out", str(out), "--progress", "never", *flags]
        start = time.time()
        p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr, env={**os.environ, **(env or {})})
        _, status, used = os.wait4(p.pid, 0)
        if status:
            sys.exit(f"{command} failed")
        return used.ru_utime + used.ru_stime, time.time() - start, used.ru_maxrss / 1024

    def medians(self, vcf):
        """What an export takes, the medians of the rounds, and what it leaves."""
        seen = []
        for _ in range(self.rounds):
            out = Path(tempfile.mkdtemp(prefix="costs-")) / "d"
            seen.append(self.run(vcf, out))
            left = leaves(out)
            shutil.rmtree(out.parent)
        cpu, wall, mib = map(statistics.median, zip(*seen))
        say(f"  {vcf.name}: {left['records']} records, {cpu:.2f} CPU s {wall:.2f} wall s {mib:.0f} MiB")
        return {"bytes in": vcf.stat().st_size, "cpu": round(cpu, 3), "wall": round(wall, 3), "mib": round(mib), **left}


def leaves(dataset):
    """Bytes and files of a dataset."""
    run = next((dataset / "runs").iterdir())
    manifest = json.loads((run / "_manifest.json").read_text())
    sets = sorted((run / "_parts").glob("*.json"))
    return {"records": manifest["records"], "samples": manifest["samples"],
            "bytes": {t["name"]: t["bytes"] for t in manifest["tables"]}, "part sets": len(sets),
            "tally": max(f.stat().st_size for f in (run / "_parts").glob("*.zst")), "part note": max(f.stat().st_size for f in sets),
            "manifest": (run / "_manifest.json").stat().st_size, "header": (run / "_header.vcf").stat().st_size}


def kind(method, path):
    """What a request is by its method and query, and which object it is about."""
    where = urllib.parse.urlsplit(path)
    query = urllib.parse.parse_qs(where.query, keep_blank_values=True)
    folder = re.search(r"/(_[a-z]+)/", where.path)
    about = "input" if "/in/" in where.path else folder[1] if folder else "table" if where.path.endswith(".parquet") else "other"
    if "list-type" in query:
        return "LIST"
    if "partNumber" in query:
        return f"PUT part of {about}"
    if method == "POST":
        return f"POST {'begin' if 'uploads' in query else 'end'} of {about}"
    return f"{method} {about}"


def requests(exports, vcf, shards=1):
    """Requests of an export from S3 to S3, by kind; its shards one after another."""
    bucket, proxy = Bucket(), Proxy()
    try:
        with open(vcf, "rb") as source, bucket._fs.open_output_stream(f"{bucket.name}/in/a.vcf.gz", compression=None) as target:
            shutil.copyfileobj(source, target, 8 << 20)
        took = [exports.run(f"{bucket.uri}/in/a.vcf.gz", f"{bucket.uri}/out", *(["--shards", str(shards), "--shard", str(i)] if shards > 1 else []), env={"AWS_ENDPOINT_URL_S3": proxy.url})
                for i in range(shards)]
        counts = collections.Counter(kind(method, path) for method, path, _, _ in proxy.log)
    finally:
        proxy.close()
        bucket.remove()
    cpu, mib = sum(t[0] for t in took), max(t[2] for t in took)
    say(f"  {vcf.name} over S3 in {shards} shards: {sum(counts.values())} requests, {cpu:.2f} CPU s, {mib:.0f} MiB")
    return {"requests": dict(sorted(counts.items())), "mib over S3": round(mib), "cpu over S3": round(cpu, 3)}


def part_sets(exports, directory, sets):
    """What an export leaves and takes whose contig changes with each record, so that each is a set of parts. Long lines keep the sets of few records in memory at a time."""
    vcf = directory / f"sets-{sets}.vcf"
    with open(vcf, "w") as f:
        f.write("##fileformat=VCFv4.2\n" + "".join(f"##contig=<ID={i}>\n" for i in range(100)))
        f.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n')
        f.writelines(f"{i % 100}\t{1000 + i}\t{'x' * 20000}\tA\tC\t.\t.\t.\tGT\t0/1\n" for i in range(sets))
    return exports.medians(vcf)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--varlake", required=True)
    a.add_argument("--cohorts", default=os.path.join(tempfile.gettempdir(), "varlake-cohorts"))
    a.add_argument("--rounds", type=int, default=3)
    o = a.parse_args()
    cohorts, exports, found = Cohorts(o.cohorts), Exports(o.varlake, o.rounds), {}
    for name, (stem, arguments, times) in COHORTS.items():
        say(name)
        vcf = cohorts.made(stem, arguments)
        one, long = cohorts.one(vcf), cohorts.long(vcf, times)
        found[name] = {"one": {**exports.medians(one), **requests(exports, one)}, "made": exports.medians(vcf), "long": {**exports.medians(long), **requests(exports, long)}}
    say("shards")
    found["shards"] = {shards: requests(exports, cohorts.made(*COHORTS["phase 3"][:2]), shards) for shards in SHARDS}
    say("part sets")
    once = Exports(o.varlake, 1)
    found["part sets"] = {"few": part_sets(once, cohorts.dir, SETS // 10), "many": part_sets(once, cohorts.dir, SETS)}
    json.dump(found, sys.stdout, indent=1)
    print()


main()
