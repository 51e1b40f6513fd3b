"""Nothing of credentials, and no sample's id where it does not belong, in what varlake says or writes.

Commands run with credentials of their own (a session's, so that key, secret and token are known to this check alone), in success and in failure: the
server refuses, repeats the request's headers in its errors, or is not there; keys are wrong, files and helpers of credentials are broken. stdout, stderr
and every object of the dataset are searched for the secrets, also for pieces of them and encoded. The samples of the input have ids that stand nowhere
else: no name of an object has them, and no line on stderr but errors that are about a sample. Without an S3 server (AWS_ENDPOINT_URL_S3) the check is left out.
"""
import base64
import os
import random
import re
import subprocess
import sys
import urllib.parse

from dataset import Check
from objects import ENDPOINT, Bucket, Proxy
from packing import bgzf
from signed import session

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}]}
IDS = [f"QZ{i}PATIENT" for i in range(8)]
HEADER = ("##fileformat=VCFv4.3\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"GT\">\n##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"DP\">\n"
          "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{}\n")


def vcf(ids, lines=200, bad=""):
    rows = "".join(f"1\t{i + 1}\t.\tA\tC\t.\t.\t.\tGT:DP\t" + "\t".join(["0/1:x" if i % 50 == 0 else "0/1:9"] * len(ids)) + "\n" for i in range(lines))
    return bgzf((HEADER.format("\t".join(ids)) + rows + bad).encode())


