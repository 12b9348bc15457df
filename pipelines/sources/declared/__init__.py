"""Declared systems: what has no vendor folder is read as a file `systems/<name>.toml` says.

Every function here gets the name of the system first; `pipelines.sources` binds it. The raw tables
of a system are those that were read, the tables of the contract that its mapping makes of them
(`mapped_accounts` and so on), and `system`, one row about the system and this read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource, DltSource

from pipelines.failures import Misconfigured
from pipelines.http.policy import Counters
from pipelines.sources.declared.contract import TABLES
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.mapping import map_tables
from pipelines.sources.declared.read_tables import ROWS_PER_BATCH, ReadTables
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import make_resource, wrap_rows

MAPPED = "mapped_"
ABOUT_READ = "One row per row of this table of the system, as it was read."
ABOUT_SYSTEM = "One row: what the file of the system says, and what was found in this read."


class Read:
    """One read of a system: its tables are read and mapped when the first row is asked for."""

    def __init__(self, tables: ReadTables) -> None:
        self.tables, self.system = tables, tables.system
        self.left: set[str] = set()  # the raw tables that are still to be handed over

    @cached_property
    def mapped(self) -> ReadTables:
        """Return the tables after the mapping. Raises a Failure unless all rows are right."""
        try:
            self.system.declaration.read_tables(self.tables)
            map_tables(self.tables)
        except BaseException:
            self.tables.close()
            raise
        return self.tables

    def hand_over(
        self, table: str, read: Callable[[], Iterator[pa.Table]]
    ) -> Callable[[], Iterator[pa.Table]]:
        """Return the function that yields a raw table, and closes the database after the last."""

        def rows() -> Iterator[pa.Table]:
            yield from read()
            self.left.discard(table)
            if not self.left:
                self.tables.close()

        self.left.add(table)
        return rows

    def read_raw(self, table: str) -> Iterator[pa.Table]:
        return self.mapped.write_raw_rows(table)

    def read_mapped(self, table: str) -> Iterator[pa.Table]:
        rows = self.mapped.connection.cursor().execute(f"from {table}")
        reader = rows.to_arrow_reader(ROWS_PER_BATCH)
        yield reader.schema.empty_table()
        for batch in reader:
            yield pa.Table.from_batches([batch])

    def describe(self) -> Iterator[pa.Table]:
        tables, declaration = self.mapped, self.system.declaration
        tables.counters.as_of = tables.as_of
        tables.counters.rows_read["system"] = 1
        about = {
            "title": self.system.title,
            "kind": declaration.kind,
            "howToRevoke": declaration.how_to_revoke.strip(),
            "declaration": self.system.digest,
            "layout": tables.layout,
            "facts": tables.facts,
        }
        yield wrap_rows([(self.system.name, about)])


def source(
    name: str,
    counters: Counters | None = None,
    earlier: EarlierRows | None = None,
    accepted: tuple[str, ...] = (),
    folder: Path | None = None,
) -> DltSource:
    """Return the dlt source of one system; nothing is read yet. Raises Misconfigured.

    `folder` is where the read may keep what it reads, `accepted` has the changes that are accepted.
    """
    system = System(name)
    system.secrets  # noqa: B018 - a missing one is told before any request

    @dlt.source(name=name, max_table_nesting=0)
    def declared() -> Iterator[DltResource]:
        if folder is None:
            return
        read = Read(ReadTables(system, folder, counters, earlier, accepted))
        for table in system.declaration.list_tables():
            rows = read.hand_over(table, partial(read.read_raw, table))
            yield make_resource(table, rows, ABOUT_READ)
        for table in TABLES:
            yield _make_mapped(f"{MAPPED}{table}", read)
        yield make_resource("system", read.hand_over("system", read.describe), ABOUT_SYSTEM)

    return declared()


def read_mapped(
    name: str, folder: Path, counters: Counters, earlier: EarlierRows
) -> tuple[datetime | None, list[str]]:
    """Read and map a system into `read.duckdb` in a folder, and leave it there.

    Return the time of the data, if the system says it, and the names of the tables that were read.
    """
    tables = ReadTables(System(name), folder, counters, earlier)
    try:
        Read(tables).mapped  # noqa: B018 - this reads
    finally:
        tables.close()
    return tables.as_of, tables.system.declaration.list_tables()


def _make_mapped(table: str, read: Read) -> DltResource:
    """Return the resource of a table with the columns of the contract, not those of raw rows."""
    rows = read.hand_over(table, partial(read.read_mapped, table))
    return dlt.resource(rows, name=table, write_disposition="replace")


def tenant(name: str) -> str:
    """Return what identifies the system that the file leads to. Raises Misconfigured."""
    system = System(name)
    try:
        return system.declaration.describe_tenant(system.secrets)
    except Misconfigured as failure:  # a declaration does not know its own name
        raise Misconfigured(f"system {name}", failure.why, failure.next) from None


def title(name: str) -> str:
    """Return the name of the system that reviewers read."""
    return System(name).title


def secrets(name: str) -> dict[str, str]:
    """Return the secrets that the system needs, each with what it is."""
    return System(name).secret_names


def connect(name: str, *, counters: Counters, asked: Any = None) -> ReadTables:
    """Return the tables of a system, with nothing read yet, for the probes of `check`."""
    return ReadTables(System(name), counters=counters)
