#!/usr/bin/env python3
"""Make deep VCFs of few columns, as make_cohort.py makes wide ones: many records, none or one sample.

  make_deep.py sites  OUT.vcf.gz [--records 1000000]   no samples, 30 INFO fields as population databases have them
  make_deep.py single OUT.vcf.gz [--records 2000000]   one sample, GT:AD:DP:GQ:PL and the INFO of a germline caller

The same arguments give the same records on every machine. Needs numpy; bgzip on PATH.
"""
import argparse
import subprocess

import numpy as np

BASES = np.array(list("ACGT"))
POPULATIONS = ("afr", "amr", "eas", "nfe", "sas")


def alleles(rng, n):
    """REF and ALT: eight SNVs in nine, else short indels."""
    ref = rng.integers(0, 4, n)
    alt = (ref + rng.integers(1, 4, n)) % 4
    refs, alts = BASES[ref].astype(object), BASES[alt].astype(object)
    for i in np.flatnonzero(rng.random(n) < 0.11):
        tail = "".join(BASES[rng.integers(0, 4, rng.geometric(0.4))])
        if rng.random() < 0.55:
            refs[i], alts[i] = refs[i] + tail, refs[i]
        else:
            alts[i] = refs[i] + tail
    return refs, alts



SITES = ("""##FILTER=<ID=PASS,Description="All filters passed">
##FILTER=<ID=AC0,Description="Allele count is zero after filtering out low-confidence genotypes">
##FILTER=<ID=AS_VQSR,Description="Failed VQSR filtering">
##INFO=<ID=AC,Number=A,Type=Integer,Description="Alternate allele count">
##INFO=<ID=AN,Number=1,Type=Integer,Description="Total number of alleles">
##INFO=<ID=AF,Number=A,Type=Float,Description="Alternate allele frequency">
##INFO=<ID=nhomalt,Number=A,Type=Integer,Description="Count of homozygous individuals">
"""
         + "".join(f"""##INFO=<ID=AC_{p},Number=A,Type=Integer,Description="Alternate allele count in {p}">
##INFO=<ID=AN_{p},Number=1,Type=Integer,Description="Total number of alleles in {p}">
##INFO=<ID=AF_{p},Number=A,Type=Float,Description="Alternate allele frequency in {p}">
""" for p in POPULATIONS)
         + """##INFO=<ID=popmax,Number=A,Type=String,Description="Population with the largest frequency">
##INFO=<ID=faf95,Number=A,Type=Float,Description="Filtering allele frequency">
##INFO=<ID=FS,Number=1,Type=Float,Description="Fisher strand bias">
##INFO=<ID=MQ,Number=1,Type=Float,Description="RMS mapping quality">
##INFO=<ID=QD,Number=1,Type=Float,Description="Quality by depth">
##INFO=<ID=SOR,Number=1,Type=Float,Description="Strand odds ratio">
##INFO=<ID=VQSLOD,Number=1,Type=Float,Description="Log odds of being a true variant">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Total depth">
##INFO=<ID=variant_type,Number=1,Type=String,Description="snv or indel">
##INFO=<ID=lcr,Number=0,Type=Flag,Description="In a low-complexity region">
##INFO=<ID=segdup,Number=0,Type=Flag,Description="In a segmental duplication">
""")


def sites(rng, n, start):
    refs, alts = alleles(rng, n)
    pos = start + np.cumsum(rng.geometric(1 / 9, n))
    share = np.array([0.27, 0.11, 0.03, 0.49, 0.10])
    an = 2 * (76156 - rng.poisson(40, n) - (rng.random(n) < 0.1) * rng.integers(0, 30000, n))
    freq = 10 ** -(rng.random(n) ** 0.35 * 5.2)
    pop_an = (an[:, None] * share / 2).astype(int) * 2
    pop_ac = rng.binomial(pop_an, np.clip(freq[:, None] * rng.gamma(0.7, 1 / 0.7, (n, 5)), 0, 1))
    ac = pop_ac.sum(1)
    hom = rng.binomial(ac, np.clip(ac / np.maximum(an, 1), 0, 1)) // 2
    fs, mq = rng.exponential(3, n), np.minimum(60, 60 - rng.exponential(1.2, n) * (rng.random(n) < 0.5))
    qd, sor, vqs = 2 + rng.gamma(6, 2.2, n), rng.gamma(4, 0.22, n), rng.normal(3, 4, n)
    dp = an * rng.normal(16, 2, n).clip(5) // 1
    qual = rng.gamma(0.6, 20000, n)
    known, lcr, seg = rng.random(n) < 0.8, rng.random(n) < 0.05, rng.random(n) < 0.04
    for i in range(n):
        a, f = pop_ac[i].tolist(), pop_an[i].tolist()
        best = max(range(5), key=lambda p: a[p] / f[p])
        info = [f"AC={ac[i]}", f"AN={an[i]}", f"AF={ac[i] / an[i]:.5e}", f"nhomalt={hom[i]}"]
        for p, name in enumerate(POPULATIONS):
            info += [f"AC_{name}={a[p]}", f"AN_{name}={f[p]}", f"AF_{name}={a[p] / f[p]:.5e}"]
        if ac[i]:
            info += [f"popmax={POPULATIONS[best]}", f"faf95={a[best] / f[best] * 0.8:.5e}"]
        info += [f"FS={fs[i]:.3f}", f"MQ={mq[i]:.2f}", f"QD={qd[i]:.2f}", f"SOR={sor[i]:.3f}", f"VQSLOD={vqs[i]:.3f}", f"DP={dp[i]:.0f}",
                 f"variant_type={'snv' if len(refs[i]) == len(alts[i]) else 'indel'}"]
        info += ["lcr"] * int(lcr[i]) + ["segdup"] * int(seg[i])
        name = f"rs{(pos[i] * 2654435761) % 1_900_000_000}" if known[i] else "."
        filters = "AC0" if ac[i] == 0 else "AS_VQSR" if vqs[i] < -2.7 else "PASS"
        yield f"chr1\t{pos[i]}\t{name}\t{refs[i]}\t{alts[i]}\t{qual[i]:.2f}\t{filters}\t{';'.join(info)}\n"


