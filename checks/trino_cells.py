"""Every column of every table of data/real, read by Trino through Glue and S3 and by DuckDB from the same files: the same rows and values.

Each file goes up to a bucket, is exported from there to there and registered in Glue. Trino reads each table whole; its rows are matched by their keys with those that DuckDB reads from
the objects, downloaded, and compared value by value: nested lists, maps, NULLs and empty lists inside them, doubles bit for bit. Columns and types are those of the manifest. The views,
where they have at most 50,000 rows, are compared with the tables multiplied out here. Last, objects and partitions of a dataset are changed on purpose: each change must be found.
--part leaves out the views of files of more than 5,000 rows.
"""
import collections
import math
import struct
import time

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset import BROKEN, Check
from hive import Lake, QueryFailed, pages, query, servers_or_leave, trino_type

FAULTY = "brentp+cyvcf2/test.vcf.gz"  # has what the changes need: lists of lists, a filter that is NULL
RECORD, SAMPLE = ["input_index", "record_offset"], ["sample_index"]
BATCH = 4 << 20  # bytes of an answer, about, that are compared at a time


def exact(value, kind):
    """A value in a form in which == means the same bits; all NaN are one. kind: the type of the manifest."""
    if value is None or "double" not in kind and "map" not in kind:
        return value
    if kind == "double":
        value = float(value)  # Trino's NaN and Infinity are text
        return "NaN" if math.isnan(value) else struct.pack(">d", value)
    outer, inner = kind[:-1].split("<", 1)
    if outer == "array":
        return [exact(v, inner) for v in value]
    inner = inner.split(",", 1)[1]
    return {k: exact(v, inner) for k, v in (value.items() if isinstance(value, dict) else value)}


def leaves(array):
    """How many values a column has, those inside lists and maps."""
    if pa.types.is_map(array.type):
        return len(array.keys)
    while pa.types.is_list(array.type):
        array = pc.list_flatten(array)
    return len(array)


class Files:
    """A table as DuckDB reads its files, each by its own; chrom is what the path says."""

    def __init__(self, ds, table):
        self.kinds = {c["name"]: c["type"] for c in ds.tables[table]["columns"]}
        parts = []
        for path, chrom in ds.files(table):
            t = duckdb.sql("SELECT * FROM read_parquet(?, hive_partitioning = false)", params=[str(path)]).to_arrow_table()
            parts.append(t if chrom is None else t.append_column("chrom", pa.array([chrom] * len(t), pa.string())))
        if table == "sample_annotations":
            self.keys = SAMPLE
        else:
            self.keys, self.kinds["chrom"] = RECORD, "string"
        self.table = pa.concat_tables(parts) if parts else pa.table({n: pa.array([], pa.int64()) for n in self.kinds})
        rows = list(zip(*(self.table.column(k).to_pylist() for k in self.keys)))
        self.place = {key: i for i, key in enumerate(rows)}
        self.unique = len(self.place) == len(rows)

    def rows(self):
        """Every row as a dict."""
        columns = {n: self.table.column(n).to_pylist() for n in self.kinds}
        return [dict(zip(columns, row)) for row in zip(*columns.values())]


