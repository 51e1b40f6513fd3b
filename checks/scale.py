#!/usr/bin/env python3
"""The tables of docs/scale.md: what large cohorts take, reckoned from what costs.py measured (scale.json).

  scale.py [scale.json]

Prices and all else that is not measured are the names below: put in your own. Requests are reckoned by a formula, which is held against those that were counted; it exits 1 where they differ
by more than a tenth.
"""
import json
import math
import sys
from pathlib import Path

# Prices in dollars: examples only, of the order of us-east-1 in 2025. Spot prices change by the hour.
VCPU_HOUR = 0.02          # Spot, with the memory that comes with it
PER_PUT = 0.005 / 1000    # PUT, POST and LIST; DELETE is free, and one a job
PER_GET = 0.0004 / 1000
GB_MONTH = 0.023          # S3 Standard
TB_SCANNED = 5.0          # Athena

VCPUS = 2                 # of a job
SPEED_UP = 1.7            # of two workers over one: docs/performance.md has 1.67 to 1.86
START = 120               # seconds that a machine is paid before a job begins

# What export does.
PART = 256 << 20          # --part-size: a set of parts ends when `variants` has so many bytes
UPLOAD = 8 << 20          # files above it are uploaded in pieces of it
RANGE = 4 << 20           # of the input, for each GET
MAX_SETS = 100_000

# What services bear.
ROW = 32e6                # Athena: bytes of a row
LIST_PAGE = 1000
PUT_RATE = 3500           # S3: PUTs a second under a prefix

# Bytes of a sample in a row once it is read: texts and numbers with an offset or a length for each list.
ROW_OF_GT = 3 + 4 + 4                            # gt, n_alt
ROW_OF_GATK = ROW_OF_GT + (8 + 4) + 4 + 4 + (12 + 4)  # AD of two, DP, GQ, PL of three

# name: cohort it is like, records, samples, inputs, contigs, shards, --part-size
COHORTS = {
    "1000 Genomes": ("phase 3", 84.7e6, 2504, 25, 25, 8, PART),
    "100,000 samples, GT": ("100,000 samples", 500e6, 100_000, 25, 25, 100, PART),
    "100,000 samples, GT:AD:DP:GQ:PL": ("100,000 samples, GATK", 500e6, 100_000, 25, 25, 2000, 4 << 30),
}


class Costs:
    """What a record, a genotype, a set of parts and a job of a measured cohort cost."""

    def __init__(self, measured, shard):
        one, made, long = measured["one"], measured["made"], measured["long"]
        more = long["records"] - one["records"]
        self.samples, self.shard = long["samples"], shard
        self.cpu = (long["cpu"] - one["cpu"]) / more
        self.input = (long["bytes in"] - one["bytes in"]) / more
        self.variants = (long["bytes"]["variants"] - one["bytes"]["variants"]) / more
        self.annotations = (made["bytes"]["variant_annotations"] - one["bytes"]["variant_annotations"]) / (made["records"] - one["records"])
        self.start_cpu, self.start_mib = one["cpu"] + shard.cpu, one["mib over S3"]
        self.first = reads_and_writes(one["requests"])
        self.disk_mib, self.s3_mib = long["mib"], long["mib over S3"]
        self.tally, self.samples_bytes = long["tally"], long["bytes"]["sample_annotations"]

    def requests(self, sets, files, jobs, inputs, input_bytes):
        """GETs (with HEAD), and PUTs (with POST, LIST and DELETE), where a set has files of these bytes."""
        gets = self.first[0] + input_bytes / RANGE + jobs * (inputs - 1) + (jobs - 1) * self.shard.gets
        puts = self.first[1] - OF_SETS + inputs - 1 + (jobs - 1) * self.shard.puts + jobs * (math.ceil(jobs / LIST_PAGE) - 1)
        return gets, puts + sets * (2 + sum(math.ceil(f / UPLOAD) + 3 if f > UPLOAD else 1 for f in files))  # begin, end, note in _uploads


OF_SETS = 4  # PUTs of the one set of an export of one record: two files, two objects in _parts


class Shard:
    """What a shard costs beside the first and beside its records, from exports of few and of many."""

    def __init__(self, measured):
        few, many = measured["1"], measured["16"]
        more = 16 - 1
        (gets, puts), (all_gets, all_puts) = reads_and_writes(few["requests"]), reads_and_writes(many["requests"])
        self.cpu = (many["cpu over S3"] - few["cpu over S3"]) / more
        self.gets = (all_gets - gets) / more
        self.puts = (all_puts - puts + pieces(few["requests"])) / more - OF_SETS


