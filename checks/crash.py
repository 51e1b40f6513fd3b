"""Crashes: whatever ends an export, no table is visible in part, and the same command then makes the bytes of an undisturbed run.

kill -9 at random moments, some of them a second time while the work is taken up again; SIGTERM, which must answer with exit 75;
a disk that fills at different stages and is then enlarged; an output that is read-only. Bytes are names and SHA-256 of all files
under runs/, temporaries aside. The disk is a small tmpfs in a mount namespace of this process alone; where mounting is not
allowed the check says so and leaves it out.
--part kills 10 times, --full 50.
"""
import ctypes
import gzip
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from dataset import ROOT, Check, Refused
from packing import END, blocks, header_and_lines

COHORT = ROOT / "testdata" / "cohort.vcf.gz"
TEMPORARY = "_tmp-"
CLONE_NEWNS = 0x20000


def made(path, contigs):
    """The cohort once for each contig: as many parts of each table."""
    header, lines = header_and_lines(gzip.decompress(COHORT.read_bytes()))
    packed = blocks(header)
    for i in range(contigs):
        packed += blocks(b"".join(re.sub(rb"^[^\t]*", b"%d" % (i + 1), line) for line in lines), level=1)
    path.write_bytes(b"".join(packed) + END)


class Case:
    """One command, and what an undisturbed run of it leaves."""

    def __init__(self, check):
        self.check, self.input = check, check.temp / "in.vcf.gz"
        made(self.input, 12)
        started = time.monotonic()
        whole = check.export(*self.flags())
        self.seconds = time.monotonic() - started
        self.bytes = digests(whole.root)
        self.sets = len(list(whole.run.glob("_parts/*.json")))
        size = sum(f.stat().st_size for f in whole.root.rglob("*") if f.is_file())
        print(f"undisturbed: {self.seconds:.2f} s, {len(self.bytes)} files, {self.sets} sets of parts, {size >> 10} KiB")
        check.expect(self.sets > 5, "parts are several")

    def flags(self):
        return [self.input, "--part-size", "64KiB", "--workers", "2"]

    def start(self, out):
        return subprocess.Popen([self.check.varlake, "export", *map(str, self.flags()), "--out", out, "--progress", "never"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def hidden(self, out, what):
        """No reader finds a table, or all of it is there; tells which."""
        if (out / "_current.json").exists():
            return self.check.expect(digests(out) == self.bytes, f"{what}: visible, and not whole")
        p = self.check.run("tables", out)
        self.check.expect(p.returncode == 1 and not p.stdout, f"{what}: tables of what is not visible: exit {p.returncode}: {p.stdout[:200]}")
        return False

    def finishes(self, out, what):
        """The same command makes what the undisturbed one made."""
        try:
            self.check.export(*self.flags(), out=out)
        except Refused as e:
            return self.check.expect(False, f"{what}: the same command fails: {e}")
        found = digests(out)
        differ = sorted(k for k in found.keys() | self.bytes.keys() if found.get(k) != self.bytes.get(k))
        return self.check.expect(not differ, f"{what}: {len(differ)} files differ, first {differ[:3]}")


def digests(out):
    runs = Path(out) / "runs"
    return {str(f.relative_to(runs)): hashlib.sha256(f.read_bytes()).hexdigest() for f in runs.rglob("*")
            if f.is_file() and not f.name.startswith(TEMPORARY)}


def left(out):
    """Whole sets of parts and temporaries of a run that ended."""
    return len(list(out.glob("runs/*/_parts/*.json"))), sum(1 for f in out.rglob(TEMPORARY + "*"))


def ended(case, out, sig, seconds):
    """Starts the command, sends a signal after some seconds; exit code and stderr."""
    p = case.start(out)
    try:
        p.wait(seconds)
    except subprocess.TimeoutExpired:
        p.send_signal(sig)
    _, err = p.communicate(timeout=60)
    return p.returncode, err.strip()


def kills(check, case):
    rng, times, done = random.Random(9), 50 if check.full else 10, 0
    for i in range(times):
        out, moments = check.temp / f"kill-{i}", [rng.uniform(0, case.seconds) for _ in range(1 + i % 3 // 2)]
        for moment in moments:
            what = f"kill -9 after {moment:.3f} s"
            code, err = ended(case, out, signal.SIGKILL, moment)
            check.expect(code in (-signal.SIGKILL, 0), f"{what}: exit {code}: {err[-300:]}")
            whole = case.hidden(out, what)
            sets, temporaries = left(out)
            done += whole
            print(f"{what}: exit {code}, {sets} sets of parts, {temporaries} temporaries, {'whole' if whole else 'nothing'} visible", flush=True)
        case.finishes(out, what)
    check.expect(done <= times / 2, "most kills come before the end")


def interrupts(check, case):
    rng = random.Random(10)
    for i in range(12 if check.full else 4):
        out, moment = check.temp / f"term-{i}", rng.uniform(0.1, 0.9) * case.seconds
        code, err = ended(case, out, signal.SIGTERM, moment)
        what = f"SIGTERM after {moment:.3f} s"
        whole = case.hidden(out, what)
        sets, temporaries = left(out)
        print(f"{what}: exit {code}, {sets} sets of parts, {temporaries} temporaries: {err}", flush=True)
        check.expect(code == (0 if whole else 75), f"{what}: exit {code}")
        check.expect(whole or "run the same command" in err and len(err.splitlines()) == 1, f"{what}: says what to do: {err}")
        check.expect(not temporaries, f"{what}: {temporaries} temporaries are left")
        case.finishes(out, what)
    p = case.start(check.temp / "term-twice")
    time.sleep(case.seconds / 3)
    p.terminate()
    p.terminate()
    started = time.monotonic()
    p.communicate(timeout=60)
    print(f"SIGTERM twice: exit {p.returncode} after {time.monotonic() - started:.3f} s")
    check.expect(p.returncode in (75, -signal.SIGTERM), f"SIGTERM twice: exit {p.returncode}")
    case.hidden(check.temp / "term-twice", "SIGTERM twice")
    case.finishes(check.temp / "term-twice", "SIGTERM twice")


class Disk:
    """A tmpfs of a size, seen by this process and its children alone. OSError where mounting is not allowed."""

    def __init__(self, where):
        self.where = where
        where.mkdir()
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        self.mount("--make-rprivate", "/")

    def mount(self, *args):
        p = subprocess.run(["mount", *map(str, args)], capture_output=True, text=True)
        if p.returncode:
            raise OSError(p.returncode, p.stderr.strip())

    def open(self, size):
        self.mount("-t", "tmpfs", "-o", f"size={size}", "varlake-check", self.where)
        return self.where / "out"

    def change(self, options):
        self.mount("-o", f"remount,{options}", self.where)

    def close(self):
        subprocess.run(["umount", self.where], check=True)


def refused(check, case, out, what, *words):
    """The command fails in one line that has the words, and nothing is visible."""
    try:
        check.export(*case.flags(), out=out)
        return check.expect(False, f"{what}: exit 0")
    except Refused as e:
        print(f"{what}: exit {e.code}: {e.text}".replace(str(check.temp), ""), flush=True)
        check.expect(e.code == 1 and len(e.text.splitlines()) == 1 and all(w in e.text for w in words), f"{what}: says {words}: {e.text}")
        case.hidden(out, what)
        return True


def full_disk(check, case, disk):
    for size in ["16k", "256k", "700k", "1500k", "2m", "2600k"] if check.full else ["16k", "700k", "2m"]:
        out = disk.open(size)
        what = f"a disk of {size}"
        if refused(check, case, out, what, "no space left", str(out)):
            check.expect(not left(out)[1], f"{what}: {left(out)[1]} temporaries are left")
            disk.change("size=64m")
            case.finishes(out, f"{what}, enlarged")
        disk.close()


def half_done(case, out):
    """Kills the command as soon as it has a whole set of parts; false where it always ended first."""
    for _ in range(10):
        p = case.start(out)
        while p.poll() is None and not left(out)[0]:
            time.sleep(0.001)
        p.kill()
        p.communicate()
        if left(out)[0] and not (out / "_current.json").exists():
            return True
        shutil.rmtree(out)
        out.mkdir()
    return False


def read_only(check, case, disk):
    out = disk.open("64m")
    out.mkdir()
    for stage in ("empty", "half done"):
        if stage != "empty":
            check.expect(half_done(case, out), "killed when a set of parts was whole, and not all")
        disk.change("ro")
        refused(check, case, out, f"read-only, {stage}", "read-only", str(out), "--out")
        disk.change("rw")
    case.finishes(out, "read-only, then writable")
    disk.close()


def forbidden(check, case):
    """Without mounts: a directory that may not be written, as no one but root may."""
    out = check.temp / "forbidden"
    out.mkdir(mode=0o500)
    refused(check, case, out, "a directory without permission", "permission", str(out))
    out.chmod(0o700)
    case.finishes(out, "a directory with permission again")


def main():
    check = Check(__doc__)
    os.nice(10)
    case = Case(check)
    kills(check, case)
    interrupts(check, case)
    try:
        disk = Disk(check.temp / "disk")
        disk.open("16k")
        disk.close()
    except OSError as e:
        print(f"full disk and read-only mount: left out, mounting is not allowed here: {e}")
    else:
        full_disk(check, case, disk)
        read_only(check, case, disk)
    if os.geteuid():
        forbidden(check, case)
    check.finish()


if __name__ == "__main__":
    main()
