"""Chaos: four shards on S3, each killed and started again, on a network that breaks. It ends with one dataset, that of an undisturbed run, and nobody ever saw a part of it.

Each run has four workers as processes, each behind a proxy of its own. A worker is killed (-9 or TERM, by lot) when it has made a number of requests that is drawn by lot, and a moment later, and started again until it
is done; some are killed twice. Meanwhile the proxies strike: 500, 503, connections that are reset or end too early, bodies that are slow, and conditional writes that are done though the answer is lost. Five readers
poll all along: they must see nothing, or the manifest of the undisturbed run with all of its files. At the end all files are those of the undisturbed run, by SHA-256. The logs of the proxies tell which faults
struck while work was under way, which is after the first read of an input and before the commit, and in how many of the runs a set of parts was complete before a kill. One run in ten has files that are large enough for
uploads in parts: what is left of them must be gone in the end, but for those of which nobody could know, as the worker was killed before it had noted them.
Without an S3 server (AWS_ENDPOINT_URL_S3) the check is left out. --part does 8 runs, --full 200.
"""
import collections
import concurrent.futures
import random
import re
import signal
import sys
import threading
import time
import urllib.parse

from dataset import ALL_TABLES, Check
from objects import ENDPOINT, Proxy
from packing import END, bgzf, block, blocks
from polls import Readers
from signed import open_uploads
from workers import S3, contents, differ, ended, run_shards, sharded, start

SHARDS, ATTEMPTS = 4, 12
LOST = "reset", -1  # a write is done, and its answer lost: by the number the log tells it from other resets


