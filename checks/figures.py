#!/usr/bin/env python3
"""The figures of docs/performance.md, measured again: varlake beside its peers, and beside itself on more data, samples and workers.

  figures.py --varlake BINARY [--cohorts DIRECTORY] [--rounds 5] [--peers bgzip,bcftools,polars-bio] [--only NAME,...]

Makes the cohorts that are not in DIRECTORY yet (minutes), runs the commands of each part in turn, round by round after one to warm up, and
prints medians and their ratio, with the target where there is one. Exits 1 where a target is missed. Not part of CI: machines there have neighbours.
Needs bgzip, tabix and bcftools on PATH, msprime and numpy, and the peers in this Python; for hail Java 17 in JAVA_HOME.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCH = HERE.parent.parent / "shared" / "bench"

WIDE = {
    "p3": ["--variants", "50000"],
    "gatk": ["--style", "gatk", "--samples", "200", "--variants", "20000"],
    "p3x4": ["--variants", "200000"],
    "s2504": ["--samples", "2504", "--variants", "40000"],
    "s10000": ["--samples", "10000", "--variants", "10000"],
    "s50000": ["--samples", "50000", "--variants", "2000"],
    "s100000": ["--samples", "100000", "--variants", "1000"],
}
DEEP = {"sites": ["sites"], "single": ["single"], "sitesx4": ["sites", "--records", "4000000"]}
# Most CPU, times that of bcftools view -Ou, and least CPU and wall that polars-bio may take, times ours; most MiB.
PEERS = {"p3": (0.5, 20), "gatk": (2, 8), "sites": (1.5, 5), "single": (1.5, 5)}
MOST_MIB = 300


class Bench:
    def __init__(self, options):
        self.o, self.missed = options, []
        self.dir = Path(options.cohorts)
        self.dir.mkdir(parents=True, exist_ok=True)

    def cohort(self, name):
        """The path of a cohort, which is made if it is not there."""
        path = self.dir / f"{name}.vcf.gz"
        if name.endswith(".gzip"):
            if not path.exists():
                with open(path, "wb") as out:
                    text = subprocess.Popen(["bgzip", "-dc", self.cohort(name.removesuffix(".gzip"))], stdout=subprocess.PIPE)
                    subprocess.run(["gzip", "-6"], stdin=text.stdout, stdout=out, check=True)
        elif name in DEEP and not path.exists():
            subprocess.run([sys.executable, HERE / "make_deep.py", DEEP[name][0], path, *DEEP[name][1:]], check=True)
        elif name in WIDE and not path.exists():
            subprocess.run([sys.executable, BENCH / "make_cohort.py", *WIDE[name], self.dir / name], check=True)
        return path

    def samples(self, name):
        table = self.dir / f"{name.removesuffix('.gzip')}.samples.tsv"
        return ["--samples", table] if table.exists() else []

    def export(self, name, *flags):
        """CPU seconds, wall seconds and MiB of one export."""
        out = tempfile.mkdtemp(prefix="figures-")
        command = [self.o.varlake, "export", self.cohort(name), "--out", out + "/d", "--progress", "never", *self.samples(name), *flags]
        start = time.time()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.time() - start
        shutil.rmtree(out)
        if status:
            sys.exit(f"{command} failed")
        return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024

    def medians(self, runs):
        """The medians of several exports, interleaved: {label: (CPU, wall, MiB)}."""
        seen = {label: [] for label in runs}
        for round in range(self.o.rounds + 1):
            for label, (name, *flags) in runs.items():
                figures = self.export(name, *flags)
                if round:
                    seen[label].append(figures)
        medians = {label: tuple(map(statistics.median, zip(*figures))) for label, figures in seen.items()}
        for label, (cpu, wall, mib) in medians.items():
            print(f"  {label:24} {cpu:7.2f} CPU s {wall:7.2f} wall s {mib:6.0f} MiB")
        return medians

    def judge(self, what, value, most):
        good = value <= most
        print(f"  {what}: {value:.2f}, at most {most:g}: {'met' if good else 'MISSED'}")
        if not good:
            self.missed.append(what)


def peers(b):
    for name, (bcftools, polars) in PEERS.items():
        print(f"== {name}, beside the peers")
        report = b.dir / f"{name}.json"
        subprocess.run([sys.executable, BENCH / "compare.py", "--varlake", b.o.varlake, "--peers", b.o.peers, "--rounds", str(b.o.rounds),
                        "--json", report, *b.samples(name), b.cohort(name)], check=True)
        medians = json.loads(report.read_text())["medians"]
        ours = medians["varlake"]
        if "bcftools" in medians:
            b.judge(f"{name}: CPU over bcftools'", ours["cpu"] / medians["bcftools"]["cpu"], bcftools)
        if "polars-bio" in medians:
            b.judge(f"{name}: wall over polars-bio's, times {polars}", polars * ours["wall"] / medians["polars-bio"]["wall"], 1)
        b.judge(f"{name}: MiB", ours["rss"], MOST_MIB)
        if name != "p3":
            b.judge(f"{name}: bytes over the input's", ours["bytes"] / b.cohort(name).stat().st_size, 1)


def group_by(b):
    print("== groups")
    m = b.medians({"one sample table": ["p3"], "--group-by super_pop": ["p3", "--group-by", "super_pop"]})
    b.judge("CPU with groups over without", m["--group-by super_pop"][0] / m["one sample table"][0], 1.1)


def carriers(b):
    print("== carriers")
    m = b.medians({"three tables": ["p3"], "with carriers": ["p3", "--tables", "variants,variant_annotations,sample_annotations,carriers"]})
    b.judge("CPU with carriers over without", m["with carriers"][0] / m["three tables"][0], 1.9)


def growth(b):
    for few, many in (("p3", "p3x4"), ("sites", "sitesx4")):
        print(f"== growth: {few} and four times the records")
        m = b.medians({few: [few], many: [many]})
        b.judge(f"{many}: CPU", m[many][0] / m[few][0], 4.2)
        b.judge(f"{many}: MiB", m[many][2], MOST_MIB)


def samples(b):
    print("== samples, at equal numbers of genotypes")
    m = b.medians({name: [name] for name in ("s2504", "s10000", "s50000", "s100000")})
    for name in ("s10000", "s50000", "s100000"):
        b.judge(f"{name}: CPU over that of 2,504 samples", m[name][0] / m["s2504"][0], 1.3)
        b.judge(f"{name}: MiB", m[name][2], 1024)


def workers(b):
    for name in PEERS:
        print(f"== {name}: two workers")
        m = b.medians({"one worker": [name, "--workers", "1"], "two workers": [name, "--workers", "2"]})
        b.judge(f"{name}: 1.6 over the speed-up", 1.6 * m["two workers"][1] / m["one worker"][1], 1)


def gzip(b):
    for name in ("p3", "gatk"):
        print(f"== {name}: plain gzip")
        m = b.medians({"BGZF": [name], "gzip": [name + ".gzip"]})
        b.judge(f"{name}: CPU over that of BGZF", m["gzip"][0] / m["BGZF"][0], 1.3)


PARTS = {"peers": peers, "groups": group_by, "carriers": carriers, "growth": growth, "samples": samples, "workers": workers, "gzip": gzip}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--varlake", required=True)
    a.add_argument("--cohorts", default=os.path.join(tempfile.gettempdir(), "varlake-cohorts"))
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--peers", default="bgzip,bcftools,polars-bio")
    a.add_argument("--only", default=",".join(PARTS))
    b = Bench(a.parse_args())
    for part in b.o.only.split(","):
        PARTS[part](b)
    print("missed: " + "; ".join(b.missed) if b.missed else "all targets met")
    sys.exit(1 if b.missed else 0)


main()
