"""S3 in and out: the tables are those of a directory, byte for byte, whatever is killed or breaks on the way.

Real files and a made cohort are exported from and to S3 and compared with what the same files give on disk; a prefix and a pattern with
a directory; a file large enough for uploads in parts. kill -9 and SIGTERM at random moments; through a proxy: 500, 503, connections that
are reset, cut and stalled, an object that is replaced while it is read (refused.py has what S3 refuses). Then what it costs: CPU beside
disk, and time with a server that is far away. The server is that of AWS_ENDPOINT_URL_S3 and the usual credentials; without it the check is left out.
--part does each fault 3 times and kills 6 times, --full 20 times and 40.
"""
import base64
import gzip
import hashlib
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import measure
from dataset import BROKEN, ROOT, Check, Refused
from objects import ENDPOINT, Bucket, Proxy
from packing import END, bgzf, blocks, header_and_lines

PART = ["brentp+cyvcf2/test.vcf.gz", "googlegenomics+gcp-variant-transforms/valid-4.1-large.vcf.gz", "bihealth+vcfpy/1kg.vcf.gz",
        "sgkit-dev+bio2zarr/out_of_order_contigs.vcf.gz", "odelaneau+shapeit4/reference.vcf.gz", "projectglow+glow", "samtools+hts-specs"]
COHORT = ROOT / "testdata" / "cohort.vcf.gz"
SAMPLES = ROOT / "testdata" / "cohort.samples.tsv"
SECRET = os.environ.get("AWS_SECRET_ACCESS_KEY", "")


class Remote:
    """varlake with a bucket."""

    def __init__(self, check):
        self.check, self.bucket, self.count = check, Bucket(), 0

    def fresh(self):
        self.count += 1
        return f"out/{self.count}"

    def start(self, *args, out, env=None):
        return subprocess.Popen([self.check.varlake, "export", *map(str, args), "--out", f"{self.bucket.uri}/{out}", "--progress", "never"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, **(env or {})})

    def export(self, *args, out=None, env=None, what=""):
        """Runs an export; exit code, stderr, where it went."""
        out = out or self.fresh()
        p = self.start(*args, out=out, env=env)
        _, said = p.communicate(timeout=600)
        self.clean_words(p.returncode, said, what)
        return p.returncode, said.strip(), out

    def clean_words(self, code, said, what):
        if code:
            self.check.expect(said.startswith("varlake: ") and said.count("\n") == 1 and "panic" not in said, f"{what}: not one line: {said[-400:]}")
        self.check.expect(SECRET not in said and "Signature=" not in said, f"{what}: a secret is told")

    def tables(self, out):
        """Path below the run and SHA-256 of every table's files."""
        found = {}
        for key in self.bucket.keys(f"{out}/runs"):
            if key.endswith(".parquet"):
                found[key.split("/", 1)[1]] = hashlib.sha256(self.bucket.get(f"{out}/runs/{key}")).hexdigest()
        return found

    def visible(self, out):
        return "_current.json" in self.bucket.keys(out)


def local_tables(ds):
    return {str(f.relative_to(ds.run)): hashlib.sha256(f.read_bytes()).hexdigest() for f in ds.run.rglob("*.parquet")}


def same(check, remote, what, local, args, env=None):
    """An export to S3 gives the tables of a directory."""
    code, said, out = remote.export(*args, env=env, what=what)
    if check.expect(code == 0, f"{what}: exit {code}: {said[-300:]}"):
        found = remote.tables(out)
        differ = sorted(k for k in found.keys() | local.keys() if found.get(k) != local.get(k))
        check.expect(not differ, f"{what}: {len(differ)} tables' files differ, first {differ[:3]}")
    return out


def real(check, remote):
    names = [n for n in check.real() if check.full or any(n.startswith(p) for p in PART)]
    done = 0
    for name in names:
        path = check.data / "real" / name
        uri = remote.bucket.put(f"in/real/{name}", path.read_bytes())
        try:
            ds = check.export(path)
        except Refused as e:
            code, said, out = remote.export(uri, what=name)
            check.expect(code == e.code and said.replace(uri, str(path)) == e.text, f"{name}: refused otherwise: {said} | {e.text}")
            check.expect(not remote.visible(out), f"{name}: refused, and visible")
            check.expect(name in BROKEN, f"{name}: refused")
            continue
        out = same(check, remote, name, local_tables(ds), [uri])
        p = check.run("verify", f"{remote.bucket.uri}/{out}")
        check.expect(p.returncode == 0, f"{name}: verify: {p.stdout}{p.stderr}")
        here, there = check.run("restore", ds.root), check.run("restore", f"{remote.bucket.uri}/{out}")
        check.expect(there.returncode == 0 and here.stdout == there.stdout, f"{name}: restore differs: {there.stderr}")
        ds.discard()
        done += 1
    print(f"{done} real files: the same tables, verified and restored")


