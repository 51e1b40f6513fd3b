"""The image of deploy/Dockerfile: what it holds works with nothing else, as its user, in a root that is otherwise empty.

No daemon is needed: what .dockerignore lets through is built by the command of the Dockerfile, for both machines, and what its last stage copies becomes the root of a directory. There the
program runs by chroot as the image's user: export, verify, restore and preview with the results of an ordinary build, query, which must say what this build lacks, SIGTERM as process 1, TLS with
the certificates at their place and without them, and from S3 to S3 with nothing to write on. Left out where neither root nor a user namespace can be had; S3 where there is no server.
"""
import fnmatch
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path

from dataset import ROOT, Check, write_sites
from objects import ENDPOINT, Bucket

FILE = ROOT / "deploy" / "Dockerfile"
USER = 65532
MACHINES = {"amd64": 62, "arm64": 183}  # of ELF headers
INTERPRETER = 3  # a program header that only dynamic programs have
REVISION = "0123456789ab"
BUCKET_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL_S3")


def stages(text):
    """The stages of a Dockerfile: lists of (instruction, arguments), the first of each FROM."""
    found = []
    for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines():
        if line.strip():
            word, rest = line.split(None, 1)
            if word == "FROM":
                found.append([])
            found[-1].append((word, rest.strip()))
    return found


def ignored(path, patterns):
    """Whether .dockerignore leaves a file out: the last pattern that matches it or a folder of it decides."""
    names = ["/".join(path.split("/")[:i + 1]) for i in range(path.count("/") + 1)]
    out = False
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        tail = bare.removeprefix("**/")
        if any(fnmatch.fnmatch(n if tail == bare else n.rsplit("/", 1)[-1], tail) for n in names):
            out = not pattern.startswith("!")
    return out


def context(target):
    """Copies what the build is given."""
    patterns = [p for p in (ROOT / ".dockerignore").read_text().splitlines() if p and not p.startswith("#")]
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    kept = [f for f in listed if (ROOT / f).is_file() and not ignored(f, patterns)]
    for f in kept:
        (target / f).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / f, target / f)
    return kept


def machine_and_interpreter(path):
    """What an ELF file runs on, and whether it needs a dynamic linker."""
    data = path.read_bytes()
    machine, = struct.unpack_from("<H", data, 18)
    at, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return machine, any(struct.unpack_from("<I", data, at + i * size)[0] == INTERPRETER for i in range(count))


def build(check, stage):
    """The program for each machine, by the command of the Dockerfile."""
    where = check.temp / "context"
    kept = context(where)
    command = next(rest for word, rest in stage if word == "RUN" and "go build" in rest)
    made = {}
    for arch, machine in MACHINES.items():
        made[arch] = check.temp / f"varlake-{arch}"
        p = subprocess.run(["bash", "-ec", command.replace("-o /varlake", f"-o {made[arch]}")], cwd=where, capture_output=True, text=True,
                           env={**os.environ, "TARGETOS": "linux", "TARGETARCH": arch, "REVISION": REVISION})
        if not check.expect(p.returncode == 0, f"build for {arch}: {p.stderr[-800:]}"):
            check.finish()
        check.expect(machine_and_interpreter(made[arch]) == (machine, False), f"{arch}: {machine_and_interpreter(made[arch])}")
    print(f"{len(kept)} files of the context make " + ", ".join(f"{a}: {p.stat().st_size / 2**20:.1f} MiB" for a, p in made.items()))
    return made


class Image:
    """A root that holds what the last stage copies, and /in and /data as a user would mount them."""

    def __init__(self, check, last, program):
        self.check, self.root = check, check.temp / "root"
        self.entry = json.loads(next(rest for word, rest in last if word == "ENTRYPOINT"))
        for _, rest in (i for i in last if i[0] == "COPY"):
            source, target = rest.split()[-2:]
            place = self.root / target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(program if source == "/varlake" else source, place)
            if source != "/varlake":
                self.certificates = place
        self.copied = self.files()
        for mount in ("in", "data"):
            (self.root / mount).mkdir()
        if os.geteuid() == 0:
            os.chown(self.root / "data", USER, USER)
            self.inside = ["chroot", f"--userspec={USER}:{USER}", self.root]
        else:
            self.inside = ["unshare", "--user", f"--map-user={USER}", f"--map-group={USER}", f"--root={self.root}"]

    def files(self):
        """Path and digest of all files but those of the mounts."""
        return {str(f.relative_to(self.root)): hashlib.sha256(f.read_bytes()).hexdigest() for f in self.root.rglob("*")
                if f.is_file() and f.relative_to(self.root).parts[0] not in ("in", "data")}

    def command(self, *args):
        return [*map(str, self.inside), *self.entry, *map(str, args)]

    def run(self, *args, env=None):
        return subprocess.run(self.command(*args), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env={"PATH": os.environ["PATH"], **(env or {})})

    def works(self, *args, env=None):
        p = self.run(*args, env=env)
        self.check.expect(p.returncode == 0, f"{' '.join(map(str, args))}: exit {p.returncode}: {p.stderr[-400:]}")
        return p.stdout

    def refuses(self, words, *args, env=None):
        p = self.run(*args, env=env)
        said = p.stderr.strip()
        self.check.expect(p.returncode == 1 and said.startswith("varlake: ") and "\n" not in said and words in said, f"{' '.join(map(str, args))}: exit {p.returncode}: {said}")


def tables(run):
    return {str(f.relative_to(run)): hashlib.sha256(f.read_bytes()).hexdigest() for f in run.rglob("*.parquet")}


