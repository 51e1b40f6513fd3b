"""The reference workflow in S3, Glue and Trino; the statements of `varlake ddl`; what a second run changes, and what is another's.

The 1000 Genomes phase 3 extract and its sample table go up to a bucket and are exported with --database. In Trino every table is counted, previewed and joined; samples are counted by
population; allele frequencies by population from the view are those of the super_pop_* columns; QC columns are counted again in SQL from the texts of the genotypes, of this file and of others
with missing and haploid calls. Then tables described by `ddl` are compared with registered ones, and register is run again, over another run, and over tables that it did not make.
The table of carriers has the rows of the view.
--part compares seven files described in both ways, --full all real files of up to 5 million calls.
"""
import collections
import json

import pyarrow as pa
import pyarrow.parquet as pq

from dataset import BROKEN, ROOT, Check
from hive import Lake, QueryFailed, query, servers_or_leave
from hiveddl import describe

PHASE3 = "opencb+opencga/10k.chr22.phase3_shapeit2_mvncall_integrated_v5.20130502.genotypes.vcf.gz"
POPULATIONS = {"AFR": 661, "AMR": 347, "EAS": 504, "EUR": 503, "SAS": 489}
TABLES = ["variants", "variant_annotations", "sample_annotations"]
VIEWS = ["genotypes", "carriers"]
COUNTED = ["brentp+cyvcf2/test.vcf.gz", "brentp+cyvcf2/test-haploidX.vcf", "bihealth+vcfpy/1kg.vcf.gz"]
DESCRIBED = ["brentp+cyvcf2/test.vcf.gz", "broadinstitute+gatk/Homo_sapiens_assembly38.headerOnly.vcf.gz", "sgkit-dev+bio2zarr/out_of_order_contigs.vcf.gz", "samtools+htsjdk/all43Features.utf8.vcf",
             "sgkit-dev+bio2zarr/field_type_combos.vcf.gz", "bihealth+vcfpy/samples-space.vcf", "Zacharyr41+vcf-pg-loader/gridss_sv.vcf"]
TWO_CONTIGS = "sgkit-dev+bio2zarr/CEUTrio.20.21.gatk3.4.g.old_tabix.vcf.bgz"
CALLS = 5_000_000
INPUT = ["Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor", "ViewOriginalText", "ViewExpandedText", "Owner"]  # of a table, what may be written


def upload(check, lake, name):
    return lake.bucket.put(f"in/{name}", (check.data / "real" / name).read_bytes())


def workflow(check, lake):
    database = lake.database()
    samples = lake.bucket.put("in/samples.tsv", (check.data / "annotations" / "1000g_phase3.samples.tsv").read_bytes())
    p = lake.export(check, [upload(check, lake, PHASE3)], "phase3", database, "kg_", "--samples", samples, "--group-by", "super_pop")
    if not check.expect(p.returncode == 0, f"export: exit {p.returncode}: {p.stderr[-300:]}"):
        return
    ask = lambda sql: query(sql, database).rows
    shown = sorted(t for t, in ask("SHOW TABLES"))
    check.expect(shown == sorted(f"kg_{t}" for t in TABLES + VIEWS), f"tables: {shown}")
    counts = {t: ask(f"SELECT count(*) FROM kg_{t}")[0][0] for t in TABLES + VIEWS}
    print("rows:", counts)
    check.expect(counts["sample_annotations"] == 2504 and counts["variants"] == counts["variant_annotations"] == 9750 and counts["genotypes"] == 9750 * 2504, f"rows: {counts}")
    for table in TABLES + VIEWS:
        rows = query(f"SELECT * FROM kg_{table} LIMIT 10", database)
        check.expect(len(rows.rows) == 10 and all(len(r) == len(rows.columns) for r in rows.rows), f"preview of {table}: {len(rows.rows)} rows")
    joined, = ask("SELECT count(*), count_if(v.pos = a.pos AND v.alt = a.alt) FROM kg_variants v JOIN kg_variant_annotations a USING (chrom, input_index, record_offset)")
    check.expect(joined == [9750, 9750], f"variants joined with their annotations: {joined}")
    joined, = ask("SELECT count(*), count(DISTINCT c.sample_id) FROM kg_carriers c JOIN kg_sample_annotations s ON c.sample_id = s.sample_id AND c.sample_index = s.sample_index")
    check.expect(joined == [counts["carriers"], 2504], f"carriers joined with samples: {joined} of {counts['carriers']}")
    found = populations(ask)
    print("samples by super population:", found)
    check.expect(found == POPULATIONS, f"{POPULATIONS} wanted")
    compared, of_several, wrong = frequencies(ask)
    check.expect(compared == 5 * 9750 and of_several and not wrong, f"{compared} frequencies, {of_several} of records with several alternate alleles, {len(wrong)} differ: {wrong[:2]}")
    print(f"allele frequencies by population, from the view and the columns: {compared} equal; {of_several} of records with several alternate alleles, each by its own")
    recount(check, "phase 3", database, "kg_")
    moved(check, lake, ask)


