"""Races: eight workers that all believe that they are the last, and two exports to one place.

Eight shards of an export are brought to where each of them sees all others done: held by a proxy between the end of their shards and the look at those of the others; or killed, or set back, somewhere in the commit and
started again, all at once. In S3 a proxy holds all eight where they write _current.json. One of them may commit, and all must exit with 0, and the files be those of shards that ran one after another.
Then two exports with different options start at the same time, or a moment apart, for one empty place: one wins, with all of its shards, and the other fails and says why; with --overwrite it makes a run of its own
that readers switch to, and the first is refused in turn. So it is where both have written their plans before either saw that of the other. Two that are both to overwrite: one wins. A commit that comes late, when another run has become current than the one that the plan replaces, is refused. Five readers poll all along and see nothing but whole runs, in this order.
All of this on disk, and in S3 where AWS_ENDPOINT_URL_S3 names a server. --part does 2 rounds of each kind, --full 10.
"""
import collections
import random
import re
import threading
import time

from chaos import LOST, Proxies, key_of
from dataset import ALL_TABLES, ROOT, Check
from objects import ENDPOINT
from polls import Readers
from workers import S3, Disk, contents, differ, ended, run_shards, sharded, start

COHORT, SAMPLES = ROOT / "testdata" / "cohort.vcf.gz", ROOT / "testdata" / "cohort.samples.tsv"
WORKERS, HELD = 8, 30  # HELD: seconds after which a barrier gives way
# What a commit writes, the last first; a run may be set back by so many of them.
COMMIT = [r"^_current\.json$", r"/_SUCCESS$", r"/_manifest\.json$", r"/sample_annotations/", r"/_header\.vcf$|/_headers/"]


class Hold:
    """Holds the requests of one of several workers until all have come as far: where one looks which shards are done, having put its own there, and where one commits."""

    def __init__(self, looking, committing):
        self.looking, self.committing, self.has_put, self.kill = looking, committing, False, None

    def __call__(self, method, path):
        key = key_of(path)
        if method == "PUT" and re.search(r"/_shards/\d+\.json", key):
            self.has_put = True
        if self.looking and self.has_put and method == "GET" and "prefix=" in key and "/_shards/" in key:
            return self.held("looking")
        if self.committing and method == "PUT" and re.search(r"/_current\.json\?", key):
            return self.held("committing")
        return None

    def held(self, where):
        barrier = getattr(self, where)
        setattr(self, where, None)

        def wait():
            try:
                barrier.wait(HELD)
            except threading.BrokenBarrierError:
                pass
        return "call", wait


class KillAt:
    """Kills a worker that writes a file of the commit, before that is written, or after."""

    def __init__(self, pattern, after):
        self.pattern, self.after, self.process, self.struck = re.compile(pattern), after, None, 0

    def __call__(self, method, path):
        if method != "PUT" or not self.pattern.search(key_of(path).split("?")[0].split("/", 2)[-1]):
            return None
        self.struck += 1
        if self.after:
            threading.Timer(0.02, self.process.kill).start()
            return LOST
        return "call", self.process.kill


def take_away(place, out, patterns, run=""):
    for file in [f for f in place.stamps(out) if run in f and any(re.search(p, f) for p in patterns)]:
        place.delete(out, file)


