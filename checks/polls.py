"""Readers that poll a dataset while it is made: what they see is nothing, or all of a run.

They live in a process of their own, so that the proxies of a check don't slow them down. A reader begins with _current.json, as all do: where it is there, the manifest must be there that it names, all files that
the manifest names, with their sizes, and _SUCCESS with the checksum of the manifest. Each reader keeps which manifests it saw, in which order.
"""
import collections
import hashlib
import json
import subprocess
import sys
import threading
import time

from pyarrow import fs

from objects import ENDPOINT

READERS, PAUSE = 5, 0.02

# polls: how many; seen: of these with a run; runs: [SHA-256 of the manifest, …] of each reader, in order; wrong: what no reader may see
Polled = collections.namedtuple("Polled", "polls seen runs wrong")


class Readers:
    """Five readers, in a process that serves one dataset after another."""

    def __init__(self):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, uri):
        """Begins to poll; it returns when each reader has polled once."""
        self._process.stdin.write(f"{uri}\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def stop(self):
        """What was polled, the last time after this was called."""
        self._process.stdin.write("stop\n")
        self._process.stdin.flush()
        return Polled(**json.loads(self._process.stdout.readline()))

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class Reader(threading.Thread):
    def __init__(self, files, root):
        super().__init__(daemon=True)
        self.files, self.root, self.last = files, root, False
        self.polls = self.seen = 0
        self.runs, self.wrong, self.once = [], [], threading.Event()

    def run(self):
        while True:
            last = self.last  # and one poll more
            try:
                self.poll()
            except Exception as e:
                self.wrong.append(f"{type(e).__name__}: {e}")
            self.polls += 1
            self.once.set()
            if last:
                return
            time.sleep(PAUSE)

    def get(self, name):
        with self.files.open_input_file(f"{self.root}/{name}") as f:
            return f.read()

    def poll(self):
        try:
            current = self.get("_current.json")
        except FileNotFoundError:
            if self.runs:
                self.wrong.append("_current.json is gone")
            return
        run = f"runs/{json.loads(current)['run']}"
        data = self.get(f"{run}/_manifest.json")
        manifest, digest = json.loads(data), hashlib.sha256(data).hexdigest()
        named = {f["path"]: f["bytes"] for t in manifest["tables"] for f in t["files"]} | {f["path"]: f["bytes"] for f in manifest["support"]}
        there = {i.path: i.size for i in self.files.get_file_info(fs.FileSelector(f"{self.root}/{run}", recursive=True)) if i.type == fs.FileType.File}
        missing = [p for p, size in named.items() if there.get(f"{self.root}/{p}") != size]
        if missing or not named:
            self.wrong.append(f"{len(missing)} of {len(named)} files are not there, or of another size, first {missing[:1]}")
        if not self.get(f"{run}/_SUCCESS").startswith(digest.encode()):
            self.wrong.append("_SUCCESS has the checksum of another manifest")
        self.seen += 1
        if not self.runs or self.runs[-1] != digest:
            self.runs.append(digest)


def serve():
    for line in sys.stdin:
        uri = line.strip()
        if uri.startswith("s3://"):
            files, root = fs.S3FileSystem(endpoint_override=ENDPOINT), uri[len("s3://"):]
        else:
            files, root = fs.LocalFileSystem(), uri
        readers = [Reader(files, root) for _ in range(READERS)]
        for r in readers:
            r.start()
        for r in readers:
            r.once.wait()
        print("polling", flush=True)
        sys.stdin.readline()
        for r in readers:
            r.last = True
        for r in readers:
            r.join()
        print(json.dumps(Polled(sum(r.polls for r in readers), sum(r.seen for r in readers), [r.runs for r in readers], [w for r in readers for w in r.wrong][:5])._asdict()), flush=True)


if __name__ == "__main__":
    serve()