def batches(sql, schema):
    """What Trino answers: first the columns as (name, type), then lists of rows."""
    columns, batch, size = None, [], 0
    for page in pages(sql, schema):
        if columns is None and "columns" in page:
            columns = [(c["name"], c["type"]) for c in page["columns"]]
            yield columns
        batch += page.get("data", [])
        size += page["size"]
        if size > BATCH and batch:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Comparison:
    """A table in Trino beside its files: the faults found, and what was compared."""

    def __init__(self, files, relation, schema):
        self.files, self.faults, self.values, self.read = files, [], 0, 0
        if not files.unique:
            self.faults.append("rows share their key")
        self.left = set(files.place)
        try:
            self._read(relation, schema)
        except QueryFailed as e:
            self.faults.append(str(e))

    def _read(self, relation, schema):
        answer = batches(f'SELECT * FROM "{relation}"', schema)
        columns, wanted = next(answer), [(n, trino_type(k)) for n, k in self.files.kinds.items()]
        if columns != wanted:
            self.faults.append(f"columns: {[c for c in columns if c not in wanted][:3]} for {[c for c in wanted if c not in columns][:3]}")
            return
        for rows in answer:
            self._rows(rows)
        if self.left:
            self.faults.append(f"{len(self.left)} rows are missing, first {min(self.left)}")

    def _rows(self, rows):
        columns = dict(zip(self.files.kinds, zip(*rows)))
        found = list(zip(*(columns[k] for k in self.files.keys)))
        self.read += len(found)
        for key in found:
            if key not in self.left:
                self.faults.append(f"row {key} is {'there twice' if key in self.files.place else 'not in the files'}")
                return
            self.left.discard(key)
        theirs = self.files.table.take(pa.array([self.files.place[key] for key in found]))
        for column, kind in self.files.kinds.items():
            ours, other = list(columns[column]), theirs.column(column).to_pylist()
            if "double" in kind or "map" in kind:
                ours, other = [exact(v, kind) for v in ours], [exact(v, kind) for v in other]
            self.values += leaves(theirs.column(column).combine_chunks())
            if ours != other:
                at = next(i for i, (a, b) in enumerate(zip(ours, other)) if a != b)
                self.faults.append(f"{column} of row {found[at]}: {str(columns[column][at])[:100]} in Trino, {str(theirs.column(column)[at])[:100]} in DuckDB")


def multiplied(variants, samples):
    """The rows of both views, as the description of the tables has them; with each the types of its columns."""
    of_call = [n for n in variants.kinds if n in ("gt", "n_alt") or n.startswith("fmt_") and n != "fmt_other"]
    of_site = [n for n in variants.kinds if n not in of_call and n not in ("format", "fmt_other")]
    kinds = {n: variants.kinds[n] for n in of_site} | {n: variants.kinds[n][len("array<"):-1] for n in of_call} | samples.kinds
    scalar = [n for n in of_call if not kinds[n].startswith("array")]
    of_carrier = ["chrom", "sample_index", "sample_id", "pos", "ref", "alt", *scalar]
    genotypes, carriers, people = [], [], sorted(samples.rows(), key=lambda s: s["sample_index"])
    for v in variants.rows():
        site, arrays = {n: v[n] for n in of_site}, {n: v[n] for n in of_call}
        for i, person in enumerate(people):
            row = site | {n: None if a is None else a[i] for n, a in arrays.items()} | person
            genotypes.append(row)
            if "GT" in (v["format"] or "").split(":") and row["n_alt"] != 0:
                carriers.append({n: row[n] for n in of_carrier})
    return {"genotypes": (genotypes, kinds), "carriers": (carriers, {n: kinds[n] for n in of_carrier})}


def compare_view(relation, schema, rows, kinds):
    """Faults of a view: its rows in any order against those wanted."""
    try:
        answer = query(f'SELECT * FROM "{relation}"', schema)
    except QueryFailed as e:
        return [str(e)]
    wanted = {n: trino_type(k) for n, k in kinds.items()}
    if dict(answer.columns) != wanted:
        return [f"columns: {sorted(dict(answer.columns).items() ^ wanted.items())[:4]}"]
    names = [n for n, _ in answer.columns]
    count = lambda rows: collections.Counter(str([exact(v, kinds[n]) for n, v in zip(names, row)]) for row in rows)
    found, wanted = count(answer.rows), count([row[n] for n in names] for row in rows)
    return [f"{what}: {next(iter(odd))[:300]}" for what, odd in (("not in the tables", found - wanted), ("missing", wanted - found)) if odd]