def cohort():
    """200 samples and 3,000 records on 16 contigs, with lines that are no records: each shard has several sets of parts."""
    rng = random.Random(1)
    lines = ["##fileformat=VCFv4.2", *(f"##contig=<ID={c + 1}>" for c in range(16)), '##FORMAT=<ID=GT,Number=1,Type=String,Description="">', '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="">',
             "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *(f"s{i}" for i in range(200))])]
    for i in range(3000):
        calls = (f"{rng.choice(['0/0', '0/0', '0/1', '1/1', './.'])}:{rng.randrange(90)}" for _ in range(200))
        lines.append("\t".join([str(i * 16 // 3000 + 1), str(100 + 7 * i), ".", "A", "C", ".", "PASS", f"DP={i}", "GT:DP", *calls]))
        if i % 100 == 50:
            lines.append(f"{i * 16 // 3000 + 1}\tbroken")
    return bgzf(("\n".join(lines) + "\n").encode(), 16_000)


def large():
    """Text that does not compress, on 8 contigs, so that one table's part of each is uploaded in two: over 8 MiB."""
    rng = random.Random(2)
    header = "##fileformat=VCFv4.2\n##INFO=<ID=T,Number=1,Type=String,Description=\"text\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    out = blocks(header.encode())
    for chrom in range(8):
        for i in range(0, 15_000, 50):
            lines = (f"{chrom + 1}\t{i + j + 1}\t.\tA\tC\t.\t.\tT={rng.randbytes(620).hex()}" for j in range(50))
            out.append(block(("\n".join(lines) + "\n").encode(), 1))
    return b"".join(out) + END


class Case:
    """One command, and what it leaves undisturbed: the files, and how many requests a worker makes for it."""

    def __init__(self, check, place, name, data, flags=(), shards=SHARDS):
        self.key, self.shards = f"in/{name}.vcf.gz", shards
        self.args = [place.bucket.put(self.key, data), *flags, "--part-size", "64KiB"]
        proxies, self.name = Proxies(shards), f"undisturbed-{name}"
        started = time.monotonic()
        told = run_shards(check, self.args, place.uri(self.name), shards, at_once=shards, env=proxies.env)
        self.seconds = time.monotonic() - started
        proxies.close()
        check.expect(all(t[0] == 0 for t in told.values()), f"{name}, undisturbed: {told}")
        self.files = contents(place, self.name)
        self.requests = [len(p.log) for p in proxies.all]
        self.sets = collections.Counter(re.search(r"_parts/(\d+)-\d+\.json$", f).group(1) for f in self.files if re.search(r"_parts/\d+-\d+\.json$", f))
        manifest = [v for k, v in self.files.items() if k.endswith("/_manifest.json")]
        check.expect(len(manifest) == 1 and "_current.json" in self.files, f"{name}, undisturbed: one run is visible")
        self.manifest = manifest[0] if manifest else None
        parts = sum(r.method == "POST" and "uploads=" in r.path for p in proxies.all for r in p.log)
        print(f"{name}, undisturbed: {self.seconds:.1f} s, {len(self.files)} files, sets of parts {sorted(self.sets.values())}, {self.requests} requests, {parts} uploads in parts")


class Proxies:
    """A proxy for each worker: the logs tell them apart."""

    def __init__(self, n):
        self.all = [Proxy() for _ in range(n)]
        self.env = [{"AWS_ENDPOINT_URL_S3": p.url} for p in self.all]

    def reset(self):
        for p in self.all:
            p.fault, p.struck, p.log = None, 0, []

    def close(self):
        for p in self.all:
            p.close()


def key_of(path):
    """The key of a request, without the bucket; with what comes after a question mark."""
    return urllib.parse.unquote(path).split("/", 2)[-1]


def is_read(method, path):
    return method == "GET" and "x-id=GetObject" in path


def is_conditional(method, path):
    """Every object is created on a condition, or replaced; the parts of an upload are not."""
    return method == "PUT" and "partNumber=" not in path or method == "POST" and "uploadId=" in path


# kind: (what it strikes, what it does)
KINDS = {
    "500": (lambda *_: True, lambda rng: ("status", (500, "InternalError"))),
    "503": (lambda *_: True, lambda rng: ("status", (503, "SlowDown"))),
    "reset": (is_read, lambda rng: ("reset", rng.choice([0, rng.randrange(1 << 16)]))),
    "truncated": (is_read, lambda rng: ("truncate", rng.randrange(1, 1 << 12))),
    "slow": (is_read, lambda rng: ("slow", rng.uniform(0.2, 1))),
    "lost": (is_conditional, lambda rng: LOST),
}


def kind_of(fault):
    """The kind of a logged fault."""
    name, argument = fault
    if fault == LOST:
        return "lost"
    return str(argument[0]) if name == "status" else {"truncate": "truncated"}.get(name, name)


class Trouble:
    """What happens to the requests of one worker: after so many of them a fault strikes the next that it can strike, and after so many the worker is to be killed."""

    def __init__(self, rng, kinds, requests, reading):
        self.rng, self.reading, self.requests = rng, reading, 0
        self.armed = [(rng.randrange(requests // 2) if KINDS[k][0] is not is_read else rng.randrange(6), k) for k in kinds]
        self.kill_after, self.reached = None, threading.Event()

    def kill(self, after):
        self.reached.clear()
        self.kill_after = self.requests + after

    def __call__(self, method, path):
        self.requests += 1
        if is_read(method, path) and "/in/" in path:
            self.reading.set()
        if self.kill_after is not None and self.requests >= self.kill_after:
            self.reached.set()
        if not self.reading.is_set():
            return None
        for armed in self.armed:
            after, kind = armed
            strikes, do = KINDS[kind]
            if self.requests > after and strikes(method, path):
                self.armed.remove(armed)
                return do(self.rng)
        return None


Kill = collections.namedtuple("Kill", "shard signal at code seconds")


def worker(check, case, place, out, i, proxy, trouble, rng, what):
    """Runs one shard until it is done, killing it on the way; the kills, and how often it was started."""
    kills, planned = [], 1 + (rng.random() < 0.3)
    for attempt in range(1, ATTEMPTS + 1):
        if len(kills) < planned:
            trouble.kill(rng.randrange(1, case.requests[i] * (2 if kills else 4) // 5))
        p = start(check, [*case.args, *sharded(case.shards, i)], place.uri(out), {"AWS_ENDPOINT_URL_S3": proxy.url})
        killed = None
        while len(kills) < planned and p.poll() is None:
            if trouble.reached.wait(0.005):
                time.sleep(rng.choice([0, rng.uniform(0, 0.03)]))
                killed = rng.choice([signal.SIGKILL, signal.SIGTERM])
                at = time.monotonic()
                p.send_signal(killed)
                break
        code, out_text, err = ended(p)
        if killed and (code != 0 or killed == signal.SIGTERM):  # one that is told to end may be so far that it ends its work first
            kills.append(Kill(i, killed, at, code, time.monotonic() - at))
            check.expect(code == -killed or code in (0, 75) and killed == signal.SIGTERM, f"{what}: shard {i}: exit {code} of {killed.name}: {err}")
            check.expect(kills[-1].seconds < 20, f"{what}: shard {i}: {kills[-1].seconds:.1f} s from {killed.name} to the end")
        if code == 0:
            return kills, attempt
        if not check.expect(killed, f"{what}: shard {i}: exit {code}: {err}"):
            break
    return kills, attempt


def lasting_uploads(place, out, logs):
    """Uploads in parts that are open in the end, asked for by the exact key of each that was begun; and how many were begun and not noted."""
    begun = {key_of(r.path).split("?")[0] for r in logs if r.method == "POST" and "uploads=" in r.path}
    still = sum(open_uploads(place.bucket.name, key) for key in begun)
    noted = sum(r.method == "PUT" and "/_uploads/" in r.path and r.status == 200 for r in logs)
    created = sum(r.method == "POST" and "uploads=" in r.path and r.status == 200 for r in logs)
    return still, created - noted


class Tally:
    def __init__(self):
        self.struck, self.under_way, self.kills, self.after_sets = collections.Counter(), collections.Counter(), collections.Counter(), 0
        self.runs = self.calm = self.killed = self.workers = self.starts = self.polls = self.seen = self.wrong = self.uploads = self.orphans = 0


def chaos(check, case, place, proxies, readers, seed, tally):
    rng, out, what = random.Random(seed), f"run-{seed}", f"run {seed}"
    proxies.reset()
    reading, order = threading.Event(), list(KINDS)
    rng.shuffle(order)
    # every run has each kind once, and one of them twice or so
    shares = [order[i::case.shards] + [rng.choice(order)] * (rng.random() < 0.3) for i in range(case.shards)]
    troubles = [Trouble(random.Random(f"{seed}-{i}"), shares[i], case.requests[i], reading) for i in range(case.shards)]
    for p, t in zip(proxies.all, troubles):
        p.fault = t
    readers.start(place.uri(out))
    with concurrent.futures.ThreadPoolExecutor(case.shards) as pool:
        jobs = [pool.submit(worker, check, case, place, out, i, proxies.all[i], troubles[i], random.Random(f"{seed}.{i}"), what) for i in range(case.shards)]
        done = [j.result() for j in jobs]
    polled = readers.stop()
    for p in proxies.all:
        p.fault = None

    found = contents(place, out)
    other = differ(found, case.files)
    check.expect(not other, f"{what}: {len(other)} files are not those of the undisturbed run, first {other[:3]}")
    check.expect(not polled.wrong, f"{what}: readers saw a part: {polled.wrong}")
    check.expect(all(r == [case.manifest] for r in polled.runs), f"{what}: readers saw other runs than the one: {polled.runs}")

    logs = sorted((r for p in proxies.all for r in p.log), key=lambda r: r.start)
    commits = [r for r in logs if r.method == "PUT" and key_of(r.path).startswith(f"{out}/_current.json") and r.status == 200]
    check.expect(len(commits) == 1, f"{what}: {len(commits)} commits")
    first_read = min((r.start for r in logs if is_read(r.method, r.path) and key_of(r.path).startswith(case.key)), default=float("inf"))
    committed = commits[0].end if commits else 0
    for r in logs:
        if r.fault:
            kind = kind_of(r.fault)
            tally.struck[kind] += 1
            tally.under_way[kind] += first_read <= r.start <= committed
    struck = sum(bool(r.fault) for r in logs)
    check.expect(struck == sum(p.struck for p in proxies.all), f"{what}: {struck} faults struck, and the proxies count others")
    enough = struck >= len(KINDS) - 1  # workers may be done before all that is meant for them has struck: such a run is looked at as any, and not counted

    kills = [k for ks, _ in done for k in ks]
    sets_before = 0
    for k in kills:
        put = lambda folder: [r for r in proxies.all[k.shard].log if r.method == "PUT" and f"/{folder}/{k.shard:05d}" in r.path and ".json" in r.path and r.status == 200 and r.end < k.at]
        sets_before += k.code != 0 and bool(put("_parts")) and not put("_shards")
        tally.kills[k.signal.name if k.code else "SIGTERM, and done in time"] += 1
    tally.after_sets += bool(sets_before)
    still, unnoted = lasting_uploads(place, out, logs)
    check.expect(still <= max(unnoted, 0), f"{what}: {still} uploads are left open, and {unnoted} were not noted")
    tally.orphans += still
    tally.uploads += sum(r.method == "POST" and "uploads=" in r.path for r in logs)
    tally.runs += enough
    tally.calm += not enough
    tally.killed += len({k.shard for k in kills if k.code})
    tally.workers += case.shards
    tally.starts += sum(n for _, n in done)
    tally.polls += polled.polls
    tally.seen += polled.seen
    tally.wrong += len(polled.wrong)
    if seed % 10 == 3:
        verified = check.run("verify", place.uri(out))
        check.expect(verified.returncode == 0, f"{what}: verify: {verified.stderr} {verified.stdout[:400]}")
    place.bucket.remove_folder(out)


def main():
    check = Check(__doc__)
    if not ENDPOINT:
        print("left out: AWS_ENDPOINT_URL_S3 is not set")
        sys.exit(0)
    place, proxies, readers, tally, runs = S3(), Proxies(SHARDS), Readers(), Tally(), 200 if check.full else 8
    try:
        small = Case(check, place, "cohort", cohort(), ["--on-bad-record", "quarantine", *ALL_TABLES])
        big = Case(check, place, "large", large())
        check.expect(min(small.sets.values()) >= 3, f"shards have several sets of parts: {small.sets}")
        started = time.monotonic()
        for seed in range(runs + runs // 8):
            if tally.runs == runs:
                break
            chaos(check, big if seed % 10 == 5 else small, place, proxies, readers, seed, tally)
            if (seed + 1) % 20 == 0:
                print(f"{seed + 1} runs, {time.monotonic() - started:.0f} s, {check.failed} failed", flush=True)
        t = tally
        check.expect(t.runs == runs, f"in {t.runs} runs of {t.runs + t.calm} enough faults struck, and {runs} were asked for")
        print(f"{t.runs} runs, and {t.calm} with too few faults, in {time.monotonic() - started:.0f} s: {t.workers} workers were started {t.starts} times, {t.killed} of them killed: {dict(t.kills)}; "
              f"in {t.after_sets} runs a set of parts was complete before a kill of its shard")
        print("faults that struck, and of these while work was under way: " + ", ".join(f"{k} {t.struck[k]}, {t.under_way[k]}" for k in KINDS))
        print(f"five readers polled {t.polls} times and saw the whole dataset {t.seen} times, {t.wrong} times a part, and else nothing; {t.uploads} uploads in parts, {t.orphans} left open that nobody could have noted")
        check.expect(t.after_sets >= t.runs / 2, f"in {t.after_sets} of {t.runs} runs a set of parts was complete before a kill")
        check.expect(t.killed >= 0.7 * t.workers, f"{t.killed} of {t.workers} workers were killed")
        check.expect(t.kills["SIGKILL"] >= t.runs and t.kills["SIGTERM"] >= t.runs, f"kills: {t.kills}")
        for kind in KINDS:
            check.expect(t.under_way[kind] >= t.runs / 2 and t.under_way[kind] >= 0.9 * t.struck[kind], f"{kind}: struck {t.struck[kind]} times, {t.under_way[kind]} while work was under way")
        check.expect(t.polls - t.seen >= 5 * t.runs and t.seen >= 5 * t.runs, f"readers polled before and after the commit: {t.polls}, {t.seen}")
    finally:
        proxies.close()
        readers.close()
        place.bucket.remove()
    check.finish()


if __name__ == "__main__":
    main()