def moved(check, lake, ask):
    """One sample of another population in the object that Trino reads: counts and frequencies must tell."""
    key, = (f"phase3/{k}" for k in lake.bucket.keys("phase3") if "/sample_annotations/" in k)
    samples = pq.read_table(pa.BufferReader(lake.bucket.get(key)))
    column = samples.column("super_pop").to_pylist()
    column[0] = next(p for p in POPULATIONS if p != column[0])
    sink = pa.BufferOutputStream()
    pq.write_table(samples.set_column(samples.schema.get_field_index("super_pop"), "super_pop", pa.array(column)), sink)
    lake.bucket.put(key, sink.getvalue().to_pybytes())
    found, wrong = populations(ask), frequencies(ask)[2]
    check.expect(found != POPULATIONS and wrong, f"planted and not found: a sample of another population: {found}, {len(wrong)} frequencies")
    print(f"planted: a sample of another population: {found}, {len(wrong)} frequencies differ")


def populations(ask):
    return dict(sorted(ask("SELECT super_pop, count(*) FROM kg_sample_annotations GROUP BY 1")))


def frequencies(ask):
    """Alleles by record and population from the view, beside the columns that were counted while the VCF was read: how many, of these of records with several alternate alleles, what differs."""
    columns = ", ".join(f"super_pop_{p.lower()}_{what}" for p in POPULATIONS for what in ("ac", "an", "af"))
    wanted = {}
    for offset, *row in ask(f"SELECT record_offset, {columns} FROM kg_variant_annotations"):
        wanted |= {(offset, p): tuple(row[3 * i:3 * i + 3]) for i, p in enumerate(POPULATIONS)}
    found, wrong = set(), []
    for offset, population, ac, an, af, alternates in ask("SELECT record_offset, super_pop, sum(n_alt), 2 * count(n_alt), sum(n_alt) / (2.0E0 * count(n_alt)), any_value(cardinality(alt)) "
                                                          "FROM kg_genotypes GROUP BY 1, 2"):
        counts, total, shares = wanted[offset, population]
        found.add((offset, population))
        if (sum(counts), total) != (ac, an) or alternates == 1 and shares != [af] or shares != [c / total for c in counts]:
            wrong.append((offset, population, ac, an, af))
    alleles = collections.defaultdict(collections.Counter)
    for offset, population, allele, n in ask("SELECT record_offset, super_pop, a, count(*) FROM kg_genotypes CROSS JOIN UNNEST(split(replace(gt, '|', '/'), '/')) AS t (a) "
                                             "WHERE cardinality(alt) > 1 GROUP BY 1, 2, 3"):
        alleles[offset, population][allele] = n
    wrong += [(k, n) for k, n in alleles.items() if wanted[k][0] != [n[str(i + 1)] for i in range(len(wanted[k][0]))]]
    return len(found & wanted.keys()), len(alleles), wrong


