"""The fast code and the plain code give the same bytes: names and SHA-256 of every file under runs/, and the same refusals.

The plain program is the same source built with the tag plain, which takes no shortcuts: the standard library inflates, and genotypes, cells and INFO
are read field by field. VARLAKE_PLAIN names it. --full adds the damaged and malformed files.
"""
import os
import time

from dataset import ALL_TABLES, ROOT, Check, Refused, digests


def outcome(check, program, args):
    """The digests of what a program writes, or its exit code and what it says."""
    check.varlake = program
    try:
        ds = check.export(*args, *ALL_TABLES)
    except Refused as refused:
        return str(refused.args)
    found = digests(ds)
    ds.discard()
    return found


def main():
    check = Check(__doc__)
    fast, plain = check.varlake, os.environ["VARLAKE_PLAIN"]
    cohort = ROOT / "testdata" / "cohort"
    cases = [(name, [check.data / "real" / name]) for name in check.real()]
    cases.append(("testdata/cohort.vcf.gz by super_pop", [f"{cohort}.vcf.gz", "--samples", f"{cohort}.samples.tsv", "--group-by", "super_pop"]))
    if check.full:
        cases += [(str(f), [f, "--on-bad-record", "quarantine"]) for f in sorted((check.data / "bad").rglob("*.vcf*"))]
    started, files, refused = time.time(), 0, 0
    for name, args in cases:
        one, other = outcome(check, fast, args), outcome(check, plain, args)
        if isinstance(one, dict) and isinstance(other, dict):
            differ = sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k))
            check.expect(not differ, f"{name}: {len(differ)} files differ, first {differ[:2]}")
            files += len(one)
        else:
            check.expect(one == other, f"{name}: {one if isinstance(one, str) else 'converted'}, plain: {other if isinstance(other, str) else 'converted'}")
            refused += 1
    print(f"{len(cases)} inputs, {files} files compared, {refused} inputs refused, {time.time() - started:.0f} s")
    check.finish()


if __name__ == "__main__":
    main()
