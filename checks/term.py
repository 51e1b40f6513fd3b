"""SIGTERM: workers that are told to end do so in time, leave no upload open, and lose no more than the part in hand.

Shards of an export from and to S3, whose files are large enough for uploads in parts, get SIGTERM at a moment drawn by lot. Each must exit with 75 within 20 seconds. Then S3 is asked for the uploads of every key
that was begun, and of every key of the run: none may be open. (The server is asked for each key exactly: MinIO lists none by prefix. An upload that the check leaves open on purpose must be found in this way.)
The same commands then end the work: the files are those of an undisturbed run, no file of a set of parts that was complete is written again, and of the sets that were begun at most one a worker is done anew.
Last, the same commands once more, through a proxy that counts: they read no input, and exit with 0 in less than 2 seconds.
Without an S3 server (AWS_ENDPOINT_URL_S3) the check is left out. --part interrupts 8 times, --full 50.
"""
import collections
import random
import re
import signal
import statistics
import sys
import time
import urllib.parse
import xml.etree.ElementTree as xml

from chaos import Case, Proxies, is_read, key_of, large
from dataset import Check
from objects import ENDPOINT
from signed import open_uploads, signed
from workers import S3, contents, differ, ended, sharded, start

SHARDS = 2
SET = re.compile(r"/(?:chrom=[^/]*/part-|_parts/)(\d{5})-(\d{6})\.(?:parquet|json)$")


def finds_uploads(check, place):
    """An upload that is begun and left is found by its key, and not any more when it is aborted."""
    key, path = "left/part-00000-000000.parquet", f"/{place.bucket.name}/left/part-00000-000000.parquet"
    upload = next(e.text for e in xml.fromstring(signed("s3", "POST", path, "uploads=")).iter() if e.tag.endswith("UploadId"))
    found = open_uploads(place.bucket.name, key)
    signed("s3", "DELETE", path, f"uploadId={urllib.parse.quote(upload, safe='')}")
    check.expect(found == 1 and open_uploads(place.bucket.name, key) == 0, f"an upload that is left open: {found} found")


def sets_of(keys):
    """(shard, sequence) of the sets of parts that these keys are of."""
    return {m.groups() for m in map(SET.search, keys) if m}


def writes(log):
    """Keys that are written or begun to be."""
    return {key_of(r.path).split("?")[0] for r in log if r.method == "PUT" or r.method == "POST" and "uploads=" in r.path}


Seen = collections.namedtuple("Seen", "seconds complete begun anew uploads left")


def interrupted(check, case, place, proxies, out, moment, what):
    """One export of all shards, interrupted at the same moment; what was seen of each that was, and the rest done."""
    proxies.reset()
    workers = [start(check, [*case.args, *sharded(SHARDS, i)], place.uri(out), proxies.env[i]) for i in range(SHARDS)]
    time.sleep(moment)
    for p in workers:
        p.send_signal(signal.SIGTERM)
    at, told, seconds = time.monotonic(), [], []
    for p in workers:
        told.append(ended(p, 40))
        seconds.append(time.monotonic() - at)
    logs = [list(p.log) for p in proxies.all]
    before = place.stamps(out)
    complete = sets_of(f for f in before if "/_parts/" in f)
    begun = set().union(*map(writes, logs)) | set(case.keys(out))
    still = [key for key in begun if open_uploads(place.bucket.name, key)]
    check.expect(not still, f"{what}: uploads are left open: {still}")
    hit = [i for i in range(SHARDS) if told[i][0] != 0]
    for i in hit:
        check.expect(told[i][0] == 75 and seconds[i] < 20 and "run the same command" in told[i][2] and len(told[i][2].splitlines()) == 1, f"{what}: shard {i}: exit {told[i][0]} after {seconds[i]:.1f} s: {told[i][2]}")
    check.expect(not hit or "_current.json" not in before, f"{what}: interrupted, and visible")

    proxies.reset()
    again = [ended(p) for p in [start(check, [*case.args, *sharded(SHARDS, i)], place.uri(out), proxies.env[i]) for i in range(SHARDS)]]
    check.expect(all(t[0] == 0 for t in again), f"{what}: the same commands: {again}")
    after = place.stamps(out)
    kept = [f for f in before if SET.search(f) and SET.search(f).groups() in complete]
    changed = [f for f in kept if after.get(f) != before[f]]
    check.expect(not changed and kept or not complete, f"{what}: {len(changed)} files of complete sets were written again, first {changed[:1]}")
    found = contents(place, out)
    check.expect(found == case.files, f"{what}: {differ(found, case.files)[:3]} are not those of the undisturbed run")

    seen = []
    for i in hit:
        mine = lambda sets: {s for s in sets if int(s[0]) == i}
        first, second = mine(sets_of(writes(logs[i]))), mine(sets_of(writes(proxies.all[i].log)))
        check.expect(not second & mine(complete), f"{what}: shard {i} writes sets again that were complete: {second & mine(complete)}")
        anew = first - mine(complete)
        check.expect(len(anew) <= 1, f"{what}: shard {i} does {len(anew)} sets anew: {sorted(anew)}")
        seen.append(Seen(seconds[i], len(mine(complete)), len(first), len(anew), sum("uploads=" in r.path for r in logs[i]), sum(f"/part-{i:05d}-" in key for key in still)))
    return seen