class Race:
    """The export that eight workers do, and what it gives undisturbed."""

    def __init__(self, check, place, readers, proxies):
        self.check, self.place, self.readers, self.proxies = check, place, readers, proxies
        self.args = [place.bucket.put("in/cohort.vcf.gz", COHORT.read_bytes()) if proxies else COHORT, "--samples", SAMPLES, *ALL_TABLES]
        told = run_shards(check, self.args, place.uri("whole"), WORKERS, at_once=1)
        check.expect(all(t[0] == 0 for t in told.values()), f"undisturbed: {told}")
        self.files = contents(place, "whole")
        self.manifest = next(v for k, v in self.files.items() if k.endswith("/_manifest.json"))

    def all_at_once(self, out, what, holds=None):
        """Starts all workers; how many of them wrote, or tried to write, _current.json, and how many were told that they did; None on disk."""
        if self.proxies:
            self.proxies.reset()
        if holds:
            for p, h in zip(self.proxies.all, holds):
                p.fault = h
        self.readers.start(self.place.uri(out))
        told = run_shards(self.check, self.args, self.place.uri(out), WORKERS, at_once=WORKERS, env=self.proxies and self.proxies.env)
        polled = self.readers.stop()
        self.check.expect([t[0] for t in told.values()] == [0] * WORKERS, f"{what}: exits {[t[0] for t in told.values()]}: {[t[2] for t in told.values() if t[0]][:2]}")
        found = contents(self.place, out)
        self.check.expect(found == self.files, f"{what}: {differ(found, self.files)[:3]} differ")
        self.check.expect(not polled.wrong and all(r == [self.manifest] for r in polled.runs), f"{what}: readers saw {polled.runs} {polled.wrong}")
        if not holds:
            return None
        puts = [[r for r in p.log if r.method == "PUT" and key_of(r.path).startswith(f"{out}/_current.json")] for p in self.proxies.all]
        for p in self.proxies.all:
            p.fault = None
        done = sum(r.status == 200 for rs in puts for r in rs)
        self.check.expect(done == 1, f"{what}: {done} commits")
        return sum(bool(rs) for rs in puts)

    def held(self, i):
        """All begin at the same time, and are held until all shards are done."""
        looking, committing = threading.Barrier(WORKERS), threading.Barrier(WORKERS)
        return self.all_at_once(f"held-{i}", f"S3, held {i}", [Hold(looking, committing) for _ in range(WORKERS)])

    def killed(self, i, rng):
        """One is killed while it commits, and then all begin again."""
        out, kill = f"killed-{i}", KillAt(COMMIT[i % len(COMMIT)], rng.random() < 0.5)
        what = f"S3, killed at {kill.pattern.pattern} {'when it was written' if kill.after else 'before'}"
        told = run_shards(self.check, self.args, self.place.uri(out), WORKERS, range(WORKERS - 1))
        self.proxies.reset()
        self.proxies.all[-1].fault = kill
        kill.process = start(self.check, [*self.args, *sharded(WORKERS, WORKERS - 1)], self.place.uri(out), self.proxies.env[-1])
        code = ended(kill.process)[0]
        self.check.expect(all(t[0] == 0 for t in told.values()) and code == -9 and kill.struck, f"{what}: exit {code}")
        shards = [k for k in self.place.stamps(out) if re.search(r"/_shards/\d+\.json$", k)]
        self.check.expect(len(shards) == WORKERS, f"{what}: {len(shards)} shards are done")
        if "_current.json" in self.place.stamps(out):  # the commit is done, and nobody has to do it
            return self.all_at_once(out, what) or WORKERS
        committing = threading.Barrier(WORKERS)
        return self.all_at_once(out, what, [Hold(None, committing) for _ in range(WORKERS)])

    def set_back(self, i, where):
        """The last files of a commit are taken away, as if it had been killed there."""
        out, taken = f"back-{i}", 1 + i % len(COMMIT)
        run_shards(self.check, self.args, self.place.uri(out), WORKERS, at_once=1)
        take_away(self.place, out, COMMIT[:taken])
        self.all_at_once(out, f"{where}, set back by {taken} kinds of files")


def believers(check, where, place, readers, proxies, rounds):
    race, rng = Race(check, place, readers, proxies), random.Random(11)
    tried = collections.Counter()
    for i in range(rounds):
        race.all_at_once(f"free-{i}", f"{where}, from the start")
        race.set_back(i, where)
        if proxies:
            tried[race.held(i)] += 1
            tried[race.killed(i, rng)] += 1
    if proxies:
        check.expect(set(tried) == {WORKERS}, f"S3: workers that committed at the same time: {dict(tried)}")
    print(f"{where}: {rounds * (4 if proxies else 2)} times {WORKERS} workers" + (f"; held where they commit: {dict(tried)} (workers: times)" if proxies else ""))


