"""The policies of docs/iam.md: commands work under them, and without any one of their actions fail at their start and name it.

The documents are taken from the page, with the buckets of this check in place of the examples, and given to sessions of an S3 server that enforces
policies (MinIO). Under the whole document the command works. Then each action of S3 is taken away in turn: the command fails before a table's file
is written or an input is read beyond its header, with an error that names that action, the place, and nothing else; the same command works once the
action is back. What is of Glue, KMS and Athena is left out here, but every document is read. Without a server the check is left out.
"""
import copy
import hashlib
import json
import os
import random
import re

from dataset import ROOT, Check
from objects import ENDPOINT, Bucket, Proxy
from signed import allow_anyone, session

MAX_POLICY = 6144  # characters that IAM takes, white space aside


def documents():
    """The documents of the page by name."""
    page = (ROOT / "docs" / "iam.md").read_text()
    return {name: json.loads(text) for name, text in re.findall(r"^```json (\S+)\n(.*?)^```", page, re.M | re.S)}


def actions(statement):
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def well_formed(check, docs):
    for name, doc in docs.items():
        check.expect(doc["Version"] == "2012-10-17" and len(json.dumps(doc, separators=(",", ":"))) < MAX_POLICY, f"{name}: version or length")
        sids = [s["Sid"] for s in doc["Statement"]]
        check.expect(len(set(sids)) == len(sids) and all(re.fullmatch("[A-Za-z0-9]+", s) for s in sids), f"{name}: Sid {sids}")
        for s in doc["Statement"]:
            check.expect(all(re.fullmatch(r"(s3|kms|glue|athena|sns):(\*|[A-Z][A-Za-z]+)", a) for a in actions(s)), f"{name}: {actions(s)}")
            check.expect(("Principal" in s) == name.endswith("-policy") and s["Resource"], f"{name}: {s['Sid']}")
    s3_of = lambda name: [s for s in docs[name]["Statement"] if actions(s)[0].startswith("s3:")]
    rest = lambda name: [s for s in docs[name]["Statement"] if s not in s3_of(name)]
    for name in ("worker-kms", "worker-glue", "worker-glue-kms", "worker-sns"):
        check.expect(s3_of(name) == s3_of("worker"), f"{name}: other statements of S3 than worker")
    check.expect(rest("worker-glue-kms") == rest("worker-kms") + rest("worker-glue"), "worker-glue-kms is not what the other two are together")
    print(f"{len(docs)} documents, {sum(len(d['Statement']) for d in docs.values())} statements")


class Trial:
    """A command under a document of the page, with and without each of its actions."""

    def __init__(self, check, docs, inputs, lake):
        self.check, self.docs, self.inputs, self.lake = check, docs, inputs, lake
        self.requests, self.proxy = [], Proxy()
        self.proxy.fault = lambda method, path: self.requests.append((method, path))

    def policy(self, name):
        """The document's statements of S3, for the buckets of this check."""
        text = json.dumps(self.docs[name]).replace("example-vcf", self.inputs.name).replace("example-lake", self.lake.name).replace("example-results", self.lake.name)
        doc = json.loads(text)
        doc["Statement"] = [s for s in doc["Statement"] if actions(s)[0].startswith("s3:")]
        return doc

    def run(self, policy, *args):
        self.requests.clear()
        return self.check.run(*args, env={**session(policy), "AWS_ENDPOINT_URL_S3": self.proxy.url})

    def works(self, name, *args):
        p = self.run(self.policy(name), *args)
        self.check.expect(p.returncode == 0, f"{name}: {args[0]}: exit {p.returncode}: {p.stderr[-400:]}")
        return p

    def each_action(self, name, *args, needs=None):
        """Takes the actions away in turn; yields (action, completed process, what)."""
        whole = self.policy(name)
        for i, statement in enumerate(whole["Statement"]):
            for action in actions(statement):
                if needs and action not in needs:
                    continue
                doc = copy.deepcopy(whole)
                doc["Statement"][i]["Action"] = [a for a in actions(statement) if a != action]
                if not doc["Statement"][i]["Action"]:
                    del doc["Statement"][i]
                p, what = self.run(doc, *args), f"{name}, {args[0]} without {action} ({statement['Sid']})"
                said = p.stderr.strip()
                named = set(re.findall(r"\b(?:s3|kms|glue|athena):[A-Z]\w+", said))
                place = re.search(r"allow \S+ on (\S+)", said)
                where = statement["Resource"].split("/")[0]
                self.check.expect(p.returncode == 1 and said.startswith("varlake: ") and "\n" not in said, f"{what}: exit {p.returncode}: {said}")
                self.check.expect(named == {action} and place and place[1].startswith(where), f"{what}: {said}")
                yield action, p, what