def marks(env):
    """Every secret of an environment, its pieces, and as encoded."""
    found = set()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        secret = env.get(name, "")
        for form in (secret, urllib.parse.quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")):
            found |= {form[i:i + 16] for i in range(0, len(form) - 15, 8)}
    return found


class Search:
    def __init__(self, check):
        self.check, self.commands, self.failures = check, 0, 0

    def text(self, what, said, env):
        told = [m for m in marks(env) if m in said]
        self.check.expect(not told, f"{what}: tells {len(told)} pieces of secrets: {said[:300]}")
        self.check.expect(not re.search("Signature=|AWS4-HMAC|X-Amz-Security-Token", said, re.I), f"{what}: tells headers: {said[:300]}")

    def run(self, what, args, env, code=None, ids=False, want=""):
        """Runs a command; with ids, its stderr may have ids of samples in it."""
        p = subprocess.run([self.check.varlake, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env={**os.environ, **env})
        self.commands, self.failures = self.commands + 1, self.failures + bool(p.returncode)
        self.check.expect(code is None or p.returncode == code, f"{what}: exit {p.returncode}: {p.stderr[:300]}")
        self.check.expect(re.search(want, p.stderr), f"{what}: said {p.stderr[:300]}, want {want}")
        self.text(what, p.stdout + p.stderr, env)
        if not ids:
            self.check.expect(not any(i in p.stderr for i in IDS), f"{what}: tells ids of samples: {p.stderr[:300]}")
        return p


def whole(check, search, bucket, env):
    """All commands, and every object of the dataset."""
    bucket.put("in/a.vcf.gz", vcf(IDS, bad="1\tx\t.\tA\tC\t.\t.\t.\tGT\t" + "\t".join(["0/1"] * len(IDS)) + "\n"))
    bucket.put("in/samples.tsv", ("sample\tpop\n" + "".join(f"{i}\tX\n" for i in IDS)).encode())
    out = f"{bucket.uri}/out"
    export = ["export", f"{bucket.uri}/in/a.vcf.gz", "--samples", f"{bucket.uri}/in/samples.tsv", "--group-by", "pop", "--out", out, "--on-bad-record", "quarantine", "--progress", "always"]
    for args in (export, export, ["inspect", f"{bucket.uri}/in/a.vcf.gz"], ["tables", out, "--paths"], ["preview", out, "variants"], ["verify", out, "--source", f"{bucket.uri}/in/a.vcf.gz"],
                 ["restore", out, "-o", check.temp / "a.vcf"], ["ddl", out, "--database", "d"], ["clean", out, "--older-than", "0s"], ["query", out, "SELECT count(*) FROM variants"]):
        search.run(args[0], args, env, code=None if args[0] == "query" else 0)
    keys = bucket.keys("out")
    for name in keys:
        check.expect(not any(i in name for i in IDS), f"object {name}: has the id of a sample")
        search.text(f"object {name}", bucket.get(f"out/{name}").decode("latin-1"), env)
    held = sum(any(i.encode() in bucket.get(f"out/{name}") for i in IDS) for name in keys)
    check.expect(held > 2, "the search does not find the ids where they must be")  # the headers, the rejects
    print(f"success: {search.commands} commands, {len(keys)} objects")
    return export


def echoed(check, search, bucket, env, export):
    """A server that repeats what it was sent, at every kind of request and with every kind of error."""
    proxy, rng = Proxy(), random.Random(2)
    errors = [(400, "ExpiredToken"), (400, "InvalidRequest"), (401, "Unauthorized"), (403, "AccessDenied"), (403, "SignatureDoesNotMatch"), (403, "InvalidAccessKeyId"),
              (301, "PermanentRedirect"), (400, "KMS.DisabledException"), (404, "NoSuchBucket"), (409, "OperationAborted"), (412, "PreconditionFailed"), (500, "InternalError"), (418, "Teapot")]
    struck = 0
    for status, code in errors:
        for skip in range(0, 24, 1 if check.full else 5):
            state = {"left": skip}

            def fault(method, path):
                state["left"] -= 1
                return ("echo", (status, code)) if state["left"] < 0 else None

            proxy.fault, proxy.struck = fault, 0
            args = [*export[:-6], "--out", f"{bucket.uri}/echo/{code}/{skip}", *export[-4:]]
            search.run(f"{code} repeated after {skip} requests", args, {**env, "AWS_ENDPOINT_URL_S3": proxy.url, "AWS_MAX_ATTEMPTS": "2"})
            struck += proxy.struck
        for args in (["tables", f"{bucket.uri}/out"], ["verify", f"{bucket.uri}/out"], ["clean", f"{bucket.uri}/out"], ["inspect", f"{bucket.uri}/in/"]):
            state = {"left": rng.randrange(3)}
            search.run(f"{args[0]}: {code} repeated", args, {**env, "AWS_ENDPOINT_URL_S3": proxy.url, "AWS_MAX_ATTEMPTS": "2"})
            struck += proxy.struck
    proxy.close()
    check.expect(struck > 100, f"{struck} requests struck")
    print(f"repeated headers: {struck} answers")


def wrong(check, search, bucket):
    """Credentials that are wrong, or can't be had."""
    marked = {"AWS_ACCESS_KEY_ID": "MARKEDACCESSKEYID00000", "AWS_SECRET_ACCESS_KEY": "marked/secret+access0key1that2is3forty45", "AWS_SESSION_TOKEN": "marked-session-token-" + "x1y2" * 40}
    args = ["tables", f"{bucket.uri}/out"]
    search.run("unknown key", args, marked, 1, want="credentials: .* accept them")
    search.run("no server", args, {**marked, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, 1, want="can't be reached")
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    secrets = "\n".join(f"{k.lower()} = {v}" for k, v in marked.items())
    helper = check.temp / "helper"
    helper.write_text(f"#!/bin/sh\necho 'no JSON: {marked['AWS_SECRET_ACCESS_KEY']} {marked['AWS_SESSION_TOKEN']}'\nexit $1\n")
    helper.chmod(0o755)
    for name, text, want in (
            ("unknown key", f"[default]\n{secrets}\n", "accept them"), ("broken line", f"[default]\n{secrets}\n{marked['AWS_SECRET_ACCESS_KEY']}\n[[{marked['AWS_SESSION_TOKEN']}\n", ""),
            ("half", f"[default]\naws_access_key_id = {marked['AWS_ACCESS_KEY_ID']}\n", ""), ("helper without JSON", f"[default]\ncredential_process = {helper} 0\n", "credentials: "),
            ("helper that fails", f"[default]\ncredential_process = {helper} 1\n", "credentials: "), ("role", f"[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = s\n[profile s]\n{secrets}\n", "")):
        for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            path = check.temp / "aws"
            path.write_text(text)
            env = {**none, "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", variable: str(path), "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
            p = search.run(f"{name} in {variable}", args, env, 1, want=want)
            search.text(f"{name} in {variable}", p.stdout + p.stderr, marked)
    print(f"wrong credentials: {search.failures} failures by now")


def samples(check, search, bucket, env):
    """What is wrong with a record names no sample; what is wrong with samples names the first."""
    last = "\t".join(["0/1"] * len(IDS))
    for name, bad in (("POS", f"1\tx\t.\tA\tC\t.\t.\t.\tGT\t{last}\n"), ("columns", "1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n"), ("short", "1\t5\n"), ("bytes", "1\t5\t.\tA\tC\t.\t\xff\t.\tGT\t0/1\n")):
        uri = bucket.put(f"in/{name}.vcf.gz", vcf(IDS, bad=bad))
        search.run(f"bad record: {name}", ["export", uri, "--out", f"{bucket.uri}/bad/{name}"], env, 1)
    data = vcf(IDS, lines=5000)
    uri = bucket.put("in/cut.vcf.gz", data[:len(data) // 2])
    search.run("truncated", ["export", uri, "--out", f"{bucket.uri}/bad/cut"], env, 1)
    search.run("strict", ["export", f"{bucket.uri}/in/a.vcf.gz", "--on-bad-record", "quarantine", "--on-header-mismatch", "fail", "--out", f"{bucket.uri}/bad/strict"], env, 1)
    bucket.put("two/1.vcf.gz", vcf(IDS))
    bucket.put("two/2.vcf.gz", vcf(IDS[:4]))
    search.run("other samples", ["export", f"{bucket.uri}/two/", "--out", f"{bucket.uri}/bad/two"], env, 1, ids=True)
    uri = bucket.put("in/double.vcf.gz", vcf(IDS + IDS[:1]))
    p = search.run("double", ["export", uri, "--out", f"{bucket.uri}/bad/double"], env, 1, ids=True)
    check.expect(IDS[0] in p.stderr, f"a sample twice: not named: {p.stderr}")
    check.expect(not any(i in key for key in bucket.keys("bad") for i in IDS), "bad: an object has the id of a sample in its name")
    print("ids of samples: in no name of an object, and on stderr in errors about samples alone")


def main():
    check = Check(__doc__)
    env = session(ALL) if ENDPOINT else None
    if env is None:
        print("left out: AWS_ENDPOINT_URL_S3 is not set, or its server has no sessions")
        sys.exit(0)
    bucket, search = Bucket(), Search(check)
    try:
        export = whole(check, search, bucket, env)
        echoed(check, search, bucket, env, export)
        wrong(check, search, bucket)
        samples(check, search, bucket, env)
    finally:
        bucket.remove()
    print(f"{search.commands} commands, {search.failures} of them failed")
    check.finish()


if __name__ == "__main__":
    main()