# How many calls of each text there are, by {key}; a: the alleles of a call that is complete, else NULL. A haploid call is never het.
CALLED = """SELECT {key}, n, a, cardinality(a) AS ploidy, coalesce(all_match(a, x -> x = '0'), false) AS ref, coalesce(cardinality(array_distinct(a)) > 1, false) AS het
FROM (SELECT {key}, n, IF(contains(split(replace(gt, '|', '/'), '/'), '.'), NULL, split(replace(gt, '|', '/'), '/')) AS a
FROM (SELECT {key}, gt, count(*) AS n FROM {prefix}genotypes GROUP BY {key}, gt))"""
CALLS_THAT = "sum(IF({}, n, 0))".format
OF_BOTH = {"qc_n_called": CALLS_THAT("a IS NOT NULL"), "qc_n_not_called": CALLS_THAT("a IS NULL"), "qc_call_rate": f"CAST({CALLS_THAT('a IS NOT NULL')} AS double) / sum(n)",
           "qc_n_het": CALLS_THAT("het"), "qc_n_non_ref": CALLS_THAT("a IS NOT NULL AND NOT ref")}
OF_RECORD = OF_BOTH | {"qc_an": "sum(IF(a IS NULL, 0, ploidy * n))"}
OF_SAMPLE = OF_BOTH | {"qc_n_hom_ref": CALLS_THAT("ref")}
RECORD, SAMPLE = "input_index, record_offset", "sample_index"


def counted(database, prefix, table, key, what):
    """Rows of a table, those whose QC columns are not what SQL counts in genotypes, and those where QC is known."""
    counts = ", ".join(f"{sql} AS {name}" for name, sql in what.items())
    differ = " OR ".join(f"t.{name} IS DISTINCT FROM c.{name}" for name in what)
    again = f"SELECT {key}, {counts} FROM ({CALLED.format(key=key, prefix=prefix)}) GROUP BY {key}"
    return query(f"SELECT count(*), count_if({differ}), count(t.qc_call_rate) FROM {prefix}{table} t LEFT JOIN ({again}) c "
                 f"ON {' AND '.join(f't.{k} = c.{k}' for k in key.split(', '))}", database).rows[0]


def alleles_counted(database, prefix):
    """Records of variant_annotations, and those whose qc_ac is not what SQL counts in genotypes."""
    alleles = f"SELECT {RECORD}, allele, sum(n) AS copies FROM ({CALLED.format(key=RECORD, prefix=prefix)}) CROSS JOIN UNNEST(a) AS u (allele) GROUP BY {RECORD}, allele"
    return query("SELECT count(*), count_if(t.qc_ac IS DISTINCT FROM transform(sequence(0, coalesce(cardinality(t.alt), 0)), i -> coalesce(element_at(c.n, CAST(i AS varchar)), 0))) "
                 f"FROM {prefix}variant_annotations t LEFT JOIN (SELECT {RECORD}, map_agg(allele, copies) AS n FROM ({alleles}) GROUP BY {RECORD}) c "
                 "ON t.input_index = c.input_index AND t.record_offset = c.record_offset", database).rows[0]


def recount(check, name, database, prefix):
    for table, key, what in (("variant_annotations", RECORD, OF_RECORD), ("sample_annotations", SAMPLE, OF_SAMPLE)):
        rows, differ, known = counted(database, prefix, table, key, what)
        check.expect(rows and known == rows and not differ, f"{name}: QC of {table}: {differ} of {rows} differ, {known} are not NULL")
    records, differ = alleles_counted(database, prefix)
    check.expect(records and not differ, f"{name}: qc_ac: {differ} of {records} records differ")
    samples = query(f"SELECT count(*), count_if(qc_n_not_called > 0), sum(qc_n_het) FROM {prefix}sample_annotations", database).rows[0]
    print(f"{name}: QC of {records} records and {samples[0]} samples ({samples[1]} with missing calls, {samples[2]} het calls) counted again from genotypes", flush=True)


def qc(check, lake):
    """QC of files with missing and haploid calls; then of one whose columns were changed under Trino's eyes."""
    for i, name in enumerate(COUNTED):
        database = lake.database()
        p = lake.export(check, [upload(check, lake, name)], f"qc/{i}", database)
        if check.expect(p.returncode == 0, f"{name}: exit {p.returncode}: {p.stderr[-300:]}"):
            recount(check, name, database, "")
    query("CREATE OR REPLACE VIEW genotypes AS SELECT input_index, record_offset, i AS sample_index, IF(i = 1, './.', g) AS gt "
          "FROM variants CROSS JOIN UNNEST(gt) WITH ORDINALITY AS t (g, i)", database)
    found = [counted(database, "", "variant_annotations", RECORD, OF_RECORD)[1], counted(database, "", "sample_annotations", SAMPLE, OF_SAMPLE)[1], alleles_counted(database, "")[1]]
    check.expect(all(found), f"a sample made missing is not seen: {found}")
    print(f"planted: a sample's calls made missing: {found[0]} records, {found[1]} samples and qc_ac of {found[2]} records differ")


