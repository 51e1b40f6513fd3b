-- How many samples of each population are there?
SELECT super_pop, count(*) AS samples
FROM sample_annotations GROUP BY super_pop ORDER BY super_pop;

-- Alternate alleles and calls of each population in a region.
SELECT super_pop, sum(n_alt) AS alternate, count(n_alt) AS called
FROM genotypes WHERE chrom = '22' AND pos BETWEEN 1 AND 250
GROUP BY super_pop ORDER BY super_pop;

-- Who carries a variant, and at what depth?
SELECT sample_id, gt, n_alt, fmt_dp
FROM carriers WHERE chrom = '22' AND pos = 100 AND n_alt > 0 ORDER BY sample_id;

-- What a sample has one alternate allele of.
SELECT chrom, pos, ref, array_join(alt, ',') AS alt, gt
FROM genotypes WHERE sample_id = 'NA 2''é' AND n_alt = 1 ORDER BY chrom, pos;

-- Genotypes that are missing, by sample.
SELECT sample_id, count(*) AS missing
FROM carriers WHERE n_alt IS NULL GROUP BY sample_id ORDER BY sample_id;

-- Reads that support the first alternate allele.
SELECT chrom, pos, sample_id, element_at(fmt_ad, 2) AS alt_reads
FROM genotypes WHERE cardinality(fmt_ad) >= 2 ORDER BY chrom, pos, sample_id;

-- Variants at which somebody is homozygous for an alternate allele, without a join.
SELECT chrom, pos FROM variants WHERE any_match(gt, x -> x = '1|1' OR x = '1/1') ORDER BY chrom, pos;

-- A sample by its place in the arrays.
SELECT chrom, pos, element_at(gt, 2) AS gt FROM variants WHERE chrom = '22' ORDER BY pos;

-- Percentages from a list of frequencies.
SELECT pos, transform(info_af, f -> f * 100) AS percent
FROM variant_annotations WHERE info_af IS NOT NULL ORDER BY pos;

-- Variants that failed a filter.
SELECT chrom, pos, array_join(filter, ';') AS filters
FROM variants WHERE cardinality(filter) > 0 AND NOT contains(filter, 'PASS') ORDER BY chrom, pos;

-- Genotypes beside the annotations of the variant: the key is input_index, record_offset.
SELECT g.pos, g.sample_id, g.gt, a.info_db
FROM genotypes g JOIN variant_annotations a ON a.chrom = g.chrom AND a.input_index = g.input_index AND a.record_offset = g.record_offset
WHERE g.n_alt > 0 AND a.info_db ORDER BY g.pos, g.sample_id;

-- What did not fit its declaration?
SELECT pos, element_at(info_other, 'K') AS k, cardinality(map_keys(info_other)) AS keys
FROM variant_annotations WHERE info_other IS NOT NULL ORDER BY pos;

-- One array of a variant, element by element.
SELECT v.pos, t.i, t.dp FROM variants v CROSS JOIN UNNEST(v.fmt_dp) WITH ORDINALITY AS t (dp, i)
WHERE v.chrom = '22' ORDER BY v.pos, t.i;

-- Contigs of any spelling.
SELECT chrom, count(*) AS records FROM variants GROUP BY chrom ORDER BY chrom;
