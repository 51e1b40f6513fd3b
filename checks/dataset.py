"""What all checks share: running varlake, reading a dataset with pyarrow, counting what passed."""
import argparse
import collections
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
ALL_TABLES = ["--tables", "variants,variant_annotations,sample_annotations,carriers"]
BROKEN = {"cggh+scikit-allel/test48b.vcf": "more columns than the header"}  # of data/real; real.py shows the evidence


class Check:
    """Command line, working directory and tally of one check script."""

    def __init__(self, doc, binary=True):
        p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        p.add_argument("--varlake", default=os.environ.get("VARLAKE", str(ROOT / "varlake")), help="the built binary")
        p.add_argument("--shared", type=Path, default=Path(os.environ.get("VARLAKE_SHARED", ROOT.parent / "shared")),
                       help="directory with data/real, data/expected and data/annotations")
        p.add_argument("--only", default="", help="only inputs whose path contains this")
        how = p.add_mutually_exclusive_group()
        how.add_argument("--part", action="store_true", help="the fixed part that CI runs (the default)")
        how.add_argument("--full", action="store_true", help="everything")
        args = p.parse_args()
        self.varlake, self.only, self.full = args.varlake, args.only, args.full
        if binary and not shutil.which(self.varlake):
            p.error(f"no program {self.varlake}: build it, or give --varlake")
        self.data = args.shared / "data"
        self.passed = self.failed = self._shown = 0
        self._temp = tempfile.TemporaryDirectory(prefix="varlake-check-")
        self.temp = Path(self._temp.name)

    def expect(self, ok, what):
        """Counts one expectation; says which failed (the first 60)."""
        if ok:
            self.passed += 1
            return True
        self.failed += 1
        self._shown += 1
        if self._shown <= 60:
            print(f"FAIL {what}", flush=True)
        return False

    def finish(self):
        self._temp.cleanup()
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)

    def run(self, *args, stdin=None, env=None):
        """Runs varlake and returns the completed process; output is text."""
        with open(stdin or os.devnull, "rb") as f:
            return subprocess.run([self.varlake, *map(str, args)], stdin=f, capture_output=True, text=True,
                                  errors="replace", env={**os.environ, **(env or {})})

    def export(self, *args, out=None, stdin=None):
        """Exports into a directory (by default a fresh one) and opens it; raises Refused with what varlake said."""
        out = Path(out or tempfile.mkdtemp(dir=self.temp, prefix="dataset-"))
        p = self.run("export", *args, "--out", out, "--progress", "never", stdin=stdin)
        if p.returncode:
            raise Refused(p.returncode, p.stderr.strip())
        return Dataset(out)

    def real(self):
        """Paths of data/real relative to it, in order of name; the BCF is left out."""
        base = self.data / "real"
        if not base.is_dir():
            sys.exit(f"{base} is not there: give --shared")
        names = sorted(str(f.relative_to(base)) for f in base.glob("*/*") if not f.name.endswith(".bcf"))
        return [n for n in names if self.only in n]


class Refused(Exception):
    """An export that failed: exit code and what stderr said."""

    def __init__(self, code, text):
        super().__init__(text.splitlines()[-1] if text else f"exit {code}, nothing on stderr")
        self.code, self.text = code, text


class Dataset:
    """A dataset as a reader finds it: _current.json names the run, its manifest the files."""

    def __init__(self, root):
        self.root = Path(root)
        current = _plain(json.loads((self.root / "_current.json").read_text()))
        self.run = self.root / "runs" / current["run"]
        self.manifest = _plain(json.loads((self.run / "_manifest.json").read_text()))
        self.tables = {t["name"]: t for t in self.manifest["tables"]}

    def files(self, table):
        """(path, contig or None) of the table's files, as the manifest has them."""
        return [(self.root / f["path"], _contig(f["path"])) for f in self.tables[table].get("files") or []]

    def rows(self, table):
        return sum(pq.ParquetFile(f).metadata.num_rows for f, _ in self.files(table))

    def read(self, table, columns=None):
        """The whole table, chrom included, record tables in the order of the input."""
        parts = []
        for path, contig in self.files(table):
            t = pq.ParquetFile(path).read(columns=columns)
            if contig is not None:
                t = t.append_column("chrom", pa.array([contig] * len(t), pa.string()))
            parts.append(t)
        if not parts:
            return None
        whole = pa.concat_tables(parts) if len(parts) > 1 else parts[0]
        if "record_offset" in whole.column_names and len(parts) > 1:
            whole = whole.sort_by([("input_index", "ascending"), ("record_offset", "ascending")])
        return whole

    def discard(self):
        shutil.rmtree(self.root)


def _plain(value):
    """JSON with keys in one spelling: RunID, runId and run_id are the same."""
    if isinstance(value, dict):
        return {k.lower().replace("_", ""): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _contig(path):
    found = re.search(r"/chrom=([^/]*)/", str(path))
    return unquote(found.group(1)) if found else None


def digests(ds):
    """SHA-256 of every file under runs/, by its name there."""
    runs = ds.root / "runs"
    return {str(f.relative_to(runs)): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(runs.rglob("*")) if f.is_file()}


def names(prefix, keys, taken):
    """Columns of header keys by the naming rule: lower case, `_` for all but [a-z0-9_], the first free suffix."""
    taken, out = set(taken), collections.OrderedDict()
    for key in keys:
        base = prefix + re.sub("[^a-z0-9_]", "_", key.lower())
        name, n = base, 2
        while name in taken:
            name, n = f"{base}_{n}", n + 1
        taken.add(name)
        out[key] = name
    return out


def bcftools(*args, stdin=None):
    """stdout of bcftools, or None where it refuses."""
    p = subprocess.run(["bcftools", *map(str, args)], stdin=stdin, capture_output=True)
    return p.stdout if p.returncode == 0 else None


def write_sites(path, n):
    """A sites-only VCF of n short records, 90 bases apart from 1000 on: deep enough for many row groups."""
    with open(path, "w") as f:
        f.write("##fileformat=VCFv4.2\n##contig=<ID=1,length=250000000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        f.writelines(f"1\t{1000 + 90 * i}\t.\tA\tC\t.\t.\t.\n" for i in range(n))


def same(a, b):
    """Equality of nested values in which NaN equals NaN."""
    if a == b:
        return True
    if isinstance(a, float) and isinstance(b, float):
        return a != a and b != b
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return False