def ways_in(check, remote):
    """A sample table, a prefix, a pattern, again."""
    uri, samples = remote.bucket.put("in/cohort.vcf.gz", COHORT.read_bytes()), remote.bucket.put("in/samples.tsv", SAMPLES.read_bytes())
    flags = ["--group-by", "super_pop", "--part-size", "64KiB"]
    local = local_tables(check.export(COHORT, "--samples", SAMPLES, *flags))
    out = same(check, remote, "cohort with samples", local, [uri, "--samples", samples, *flags])
    before = remote.bucket.keys(out)
    p = check.run("export", uri, "--samples", samples, *flags, "--out", f"{remote.bucket.uri}/{out}")
    check.expect(p.returncode == 0 and p.stdout.startswith("already done"), f"again: {p.stdout[:200]}{p.stderr}")
    check.expect(before == remote.bucket.keys(out), "again: other objects")
    same(check, remote, "from S3 with local samples", local, [uri, "--samples", SAMPLES, *flags])
    same(check, remote, "from disk with samples in S3", local, [COHORT, "--samples", samples, *flags])
    header, lines = header_and_lines(gzip.decompress(COHORT.read_bytes()))
    folder = check.temp / "folder"
    folder.mkdir()
    third = len(lines) // 3
    for i, name in enumerate(("chr2.vcf.gz", "chr10.vcf.gz", "chr11.vcf.gz")):
        (folder / name).write_bytes(bgzf(header + b"".join(lines[i * third:(i + 1) * third])))
        remote.bucket.put(f"folder/{name}", (folder / name).read_bytes())
    remote.bucket.put("folder/notes.txt", b"no VCF")
    local = local_tables(check.export(folder))
    same(check, remote, "a prefix", local, [f"{remote.bucket.uri}/folder/"])
    same(check, remote, "a pattern", local, [f"{remote.bucket.uri}/folder/chr*.vcf.gz"])


