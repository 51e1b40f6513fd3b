"""S3 in and out: the tables are those of a directory, byte for byte, whatever is killed or breaks on the way.

Real files and a made cohort are exported from and to S3 and compared with what the same files give on disk; a prefix and a pattern with
a directory; a file large enough for uploads in parts. kill -9 and SIGTERM at random moments; through a proxy: 500, 503, connections that
are reset, cut and stalled, denied access, an object that is replaced while it is read. Then what it costs. The server is that of
AWS_ENDPOINT_URL_S3 and the usual credentials; without it the check is left out.
--part does each fault 3 times and kills 6 times, --full 20 times and 40.
"""
import base64
import gzip
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time

from dataset import BROKEN, ROOT, Check, Refused
from objects import ENDPOINT, Bucket, Proxy
from packing import bgzf, header_and_lines

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
    """Each kind strikes a few requests in a row at a random moment."""
    read = lambda method, path: method == "GET" and "x-id=GetObject" in path and "in/large" in path
    write = lambda method, path: method in ("PUT", "POST")
    kinds = {
        "500": (None, lambda rng: ("status", (500, "InternalError")), True), "503": (None, lambda rng: ("status", (503, "SlowDown")), True),
        "reset": (read, lambda rng: ("reset", rng.randrange(1 << 20)), True), "truncated": (read, lambda rng: ("truncate", rng.randrange(1 << 20)), True),
        "reset write": (write, lambda rng: ("reset", 0), True), "stalled": (read, lambda rng: ("stall", rng.randrange(1 << 20)), True),
        "denied": (None, lambda rng: ("status", (403, "AccessDenied")), False), "denied write": (write, lambda rng: ("status", (403, "AccessDenied")), False),
        "expired": (None, lambda rng: ("status", (400, "ExpiredToken")), False),
    }
    proxy, rng = Proxy(), random.Random(4)
    env = {"AWS_ENDPOINT_URL_S3": proxy.url}
    for kind, (which, do, passes) in kinds.items():
        struck = succeeded = 0
        times = (20 if check.full else 3) if kind != "stalled" else (4 if check.full else 1)
        for _ in range(times):
            state = {"skip": rng.randrange(1, 12), "left": rng.randrange(1, 4) if passes else 1 << 30}

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
            check.expect(proxy.struck > 0 or which is not None, f"{kind}: struck nothing")
            if code == 0:
                succeeded += 1
                check.expect(remote.visible(out) and remote.tables(out) == case.local, f"{kind}: other tables")
            else:
                check.expect(not remote.visible(out), f"{kind}: exit {code}, and visible: {said}")
                check.expect(not passes, f"{kind}: exit {code}: {said}")
                again, text, _ = remote.export(*case.args, out=out, what=f"{kind}, again")
                check.expect(again == 0 and remote.tables(out) == case.local, f"{kind}: the same command: exit {again}: {text}")
        print(f"{kind}: struck {struck} requests of {times} exports, {succeeded} succeeded")
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


def cost(check, remote, case):
    """CPU against disk; wall time with 50 ms before every answer."""
    def timed(*args):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        p = check.run("export", *args, "--progress", "never")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        check.expect(p.returncode == 0, f"cost: {p.stderr}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - started

    slow, found = Proxy(delay=0.05), {"disk": [], "S3": [], "50 ms": []}
    for i in range(3):
        found["disk"].append(timed(case.path, "--out", check.temp / f"cost-{i}"))
        found["S3"].append(timed(*case.args[:1], "--out", f"{remote.bucket.uri}/{remote.fresh()}"))
        os.environ["AWS_ENDPOINT_URL_S3"] = slow.url
        found["50 ms"].append(timed(*case.args[:1], "--out", f"{remote.bucket.uri}/{remote.fresh()}"))
        os.environ["AWS_ENDPOINT_URL_S3"] = ENDPOINT
    slow.close()
    best = {k: (min(c for c, _ in v), min(w for _, w in v)) for k, v in found.items()}
    for k, (cpu, wall) in best.items():
        print(f"cost: {k}: {cpu:.2f} s CPU ({cpu / best['disk'][0]:.2f}), {wall:.2f} s ({wall / best['disk'][1]:.2f})")


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
        cost(check, remote, case)
    finally:
        remote.bucket.remove()
    check.finish()


if __name__ == "__main__":
    main()
