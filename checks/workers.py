"""An export as the N shards of an array job: their processes, the places that they write to, and what is left there."""
import concurrent.futures
import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

from objects import Bucket

PART = re.compile(r"part-(\d{5})-(\d{6})\.parquet$")


def sharded(n, i):
    return ["--shards", str(n), "--shard", str(i)]


def start(check, args, out, env=None):
    """One export as a process. Its output goes to files, so that nobody has to read it meanwhile."""
    said = [tempfile.TemporaryFile("w+", errors="replace") for _ in range(2)]
    p = subprocess.Popen([check.varlake, "export", *map(str, args), "--out", str(out), "--progress", "never"], stdin=subprocess.DEVNULL, stdout=said[0], stderr=said[1],
                         env={**os.environ, **(env or {})})
    p.said = said
    return p


def ended(p, timeout=120):
    """Waits for the end; exit code, stdout, stderr. One that hangs is killed, and its code then None."""
    try:
        code = p.wait(timeout)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        code = None
    told = []
    for f in p.said:
        f.seek(0)
        told.append(f.read().strip())
        f.close()
    return code, *told


def run_shards(check, args, out, n, order=None, at_once=2, env=None):
    """Runs shards in an order, some at once; what `ended` gives of each, by shard. env, where given, is the environment of each shard."""
    order = list(order if order is not None else range(n))
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return dict(zip(order, pool.map(lambda i: ended(start(check, [*args, *sharded(n, i)], out, env and env[i])), order)))


class Disk:
    """A directory that datasets go to; they have names in it."""

    def __init__(self, root):
        self.root = Path(root)

    def uri(self, name):
        return self.root / name

    def stamps(self, name):
        """Size and time of every file of a dataset, by its path there, but those that are not for readers: temporaries and the lock."""
        root = self.root / name
        found = ((f, f.stat()) for f in root.rglob("*") if f.is_file() and not f.name.startswith(("_tmp-", "_lock")))
        return {str(f.relative_to(root)): (s.st_size, s.st_mtime_ns) for f, s in found}

    def get(self, name, file):
        return (self.root / name / file).read_bytes()

    def put(self, name, file, data):
        (self.root / name / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name / file).write_bytes(data)

    def delete(self, name, file):
        (self.root / name / file).unlink()


class S3:
    """A bucket that datasets go to."""

    def __init__(self):
        self.bucket = Bucket()

    def uri(self, name):
        return f"{self.bucket.uri}/{name}"

    def stamps(self, name):
        return {k: v for k, v in self.bucket.stamps(name).items() if "/_uploads/" not in k}

    def get(self, name, file):
        return self.bucket.get(f"{name}/{file}")

    def put(self, name, file, data):
        self.bucket.put(f"{name}/{file}", data)

    def delete(self, name, file):
        self.bucket.delete(f"{name}/{file}")


def contents(place, name):
    """SHA-256 of every file of a dataset, by its path there."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        files = sorted(place.stamps(name))
        return dict(zip(files, pool.map(lambda f: hashlib.sha256(place.get(name, f)).hexdigest(), files)))


def differ(one, other):
    return sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k))


def in_order(paths):
    """Paths of part files by shard and part."""
    return sorted(paths, key=lambda p: PART.search(str(p)).groups())
