"""pyarrow, DuckDB and polars read every table and see the same; statistics are those of the values; row groups are skipped.

Per table: rows, columns, types (against the manifest), values and NULLs in three readers, then min, max and null_count of
every column chunk and of every page against the values. Last a sites-only fixture of 20 row groups or more: with all other
row groups overwritten by zeros, DuckDB still answers a query on a pos range, so it read none of them.
--full adds the widest files.
"""
import collections
import shutil

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import footer
from dataset import ALL_TABLES, Check, same, write_sites

PART = ["brentp+cyvcf2/test.vcf.gz", "hail-is+hail/sample.vcf.gz", "sgkit-dev+bio2zarr/field_type_combos.vcf.gz", "natir+vcf2parquet/test.vcf",
        "bigdatagenomics+adam/nan_float_values.vcf", "broadinstitute+gatk/1kgp_test.merged.vcf.gz", "Zacharyr41+vcf-pg-loader/gridss_sv.vcf",
        "googlegenomics+gcp-variant-transforms/valid-4.1-large.vcf.gz", "lindenb+jvarkit/ExAC.r1.sites.vep.vcf.gz", "hail-is+hail/ex.vcf",
        "sgkit-dev+bio2zarr/sample_missing_contig.vcf.gz", "bihealth+vcfpy/1kg.vcf.gz", "samtools+htsjdk/all43Features.utf8.vcf"]
FULL = ["biodatageeks+polars-bio/multisample.vcf.gz", "odelaneau+shapeit4/reference.vcf.gz", "sgkit-dev+bio2zarr/CEUTrio.20.21.gatk3.4.g.old_tabix.vcf.bgz",
        "opencb+opencga/10k.chr22.phase3_shapeit2_mvncall_integrated_v5.20130502.genotypes.vcf.gz"]
SITES = 2_500_000
GROUPS = 20


def arrow_type(t):
    """The Athena name of a pyarrow type."""
    if pa.types.is_map(t):
        return f"map<{arrow_type(t.key_type)},{arrow_type(t.item_type)}>"
    if pa.types.is_list(t) or pa.types.is_large_list(t):
        return f"array<{arrow_type(t.value_type)}>"
    return {"int32": "int", "int64": "bigint", "double": "double", "bool": "boolean"}.get(str(t), "string" if "string" in str(t) else str(t))


def duck_type(t):
    t = str(t)
    if t.endswith("[]"):
        return f"array<{duck_type(t[:-2])}>"
    if t.startswith("MAP("):
        key, value = t[4:-1].split(", ", 1)
        return f"map<{duck_type(key)},{duck_type(value)}>"
    return {"INTEGER": "int", "BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean", "VARCHAR": "string"}.get(t, t)


def polars_type(t):
    if isinstance(t, pl.List):
        if isinstance(t.inner, pl.Struct) and [f.name for f in t.inner.fields] == ["key", "value"]:
            return f"map<{','.join(polars_type(f.dtype) for f in t.inner.fields)}>"
        return f"array<{polars_type(t.inner)}>"
    if type(t).__name__ == "Map":
        return f"map<{polars_type(t.key)},{polars_type(t.value)}>"
    return {pl.Int32: "int", pl.Int64: "bigint", pl.Float64: "double", pl.Boolean: "boolean", pl.String: "string"}.get(t, str(t))


def plain(rows):
    """Values of a column as lists; a map's entries as pairs, whichever reader they come from."""
    def entry(e):
        if isinstance(e, dict) and set(e) == {"key", "value"}:
            return (e["key"], e["value"])
        return e
    return [r if not isinstance(r, list) else [entry(e) for e in r] for r in rows]


def equal(ours, theirs):
    """Two columns of two readers: whole where Arrow can cast one to the other, value by value where not."""
    if not pa.types.is_map(ours.type):
        try:
            if ours.equals(theirs.cast(ours.type)):
                return True
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    return same(plain(ours.to_pylist()), plain(theirs.to_pylist()))