class Case:
    """One real file: in the bucket, exported, registered; its objects downloaded."""

    def __init__(self, check, lake, path, number, database):
        self.check, self.lake, self.prefix, self.database = check, lake, f"r{number}_", database
        self.out = f"out/{number}"
        uri = lake.bucket.put(f"in/{number}/{path.name}", path.read_bytes())
        self.said = lake.export(check, [uri], self.out, database, self.prefix)

    def download(self):
        self.ds = self.lake.download(self.check, self.out)
        self.files = {t: Files(self.ds, t) for t in self.ds.tables}

    def tables(self):
        """The comparison of each table."""
        return {t: Comparison(f, self.prefix + t, self.database) for t, f in self.files.items()}

    def faults(self):
        """What the comparison of all tables finds, as text."""
        return [fault for c in self.tables().values() for fault in c.faults]

    def views(self):
        """The faults of each view, and the rows it must have."""
        wanted = multiplied(self.files["variants"], self.files["sample_annotations"])
        return {v: (compare_view(self.prefix + v, self.database, *w), len(w[0])) for v, w in wanted.items()}

    def faults_of_views(self):
        return [fault for faults, _ in self.views().values() for fault in faults]


def real(check, lake):
    database, totals, types = lake.database(), collections.Counter(), collections.Counter()
    print(f"{'rows':>7} {'cells':>9} {'values':>10} {'of views':>8} {'s':>5}  file")
    for number, name in enumerate(check.real()):
        started = time.time()
        case = Case(check, lake, check.data / "real" / name, number, database)
        if name in BROKEN:
            check.expect(case.said.returncode == 1, f"{name}: exit {case.said.returncode}")
            check.expect(not any(t.startswith(case.prefix) for t in lake.tables(database)), f"{name}: refused, and registered")
            continue
        if not check.expect(case.said.returncode == 0, f"{name}: exit {case.said.returncode}: {case.said.stderr[-300:]}"):
            continue
        case.download()
        rows = cells = values = of_views = 0
        for table, c in case.tables().items():
            for fault in c.faults or [None]:
                check.expect(fault is None, f"{name}: {table}: {fault}")
            rows, cells, values = rows + c.read, cells + c.read * len(c.files.kinds), values + c.values
            types.update(c.files.kinds.values())
        variants, samples = case.files["variants"], case.files["sample_annotations"]
        if len(variants.table) * len(samples.table) <= (50_000 if check.full else 5_000):
            for view, (faults, wanted) in case.views().items():
                for fault in faults or [None]:
                    check.expect(fault is None, f"{name}: {view}: {fault}")
                of_views += wanted
        case.ds.discard()
        totals.update(files=1, rows=rows, cells=cells, values=values, views=of_views)
        print(f"{rows:7} {cells:9} {values:10} {of_views:8} {time.time() - started:5.1f}  {name}", flush=True)
    print(f"{totals['files']} files: {totals['rows']} rows, {totals['cells']} cells, {totals['values']} values in them, {totals['views']} rows of views; "
          f"columns by type: {', '.join(f'{t} {n}' for t, n in types.most_common())}")


def altered(table, column, change):
    """The table with one value of a column changed: the first that change(value) gives another for."""
    values = table.column(column).to_pylist()
    for i, value in enumerate(values):
        other = change(value)
        if other is not NotImplemented:
            values[i] = other
            return table.set_column(table.schema.get_field_index(column), table.schema.field(column), pa.array(values, table.schema.field(column).type))
    raise LookupError(f"no value of {column} to change")


def element(change):
    """Changes the first element, at any depth, that change takes."""
    def inside(value):
        for i, v in enumerate(value if isinstance(value, list) else []):
            other = inside(v) if isinstance(v, list) else change(v)
            if other is not NotImplemented:
                return value[:i] + [other] + value[i + 1:]
        return NotImplemented
    return inside