class Export:
    """One of two exports to the same place."""

    def __init__(self, check, place, name, args, shards):
        self.check, self.place, self.name, self.args, self.shards = check, place, name, args, shards
        self.alone = f"alone-{name}-{shards}"
        told = self.told([self.begin(self.alone, i) for i in range(shards)])
        check.expect(all(t[0] == 0 for t in told), f"{name} alone: {short(told)}")
        self.files = {k: v for k, v in contents(place, self.alone).items() if not k.startswith("_plans/")}
        self.manifest = next(v for k, v in self.files.items() if k.endswith("/_manifest.json"))

    def begin(self, out, i, *more):
        return start(self.check, [*self.args, *more, *(sharded(self.shards, i) if self.shards > 1 else [])], self.place.uri(out))

    def all(self, out, *more):
        return self.told([self.begin(out, i, *more) for i in range(self.shards)])

    @staticmethod
    def told(processes):
        return [ended(p) for p in processes]

    def whole(self, found):
        """All files of its run are there, and readers are led to it."""
        return all(found.get(k) == v for k, v in self.files.items())


def short(told):
    """What of each end a message needs: the exit code, and a line."""
    return [(code, (err or said).split("\n")[0]) for code, said, err in told]


def refused(check, what, told, out):
    """At least one shard of the loser fails, and each that does says why, and what to do."""
    failed = [t for t in told if t[0]]
    check.expect(failed and all(t[0] == 1 and len(t[2].splitlines()) == 1 and re.search("--overwrite|varlake clean", t[2]) and out in t[2] for t in failed), f"{what}: {short(told)}")
    return [t[2] for t in failed]


def two_exports(check, where, place, readers, uri, rounds):
    rng, first, said, cleaned = random.Random(12), collections.Counter(), collections.Counter(), 0
    for shards in (1, 4):
        a = Export(check, place, "a", [uri, "--samples", SAMPLES], shards)
        b = Export(check, place, "b", [uri, "--samples", SAMPLES, "--group-by", "super_pop"], shards)
        third = Export(check, place, "third", [uri, "--samples", SAMPLES, "--part-size", "1MiB"], shards)
        for i in range(rounds):
            out, apart = f"two-{shards}-{i}", rng.choice([0, 0, rng.uniform(0, 0.1), rng.uniform(0, 0.5)])
            what = f"{where}, two exports of {shards} shards {apart:.2f} s apart"
            readers.start(place.uri(out))
            one, other = (a, b) if rng.random() < 0.5 else (b, a)
            started = [one.begin(out, i) for i in range(shards)]
            time.sleep(apart)
            also = [other.begin(out, i) for i in range(shards)]
            told = {one.name: one.told(started), other.name: other.told(also)}
            found = contents(place, out)
            winners = [e for e in (a, b) if e.whole(found)]
            if not check.expect(len(winners) == 1, f"{what}: {len(winners)} of them won: { {k: short(v) for k, v in told.items()} }"):
                readers.stop()
                continue
            won = winners[0]
            lost = b if won is a else a
            first[won.name] += 1
            check.expect(all(t[0] == 0 for t in told[won.name]), f"{what}: of the winner: {short(told[won.name])}")
            for text in refused(check, f"{what}: the loser", told[lost.name], out):
                said[re.sub(r"\S*two-\S*|run [0-9a-f]{16}", "…", text)] += 1
            over = lost.all(out, "--overwrite")
            if any("varlake clean" in t[2] for t in over):  # some of its shards are done, and made for another plan
                cleaned += 1
                p = check.run("clean", place.uri(out), "--older-than", "0s")
                check.expect(p.returncode == 0, f"{what}: clean: {p.stderr}")
                over = lost.all(out, "--overwrite")
            check.expect(all(t[0] == 0 for t in over) and lost.whole(contents(place, out)), f"{what}: --overwrite: {short(over)}")
            refused(check, f"{what}: the winner again", won.all(out), out)
            polled = readers.stop()
            check.expect(not polled.wrong and all(r == [won.manifest, lost.manifest] for r in polled.runs), f"{what}: readers saw {polled.runs} {polled.wrong}")
            again = lost.all(out)
            check.expect(all(t[0] == 0 and t[1].startswith("already done") for t in again), f"{what}: the loser once more: {short(again)}")
            both_overwrite(check, f"{what}, then both overwrite", place, readers, out, won, third)
        both_pinned(check, f"{where}, both plans of {shards} shards are there", place, readers, a, b)
        if shards > 1:
            late_commit(check, f"{where}, a late commit", place, readers, a, b, third)
    for text, n in said.most_common():
        print(f"{where}: {n} times: {text}")
    print(f"{where}: {2 * rounds} times two exports; won: {dict(first)}; {cleaned} times the loser had to be cleaned before --overwrite")