def seen(lake, database):
    """All that a database shows: in Glue the columns, keys and locations; in Trino the columns, and of every relation rows and a checksum of each column."""
    glue, trino = {}, {}
    for name, table in lake.tables(database).items():
        if table["TableType"] == "EXTERNAL_TABLE":
            s = table["StorageDescriptor"]
            columns = [(c["Name"], c["Type"], c.get("Comment", "")) for c in s["Columns"]]
            keys = [(c["Name"], c["Type"]) for c in table.get("PartitionKeys", [])]  # a comment on chrom is register's alone
            formats = (s["InputFormat"], s["OutputFormat"], s["SerdeInfo"]["SerializationLibrary"])
            glue[name] = {"columns": columns, "keys": keys, "location": s["Location"], "formats": formats, "partitions": lake.partitions(database, name)}
        columns = [(column, kind) for column, kind, *_ in query(f'DESCRIBE "{name}"', database).rows]
        counts = query("SELECT count(*), " + ", ".join(f'checksum("{c}")' for c, _ in columns) + f' FROM "{name}"', database).rows[0]
        trino[name] = {"columns": columns, "rows": counts[0], "checksums": dict(zip([c for c, _ in columns], counts[1:]))}
    return glue, trino


def differences(a, b):
    """What two databases show otherwise, in words."""
    found = []
    for where, one, two in (("Glue", a[0], b[0]), ("Trino", a[1], b[1])):
        for name in sorted(one.keys() | two.keys()):
            ours, theirs = one.get(name, {}), two.get(name, {})
            for what in sorted(ours.keys() | theirs.keys()):
                if ours.get(what) != theirs.get(what):
                    x, y = (list(v.items() if isinstance(v, dict) else v) if isinstance(v, (list, dict)) else [v] for v in (ours.get(what), theirs.get(what)))
                    found.append(f"{where}: {what} of {name}: {str([v for v in x if v not in y])[:150]} for {str([v for v in y if v not in x])[:150]}")
    return found


def statements(check, lake):
    """Tables that the statements of ddl describe, beside those that register makes."""
    names = [n for n in check.real() if n not in BROKEN] if check.full else DESCRIBED
    relations = 0
    for i, name in enumerate(names):
        uri, registered, described = upload(check, lake, name), lake.database(), lake.database()
        p = lake.export(check, [uri], f"ddl/{i}", registered, "p_")
        if not check.expect(p.returncode == 0, f"{name}: exit {p.returncode}: {p.stderr[-300:]}"):
            continue
        counts = query("SELECT (SELECT count(*) FROM p_variants), (SELECT count(*) FROM p_sample_annotations)", registered).rows[0]
        if counts[0] * counts[1] > CALLS:
            continue
        p = check.run("ddl", f"{lake.bucket.uri}/ddl/{i}", "--database", described, "--table-prefix", "p_")
        describe(lake.glue, p.stdout)
        one, two = seen(lake, registered), seen(lake, described)
        check.expect(len(one[1]) == 5, f"{name}: {sorted(one[1])}")
        differ = differences(one, two)
        check.expect(not differ, f"{name}: registered and described: {differ[:2]}")
        relations += len(one[1])
        if i == 0:
            broken(check, lake, p.stdout, described, one)
    print(f"ddl: {len(names)} datasets described by statements: {relations} tables and views are those of register: columns, types, comments, partitions, rows and checksums")


def broken(check, lake, ddl, described, registered):
    """Statements with one mistake each."""
    mistakes = {"a type": ("`pos` bigint", "`pos` int"), "a name": ("`qc_an`", "`qc_am`"), "a comment": ("POS: ", "POS, "), "a partition's value": ("(`chrom` = '1')", "(`chrom` = '2')"),
                "a partition's location": ("/variants/chrom=1/", "/variant_annotations/chrom=1/"), "a condition of a view": ("> 0 OR", "> 1 OR")}
    for what, (right, wrong) in mistakes.items():
        database = lake.database()
        text = ddl.replace(described, database)
        check.expect(right in text, f"{what}: nothing to break")
        describe(lake.glue, text.replace(right, wrong))
        try:
            found = differences(registered, seen(lake, database))
        except QueryFailed as e:
            found = [str(e)]
        check.expect(found, f"planted and not found: {what}")
        print(f"planted: {what}: {found[0][:140] if found else 'NOT FOUND'}", flush=True)


