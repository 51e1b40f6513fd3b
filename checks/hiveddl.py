"""The statements of `varlake ddl`, done: a reading of Hive's DDL that knows nothing of the code that wrote them.

Athena runs them itself. Trino has CREATE DATABASE (as CREATE SCHEMA) and the views as they stand. CREATE EXTERNAL TABLE and ADD PARTITION become the calls to Glue that Athena makes for them: Trino's
own CREATE TABLE needs a call that moto does not have, and its register_partition is switched off unless a catalog allows it.
"""
import re

from hive import query

FORMAT = "org.apache.hadoop.hive.ql.io.parquet."
PARQUET = {"InputFormat": FORMAT + "MapredParquetInputFormat", "OutputFormat": FORMAT + "MapredParquetOutputFormat",
           "SerdeInfo": {"SerializationLibrary": FORMAT + "serde.ParquetHiveSerDe", "Parameters": {"serialization.format": "1"}}}


def describe(glue, statements):
    """Does what the statements say."""
    for statement in split(statements):
        tokens = Tokens(statement)
        if tokens.take("CREATE", "DATABASE"):
            tokens.need("IF", "NOT", "EXISTS")
            database, = tokens.names()
            query(f'CREATE SCHEMA IF NOT EXISTS "{database}"')
        elif tokens.take("CREATE", "EXTERNAL", "TABLE"):
            create_table(glue, tokens)
        elif tokens.take("ALTER", "TABLE"):
            add_partitions(glue, tokens)
        elif tokens.take("CREATE", "OR", "REPLACE", "VIEW"):
            query(statement)
        else:
            raise ValueError(f"no rule for {statement[:80]}")


def create_table(glue, tokens):
    database, table = tokens.names()
    columns, keys = tokens.columns(), []
    if tokens.take("PARTITIONED", "BY"):
        keys = tokens.columns()
    tokens.need("STORED", "AS", "PARQUET", "LOCATION")
    location = tokens.text()
    tokens.need("TBLPROPERTIES")
    parameters = {"EXTERNAL": "TRUE", **tokens.properties()}
    tokens.end()
    glue.create_table(DatabaseName=database, TableInput={
        "Name": table, "TableType": "EXTERNAL_TABLE", "Parameters": parameters, "PartitionKeys": keys,
        "StorageDescriptor": {**PARQUET, "Columns": columns, "Location": location}})


def add_partitions(glue, tokens):
    database, table = tokens.names()
    tokens.need("ADD", "IF", "NOT", "EXISTS")
    descriptor = glue.get_table(DatabaseName=database, Name=table)["Table"]["StorageDescriptor"]
    added = []
    while tokens.take("PARTITION"):
        tokens.need("(")
        tokens.names()
        tokens.need("=")
        value = tokens.text()
        tokens.need(")", "LOCATION")
        added.append({"Values": [value], "StorageDescriptor": {**descriptor, "Location": tokens.text()}})
    tokens.end()
    for at in range(0, len(added), 100):  # the most that Glue takes at once
        answer = glue.batch_create_partition(DatabaseName=database, TableName=table, PartitionInputList=added[at:at + 100])
        failed = [e for e in answer.get("Errors", []) if e["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException"]
        if failed:
            raise ValueError(f"partitions of {table}: {failed[:3]}")


TOKEN = re.compile(r"\s*(`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z_0-9]*|[(),.=<>])", re.DOTALL)


class Tokens:
    """A statement of Hive's DDL, token by token."""

    def __init__(self, statement):
        self.statement, self.at = statement, 0

    def next(self):
        found = TOKEN.match(self.statement, self.at)
        if not found:
            return None
        self.at = found.end()
        return found.group(1)

    def take(self, *words):
        """Whether these words come next; if so they are passed."""
        before = self.at
        if all(self.next() == w for w in words):
            return True
        self.at = before
        return False

    def need(self, *words):
        if not self.take(*words):
            raise ValueError(f"{' '.join(words)} wanted at: {self.statement[self.at:self.at + 80]}")

    def end(self):
        if self.statement[self.at:].strip():
            raise ValueError(f"the end wanted at: {self.statement[self.at:self.at + 80]}")

    def names(self):
        """One name, or a qualified one, without its quotes."""
        parts = [self._name()]
        while self.take("."):
            parts.append(self._name())
        return parts

    def _name(self):
        token = self.next()
        return token[1:-1].replace("``", "`") if token[0] == "`" else token

    def text(self):
        """A string literal: a backslash goes before what it escapes, and before uXXXX."""
        token = self.next()
        if not token or token[0] != "'":
            raise ValueError(f"a text wanted before: {self.statement[self.at:self.at + 80]}")
        return re.sub(r"\\(u([0-9A-Fa-f]{4})|.)", lambda m: chr(int(m[2], 16)) if m[2] else m[1], token[1:-1], flags=re.DOTALL)

    def type(self):
        t = self.next()
        if not self.take("<"):
            return t
        inner = [self.type()]
        while self.take(","):
            inner.append(self.type())
        self.need(">")
        return f"{t}<{','.join(inner)}>"

    def columns(self):
        """Columns in parentheses, as Glue has them."""
        found = []
        self.need("(")
        while True:
            column, = self.names()
            found.append({"Name": column, "Type": self.type()})
            if self.take("COMMENT"):
                found[-1]["Comment"] = self.text()
            if not self.take(","):
                self.need(")")
                return found

    def properties(self):
        found = {}
        self.need("(")
        while True:
            key = self.text()
            self.need("=")
            found[key] = self.text()
            if not self.take(","):
                self.need(")")
                return found


def split(statements):
    """The statements that `varlake ddl` printed: each ends in a semicolon that is in no quotes."""
    found, start = [], 0
    for m in re.finditer(r"`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|'(?:[^'\\]|\\.|'')*'|;", statements, re.DOTALL):
        if m.group() == ";":
            found.append(statements[start:m.start()].strip())
            start = m.end()
    if statements[start:].strip():
        raise ValueError(f"a statement without an end: {statements[start:][:80]}")
    return found
