"""Kind `sql`: the answers of a database to one query per table, read in one transaction."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from pipelines.failures import Misconfigured, Unreadable
from pipelines.files.toml_file import Strict, Text
from pipelines.sources.declared.database.address import describe_address, parse_address
from pipelines.sources.declared.database.columns import Columns
from pipelines.sources.declared.database.query import check_select
from pipelines.sources.declared.database.session import Session, open_session
from pipelines.sources.declared.declaration import Declaration, Rows
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.probe import Probe, ProbeWarning

ROWS_TABLE = "rows"
PROBE_SECONDS = 60


class Query(Strict):
    """The query of one table. `expected_rows` is how many rows it has at least."""

    query: Text
    expected_rows: Rows | None = None


class Database(Declaration):
    """A system whose database may be read: one query, or one for each of several tables."""

    query: Text | None = None
    expected_rows: Rows | None = None
    tables: dict[str, Query] = Field({}, validate_default=True)

    @field_validator("tables")
    @classmethod
    def check_tables(cls, tables: dict[str, Query], info: ValidationInfo) -> dict[str, Query]:
        """Refuse tables beside one query, and a file without any."""
        if bool(tables) == bool(info.data.get("query")):
            raise PydanticCustomError("tables", "write either one `query` or [tables.<name>]")
        return tables

    @property
    def queries(self) -> dict[str, Query]:
        if self.query is None:
            return self.tables
        return {ROWS_TABLE: Query(query=self.query, expected_rows=self.expected_rows)}

    def list_secrets(self) -> dict[str, str]:
        return {"address": "the address of the database, with a user who may only read"}

    def list_tables(self) -> list[str]:
        return [*self.queries]

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        return describe_address(parse_address("the database", secrets["address"]))

    def read_tables(self, into: ReadTables) -> None:
        with self._open(into, into.counters.ends) as session:
            for table, query in self.queries.items():
                self._read(into, session, table, query)

    def _open(self, into: ReadTables, ends: float) -> AbstractContextManager[Session]:
        url = parse_address(into.what, into.system.secrets["address"])
        for table, query in self.queries.items():
            check_select(_place(into, table), query.query, url.get_backend_name())
        return open_session(into.what, url, ends)

    def _read(self, into: ReadTables, session: Session, table: str, query: Query) -> None:
        with session.run_query(f"the query of {table}", query.query) as (names, batches):
            _refuse_equal_names(_place(into, table), names)
            into.fix_layout(table, names)
            columns = Columns(names)
            rows = into.add_batches(table, columns.schema, columns.convert(batches))
        if rows < (query.expected_rows or 0):
            raise Unreadable(
                f"{into.what}: {table}",
                f"{rows} rows came, and {query.expected_rows} are expected at least",
                f"see what the user of the address may read, or correct {into.system.path}",
            )
        columns.give_types(into, table)
        into.note_call(table, self.describe_tenant(into.system.secrets), {"query": query.query})

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        connect = partial(self._probe_connection, into)
        yield Probe("connection", connect, "a user who may connect", "the database")
        for table in self.queries:
            yield Probe(
                f"query of {table}",
                partial(self._probe_query, into, table),
                "the right to select what it reads",
                f"the rows of {table}",
            )

    def _probe_connection(self, into: ReadTables) -> str:
        with self._open(into, time.monotonic() + PROBE_SECONDS) as session:
            if not session.is_read_only:
                why = "this database cannot be told that a transaction only reads"
                raise ProbeWarning(why, "use a user who may only read")
        return f"{self.describe_tenant(into.system.secrets)}, read-only"

    def _probe_query(self, into: ReadTables, table: str) -> str:
        with (
            self._open(into, time.monotonic() + PROBE_SECONDS) as session,
            session.run_query(f"the query of {table}", self.queries[table].query) as (names, rows),
        ):
            _refuse_equal_names(_place(into, table), names)
            next(rows, None)
            return f"its columns are {', '.join(names)}"


def _place(into: ReadTables, table: str) -> str:
    declaration = into.system.declaration
    entry = "query" if declaration.query is not None else f"tables.{table}.query"
    return f"{into.system.path} {entry}"


def _refuse_equal_names(place: str, names: list[str]) -> None:
    found = [one for one, count in Counter(map(str.casefold, names)).items() if count > 1]
    if found:
        raise Misconfigured(place, f"column {found[0]} comes twice", "name it: `… as other_name`")
