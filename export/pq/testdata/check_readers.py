"""Reads FILE.parquet by pyarrow, DuckDB and polars and compares it with FILE.json, a row as a JSON object in each line.

Values must be the same to the sign of a zero, types as declared, and filters that readers answer from statistics
must find what a scan finds.
"""
import json
import sys

import duckdb
import polars
import pyarrow.parquet as pq

path = sys.argv[1]
with open(path + ".json", encoding="utf-8") as lines:
    rows = [json.loads(line) for line in lines]
names = list(rows[0])


def plain(value):
    """Maps as pairs, whatever a reader makes of them."""
    if isinstance(value, dict):
        if set(value) == {"key", "value"} and isinstance(value["key"], list):
            return [[k, plain(v)] for k, v in zip(value["key"], value["value"])]  # DuckDB, older
        if set(value) == {"key", "value"}:
            return [value["key"], plain(value["value"])]  # polars: an entry
        return [[k, plain(v)] for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def compare(reader, got):
    """got: column name to list of values."""
    for name in names:
        want = [row[name] for row in rows]
        have = [plain(v) for v in got[name]]
        if len(have) != len(want):
            sys.exit(f"{reader}: {name} has {len(have)} values, want {len(want)}")
        for i, (h, w) in enumerate(zip(have, want)):
            if repr(h) != repr(w):
                sys.exit(f"{reader}: {name}[{i}] is {h!r}, want {w!r}")


def scalars(name):
    """Some values of a scalar column to look for, and one that is not there."""
    values = [row[name] for row in rows if row[name] is not None and row[name] == row[name]]
    if not values or isinstance(values[0], (list, bool)):
        return []
    missing = {str: "no such value", int: 2**30 + 7, float: 0.123456789}[type(values[0])]
    return [values[0], values[-1], values[len(values) // 2], missing]


table = pq.read_table(path)
compare("pyarrow", {name: table[name].to_pylist() for name in names})
frame = polars.read_parquet(path)
compare("polars", {name: frame[name].to_list() for name in names})
db = duckdb.connect()
result = db.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()
compare("duckdb", {name: [row[i] for row in result] for i, name in enumerate(names)})

filters = 0
for name in names:
    for value in scalars(name):
        want = sum(row[name] == value for row in rows)
        counts = {
            "pyarrow": pq.read_table(path, columns=[name], filters=[(name, "=", value)]).num_rows,
            "polars": polars.scan_parquet(path).filter(polars.col(name) == value).collect().height,
            "duckdb": db.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE {name} = ?", [value]).fetchone()[0],
        }
        for reader, count in counts.items():
            if count != want:
                sys.exit(f"{reader}: {name} = {value!r} finds {count} rows, want {want}")
        filters += 1

file = pq.ParquetFile(path)
for i in range(len(file.schema)):
    column = file.schema.column(i)
    if column.physical_type == "BYTE_ARRAY" and str(column.logical_type) != "String":
        sys.exit(f"{column.path} is {column.logical_type}, want String")
print(f"{len(rows)} rows, {len(names)} columns, {filters} filters")