def reads_and_writes(counts):
    """GETs (with HEAD) and all else of what the proxy counted."""
    reads = sum(n for kind, n in counts.items() if kind.split()[0] in ("GET", "HEAD"))
    return reads, sum(counts.values()) - reads


def pieces(counts):
    """What files that are uploaded in pieces take more than one PUT each."""
    of = lambda kind: counts.get(kind, 0)
    return of("PUT part of table") + of("POST end of table") + of("PUT _uploads")


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def size(n):
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= scale:
            return f"{n / scale:.3g} {unit}"
    return f"{n:.0f} B"


def large(n):
    return f"{n:,.0f}"


def measured_table(all_costs):
    per = lambda what, of: [what] + [of(c) for c in all_costs.values()]
    table(["measured", *all_costs], [
        per("CPU, a genotype", lambda c: f"{c.cpu / c.samples * 1e9:.1f} ns"),
        per("CPU, a record", lambda c: f"{c.cpu * 1e6:,.0f} µs"),
        per("in, a genotype", lambda c: f"{c.input / c.samples:.3g} B"),
        per("`variants`, a genotype", lambda c: f"{c.variants / c.samples:.3g} B"),
        per("`variants`, a record", lambda c: size(c.variants)),
        per("`variant_annotations`, a record", lambda c: size(c.annotations)),
        per("memory, disk to disk", lambda c: f"{c.disk_mib} MiB"),
        per("memory, S3 to S3", lambda c: f"{c.s3_mib} MiB"),
        per("a job of one record", lambda c: f"{c.start_cpu - c.shard.cpu:.2f} CPU s, {sum(c.first)} requests, {c.start_mib} MiB"),
        per("tally of a set of parts", lambda c: size(c.tally)),
        per("`sample_annotations`", lambda c: size(c.samples_bytes)),
    ])


def reckoned(costs, records, samples, inputs, contigs, shards, part, set_bytes):
    """All figures of a cohort."""
    scale = samples / costs.samples
    r = {"genotypes": records * samples, "shards": shards, "part": part}
    r["cpu"] = records * costs.cpu * scale + shards * costs.start_cpu
    r["wall"] = r["cpu"] / shards / SPEED_UP
    r["in"], r["variants"], r["annotations"] = records * costs.input * scale, records * costs.variants * scale, records * costs.annotations
    r["out"] = r["variants"] + r["annotations"] + costs.samples_bytes
    r["sets"] = math.ceil(r["variants"] / part) + shards + contigs
    r["set"] = r["wall"] * shards / r["sets"]
    files = [r["variants"] / r["sets"], r["annotations"] / r["sets"]]
    r["files"] = 2 * r["sets"] + 1
    r["notes"] = 2 * r["sets"]
    r["uploads"] = sum(r["sets"] for f in files if f > UPLOAD)
    r["gets"], r["puts"] = costs.requests(r["sets"], files, shards, inputs, r["in"])
    r["manifest"] = r["sets"] * set_bytes
    r["tallies"] = r["sets"] * costs.tally
    r["rate"] = r["puts"] / r["wall"]
    r["compute $"] = shards * VCPUS * (r["wall"] + START) / 3600 * VCPU_HOUR
    r["requests $"] = r["puts"] * PER_PUT + r["gets"] * PER_GET
    r["storage $"] = (r["out"] + r["tallies"]) / 1e9 * GB_MONTH
    r["scan $"] = r["variants"] / 1e12 * TB_SCANNED
    return r


