"""1000 Genomes: the phase 3 chr22 extract, joined with its populations, answers in SQL what it is known for.

Samples by super population, then the allele frequency of every record in every population: from the genotypes view by SQL,
and from the super_pop_* columns. --part asks the view for the first 1,000 positions, --full for all of them.
"""
import collections
import csv
import io
import math
import time

from dataset import Check

FILE = "opencb+opencga/10k.chr22.phase3_shapeit2_mvncall_integrated_v5.20130502.genotypes.vcf.gz"
POPULATIONS = {"AFR": 661, "AMR": 347, "EAS": 504, "EUR": 503, "SAS": 489}


def query(check, ds, sql):
    """Rows of `varlake query` as dicts of text."""
    p = check.run("query", ds.root, sql, "--format", "csv")
    check.expect(p.returncode == 0, f"query: exit {p.returncode}: {p.stderr.strip()[-300:]}")
    return list(csv.DictReader(io.StringIO(p.stdout)))


def populations(check, ds):
    rows = query(check, ds, "SELECT super_pop, count(*) AS samples FROM sample_annotations GROUP BY super_pop ORDER BY super_pop")
    found = {r["super_pop"]: int(r["samples"]) for r in rows}
    print("samples by super population:", found)
    check.expect(found == POPULATIONS, f"{POPULATIONS} wanted")


def frequencies(check, ds):
    """Alternate alleles over called alleles, by record and population. Records of one key are added up on both sides."""
    sites, notes = ds.read("variants", ["input_index", "record_offset", "pos", "ref", "alt"]), ds.read("variant_annotations")
    check.expect(sites.column("record_offset").equals(notes.column("record_offset")), "both tables have the same records")
    ours = collections.defaultdict(lambda: [0, 0])
    wrong = 0
    keys = list(zip(sites.column("pos").to_pylist(), sites.column("ref").to_pylist(), [",".join(a) for a in sites.column("alt").to_pylist()]))
    limit = math.inf if check.full else sorted({k[0] for k in keys})[999]
    for population in POPULATIONS:
        ac, an, af = (notes.column(f"super_pop_{population.lower()}_{what}").to_pylist() for what in ("ac", "an", "af"))
        for key, c, n, f in zip(keys, ac, an, af):
            wrong += f is not None and f != [x / n for x in c]
            if key[0] <= limit:
                ours[(*key, population)][0] += sum(c)
                ours[(*key, population)][1] += n
    check.expect(wrong == 0, f"af is ac / an: {wrong} are not")
    where = "" if check.full else f"WHERE pos <= {limit} "
    started = time.time()
    rows = query(check, ds, "SELECT pos, ref, array_to_string(alt, ',') AS alts, super_pop, sum(n_alt) AS ac, 2 * count(n_alt) AS an, "
                 f"sum(n_alt) / (2.0 * count(n_alt)) AS af FROM genotypes {where}GROUP BY 1, 2, 3, 4")
    theirs = {(int(r["pos"]), r["ref"], r["alts"], r["super_pop"]): r for r in rows}
    check.expect(len(theirs) == len(rows) == len(ours) and theirs.keys() == ours.keys(), f"{len(ours)} records and populations, {len(rows)} rows")
    bad = [k for k, r in theirs.items() if [int(float(r["ac"])), int(r["an"])] != ours[k] or
           not math.isclose(float(r["af"]), ours[k][0] / ours[k][1], rel_tol=1e-9)]
    check.expect(not bad, f"{len(bad)} frequencies differ, first {bad[:1]}: {theirs[bad[0]] if bad else ''} for {ours[bad[0]] if bad else ''}")
    print(f"allele frequencies from genotypes: {len(rows)} of {len(rows) // 5} sites and 5 populations, {time.time() - started:.1f} s")


def main():
    check = Check(__doc__)
    started = time.time()
    ds = check.export(check.data / "real" / FILE, "--samples", check.data / "annotations" / "1000g_phase3.samples.tsv", "--group-by", "super_pop")
    print(f"export: {time.time() - started:.1f} s; rows {', '.join(f'{t} {ds.rows(t)}' for t in ds.tables)}")
    populations(check, ds)
    frequencies(check, ds)
    check.finish()


if __name__ == "__main__":
    main()