def again(check, lake):
    """register once more, then over other runs of the dataset."""
    database, cohort, other = lake.database(), ROOT / "testdata" / "cohort.vcf.gz", upload(check, lake, TWO_CONTIGS)
    samples = ["--samples", str(ROOT / "testdata" / "cohort.samples.tsv")]
    state = lambda: {n: (t.get("VersionId"), t.get("UpdateTime"), lake.partitions(database, n)) for n, t in lake.tables(database).items()}

    def export(what, source, *flags, code=0):
        p = lake.export(check, [source], "again", database, "", *flags)
        check.expect(p.returncode == code, f"{what}: exit {p.returncode}: {p.stderr[-300:]}")

    def shows(what, contigs, rows, columns):
        run = json.loads(lake.bucket.get("again/_current.json"))["run"]
        for table in TABLES:
            paths = {p for p, in query(f'SELECT DISTINCT "$path" FROM {table}', database).rows}
            check.expect(paths and all(f"/again/runs/{run}/{table}/" in p for p in paths), f"{what}: {table} is read from {sorted(paths)[:2]}, the run is {run}")
        for table in TABLES[:2]:
            check.expect({k[0] for k in lake.partitions(database, table)} == contigs, f"{what}: partitions of {table}: {lake.partitions(database, table)}")
            check.expect(query(f"SELECT count(*) FROM {table}", database).rows == [[rows]], f"{what}: rows of {table}")
        found = {c for c, *_ in query("DESCRIBE variant_annotations", database).rows if c.endswith("_an")} - {"qc_an", "info_an"}
        check.expect(found == columns, f"{what}: groups {found}")
        names, = zip(*query("SHOW TABLES", database).rows)
        check.expect(sorted(names) == sorted(TABLES + VIEWS), f"{what}: {names}")

    groups = lambda column, *values: {f"{column}_{v}_an" for v in values}
    export("first", cohort, *samples, "--group-by", "super_pop")
    records = query("SELECT count(*) FROM variants", database).rows[0][0]
    shows("first", {"22"}, records, groups("super_pop", "afr", "amr", "eas", "eur"))
    before = state()
    p = check.run("register", f"{lake.bucket.uri}/again", "--database", database)
    check.expect(p.returncode == 0 and state() == before, f"register once more: exit {p.returncode}: {p.stderr[-300:]}")
    export("the same command", cohort, *samples, "--group-by", "super_pop")
    check.expect(state() == before, "the same command writes to Glue")
    export("without --overwrite", cohort, *samples, "--group-by", "gender", code=1)
    check.expect(state() == before, "a refused export writes to Glue")
    export("another group", cohort, *samples, "--group-by", "gender", "--overwrite")
    shows("another group", {"22"}, records, groups("gender", "female", "male"))
    export("another input", other, "--overwrite")
    shows("another input", {"20", "21"}, 19910, set())
    export("the first again", cohort, *samples, "--group-by", "super_pop", "--overwrite")
    shows("the first again", {"22"}, records, groups("super_pop", "afr", "amr", "eas", "eur"))
    print(f"register: once more nothing is written; four runs, each seen whole: {records} records of one contig, 19910 of two, and back")


