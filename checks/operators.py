"""What operators go by is true: metrics beside files and faults that were counted elsewhere, log lines, messages that a queue got, and a Spot notice.

Metrics are summed over all lines of an export and compared with the manifest, with the sizes of the files that lie there, and, through a proxy before S3, with how
many requests the proxy broke. A metadata service of this check's own gives a notice to who asks with tokens. A message goes from SNS to a queue of SQS, whose content is
compared with the manifest. Without the servers of AWS_ENDPOINT_URL_S3, _SNS and _SQS what needs them is left out.
"""
import http.server
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

from dataset import ROOT, Check, Dataset
from objects import ENDPOINT, Bucket, Proxy

COHORT = ROOT / "testdata" / "cohort.vcf.gz"
BATCH = {"AWS_BATCH_JOB_ID": "0a1b:7", "AWS_BATCH_JOB_ATTEMPT": "3"}
SNS, SQS = os.environ.get("AWS_ENDPOINT_URL_SNS"), os.environ.get("AWS_ENDPOINT_URL_SQS")


def sums(check, said, what):
    """The metrics of all lines, summed for all jobs; the rest of stderr must be JSON too."""
    total, rest = {}, []
    for line in said.splitlines():
        d = json.loads(line)
        if "_aws" not in d:
            rest.append(d)
            continue
        for directive in d["_aws"]["CloudWatchMetrics"]:
            check.expect(directive["Namespace"] == "varlake" and [] in directive["Dimensions"] and ["dataset"] in directive["Dimensions"], f"{what}: {directive}")
            for m in directive["Metrics"]:
                total[m["Name"]] = total.get(m["Name"], 0) + d[m["Name"]]
        check.expect(abs(d["_aws"]["Timestamp"] / 1000 - time.time()) < 600, f"{what}: {d['_aws']['Timestamp']}")
    return total, rest


def counted(check, total, manifest, read, written, what, **more):
    want = {"records": manifest["records"], "rows": manifest["rows"], "rejects": manifest["rejected"], "bytes_read": read, "bytes_written": written,
            "done": 1, "failed": 0, "interrupted": 0, "exit_code": 0, **more}
    got = {name: total.get(name) for name in want}
    check.expect(got == want, f"{what}: {got}, want {want}")


def disk(check):
    """A file with lines that are no records, into a directory."""
    vcf, rng = check.temp / "bad.vcf", random.Random(7)
    lines = subprocess.run(["gzip", "-dc", COHORT], capture_output=True, check=True).stdout.splitlines(keepends=True)
    vcf.write_bytes(b"".join(l if l.startswith(b"#") or rng.random() > 0.1 else b"bad\t" + l for l in lines))
    out = check.temp / "disk"
    p = check.run("export", vcf, "--out", out, "--on-bad-record", "quarantine", "--metrics", "emf", "--log", "json", env=BATCH)
    total, log = sums(check, p.stderr, "disk")
    ds = Dataset(out)
    written = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    counted(check, total, ds.manifest, vcf.stat().st_size, written, "disk", retries=0)
    check.expect(ds.manifest["rejected"] > 50, "disk: no rejects")
    names = {"run": ds.manifest["run"], "attempt": 3, "job": "0a1b:7"}
    check.expect(log and all({k: l.get(k) for k in names} == names and "shard" not in l for l in log), f"disk: {log}")
    print(f"disk: {total['records']} records, {total['rejects']} rejects, {written} bytes in files, as the metrics say")
    p = check.run("export", vcf, "--out", check.temp / "fails", "--metrics", "emf", "--log", "json", env=BATCH)
    total, log = sums(check, p.stderr, "failure")
    check.expect(p.returncode == 1 == total["failed"] == total["exit_code"] and total["done"] == 0, f"failure: {p.returncode}, {total}")
    check.expect(log[-1]["level"] == "ERROR" and log[-1]["exit_code"] == 1 and "bad record" in log[-1]["msg"] and log[-1]["attempt"] == 3, f"failure: {log[-1]}")


def repeated(check):
    """Retries are as many as requests were broken."""
    if not ENDPOINT:
        print("retries: left out: AWS_ENDPOINT_URL_S3 is not set")
        return
    bucket, proxy, rng = Bucket(), Proxy(), random.Random(11)
    uri = bucket.put("in/cohort.vcf.gz", COHORT.read_bytes())
    for trial in range(10 if check.full else 4):
        last = {"path": None}

        def fault(method, path):
            # One of four requests; never an object twice in a row, so that none runs out of attempts.
            if rng.random() > 0.25 or path == last["path"]:
                return None
            last["path"] = path
            if method == "GET" and "cohort.vcf.gz" in path and rng.random() < 0.5:
                return ("truncate", 50_000)
            return ("status", (503, "SlowDown"))

        proxy.fault, proxy.struck = fault, 0
        out = f"out/{trial}"
        p = check.run("export", uri, "--out", f"{bucket.uri}/{out}", "--metrics", "emf", "--progress", "never", env={"AWS_ENDPOINT_URL_S3": proxy.url})
        if not check.expect(p.returncode == 0, f"retries: exit {p.returncode}: {p.stderr[-300:]}"):
            continue
        total, _ = sums(check, p.stderr, "retries")
        keys = bucket.keys(out)
        manifest = json.loads(bucket.get(f"{out}/{next(k for k in keys if k.endswith('_manifest.json'))}"))
        written = sum(len(bucket.get(f"{out}/{k}")) for k in keys if "/_uploads/" not in k)
        counted(check, total, manifest, COHORT.stat().st_size, written, "retries", retries=proxy.struck)
        check.expect(proxy.struck > 0, "retries: nothing was broken")
        print(f"retries: {proxy.struck} requests broken, {total['retries']:.0f} repeated")
    bucket.remove()