def on_disk(check, image):
    for name in ("cohort.vcf.gz", "cohort.samples.tsv"):
        shutil.copy(ROOT / "testdata" / name, image.root / "in" / name)
    args = ["--samples", "/in/cohort.samples.tsv", "--group-by", "super_pop", "--progress", "never"]
    image.works("export", "/in/cohort.vcf.gz", *args, "--out", "/data/cohort")
    ordinary = check.export(ROOT / "testdata" / "cohort.vcf.gz", "--samples", ROOT / "testdata" / "cohort.samples.tsv", "--group-by", "super_pop")
    mine = next((image.root / "data" / "cohort" / "runs").iterdir())
    check.expect(len(tables(mine)) >= 3 and tables(mine) == tables(ordinary.run), "the tables are not those of an ordinary build")
    image.works("verify", "/data/cohort", "--source", "/in/cohort.vcf.gz")
    check.expect("sample_annotations" in image.works("tables", "/data/cohort"), "tables")
    check.expect("super_pop" in image.works("preview", "/data/cohort", "sample_annotations"), "preview")
    check.expect(image.works("restore", "/data/cohort") == check.run("restore", ordinary.root).stdout, "restore differs")
    check.expect(REVISION in image.works("version"), "version does not name the revision")
    image.refuses("built without cgo", "query", "/data/cohort", "SELECT 1")
    image.refuses("permission denied", "export", "/in/cohort.vcf.gz", *args, "--out", "/elsewhere")
    print("disk: exported, verified and restored as by an ordinary build; query and a root without rights are refused")


def as_process_one(check, image):
    """SIGTERM to the first process of a PID namespace, as a container's is: the kernel drops what has no handler."""
    write_sites(image.root / "in" / "long.vcf", 2_000_000)
    p = subprocess.Popen(["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--pid", "--fork", *image.command("export", "/in/long.vcf", "--out", "/data/long")],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    children, child = Path(f"/proc/{p.pid}/task/{p.pid}/children"), ""
    at_work = image.root / "data" / "long" / "_plans"
    while p.poll() is None and not (at_work.is_dir() and any(at_work.glob("*.json"))):
        time.sleep(0.01)
    if p.poll() is None:
        child = children.read_text().strip()
        os.kill(int(child), signal.SIGTERM)
    started = time.monotonic()
    said = p.communicate(timeout=60)[1].strip()
    check.expect(child and p.returncode == 75, f"SIGTERM as process 1: exit {p.returncode}: {said[-300:]}")
    print(f"SIGTERM as process 1: exit {p.returncode} after {time.monotonic() - started:.1f} s")


class Denying(http.server.BaseHTTPRequestHandler):
    """An S3 that denies all."""

    def do_GET(self):
        text = b"<Error><Code>AccessDenied</Code><Message>made by a check</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else text)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    def log_message(self, *args):
        pass


def certificates(check, image):
    """The program trusts what stands at the place that the Dockerfile copies to, and nothing else."""
    key, certificate = check.temp / "key.pem", check.temp / "certificate.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=check", "-addext", "subjectAltName=IP:127.0.0.1",
                           "-keyout", key, "-out", certificate], capture_output=True)
    if not check.expect(made.returncode == 0, "openssl makes no certificate"):
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Denying)
    server.handle_error = lambda *_: None  # who does not trust the certificate hangs up
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = {"AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
    copied = image.certificates.read_bytes()
    check.expect(copied.count(b"BEGIN CERTIFICATE") > 50, "few certificates are copied")
    image.refuses("x509", "tables", "s3://bucket/d", env=env)
    image.certificates.write_bytes(copied + certificate.read_bytes())
    image.refuses("s3:GetObject", "tables", "s3://bucket/d", env=env)
    image.certificates.write_bytes(copied)
    server.shutdown()
    print("TLS: trusted where the certificate is in the image's file, and only there")


def over_s3(check, image):
    if not ENDPOINT:
        print("S3: left out, AWS_ENDPOINT_URL_S3 names no server")
        return
    bucket, env = Bucket(), {v: os.environ[v] for v in BUCKET_VARIABLES if v in os.environ}
    try:
        vcf = bucket.put("in/cohort.vcf.gz", (ROOT / "testdata" / "cohort.vcf.gz").read_bytes())
        before = {f for f in image.root.rglob("*")}
        image.works("export", vcf, "--out", f"{bucket.uri}/cohort", "--progress", "never", env=env)
        image.works("verify", f"{bucket.uri}/cohort", env=env)
        image.refuses("built without cgo", "query", f"{bucket.uri}/cohort", "SELECT 1", env=env)
        check.expect({f for f in image.root.rglob("*")} == before, "S3 to S3 wrote in the container")
    finally:
        bucket.remove()
    print("S3: exported and verified, nothing written in the container")


def main():
    check = Check(__doc__)
    first, last = stages(FILE.read_text())
    check.expect(last[0] == ("FROM", "scratch") and ("USER", f"{USER}:{USER}") in last, f"the last stage: {last}")
    check.expect({word for word, _ in first + last} <= {"FROM", "WORKDIR", "COPY", "RUN", "ARG", "USER", "ENTRYPOINT"}, "an instruction that this check does not know")
    programs = build(check, first)
    image = Image(check, last, programs["arm64" if os.uname().machine == "aarch64" else "amd64"])
    probe = subprocess.run(image.command("version"), capture_output=True, text=True)
    if probe.returncode:
        print(f"left out: no other root can be had here: {probe.stderr.strip()}")
        check.finish()
    on_disk(check, image)
    as_process_one(check, image)
    certificates(check, image)
    over_s3(check, image)
    check.expect(image.files() == image.copied, "files of the image changed")
    check.finish()


main()