def large(path, sites):
    """Text that does not compress, so that its tables are uploaded in parts."""
    rng = random.Random(5)
    with gzip.open(path, "wt", compresslevel=1) as f:
        f.write("##fileformat=VCFv4.2\n##contig=<ID=1>\n##INFO=<ID=T,Number=1,Type=String,Description=\"text\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        text = lambda: base64.b32encode(rng.randbytes(50)).decode()  # no padding: 50 bytes are 80 letters
        f.writelines(f"1\t{i + 1}\t{text()}\tA\tC\t.\t.\tT={text()}\n" for i in range(sites))


class Case:
    """One command of large objects, and what it gives."""

    def __init__(self, check, remote):
        self.path = check.temp / "large.vcf.gz"
        large(self.path, 250_000)
        self.local = local_tables(check.export(self.path, "--part-size", "6MiB"))
        self.uri = remote.bucket.put("in/large.vcf.gz", self.path.read_bytes())
        self.args = [self.uri, "--part-size", "6MiB"]
        started = time.monotonic()
        out = same(check, remote, "large", self.local, self.args)
        self.seconds = time.monotonic() - started
        uploads = sum("_uploads/" in k for k in remote.bucket.keys(out))
        check.expect(uploads > 1, f"{uploads} uploads in parts")
        print(f"large: {self.path.stat().st_size >> 20} MiB in, {len(self.local)} files out, {uploads} uploads in parts, {self.seconds:.2f} s")


def kills(check, remote, case):
    rng, whole, cut = random.Random(3), 0, 0
    for i in range(40 if check.full else 6):
        out, moment = remote.fresh(), rng.uniform(0, case.seconds)
        sig = signal.SIGTERM if i % 3 == 2 else signal.SIGKILL
        what = f"{sig.name} after {moment:.2f} s"
        p = remote.start(*case.args, out=out)
        try:
            p.wait(moment)
        except subprocess.TimeoutExpired:
            p.send_signal(sig)
        _, said = p.communicate(timeout=60)
        check.expect(p.returncode in (0, -sig, 75), f"{what}: exit {p.returncode}: {said}")
        if sig == signal.SIGTERM:
            check.expect(p.returncode in (0, 75) or not remote.bucket.keys(out), f"{what}: exit {p.returncode}: {said}")
        objects = remote.bucket.keys(out)
        cut += bool(objects) and "_current.json" not in objects
        if "_current.json" in objects:
            whole += 1
        else:
            t = check.run("tables", f"{remote.bucket.uri}/{out}")
            check.expect(t.returncode == 1 and not t.stdout, f"{what}: tables of what is not visible: {t.stdout[:100]}")
        code, said, _ = remote.export(*case.args, out=out, what=what)
        check.expect(code == 0 and remote.tables(out) == case.local, f"{what}: the same command: exit {code}: {said}")
        c = check.run("clean", f"{remote.bucket.uri}/{out}", "--older-than", "0s")
        v = check.run("verify", f"{remote.bucket.uri}/{out}")
        check.expect(c.returncode == 0 and v.returncode == 0 and not any("_uploads/" in k for k in remote.bucket.keys(out)), f"{what}: clean and verify: {c.stderr}{v.stdout}")
    print(f"kills: {cut} cut the work in two, {whole} came after its end")


def faults(check, remote, case):
    """Each kind strikes a few requests in a row at a random moment; the export gets over it."""
    read = lambda method, path: method == "GET" and "x-id=GetObject" in path and "in/large" in path
    write = lambda method, path: method in ("PUT", "POST")
    kinds = {
        "500": (None, lambda rng: ("status", (500, "InternalError"))), "503": (None, lambda rng: ("status", (503, "SlowDown"))),
        "reset": (read, lambda rng: ("reset", rng.randrange(1 << 20))), "truncated": (read, lambda rng: ("truncate", rng.randrange(1 << 20))),
        "reset write": (write, lambda rng: ("reset", 0)), "stalled": (read, lambda rng: ("stall", rng.randrange(1 << 20))),
    }
    proxy, rng = Proxy(), random.Random(4)
    env = {"AWS_ENDPOINT_URL_S3": proxy.url}
    for kind, (which, do) in kinds.items():
        struck, times = 0, 20 if check.full else 1 if kind == "stalled" else 3
        for _ in range(times):
            # Of the ranges of the input there are eight, the first of them with the header.
            state = {"skip": rng.randrange(1, 6 if which is read else 12), "left": rng.randrange(1, 4)}

            def fault(method, path):
                if which and not which(method, path):
                    return None
                if state["skip"] > 0 or state["left"] <= 0:
                    state["skip"] -= 1
                    return None
                state["left"] -= 1
                return do(rng)

            proxy.fault, proxy.struck = fault, 0
            code, said, out = remote.export(*case.args, env=env, what=kind)
            proxy.fault = None
            struck += proxy.struck
            check.expect(proxy.struck > 0, f"{kind}: struck nothing")
            check.expect(code == 0 and remote.tables(out) == case.local, f"{kind}: exit {code}, or other tables: {said}")
        print(f"{kind}: struck {struck} requests of {times} exports")
    replaced(check, remote, case, proxy, rng)
    proxy.close()


def replaced(check, remote, case, proxy, rng):
    data, times, struck = case.path.read_bytes(), 20 if check.full else 3, 0
    for i in range(times):
        uri = remote.bucket.put(f"in/replaced-{i}.vcf.gz", data)
        state = {"skip": rng.randrange(2, 6)}

        def fault(method, path):
            if method != "GET" or "in/replaced-" not in path:
                return None
            state["skip"] -= 1
            return ("call", lambda: remote.bucket.put(f"in/replaced-{i}.vcf.gz", data + b" ")) if state["skip"] == 0 else None

        proxy.fault, proxy.struck = fault, 0
        code, said, out = remote.export(uri, "--part-size", "6MiB", env={"AWS_ENDPOINT_URL_S3": proxy.url}, what="replaced")
        proxy.fault, struck = None, struck + proxy.struck
        check.expect(code == 1 and "changed while it was read" in said and not remote.visible(out), f"replaced: exit {code}: {said}")
    print(f"replaced while read: {struck} of {times} exports struck, none visible")


def cohort(check):
    """2,504 samples and some 50,000 variants, with their table: those of make_cohort.py in VARLAKE_COHORTS, as figures.py makes them, or the small cohort many times over."""
    made = os.environ.get("VARLAKE_COHORTS")
    if made:
        return Path(made) / "p3.vcf.gz", Path(made) / "p3.samples.tsv"
    header, lines = header_and_lines(gzip.decompress(COHORT.read_bytes()))
    span, path = int(lines[-1].split(b"\t", 2)[1]), check.temp / "p3.vcf.gz"
    with open(path, "wb") as f:
        f.write(b"".join(blocks(header)))
        for i in range(50_000 // len(lines) + 1):
            moved = (line.split(b"\t", 2) for line in lines)
            f.write(b"".join(blocks(b"".join(b"%s\t%d\t%s" % (chrom, int(pos) + i * span, rest) for chrom, pos, rest in moved))))
        f.write(END)
    return path, SAMPLES


def cost(check, remote):
    """What S3 costs, round by round: CPU, beside the same from disk; and wall time with 50 ms before every answer, beside that without, both through the proxy."""
    vcf, table = cohort(check)
    uri, table_uri = remote.bucket.put("in/p3.vcf.gz", vcf.read_bytes()), remote.bucket.put("in/p3.samples.tsv", table.read_bytes())
    proxy = Proxy()
    through = {"AWS_ENDPOINT_URL_S3": proxy.url}

    def timed(source, samples, out, env=None):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        p = check.run("export", source, "--samples", samples, "--out", out, "--progress", "never", env=env)
        wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        check.expect(p.returncode == 0, f"cost: {p.stderr}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall

    found = []
    for i in range(15 if check.full else 7):
        disk = timed(vcf, table, check.temp / f"cost-{i}")
        s3 = timed(uri, table_uri, f"{remote.bucket.uri}/{remote.fresh()}")
        proxy.delay = 0
        near = timed(uri, table_uri, f"{remote.bucket.uri}/{remote.fresh()}", through)
        proxy.delay, proxy.log = 0.05, []
        far = timed(uri, table_uri, f"{remote.bucket.uri}/{remote.fresh()}", through)
        found.append((s3[0] / disk[0], far[1] / near[1], far[1] / disk[1], (far[1] - near[1]) / proxy.delay))
    proxy.delay, proxy.log = 0.5, []  # long, so that requests of one step overlap on a busy machine too
    timed(uri, table_uri, f"{remote.bucket.uri}/{remote.fresh()}", through)
    proxy.close()
    overlap(check, proxy.log)
    steps = chain([(start, end) for method, path, start, end, *_ in proxy.log if method != "GET" or "in/p3.vcf.gz" not in path])
    cpu, wall, beside_disk, waited = (statistics.median(column) for column in zip(*found))
    print(f"cost: {len(found)} rounds: CPU {cpu:.2f} times that from disk; with 50 ms for each of {len(proxy.log)} requests {wall:.2f} times the wall time without "
          f"({beside_disk:.2f} times that from disk), as {waited:.1f} requests take; {steps} are made one after another")
    check.expect(steps <= 7,  # the plan and its reading back are among them, which 50 ms hide behind the first records
                  f"cost: {steps} requests one after another")
    check.expect(cpu <= 1.25, f"cost: CPU {cpu:.2f} times that from disk")
    check.expect(wall <= 1.5, f"cost: with 50 ms for each request {wall:.2f} times the wall time")
    command = [check.varlake, "export", "--progress", "never", "--out"]
    here = measure.run([*command, check.temp / "peak", vcf, "--samples", table], 60)
    there = measure.run([*command, f"{remote.bucket.uri}/{remote.fresh()}", uri, "--samples", table_uri], 60)
    more = there.peak - here.peak >> 20
    print(f"cost: peak {here.peak >> 20} MiB from disk to disk, {more} more from S3 to S3")
    check.expect(here.code == there.code == 0 and more <= 48, f"cost: {more} MiB more memory: {here.err}{there.err}")


def chain(spans):
    """How many of the spans, at most, come one after the other has ended."""
    ended = []  # (end, length of the longest chain up to there)
    for start, end in sorted(spans):
        ended.append((end, 1 + max((n for before, n in ended if before <= start), default=0)))
    return max(n for _, n in ended)


def overlap(check, log):
    """Ranges are read side by side, and while work is under way: between the first of them and the first table that is written."""
    reads = sorted((start, end) for method, path, start, end, *_ in log if method == "GET" and "in/p3.vcf.gz" in path)
    written = min(start for method, path, start, *_ in log if method == "PUT" and ".parquet" in path)
    side_by_side = sum(b[0] < a[1] for a, b in zip(reads, reads[1:]))
    behind = sum(start > reads[0][1] and end < written for start, end in reads)
    check.expect(side_by_side >= 1 and behind >= 2, f"cost: of {len(reads)} ranges {side_by_side} were read beside another, {behind} during work")


def main():
    check = Check(__doc__)
    if not ENDPOINT:
        print("left out: AWS_ENDPOINT_URL_S3 is not set")
        sys.exit(0)
    remote = Remote(check)
    try:
        real(check, remote)
        ways_in(check, remote)
        case = Case(check, remote)
        kills(check, remote, case)
        faults(check, remote, case)
        cost(check, remote)
    finally:
        remote.bucket.remove()
    check.finish()


if __name__ == "__main__":
    main()
