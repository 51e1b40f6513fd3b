"""Trino and Glue for checks: queries over Trino's HTTP, a bucket and databases that go when the check ends.

The servers are those of the environment: TRINO_URL, AWS_ENDPOINT_URL_GLUE, AWS_ENDPOINT_URL_S3 and the usual credentials.
"""
import collections
import json
import os
import random
import sys
import urllib.request

import boto3

from dataset import Dataset
from objects import ENDPOINT, Bucket

TRINO = os.environ.get("TRINO_URL")
GLUE = os.environ.get("AWS_ENDPOINT_URL_GLUE") or os.environ.get("AWS_ENDPOINT_URL")
CATALOG = "awsdatacatalog"  # Athena's own name for its catalog, which stored views carry
SCALARS = {"boolean": "boolean", "int": "integer", "bigint": "bigint", "double": "double", "string": "varchar"}

Answer = collections.namedtuple("Answer", "columns rows bytes")  # columns: (name, type); bytes: read from storage


def servers_or_leave():
    """Ends the check, with the reason, where a server is missing."""
    for name, value in (("AWS_ENDPOINT_URL_S3", ENDPOINT), ("AWS_ENDPOINT_URL_GLUE", GLUE), ("TRINO_URL", TRINO)):
        if not value:
            print(f"left out: {name} is not set")
            sys.exit(0)


class QueryFailed(Exception):
    """What Trino said: the name of the error and its text."""

    def __init__(self, error):
        super().__init__(f"{error.get('errorName')}: {error.get('message')}")


def pages(sql, schema=None):
    """The answers of Trino's protocol, one after the other, each with its size in bytes; rows are in data, exact figures in the last one's stats."""
    headers = {"X-Trino-User": "varlake", "X-Trino-Source": "checks", "X-Trino-Catalog": CATALOG}
    if schema:
        headers["X-Trino-Schema"] = schema
    request = urllib.request.Request(f"{TRINO}/v1/statement", data=sql.encode(), headers=headers)
    while True:
        with urllib.request.urlopen(request, timeout=300) as r:
            body = r.read()
        page = json.loads(body)
        page["size"] = len(body)
        if "error" in page:
            raise QueryFailed(page["error"])
        yield page
        if "nextUri" not in page:
            return
        request = urllib.request.Request(page["nextUri"], headers=headers)


def query(sql, schema=None):
    columns, rows, stats = [], [], {}
    for page in pages(sql, schema):
        columns, stats = page.get("columns", columns), page["stats"]
        rows += page.get("data", [])
    return Answer([(c["name"], c["type"]) for c in columns], rows, stats["physicalInputBytes"])


def trino_type(t):
    """A type of the manifest, as Trino spells it."""
    if t in SCALARS:
        return SCALARS[t]
    kind, inner = t[:-1].split("<", 1)
    if kind == "array":
        return f"array({trino_type(inner)})"
    key, value = inner.split(",", 1)
    return f"map({trino_type(key)}, {trino_type(value)})"


class Lake:
    """A bucket, and databases in Glue that go when it goes."""

    def __init__(self):
        self.bucket, self.glue = Bucket(), boto3.client("glue", endpoint_url=GLUE)
        self._databases, self._stem = [], f"trino_{os.getpid()}_{random.randrange(1 << 32):08x}"

    def database(self):
        """The name of a database that is not there yet."""
        self._databases.append(f"{self._stem}_{len(self._databases)}")
        return self._databases[-1]

    def tables(self, database):
        """Tables and views as Glue has them, by name; none where there is no database."""
        try:
            found = self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
            return {t["Name"]: t for page in found for t in page["TableList"]}
        except self.glue.exceptions.EntityNotFoundException:
            return {}

    def partitions(self, database, table):
        """Location of each partition, by its values."""
        found = self.glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        return {tuple(p["Values"]): p["StorageDescriptor"]["Location"] for page in found for p in page["Partitions"]}

    def export(self, check, inputs, out, database, prefix="", *flags):
        """Exports into the bucket and registers what comes out; the process."""
        named = ["--table-prefix", prefix] if prefix else []
        return check.run("export", *inputs, "--out", f"{self.bucket.uri}/{out}", "--database", database, *named, "--progress", "never", *flags)

    def download(self, check, out):
        """A dataset of the bucket, copied to this machine."""
        root = check.temp / out
        for key in self.bucket.keys(out):
            (root / key).parent.mkdir(parents=True, exist_ok=True)
            (root / key).write_bytes(self.bucket.get(f"{out}/{key}"))
        return Dataset(root)

    def remove(self):
        for database in self._databases:
            for table in self.tables(database):
                self.glue.delete_table(DatabaseName=database, Name=table)
            try:
                self.glue.delete_database(Name=database)
            except self.glue.exceptions.EntityNotFoundException:
                pass
        self.bucket.remove()