def carriers(check, lake):
    """The table of carriers beside the view, in Trino; and the one in the place of the other."""
    for i, name in enumerate(COUNTED):
        uri, database, shown = upload(check, lake, name), lake.database(), []
        described = lake.database()
        for tables in (TABLES, TABLES + ["carriers"], TABLES):
            p = lake.export(check, [uri], f"carriers/{i}", database, "", "--tables", ",".join(tables), "--overwrite")
            if not check.expect(p.returncode == 0, f"{name}: {tables}: exit {p.returncode}: {p.stderr[-300:]}"):
                return
            kind = lake.tables(database)["carriers"]["TableType"]
            check.expect(kind == ("EXTERNAL_TABLE" if tables != TABLES else "VIRTUAL_VIEW"), f"{name}: carriers is a {kind} of {tables}")
            trino = seen(lake, database)
            shown.append({"columns": sorted(trino[1]["carriers"]["columns"]), "rows": trino[1]["carriers"]["rows"], "checksums": trino[1]["carriers"]["checksums"]})
            if tables != TABLES:
                describe(lake.glue, check.run("ddl", f"{lake.bucket.uri}/carriers/{i}", "--database", described).stdout)
                differ = differences(trino, seen(lake, described))
                check.expect(not differ, f"{name}: with carriers, registered and described: {differ[:2]}")
        check.expect(shown[0] == shown[1] == shown[2] and shown[0]["rows"], f"{name}: view and table of carriers: {[s['rows'] for s in shown]}, {[s['columns'] for s in shown[:2]]}")
        print(f"{name}: {shown[0]['rows']} carriers, in the view, in the table that takes its place, and in the view again", flush=True)


def another(check, lake):
    """Tables and views that are not this dataset's."""
    cohort = ROOT / "testdata" / "cohort.vcf.gz"
    first, second = lake.database(), lake.database()
    p = lake.export(check, [cohort], "theirs", first)
    check.expect(p.returncode == 0, f"export: exit {p.returncode}: {p.stderr[-300:]}")
    made = lake.tables(first)
    foreign = {"a table by hand": {**made["variants"], "Parameters": {"EXTERNAL": "TRUE"}}, "a view by hand": {**made["genotypes"], "Parameters": {"presto_view": "true"}},
               "a table of another dataset": made["sample_annotations"]}
    p = check.run("export", cohort, "--out", f"{lake.bucket.uri}/ours", "--progress", "never")
    check.expect(p.returncode == 0, f"export: exit {p.returncode}: {p.stderr[-300:]}")
    lake.glue.create_database(DatabaseInput={"Name": second})
    put = lambda table: lake.glue.create_table(DatabaseName=second, TableInput={k: table[k] for k in INPUT if k in table})
    put({**made["variants"], "Name": "unrelated", "Parameters": {}})
    unrelated = lake.tables(second)
    for what, table in foreign.items():
        put(table)
        before = lake.tables(second)
        for command in (["register", f"{lake.bucket.uri}/ours"], ["export", cohort, "--out", f"{lake.bucket.uri}/refused"]):
            p = check.run(*command, "--database", second)
            check.expect(p.returncode == 1 and p.stderr.count("\n") == 1 and table["Name"] in p.stderr and "--adopt" in p.stderr, f"{what}: {command[0]}: exit {p.returncode}: {p.stderr[-300:]}")
            check.expect(lake.tables(second) == before, f"{what}: {command[0]} changed it, or made others")
            check.expect(not lake.bucket.keys("refused"), f"{what}: exported all the same")
        p = check.run("register", f"{lake.bucket.uri}/ours", "--database", second, "--adopt")
        check.expect(p.returncode == 0, f"{what}: --adopt: exit {p.returncode}: {p.stderr[-300:]}")
        of_ours = """count_if("$path" LIKE '%/ours/%')""" if table["TableType"] == "EXTERNAL_TABLE" else "count(*)"
        rows = query(f"SELECT count(*), {of_ours} FROM {table['Name']}", second).rows[0]
        check.expect(rows[0] and rows[0] == rows[1], f"{what}: adopted: {rows}")
        after = lake.tables(second)
        check.expect(after.pop("unrelated") == unrelated["unrelated"] and sorted(after) == sorted(TABLES + VIEWS), f"{what}: tables after --adopt: {sorted(after)}")
        for name in after:
            lake.glue.delete_table(DatabaseName=second, Name=name)
    print(f"{', '.join(foreign)}: refused by register and by export before any work, unchanged; taken over with --adopt")


def main():
    check = Check(__doc__)
    servers_or_leave()
    lake = Lake()
    try:
        for part in (workflow, qc, statements, carriers, again, another):
            print(f"--- {part.__name__}", flush=True)
            part(check, lake)
    finally:
        lake.remove()
    check.finish()


if __name__ == "__main__":
    main()
