"""Planted faults: each of five wrong lines in package annotate must make its own tests fail.

The repository is copied, one edit is made, `go test ./annotate` is run; the copy without an edit must pass. An edit whose
text is no longer in the source fails the check: write it anew. --part and --full are the same.
"""
import shutil
import subprocess
import time

from dataset import ROOT, Check

FAULTS = {
    "het: alleles that agree": ("qc.go", "if allele != alleles[0] {", "if allele == alleles[0] {"),
    "singleton: two copies too": ("qc.go", "if copies == 1 {", "if copies <= 2 {"),
    "HWE: no mid-p": ("hwe.go", "(sums.less + 0.5*sums.equal) / sums.all", "(sums.less + sums.equal) / sums.all"),
    "stdev: n-1": ("stats.go", "math.Sqrt(float64(hi)*0x1p64+float64(lo)) / float64(s.N)",
                   "math.Sqrt(float64(hi)*0x1p64+float64(lo)) / math.Sqrt(float64(s.N)*float64(s.N-1))"),
    "reference index: alleles counted one too low": ("qc.go", "out.AC[allele] += n", "out.AC[max(allele-1, 0)] += n"),
}


def test(repo):
    """Exit code of the package's tests, names of those that failed, and whether it compiled."""
    p = subprocess.run(["go", "test", "-count=1", "./annotate"], cwd=repo, capture_output=True, text=True)
    failed = [line.split()[2] for line in p.stdout.splitlines() if line.startswith("--- FAIL:")]
    return p.returncode, failed, "build failed" not in p.stdout + p.stderr, p.stdout + p.stderr


def main():
    check = Check(__doc__, binary=False)
    repo = check.temp / "repo"
    shutil.copytree(ROOT, repo, ignore=shutil.ignore_patterns(".git", "checks", "*.parquet"))
    if check.data.is_dir():
        (check.temp / "shared").symlink_to(check.data.parent)
    code, _, _, said = test(repo)
    print(f"without a fault: exit {code}")
    if check.expect(code == 0, f"the tests pass without a fault:\n{said[-2000:]}"):
        for name, (file, right, wrong) in FAULTS.items():
            source, started = repo / "annotate" / file, time.time()
            text = source.read_text()
            if not check.expect(text.count(right) == 1, f"{name}: {right!r} is in annotate/{file} once"):
                continue
            source.write_text(text.replace(right, wrong))
            code, failed, built, said = test(repo)
            source.write_text(text)
            print(f"{name}: {time.time() - started:.1f} s, fails {', '.join(failed) or 'nothing'}")
            check.expect(built, f"{name}: compiles:\n{said[-1000:]}")
            check.expect(code != 0 and failed, f"{name}: a test fails")
    check.finish()


if __name__ == "__main__":
    main()