class Metadata(http.server.BaseHTTPRequestHandler):
    """A metadata service; server.notice is what it says of the instance."""

    def log_message(self, *args):
        pass

    def answer(self, status, text=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        if self.command == "PUT":
            self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "300")
        self.end_headers()
        self.wfile.write(text)

    def do_PUT(self):
        ok = self.path == "/latest/api/token" and 0 < int(self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", 0)) <= 21600
        self.answer(200 if ok else 400, b"a-token==" if ok else b"")

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("X-aws-ec2-metadata-token")))
        if self.headers.get("X-aws-ec2-metadata-token") != "a-token==":
            self.answer(401)
        elif self.path == "/latest/meta-data/spot/instance-action" and self.server.notice:
            self.answer(200, self.server.notice)
        else:
            self.answer(404)


def spot(check):
    """A notice while the export waits for records: 75, the reason, and nothing visible; then the same with the SIGTERM that EC2 sends too, before the notice is seen."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    server.notice, server.asked = b"", []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = {**os.environ, **BATCH, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
    text = subprocess.run(["gzip", "-dc", COHORT], capture_output=True, check=True).stdout
    for term in (False, True):
        server.notice, out = b"", check.temp / f"spot-{term}"
        p = subprocess.Popen([check.varlake, "export", "-", "--out", out, "--watch-spot", "--log", "json", "--metrics", "emf"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, env=env)
        p.stdin.write(text[:len(text) // 2])
        p.stdin.flush()
        time.sleep(1)
        server.notice, began = b'{"action": "terminate", "time": "2026-09-18T08:22:00Z"}', time.monotonic()
        if term:
            p.send_signal(signal.SIGTERM)
        said = p.stderr.read().decode()
        code, took = p.wait(timeout=30), time.monotonic() - began
        p.stdin.close()
        total, log = sums(check, said, "spot")
        check.expect(code == 75 and took < 20 and not (out / "_current.json").exists(), f"spot: exit {code} after {took:.1f} s")
        check.expect(log[-1]["level"] == "WARN" and log[-1]["exit_code"] == 75 and (term or "Spot notice: EC2 is going to terminate" in log[-1]["msg"]), f"spot: {log[-1]}")
        check.expect(total["interrupted"] == 1 and total["failed"] == 0 and total["exit_code"] == 75, f"spot: {total}")
        check.expect(server.asked and all(a == ("/latest/meta-data/spot/instance-action", "a-token==") for a in server.asked), f"spot: {server.asked}")
        print(f"spot: exit {code} {took:.1f} s after the {'signal' if term else 'notice'}, {len(server.asked)} looks")
    server.shutdown()
    server.server_close()


def query(url, service, version, **form):
    """A request by the query protocol; the texts of the answer by element."""
    data = urllib.parse.urlencode({"Version": version, **form}).encode()
    scope = f"AWS4-HMAC-SHA256 Credential=check/20260101/{os.environ.get('AWS_REGION', 'us-east-1')}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Authorization": scope})) as r:
        return {re.sub(r"^\{.*\}", "", e.tag): e.text for e in ET.fromstring(r.read()).iter()}


def messages(check):
    """What a queue gets that is subscribed to the topic."""
    if not SNS or not SQS:
        print("messages: left out: AWS_ENDPOINT_URL_SNS or AWS_ENDPOINT_URL_SQS is not set")
        return
    name = f"ops-check-{os.getpid()}"
    sns = lambda action, **form: query(SNS, "sns", "2010-03-31", Action=action, **form)
    sqs = lambda action, **form: query(SQS, "sqs", "2012-11-05", Action=action, **form)
    topic, queue = sns("CreateTopic", Name=name)["TopicArn"], sqs("CreateQueue", QueueName=name)["QueueUrl"]
    sns("Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=topic.replace(":sns:", ":sqs:"))

    def received():
        body = sqs("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds="1")
        if "Body" not in body:
            return None
        sqs("DeleteMessage", QueueUrl=queue, ReceiptHandle=body["ReceiptHandle"])
        return json.loads(json.loads(body["Body"])["Message"])

    out = check.temp / "told"
    p = check.run("export", COHORT, "--out", out, "--sns-topic", topic, "--progress", "never", env=BATCH)
    m, got = Dataset(out).manifest, received()
    want = {"status": "done", "dataset": str(out), "run": m["run"], "records": m["records"], "rows": m["rows"], "rejects": 0, "exit_code": 0, "job": "0a1b:7", "attempt": 3}
    check.expect(p.returncode == 0 and not p.stderr and got == want, f"message: {p.stderr} {got}, want {want}")
    p = check.run("export", COHORT, "--out", out, "--part-size", "1MiB", "--sns-topic", topic, "--progress", "never")
    got = received()
    check.expect(p.returncode == 1 and got and got["status"] == "failed" and f"varlake: {got['reason']}\n" == p.stderr and got["exit_code"] == 1, f"message: {got}: {p.stderr}")
    check.expect(received() is None, "message: one too many")
    p = check.run("export", COHORT, "--out", check.temp / "none", "--sns-topic", topic + "-none", "--progress", "never")
    check.expect(p.returncode == 1 and "no such topic" in p.stderr and not (check.temp / "none").exists(), f"no topic: {p.stderr}")
    sqs("DeleteQueue", QueueUrl=queue)
    sns("DeleteTopic", TopicArn=topic)
    print("messages: done and failed, as a queue got them")


def main():
    check = Check(__doc__)
    disk(check)
    spot(check)
    repeated(check)
    messages(check)
    check.finish()


if __name__ == "__main__":
    main()