def deep(path, mib):
    """Text that is far longer than what is read ahead, and whose tables are uploaded in parts."""
    rng = random.Random(6)
    with open(path, "w") as f:
        f.write("##fileformat=VCFv4.2\n##contig=<ID=1>\n##INFO=<ID=T,Number=1,Type=String,Description=\"text\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        f.writelines(f"1\t{i + 1}\t.\tA\tC\t.\t.\tT={rng.randbytes(2000).hex()}\n" for i in range(mib * 256))


def worker(check, trial):
    """Export from and to S3: a prefix with an input, a sample table there."""
    vcf = check.temp / "chr1.vcf"
    deep(vcf, 192)
    trial.inputs.put("phase3/chr1.vcf", vcf.read_bytes())
    samples = check.temp / "samples.tsv"
    samples.write_text("sample\tpop\n")
    trial.inputs.put("phase3/samples.tsv", samples.read_bytes())
    local = check.export(vcf, "--samples", samples)
    args = ["export", f"{trial.inputs.uri}/phase3/", "--samples", f"{trial.inputs.uri}/phase3/samples.tsv", "--out", f"{trial.lake.uri}/phase3", "--progress", "never"]
    ranges = lambda: sum(m == "GET" and "chr1.vcf?x-id=GetObject" in path for m, path in trial.requests)
    p = trial.run(trial.policy("worker"), *args[:-3], f"{trial.lake.uri}/phase3/first", *args[-2:])
    whole, uploads = ranges(), sum(m == "POST" and "uploads" in path for m, path in trial.requests)
    check.expect(p.returncode == 0 and uploads > 0, f"worker: exit {p.returncode}: {p.stderr[-400:]} {uploads} uploads in parts")
    print(f"worker: {len(trial.requests)} requests, {whole} of them for the input, {uploads} uploads in parts")
    for action, _, what in trial.each_action("worker", *args):
        left = [k for k in trial.lake.keys("phase3") if not k.startswith("first/")]
        check.expect(not [k for k in left if not k.startswith("_plans/")], f"{what}: left {left[:3]}")
        check.expect(not [p for m, p in trial.requests if m in ("PUT", "POST") and "/_plans/" not in p], f"{what}: it wrote")
        check.expect(ranges() <= whole * 2 // 3, f"{what}: {ranges()} of {whole} ranges of the input were read")
        print(f"without {action}: {len(trial.requests)} requests, {ranges()} of them for the input")
    trial.works("worker", *args)
    keys = trial.lake.keys("phase3")
    check.expect("_current.json" in keys, "worker: the same command, with all actions: not visible")
    digests = lambda where: {k.split("/", 2)[2]: hashlib.sha256(trial.lake.get(f"phase3/{k}")).hexdigest() for k in keys if k.startswith(where) and k.endswith(".parquet")}
    on_disk = {str(f.relative_to(local.run)): hashlib.sha256(f.read_bytes()).hexdigest() for f in local.run.rglob("*.parquet")}
    check.expect(digests("runs/") == on_disk and on_disk, "worker: other tables than on disk")
    p = trial.works("worker", *args)
    check.expect(p.stdout.startswith("already done"), f"again: {p.stdout[:100]}")
    return args


def key(check, trial, args):
    """--kms-key: MinIO asks for no permission, but knows its keys."""
    name = os.environ.get("STACK_KMS_KEY_ID")
    if not name:
        print("--kms-key: left out: STACK_KMS_KEY_ID is not set")
        return
    args = [a if a != f"{trial.lake.uri}/phase3" else f"{trial.lake.uri}/phase3/encrypted" for a in args]
    p = trial.run(trial.policy("worker-kms"), *args, "--kms-key", "no-such-key")
    check.expect(p.returncode == 1 and "KMS key can't be used" in p.stderr and "--kms-key" in p.stderr, f"a key that is not there: {p.stderr}")
    check.expect(not trial.lake.keys("phase3/encrypted") and not any("/runs/" in path for _, path in trial.requests), "a key that is not there: it wrote")
    trial.works("worker-kms", *args, "--kms-key", name)
    print("--kms-key: works; a key that is not there is told before the work")


def anonymous(check, trial):
    """Inputs that all may read, with credentials that may not."""
    args = ["export", f"{trial.inputs.uri}/phase3/", "--out", f"{trial.lake.uri}/phase3/public", "--anonymous", "--progress", "never"]
    p = trial.run(trial.policy("worker-anonymous"), *args)
    check.expect(p.returncode == 1 and "s3:ListBucket" in p.stderr, f"not public: {p.stderr}")
    allow_anyone(trial.inputs.name, ["s3:ListBucket", "s3:GetObject"])
    tried = sum(1 for _ in trial.each_action("worker-anonymous", *args))
    trial.works("worker-anonymous", *args)
    print(f"worker-anonymous: {tried} actions taken away in turn")


def readers(check, trial):
    out = f"{trial.lake.uri}/phase3"
    commands = [("tables", out), ("preview", out, "variants", "-n", "1"), ("verify", out), ("restore", out, "-o", check.temp / "again.vcf"), ("ddl", out, "--database", "d"),
                ("clean", out, "--dry-run")]
    if "no cgo" not in check.run("query", out, "SELECT 1").stderr:
        commands.append(("query", out, "SELECT count(*) AS n FROM sample_annotations", "--format", "csv"))
    for command in commands:
        trial.works("reader", *command)
        trial.works("analyst", *command)
        check.expect({m for m, _ in trial.requests} <= {"GET", "HEAD"}, f"{command[0]}: it wrote")
        for _ in trial.each_action("reader", *command, needs=["s3:GetObject"]):
            pass
    print(f"reader and analyst: {len(commands)} commands")


def clean(check, trial):
    """A run of a killed export, with the note of an upload."""
    out = f"{trial.lake.uri}/phase3"
    trial.lake.put("phase3/runs/0123456789abcdef/_uploads/a.json", b'{"key": "runs/0123456789abcdef/variants/a", "upload_id": "none"}\n')
    trial.lake.put("phase3/runs/0123456789abcdef/_headers/00000.vcf", b"x")
    before = trial.lake.keys("phase3")
    tried = 0
    for _, _, what in trial.each_action("clean", "clean", out, "--older-than", "0s"):
        tried += 1
        check.expect(trial.lake.keys("phase3") == before, f"{what}: it deleted")
    trial.works("clean", "clean", out, "--older-than", "0s")
    gone = set(before) - set(trial.lake.keys("phase3"))
    check.expect(any("0123456789abcdef" in k for k in gone) and "_current.json" not in gone, f"clean: deleted {sorted(gone)[:3]}")
    check.expect(check.run("verify", out).returncode == 0, "clean: the dataset is damaged")
    print(f"clean: {tried} actions taken away in turn")


def main():
    check = Check(__doc__)
    docs = documents()
    well_formed(check, docs)
    if not ENDPOINT:
        print("commands: left out: AWS_ENDPOINT_URL_S3 is not set")
        check.finish()
    if session({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}]}) is None:
        print("commands: left out: the server has no sessions with policies")
        check.finish()
    inputs, lake = Bucket(), Bucket()
    trial = Trial(check, docs, inputs, lake)
    try:
        args = worker(check, trial)
        readers(check, trial)
        clean(check, trial)
        key(check, trial, args)
        anonymous(check, trial)
    finally:
        inputs.remove()
        lake.remove()
    check.finish()


if __name__ == "__main__":
    main()