def cohort_table(found):
    per = lambda what, of: [what] + [of(r) for r in found.values()]
    hours = lambda s: f"{s / 3600:,.3g} h" if s >= 3600 else f"{s / 60:.0f} min"
    table(["", *found], [
        per("genotypes", lambda r: f"{r['genotypes']:.3g}"),
        per("CPU", lambda r: f"{r['cpu'] / 3600:,.3g} h"),
        per("jobs (shards)", lambda r: large(r["shards"])),
        per("time of each", lambda r: hours(r["wall"])),
        per("`--part-size`", lambda r: f"{r['part'] >> 20:,} MiB"),
        per("time of a set of parts", lambda r: f"{r['set']:.0f} s"),
        per("in, a second and job", lambda r: size(r["in"] / r["shards"] / r["wall"])),
        per("read", lambda r: size(r["in"])),
        per("`variants`", lambda r: size(r["variants"])),
        per("`variant_annotations`", lambda r: size(r["annotations"])),
        per("sets of parts", lambda r: large(r["sets"])),
        per("files of tables", lambda r: large(r["files"])),
        per("objects in `_parts`", lambda r: f"{large(r['notes'])}, {size(r['tallies'])}"),
        per("objects in `_uploads`, until `clean`", lambda r: large(r["uploads"])),
        per("manifest", lambda r: size(r["manifest"])),
        per("GET and HEAD", lambda r: large(r["gets"])),
        per("PUT, POST, LIST and DELETE", lambda r: large(r["puts"])),
        per("of these a second, all jobs at once", lambda r: f"{r['rate']:,.0f}"),
        per("compute", lambda r: f"{r['compute $']:,.2f} USD"),
        per("requests", lambda r: f"{r['requests $']:,.2f} USD"),
        per("storage, a month", lambda r: f"{r['storage $']:,.2f} USD"),
        per("Athena reads all of `variants`", lambda r: f"{r['scan $']:,.2f} USD"),
    ])


def request_table(measured, all_costs):
    """Reckoned beside counted; whether all are near."""
    rows, near = [], True

    def compare(name, mine, counts):
        nonlocal near
        theirs = reads_and_writes(counts)
        near = near and all(abs(a - b) <= max(0.1 * b, 3) for a, b in zip(mine, theirs))
        rows.append([name, *(f"{a:.0f} and {b}" for a, b in zip(mine, theirs))])

    for name, costs in all_costs.items():
        long = measured[name]["long"]
        files = [long["bytes"][t] / long["part sets"] for t in ("variants", "variant_annotations")]
        compare(name, costs.requests(long["part sets"], files, 1, 1, long["bytes in"]), long["requests"])
    made = measured["phase 3"]["made"]
    for shards in (4, 64):
        files = [made["bytes"][t] / shards for t in ("variants", "variant_annotations")]
        compare(f"phase 3, {shards} shards", all_costs["phase 3"].requests(shards, files, shards, 1, made["bytes in"]), measured["shards"][str(shards)]["requests"])
    table(["reckoned and counted", "GET and HEAD", "PUT, POST, LIST and DELETE"], rows)
    return near


def limit_table(all_costs, found, set_bytes):
    rows = []
    for name, (like, records, samples, *_) in COHORTS.items():
        costs, r = all_costs[like], found[name]
        most = MAX_SETS * PART / (costs.variants * samples / costs.samples)
        need = r["variants"] / MAX_SETS
        row = ROW_OF_GATK if "GATK" in like else ROW_OF_GT
        rows.append([name, f"{most / 1e6:,.0f} M records", f"{max(1, need / 2**20):,.0f} MiB", f"{samples * row / 1e6:.2g} MB, {ROW / row / 1e3:,.0f} thousand samples",
                     f"{PUT_RATE / (r['rate'] / r['shards']):,.0f} jobs"])
    table(["", f"{MAX_SETS:,} sets of 256 MiB hold", "`--part-size` that would do, at least", "a row, and where it is 32 MB", f"{PUT_RATE:,} PUTs a second take"], rows)
    print(f"manifest of {MAX_SETS:,} sets: {size(MAX_SETS * set_bytes)}; LISTs by 10,000 children: {10_000 * 10_000 // LIST_PAGE:,}, {10_000 * 10_000 / LIST_PAGE * PER_PUT:.2f} USD")


def main():
    measured = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".json")).read_text())
    few, many = measured["part sets"]["few"], measured["part sets"]["many"]
    set_bytes = (many["manifest"] - few["manifest"]) / (many["part sets"] - few["part sets"])
    shard = Shard(measured["shards"])
    all_costs = {name: Costs(m, shard) for name, m in measured.items() if "long" in m}
    found = {name: reckoned(all_costs[like], *numbers, set_bytes) for name, (like, *numbers) in COHORTS.items()}
    measured_table(all_costs)
    more = many["part sets"] - few["part sets"]
    print(f"a shard more: {shard.cpu:.2f} CPU s, {shard.gets:.1f} GETs, {shard.puts:.1f} others")
    print(f"a set of parts: {(many['cpu'] - few['cpu']) / more * 1e3:.2f} ms of CPU, {set_bytes:.0f} B of the manifest, {(many['mib'] - few['mib']) * 2**20 / more:,.0f} B of memory\n")
    cohort_table(found)
    near = request_table(measured, all_costs)
    limit_table(all_costs, found, set_bytes)
    sys.exit(0 if near else 1)


main()