def planted(check, lake):
    """Changes under Trino's eyes that DuckDB, which reads what was there before, does not see."""
    case = Case(check, lake, check.data / "real" / FAULTY, "planted", lake.database())
    case.download()
    check.expect(not case.faults() + case.faults_of_views(), f"{FAULTY}: {case.faults()[:1]}")
    next_double = lambda v: math.nextafter(v, math.inf) if isinstance(v, float) else NotImplemented
    text = lambda v: v + " " if isinstance(v, str) else NotImplemented
    some = lambda new: lambda v: NotImplemented if v is None else new
    changes = [
        ("a row dropped", "variants", lambda t: t.slice(1)),
        ("a row twice", "variants", lambda t: pa.concat_tables([t, t.slice(0, 1)])),
        ("a row of samples dropped", "sample_annotations", lambda t: t.slice(1)),
        ("a space after a text", "variants", lambda t: altered(t, "ref", text)),
        ("a double, by its last bit", "variants", lambda t: altered(t, "qual", next_double)),
        ("a double in a list, by its last bit", "variant_annotations", lambda t: altered(t, "qc_af", element(next_double))),
        ("an element of a list", "variants", lambda t: altered(t, "n_alt", element(lambda v: 1 - v if v in (0, 1) else NotImplemented))),
        ("an element made NULL", "variants", lambda t: altered(t, "gt", element(some(None)))),
        ("an element of a list in a list", "variants", lambda t: altered(t, "fmt_pl", element(lambda v: NotImplemented if v is None else v + 1))),
        ("a list made empty", "variants", lambda t: altered(t, "alt", some([]))),
        ("a list made NULL", "variants", lambda t: altered(t, "gt", some(None))),
        ("a NULL made an empty list", "variants", lambda t: altered(t, "filter", lambda v: [] if v is None else NotImplemented)),
        ("an entry more in a map", "variant_annotations", lambda t: altered(t, "info_other", lambda v: (v or []) + [("check", None)])),
        ("a QC column", "sample_annotations", lambda t: altered(t, "qc_call_rate", lambda v: v / 2)),
    ]
    for what, table, change in changes:
        path, _ = case.ds.files(table)[0]
        key = f"{case.out}/{path.relative_to(case.ds.root)}"
        sink = pa.BufferOutputStream()
        pq.write_table(change(pq.ParquetFile(path).read()), sink, compression="zstd")
        lake.bucket.put(key, sink.getvalue().to_pybytes())
        found(check, what, case.faults())
        if what in ("a row dropped", "a row of samples dropped", "an element of a list"):
            found(check, f"{what}, seen in the views", case.faults_of_views(), quiet=True)
        lake.bucket.put(key, path.read_bytes())
    partitions(check, lake, case)
    check.expect(not case.faults() + case.faults_of_views(), f"all as it was: {case.faults()[:1]}")


def partitions(check, lake, case):
    """Partitions that are gone, or lead to another's files; a column of another type."""
    glue, table = lake.glue, case.prefix + "variants"
    values = min(lake.partitions(case.database, table))
    where = dict(DatabaseName=case.database, TableName=table)
    partition = glue.get_partition(**where, PartitionValues=list(values))["Partition"]
    keep = {k: partition[k] for k in ("Values", "StorageDescriptor", "Parameters") if k in partition}
    glue.delete_partition(**where, PartitionValues=keep["Values"])
    found(check, "a partition gone", case.faults())
    glue.create_partition(**where, PartitionInput={**keep, "Values": ["other"]})
    found(check, "a partition of another name", case.faults())
    glue.delete_partition(**where, PartitionValues=["other"])
    other = lake.partitions(case.database, case.prefix + "variant_annotations")[tuple(keep["Values"])]
    glue.create_partition(**where, PartitionInput={**keep, "StorageDescriptor": {**keep["StorageDescriptor"], "Location": other}})
    found(check, "a partition that leads to another table", case.faults())
    glue.update_partition(**where, PartitionValueList=keep["Values"], PartitionInput=keep)
    described = lake.tables(case.database)[table]
    input = {k: described[k] for k in ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")}
    wrong = [{**c, "Type": "int"} if c["Name"] == "pos" else c for c in input["StorageDescriptor"]["Columns"]]
    glue.update_table(DatabaseName=case.database, TableInput={**input, "StorageDescriptor": {**input["StorageDescriptor"], "Columns": wrong}})
    found(check, "a column of another type", case.faults())
    glue.update_table(DatabaseName=case.database, TableInput=input)


def found(check, what, faults, quiet=False):
    check.expect(faults, f"planted and not found: {what}")
    if faults and not quiet:
        print(f"planted: {what}: {faults[0][:150]}", flush=True)


def main():
    check = Check(__doc__)
    servers_or_leave()
    lake = Lake()
    try:
        real(check, lake)
        if not check.only:
            planted(check, lake)
    finally:
        lake.remove()
    check.finish()


if __name__ == "__main__":
    main()
