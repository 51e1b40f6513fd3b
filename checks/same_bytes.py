"""The same work gives the same bytes: names and SHA-256 of every file under runs/, for one worker, for two, and again.

--full adds the largest files.
"""
import time

from dataset import ALL_TABLES, ROOT, Check, digests, write_sites

PART = ["brentp+cyvcf2/test.vcf.gz", "googlegenomics+gcp-variant-transforms/valid-4.1-large.vcf.gz", "bihealth+vcfpy/1kg.vcf.gz",
        "sgkit-dev+bio2zarr/out_of_order_contigs.vcf.gz", "broadinstitute+gatk/1kgp_test.merged.vcf.gz", "odelaneau+shapeit4/reference.vcf.gz"]
FULL = ["biodatageeks+polars-bio/multisample.vcf.gz", "CSCfi+beacon-python/ALL.chrMT.phase3_callmom-v0_4.20130502.genotypes.vcf.gz",
        "opencb+opencga/10k.chr22.phase3_shapeit2_mvncall_integrated_v5.20130502.genotypes.vcf.gz"]


def main():
    check = Check(__doc__)
    cohort = ROOT / "testdata" / "cohort"
    cases = [(name, [check.data / "real" / name]) for name in PART + (FULL if check.full else [])]
    cases.append(("testdata/cohort.vcf.gz by super_pop", [f"{cohort}.vcf.gz", "--samples", f"{cohort}.samples.tsv", "--group-by", "super_pop"]))
    sites = check.temp / "sites.vcf"
    write_sites(sites, 700_000)
    cases.append(("700,000 made sites, parts of 16 KiB", [sites, "--part-size", "16KiB"]))
    print(f"{'files':>6} {'bytes':>10} {'s':>5}  input")
    for name, args in cases:
        if check.only not in name:
            continue
        started, found = time.time(), []
        for workers in (1, 2, 2):
            ds = check.export(*args, *ALL_TABLES, "--workers", workers)
            found.append(digests(ds))
            size = sum(f.stat().st_size for f in (ds.root / "runs").rglob("*") if f.is_file())
            ds.discard()
        for what, other in (("two workers", found[1]), ("another run", found[2])):
            differ = sorted(k for k in found[0].keys() | other.keys() if found[0].get(k) != other.get(k))
            check.expect(not differ, f"{name}: {what}: {len(differ)} files differ, first {differ[:2]}")
        check.expect(any(k.endswith(".parquet") for k in found[0]), f"{name}: has files")
        print(f"{len(found[0]):6} {size:10} {time.time() - started:5.1f}  {name}", flush=True)
    check.finish()


if __name__ == "__main__":
    main()