def both_overwrite(check, what, place, readers, out, *exports):
    """A run that is finished and not current, and one that is new, both to replace the one that is current."""
    readers.start(place.uri(out))
    started = {e.name: [e.begin(out, i, "--overwrite") for i in range(e.shards)] for e in exports}
    told = {name: Export.told(processes) for name, processes in started.items()}
    polled, found = readers.stop(), contents(place, out)
    whole = [e for e in exports if e.whole(found)]
    check.expect(len(whole) == 1 and not polled.wrong, f"{what}: {len(whole)} are current, {polled.wrong}: { {k: short(v) for k, v in told.items()} }")
    ends = {name: sorted({t[0] for t in ts}) for name, ts in told.items()}
    check.expect(all(e in ([0], [1], [0, 1]) for e in ends.values()) and [0] in ends.values(), f"{what}: exits {ends}: { {k: short(v) for k, v in told.items()} }")


def both_pinned(check, what, place, readers, a, b):
    """Both exports have written their plans, as they do when neither sees that of the other yet; then their shards begin, one after another."""
    out = f"pinned-{a.shards}"
    for e in (a, b):
        name = next(f for f in place.stamps(e.alone) if f.startswith("_plans/"))
        place.put(out, name, place.get(e.alone, name))
    readers.start(place.uri(out))
    told = {e.name: [] for e in (a, b)}
    for i in range(a.shards):
        started = [(e, e.begin(out, i)) for e in (a, b)]
        for e, p in started:
            told[e.name].append(ended(p))
    polled, found = readers.stop(), contents(place, out)
    winners = [e for e in (a, b) if e.whole(found)]
    if check.expect(len(winners) == 1, f"{what}: {len(winners)} of them won: { {k: short(v) for k, v in told.items()} }"):
        won, lost = winners[0], b if winners[0] is a else a
        check.expect(all(t[0] == 0 for t in told[won.name]), f"{what}: of the winner: {short(told[won.name])}")
        refused(check, f"{what}: the loser", told[lost.name], out)
        check.expect(not polled.wrong and all(r == [won.manifest] for r in polled.runs), f"{what}: readers saw {polled.runs} {polled.wrong}")


def late_commit(check, what, place, readers, current, late, between):
    """All shards of an export are done that is to replace the current run, and nobody committed; then another replaces it. Who commits the first now must not replace the other."""
    out = "late"
    told = current.all(out)
    before = place.get(out, "_current.json")
    told += late.all(out, "--overwrite")
    run = next(k for k in late.files if k.startswith("runs/")).split("/")[1]
    take_away(place, out, COMMIT[1:], run)
    place.put(out, "_current.json", before)
    told += between.all(out, "--overwrite")
    check.expect(all(t[0] == 0 for t in told), f"{what}: {short(told)}")
    readers.start(place.uri(out))
    told = late.all(out, "--overwrite")
    polled = readers.stop()
    refused(check, what, told, out)
    check.expect(not polled.wrong and all(r == [between.manifest] for r in polled.runs) and between.whole(contents(place, out)), f"{what}: readers saw {polled.runs} {polled.wrong}; {[t[0] for t in told]}")


def main():
    check = Check(__doc__)
    readers, rounds = Readers(), 10 if check.full else 2
    try:
        disk = Disk(check.temp / "races")
        disk.root.mkdir()
        believers(check, "disk", disk, readers, None, rounds)
        two_exports(check, "disk", disk, readers, COHORT, rounds)
        if ENDPOINT:
            place, proxies = S3(), Proxies(WORKERS)
            try:
                believers(check, "S3", place, readers, proxies, rounds)
                two_exports(check, "S3", place, readers, f"{place.bucket.uri}/in/cohort.vcf.gz", rounds)
            finally:
                proxies.close()
                place.bucket.remove()
        else:
            print("S3: left out: AWS_ENDPOINT_URL_S3 is not set")
    finally:
        readers.close()
    check.finish()


if __name__ == "__main__":
    main()