def done(check, case, place, proxies, out):
    """The commands of an export that is done read no input, and are quick; seconds of the slowest, and reads of the input."""
    seconds, reads = [], 0
    for i in range(SHARDS):
        proxies.reset()
        started = time.monotonic()
        code, said, err = ended(start(check, [*case.args, *sharded(SHARDS, i)], place.uri(out), proxies.env[i]))
        seconds.append(time.monotonic() - started)
        log = proxies.all[i].log
        bodies = [r for r in log if is_read(r.method, r.path) and key_of(r.path).startswith(case.key)]
        reads += len(bodies)
        written = [r for r in log if r.method not in ("GET", "HEAD")]
        check.expect(code == 0 and said.startswith("already done") and seconds[-1] < 2, f"{out}, already done: exit {code} after {seconds[-1]:.1f} s: {said} {err}")
        check.expect(log and not bodies and not written, f"{out}, already done: {len(bodies)} reads of the input, {len(written)} writes")
    return max(seconds), reads


class Large(Case):
    def __init__(self, check, place):
        super().__init__(check, place, "large", large(), shards=SHARDS)

    def keys(self, out):
        return [f"{out}/{f}" for f in self.files if f.endswith(".parquet")]


def main():
    check = Check(__doc__)
    if not ENDPOINT:
        print("left out: AWS_ENDPOINT_URL_S3 is not set")
        sys.exit(0)
    place, proxies, rng = S3(), Proxies(SHARDS), random.Random(13)
    try:
        finds_uploads(check, place)
        case, seen, rounds, again = Large(check, place), [], 0, []
        wanted = 50 if check.full else 8

        def enough():
            return len(seen) >= wanted and sum(s.complete > 0 for s in seen) >= wanted / 4 and sum(s.uploads for s in seen) >= wanted / 4

        while not enough() and rounds < 3 * wanted:
            out, moment = f"term-{rounds}", rng.uniform(0.15, case.seconds)  # before, a process may not have come to where it listens to signals
            seen += interrupted(check, case, place, proxies, out, moment, f"SIGTERM after {moment:.2f} s")
            again.append(done(check, case, place, proxies, out))
            place.bucket.remove_folder(out)
            rounds += 1
        print(f"{len(seen)} workers interrupted in {rounds} exports: exit 75 after {statistics.median(s.seconds for s in seen):.2f} s, at most {max(s.seconds for s in seen):.2f} s; "
              f"sets of parts complete before {sum(s.complete for s in seen)}, begun {sum(s.begun for s in seen)}, done anew {sum(s.anew for s in seen)}; "
              f"{sum(s.uploads for s in seen)} uploads in parts were begun, {sum(s.left for s in seen)} left open")
        print(f"already done: {SHARDS * rounds} commands, at most {max(a[0] for a in again):.2f} s, {sum(a[1] for a in again)} reads of the input")
        check.expect(len(seen) >= wanted, f"{len(seen)} of {wanted} workers were interrupted")
        check.expect(enough(), "some were interrupted behind a complete set, and some in uploads")
    finally:
        proxies.close()
        place.bucket.remove()
    check.finish()


if __name__ == "__main__":
    main()