def compare_readers(check, ds, table, where):
    """Types against the manifest, values of DuckDB and polars against pyarrow's; returns the cells compared."""
    wanted = {c["name"]: c["type"].replace(" ", "") for c in ds.tables[table]["columns"]}
    cells = 0
    for path, _ in ds.files(table):
        ours = pq.ParquetFile(path).read()
        con = duckdb.connect()
        relation = con.sql(f"SELECT * FROM read_parquet('{path}', hive_partitioning=false)")
        duck_types = {n: duck_type(t) for n, t in zip(relation.columns, relation.types)}
        duck = relation.to_arrow_table()
        frame = pl.read_parquet(path, hive_partitioning=False)
        polar = frame.to_arrow()
        for what, types in (("pyarrow", {f.name: arrow_type(f.type) for f in ours.schema}), ("DuckDB", duck_types),
                            ("polars", {n: polars_type(t) for n, t in frame.schema.items()})):
            wrong = {n: (t, wanted.get(n)) for n, t in types.items() if t != wanted.get(n)}
            check.expect(not wrong and list(types) == list(wanted), f"{where}: types in {what}: {dict(list(wrong.items())[:3])}")
        for what, other in (("DuckDB", duck), ("polars", polar)):
            for name in ours.column_names:
                a, b = ours.column(name), other.column(name)
                check.expect(a.null_count == b.null_count, f"{where}: {name}: {a.null_count} NULLs, in {what} {b.null_count}")
                check.expect(equal(a, b), f"{where}: {name}: other values in {what}")
        cells += ours.num_rows * ours.num_columns
    return cells


def leaves(column):
    """Path below the column, values (NULL where an entry has none) and row of each entry of every leaf under it."""
    def walk(path, array, rows):
        t = array.type
        if pa.types.is_map(t):
            for name, part in (("key", array.keys), ("value", array.items)):
                yield from walk_list(f"{path}.key_value.{name}", pa.ListArray.from_arrays(array.offsets, part), rows)
        elif pa.types.is_list(t):
            yield from walk_list(f"{path}.list.element", array, rows)
        else:
            yield path, array, rows

    def walk_list(path, array, rows):
        sizes = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        slots = np.maximum(sizes, 1)
        starts = np.cumsum(slots) - slots
        index = np.full(int(slots.sum()), -1)
        filled = np.ones(len(index), bool)
        filled[starts[sizes == 0]] = False
        index[filled] = np.arange(int(sizes.sum()))
        yield from walk(path, array.flatten().take(pa.array(index, mask=~filled)), np.repeat(rows, slots))

    return walk("", column, np.arange(len(column)))


def bounds(values):
    """min and max of a leaf as the format orders them (bytes unsigned, NaN left out), and the NULLs."""
    nulls = values.null_count
    values = values.drop_null()
    if pa.types.is_floating(values.type):
        values = values.filter(pc.invert(pc.is_nan(values)))
    if pa.types.is_string(values.type):
        values = values.cast(pa.binary())
    m = pc.min_max(values)
    return m["min"].as_py(), m["max"].as_py(), nulls


def within(stated, true, upper):
    """A stated bound equals the true one; of strings it may be cut short, an upper one then raised."""
    if stated == true or stated is None:
        return stated == true
    if not isinstance(true, bytes):
        return False
    if upper:
        return stated > true and len(stated) < len(true) and stated[:-1] == true[:len(stated) - 1]
    return true.startswith(stated)


