#!/bin/sh
# First figures: varlake beside bgzip, bcftools and polars-bio on two made cohorts (shared/bench). Not part of CI: minutes.
#
#   checks/figures.sh VARLAKE [DIRECTORY] [ROUNDS]
#
# DIRECTORY keeps the cohorts (made when they are not there). PYTHON names an interpreter with msprime, numpy and polars-bio;
# bgzip, tabix and bcftools must be on PATH. SHARED is the directory that has bench/.
set -eu
varlake=$1
cohorts=${2:-${TMPDIR:-/tmp}/varlake-cohorts}
rounds=${3:-3}
python=${PYTHON:-python3}
bench=${SHARED:-$(dirname "$0")/../../shared}/bench
mkdir -p "$cohorts"

make() { # name, then arguments of make_cohort.py
    name=$1
    shift
    [ -e "$cohorts/$name.vcf.gz.tbi" ] || "$python" "$bench/make_cohort.py" "$@" "$cohorts/$name"
}

make p3 --variants 50000
make gatk --style gatk --samples 200 --variants 20000
for name in p3 gatk; do
    echo "== $name"
    "$python" "$bench/compare.py" --varlake "$varlake" --samples "$cohorts/$name.samples.tsv" --python "$python" --rounds "$rounds" "$cohorts/$name.vcf.gz"
done
