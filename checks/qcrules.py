"""QC by definition, call by call and in exact arithmetic: slow, short, and independent of varlake.

Hail's variant_qc and sample_qc where Hail reads the calls; haploid and polyploid calls as DESIGN section 5 has them.
"""
import math
import re
from fractions import Fraction

from vcftext import alleles, called

BASES = re.compile("[ACGTNM]+")
COUNTS = ("n_called n_not_called n_filtered n_hom_ref n_het n_hom_var n_non_ref n_singleton n_snp n_insertion n_deletion "
          "n_transition n_transversion n_star").split()


def variant(r, genotypes):
    """Integers of variant_qc, call_rate, af, and the exact test of biallelic sites without a call above ploidy 2."""
    nalt = len(r.alts)
    calls = [called(g, nalt) for g in genotypes]
    done = [c for c in calls if c is not None]
    ac = [sum(c.count(a) for c in done) for a in range(nalt + 1)]
    hets = sum(len(set(c)) > 1 for c in done)
    q = {
        "n_called": len(done), "n_not_called": len(calls) - len(done), "n_filtered": 0, "n_het": hets,
        "n_non_ref": sum(any(c) for c in done), "an": sum(ac), "ac": ac,
        "homozygote_count": [sum(len(c) > 1 and set(c) == {a} for c in done) for a in range(nalt + 1)],
        "call_rate": len(done) / len(calls) if calls else None,
        "af": [x / sum(ac) for x in ac] if sum(ac) else None,
    }
    if nalt == 1 and all(len(c) <= 2 for c in done):
        two = [sum(c) for c in done if len(c) == 2]
        q["het_freq_hwe"], q["p_value_hwe"], q["p_value_excess_het"] = hwe(two.count(0), two.count(1), two.count(2))
    return q


def hwe(hom_ref, het, hom_alt):
    """Levene-Haldane: expected share of hets, mid-p two-sided, mid-p of an excess of hets."""
    n = hom_ref + het + hom_alt
    if n == 0:
        return None, 0.5, 0.5
    rare = 2 * min(hom_ref, hom_alt) + het
    weight = {}
    for h in range(rare % 2, rare + 1, 2):
        weight[h] = math.comb(n, h) * math.comb(n - h, (rare - h) // 2) << h
    total, here = 2 * sum(weight.values()), weight[het]
    less, equal = sum(w for w in weight.values() if w < here), sum(w for w in weight.values() if w == here)
    more_hets = sum(w for h, w in weight.items() if h > het)
    expected = Fraction(rare * (2 * n - rare), (2 * n - 1) * n)
    return float(expected), float(Fraction(2 * less + equal, total)), float(Fraction(2 * more_hets + here, total))


def allele_kind(ref, alt):
    """Hail's numeric_allele_type, as the sample_qc counters that it adds to."""
    if not BASES.fullmatch(ref):
        return ()
    if BASES.fullmatch(alt):
        if len(ref) == len(alt):
            changed = [a + b for a, b in zip(ref, alt) if a != b]
            if len(changed) != 1:
                return ()
            return "n_snp", "n_transition" if changed[0] in ("AG", "GA", "CT", "TC") else "n_transversion"
        if len(ref) < len(alt) and ref[0] == alt[0] and alt.endswith(ref[1:]):
            return ("n_insertion",)
        return ("n_deletion",) if ref[0] == alt[0] and ref.endswith(alt[1:]) else ()
    return ("n_star",) if alt == "*" else ()


def samples(vcf, records):
    """Counters of sample_qc for every sample."""
    tally = [dict.fromkeys(COUNTS, 0) for _ in vcf.samples]
    for r in records:
        nalt = len(r.alts)
        calls = [called(g, nalt) for g in r.genotypes()]
        kinds = [allele_kind(r.ref, a) for a in r.alts]
        copies = [sum(c.count(a) for c in calls if c) for a in range(nalt + 1)]
        for t, c in zip(tally, calls):
            if c is None:
                t["n_not_called"] += 1
                continue
            t["n_called"] += 1
            kind = "n_het" if len(set(c)) > 1 else "n_hom_var" if c[0] else "n_hom_ref"
            t[kind] += 1
            t["n_non_ref"] += any(c)
            for a in filter(None, c):
                t["n_singleton"] += copies[a] == 1
                for k in kinds[a - 1]:
                    t[k] += 1
    return tally


def haploid(genotypes):
    """Whether a record has a haploid call, missing or not: there varlake departs from Hail's variant_qc."""
    return any(len(alleles(g) or [0, 0]) == 1 and g != "." for g in genotypes)