def statistics(check, ds, table, where):
    """Footer and page index against values; counts of chunks and pages."""
    counts = collections.Counter()
    for path, _ in ds.files(table):
        file = pq.ParquetFile(path)
        by_group = collections.defaultdict(dict)
        for c in footer.chunks(path):
            by_group[c.row_group][c.path] = c
        for number, chunks in by_group.items():
            rows = file.read_row_group(number)
            seen = set()
            for name in rows.column_names:
                for below, values, at in leaves(rows.column(name).combine_chunks()):
                    c = chunks.get(name + below)
                    if not check.expect(c is not None, f"{where}: row group {number} has {name}{below}"):
                        continue
                    seen.add(c.path)
                    counts["chunks"] += 1
                    low, high, nulls = bounds(values)
                    ok = c.nulls == nulls and within(c.low, low, False) and within(c.high, high, True)
                    check.expect(ok, f"{where}: statistics of {c.path}, row group {number}: {c.low!r} {c.high!r} {c.nulls} for {low!r} {high!r} {nulls}")
                    if not check.expect(c.pages, f"{where}: page index of {c.path}"):
                        continue
                    first = [p.first_row for p in c.pages] + [c.rows]
                    check.expect(first[0] == 0 and all(a < b for a, b in zip(first, first[1:])), f"{where}: {c.path}: pages begin at rows {first[:5]}")
                    cuts = np.searchsorted(at, first)
                    for p, a, b in zip(c.pages, cuts, cuts[1:]):
                        counts["pages"] += 1
                        low, high, nulls = bounds(values.slice(a, b - a))
                        all_nan = low is None and nulls < b - a
                        ok = p.nulls == nulls and (p.null_page == (nulls == b - a)) and within(p.low, low, False) and within(p.high, high, True)
                        check.expect(ok or (all_nan and p.nulls is None), f"{where}: page of {c.path} at row {p.first_row}: "
                                     f"{p.low!r} {p.high!r} {p.nulls} for {low!r} {high!r} {nulls}")
            check.expect(seen == set(chunks), f"{where}: leaves {sorted(set(chunks) - seen)[:3]} were compared")
    return counts


def skipping(check):
    """DuckDB on a pos range of a table of many row groups."""
    vcf = check.temp / "sites.vcf"
    write_sites(vcf, SITES)
    ds = check.export(vcf)
    vcf.unlink()
    path = ds.files("variants")[0][0]
    chunks = list(footer.chunks(path))
    groups = 1 + max(c.row_group for c in chunks)
    print(f"{SITES} sites: {len(ds.files('variants'))} file(s), {groups} row groups in the first")
    check.expect(groups >= GROUPS, f"{groups} row groups, {GROUPS} wanted")
    check.expect(all(c.sorting for c in chunks), "row groups say that they are sorted")
    target = [c for c in chunks if c.path == "pos"][groups // 2]
    query = "SELECT count(*), min(end_pos), max(end_pos), any_value(ref) FROM read_parquet('{}')"
    low, high = target.low + 900, target.high - 900
    only = f" WHERE pos BETWEEN {low} AND {high}"
    con = duckdb.connect()
    answer = con.execute(query.format(path) + only).fetchone()
    check.expect(answer == ((high - low) // 90 + 1, low, high, "A"), f"the range of row group {groups // 2}: {answer}")

    zeroed = check.temp / "zeroed.parquet"
    shutil.copy(path, zeroed)
    with open(zeroed, "r+b") as f:
        for c in chunks:
            if c.row_group != target.row_group:
                f.seek(c.start)
                f.write(bytes(c.end - c.start))
    try:
        without = con.execute(query.format(zeroed) + only).fetchone()
    except duckdb.Error as e:
        without = str(e).splitlines()[0]
    check.expect(without == answer, f"with {groups - 1} of {groups} row groups zeroed: {without} for {answer}")
    try:
        con.execute(query.format(zeroed)).fetchone()
        check.expect(False, "the zeroed file is read whole without an error: the check shows nothing")
    except duckdb.Error as e:
        print(f"pos range: {answer[0]} rows from 1 row group; the other {groups - 1} were zeros. Read whole: {str(e).splitlines()[0][:80]}")
        check.expect(True, "")


def main():
    check = Check(__doc__)
    print(f"{'cells x3':>9} {'chunks':>7} {'pages':>7}  table")
    for name in PART + (FULL if check.full else []):
        if check.only not in name:
            continue
        ds = check.export(check.data / "real" / name, *ALL_TABLES)
        for table in ds.tables:
            where = f"{name}: {table}"
            cells, counts = compare_readers(check, ds, table, where), statistics(check, ds, table, where)
            print(f"{cells:9} {counts['chunks']:7} {counts['pages']:7}  {where}", flush=True)
        ds.discard()
    if not check.only:
        skipping(check)
    check.finish()


if __name__ == "__main__":
    main()