SINGLE = """##FILTER=<ID=PASS,Description="All filters passed">
##FILTER=<ID=LowQual,Description="Low quality">
##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count in genotypes">
##INFO=<ID=AF,Number=A,Type=Float,Description="Allele frequency">
##INFO=<ID=AN,Number=1,Type=Integer,Description="Total number of alleles in called genotypes">
##INFO=<ID=BaseQRankSum,Number=1,Type=Float,Description="Z-score of base qualities">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Approximate read depth">
##INFO=<ID=ExcessHet,Number=1,Type=Float,Description="Phred-scaled p-value for excess heterozygosity">
##INFO=<ID=FS,Number=1,Type=Float,Description="Phred-scaled p-value of Fisher's test of strand bias">
##INFO=<ID=MLEAC,Number=A,Type=Integer,Description="Maximum likelihood expectation of the allele count">
##INFO=<ID=MLEAF,Number=A,Type=Float,Description="Maximum likelihood expectation of the allele frequency">
##INFO=<ID=MQ,Number=1,Type=Float,Description="RMS mapping quality">
##INFO=<ID=MQRankSum,Number=1,Type=Float,Description="Z-score of mapping qualities">
##INFO=<ID=QD,Number=1,Type=Float,Description="Quality by depth">
##INFO=<ID=ReadPosRankSum,Number=1,Type=Float,Description="Z-score of positions in reads">
##INFO=<ID=SOR,Number=1,Type=Float,Description="Strand odds ratio">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Read depth">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Phred-scaled genotype likelihoods">
"""


def single(rng, n, start):
    refs, alts = alleles(rng, n)
    pos = start + np.cumsum(rng.geometric(1 / 110, n))
    het = rng.random(n) < 0.6
    depth = rng.poisson(32, n).clip(2)
    alt_depth = np.where(het, rng.binomial(depth, 0.5), depth)
    mq, fs = np.minimum(60, 60 - rng.exponential(4, n) * (rng.random(n) < 0.25)), rng.exponential(2, n) * het
    ranks, sor, qual_read = rng.normal(0, 0.9, (n, 3)), rng.gamma(4, 0.22, n), rng.normal(32, 3, n)
    for i in range(n):
        d, a = int(depth[i]), int(alt_depth[i])
        if het[i]:
            pl = [int(a * qual_read[i]), 0, int((d - a) * qual_read[i])]
        else:
            pl = [int(d * qual_read[i]), 3 * d, 0]
        gq, qual = min(99, sorted(pl)[1]), max(0.1, pl[0] - 7.97)
        ac, af = (1, "0.500") if het[i] else (2, "1.00")
        info = [f"AC={ac}", f"AF={af}", "AN=2"]
        if het[i]:
            info.append(f"BaseQRankSum={ranks[i, 0]:.3f}")
        info += [f"DP={d}", f"ExcessHet={'3.0103' if het[i] else '0.0000'}", f"FS={fs[i]:.3f}", f"MLEAC={ac}", f"MLEAF={af}", f"MQ={mq[i]:.2f}"]
        if het[i]:
            info.append(f"MQRankSum={ranks[i, 1]:.3f}")
        info.append(f"QD={qual / d:.2f}")
        if het[i]:
            info.append(f"ReadPosRankSum={ranks[i, 2]:.3f}")
        info.append(f"SOR={sor[i]:.3f}")
        gt = "0/1" if het[i] else "1/1"
        flt = "LowQual" if qual < 30 else "PASS"
        yield (f"chr1\t{pos[i]}\t.\t{refs[i]}\t{alts[i]}\t{qual:.2f}\t{flt}\t{';'.join(info)}\tGT:AD:DP:GQ:PL\t"
               f"{gt}:{d - a},{a}:{d}:{gq}:{pl[0]},{pl[1]},{pl[2]}\n")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("style", choices=("sites", "single"))
    a.add_argument("out")
    a.add_argument("--records", type=int)
    a.add_argument("--seed", type=int, default=1)
    o = a.parse_args()
    make, header, records, columns = (sites, SITES, 1_000_000, "") if o.style == "sites" else (single, SINGLE, 2_000_000, "\tFORMAT\tNA12878")
    rng = np.random.default_rng(o.seed)
    with open(o.out, "wb") as out:
        bgzip = subprocess.Popen(["bgzip", "-c"], stdin=subprocess.PIPE, stdout=out)
        write = bgzip.stdin.write
        write(b'##fileformat=VCFv4.2\n' + header.encode() + b'##contig=<ID=chr1,length=248956422>\n')
        write(f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO{columns}\n".encode())
        left, start = o.records or records, 10_000
        while left > 0:
            n, last = min(left, 100_000), b""
            lines = "".join(make(rng, n, start)).encode()
            start = int(lines[lines.rindex(b"\n", 0, -1) + 1:].split(b"\t", 2)[1])
            write(lines)
            left -= n
        bgzip.stdin.close()
        if bgzip.wait():
            raise SystemExit("bgzip failed")


main()
