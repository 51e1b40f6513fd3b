"""What S3 begins to refuse while an export works: credentials that expire, a bucket in another region, a prefix that is denied.

A proxy passes requests on until a random moment and refuses from then on: all requests, or those below one prefix; denied prefixes also from the
start. The log of the proxy must show that the work was under way: its input was being read, and it was not yet visible. The export must then end
with one line that says what is wrong and what to do, and leave nothing visible, and the same command without the fault must give the tables of an
undisturbed run. --part strikes at 3 moments for each kind, --full at 20. Without an S3 server (AWS_ENDPOINT_URL_S3) the check is left out.
"""
import random
import re
import sys
import urllib.parse

from dataset import Check
from objects import ENDPOINT, Proxy
from s3 import Case, Remote

REGION = ("x-amz-bucket-region", "eu-north-1")
# kind: (the answer, what must be said of it; an answer to HEAD has no body, and so the status for a code)
ALL = {
    "expired": (("status", (400, "ExpiredToken")), r"credentials: they have expired \(ExpiredToken\); renew them"),
    "redirected": (("status", (301, "PermanentRedirect", REGION)), r"wrong region: (PermanentRedirect|MovedPermanently); give --region the region of the bucket, eu-north-1"),
    "malformed": (("status", (400, "AuthorizationHeaderMalformed", REGION)), r"wrong region: AuthorizationHeaderMalformed; give --region the region of the bucket, eu-north-1"),
}
DENIED = ("status", (403, "AccessDenied"))
PREFIXES = ["in/large", "_current.json", "_plans/", "/runs/", "/variants/", "/variant_annotations/", "/_parts/", "/_uploads/", "/sample_annotations/", "/_headers/", "/_manifest.json"]


class Log:
    """The requests of one export, and which were refused."""

    def __init__(self, answer, where="", skip=0):
        self.answer, self.where, self.skip, self.passed, self.refused = answer, where, skip, [], []

    def __call__(self, method, path):
        path = urllib.parse.unquote(path)
        if self.where in path:
            self.skip -= 1
            if self.skip < 0:
                self.refused.append((method, path))
                return self.answer
        self.passed.append((method, path))
        return None

    def reading(self):
        return any(m == "GET" and "in/large" in p for m, p in self.passed)

    def visible(self):
        return any(m == "PUT" and "/_current.json" in p for m, p in self.passed)


def refuse(check, remote, case, proxy, log, what, text):
    """One export that is refused something; false where it was over before."""
    proxy.fault = log
    code, said, out = remote.export(*case.args, env={"AWS_ENDPOINT_URL_S3": proxy.url}, what=what)
    proxy.fault = None
    if not log.refused or log.visible():
        check.expect(code == 0 or log.refused, f"{what}: nothing was refused: {said}")
        return False
    check.expect(code == 1 and re.search(text, said), f"{what}: exit {code}: {said}")
    check.expect(not remote.visible(out), f"{what}: visible")
    again, said, _ = remote.export(*case.args, out=out, what=f"{what}, again")
    check.expect(again == 0 and remote.tables(out) == case.local, f"{what}: the same command: exit {again}: {said}")
    left = check.run("clean", f"{remote.bucket.uri}/{out}", "--older-than", "0s")
    verified = check.run("verify", f"{remote.bucket.uri}/{out}")
    check.expect(left.returncode == 0 and verified.returncode == 0, f"{what}: clean and verify: {left.stderr}{verified.stdout}")
    return True


def count(check, remote, case, proxy, where=""):
    """How many requests an undisturbed export makes."""
    log = Log(None, where, skip=1 << 30)
    proxy.fault = log
    remote.export(*case.args, env={"AWS_ENDPOINT_URL_S3": proxy.url}, what="undisturbed")
    proxy.fault = None
    return sum(where in p for _, p in log.passed)


def at_random_moments(check, remote, case, proxy, rng, kind, answer, places, text):
    """Refuses requests at one of the places from a random moment on, until that has struck often enough while work was under way."""
    requests = {where: count(check, remote, case, proxy, where) for where in places}
    times, tried, refused, passed = 20 if check.full else 3, 0, 0, []
    while len(passed) < times and tried < 4 * times:
        tried += 1
        where = rng.choice([w for w in places if requests[w]])
        log = Log(answer, where, skip=rng.randrange(requests[where]))
        what = f"{kind}{' ' + where if where else ''} after {log.skip} requests"
        if refuse(check, remote, case, proxy, log, what, text(where)) and log.reading():
            refused += len(log.refused)
            passed.append(len(log.passed))
    check.expect(len(passed) == times, f"{kind}: struck {len(passed)} times in {tried} exports")
    print(f"{kind}: struck {len(passed)} of {tried} exports at work, after {min(passed, default=0)} to {max(passed, default=0)} requests had passed; {refused} requests refused")


def denied(where):
    """What must be said of a prefix that is denied: an action that would allow it, and the place."""
    place = re.escape(where)
    return rf"denied: allow s3:(GetObject|PutObject|AbortMultipartUpload) on arn:aws:s3:::\S*{place}|denied: allow s3:ListBucket on arn:aws:s3:::\S+ with s3:prefix \"[^\"]*{place}"


def main():
    check = Check(__doc__)
    if not ENDPOINT:
        print("left out: AWS_ENDPOINT_URL_S3 is not set")
        sys.exit(0)
    remote, proxy, rng = Remote(check), Proxy(), random.Random(8)
    try:
        case = Case(check, remote)
        for where in PREFIXES if check.full else PREFIXES[::3]:
            log = Log(DENIED, where)
            struck = refuse(check, remote, case, proxy, log, f"denied {where} from the start", denied(where))
            check.expect(struck, f"denied {where} from the start: struck nothing")
            print(f"denied {where} from the start: {len(log.passed)} requests passed, {len(log.refused)} refused")
        at_random_moments(check, remote, case, proxy, rng, "denied", DENIED, PREFIXES, denied)
        for kind, (answer, text) in ALL.items():
            at_random_moments(check, remote, case, proxy, rng, kind, answer, [""], lambda where: text)
    finally:
        proxy.close()
        remote.bucket.remove()
    check.finish()


if __name__ == "__main__":
    main()
