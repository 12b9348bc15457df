"""The tables that were read of a declared system, in a DuckDB file that only this read uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from shlex import quote as quote_shell
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from pipelines.failures import Refused, Unreadable
from pipelines.http.policy import Counters
from pipelines.redact import redact_text
from pipelines.sources.declared.declaration import System
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

# Rows keep the order in which they came, so a mistake can be found by its row
SETTINGS = {"memory_limit": "384MB", "threads": 2, "preserve_insertion_order": True}
ROWS_PER_BATCH = 100_000
RAW_ROWS = """
select
    (rowid + 1)::varchar as id,
    null::varchar as parent_id,
    null::timestamptz as updated_at,
    md5(payload) as row_hash,
    payload
from (select rowid, to_json(line)::varchar as payload from {table} as line)
"""


class ReadTables:
    """One read of one declared system. A kind fills the tables; then the mapping reads them.

    `folder` is for what the read keeps; a read without one can only be probed. `earlier` has the
    rows of the last complete sync, and `accepted` the changes that a person accepts for this sync.
    """

    def __init__(
        self,
        system: System,
        folder: Path | None = None,
        counters: Counters | None = None,
        earlier: EarlierRows | None = None,
        accepted: Iterable[str] = (),
    ) -> None:
        self.system, self.folder = system, folder
        self.counters = counters or Counters()
        self.earlier = earlier or EarlierRows()
        self.accepted = {text.replace(" ", "") for text in accepted}
        self.as_of: datetime | None = None  # of the data, where the system itself says so
        self.facts: dict[str, Any] = {}  # what a kind wants to know at the next read
        self.layout: dict[str, list[str]] = {}  # the columns of tables that always have the same
        self.read_at = datetime.now(UTC)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        self.folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(self.folder / "read.duckdb"), config=SETTINGS)
        connection.execute("set TimeZone = 'UTC'")
        return connection

    @property
    def what(self) -> str:
        return f"system {self.system.name}"

    def add_select(self, table: str, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Fill a table by SQL that may read files, and return the number of its rows."""
        self.connection.execute(f"create table {name(table)} as {sql}", parameters)
        return self._count(table)

    def add_batches(self, table: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        """Fill a table from Arrow batches of one schema, and return the number of its rows.

        What `batches` raises is raised here, and not as the error of DuckDB that it leads to.
        """
        raised: list[BaseException] = []

        def watch() -> Iterator[pa.RecordBatch]:
            try:
                yield from batches
            except BaseException as error:
                raised.append(error)
                raise

        reader = pa.RecordBatchReader.from_batches(schema, watch())
        self.connection.register("arrow_batches", reader)
        try:
            return self.add_select(table, "select * from arrow_batches")
        except duckdb.Error:
            if raised:
                raise raised[0] from None
            raise
        finally:
            self.connection.unregister("arrow_batches")

    def _count(self, table: str) -> int:
        [(rows,)] = self.connection.execute(f"select count(*) from {name(table)}").fetchall()
        self.counters.rows_read[table] = rows
        return rows

    def note_call(self, table: str, endpoint: str, parameters: Mapping[str, Any]) -> None:
        """Note where the rows of a table came from, for `run_resources`."""
        text = json.dumps(parameters, default=str, ensure_ascii=False, sort_keys=True)
        call = (redact_text(endpoint, 1000), redact_text(text, 4000))
        self.counters.calls.setdefault(table, []).append(call)

    def fix_layout(self, table: str, columns: Sequence[str]) -> None:
        """Keep the columns of a table, and refuse others than at the last complete read.

        Raises Refused unless the change is accepted.
        """
        self.layout[table] = [*columns]
        before = (self._earlier_facts.get("layout") or {}).get(table)
        if before is None or {*before} == {*columns}:
            return
        changes = list_changes(before, columns)
        change = f"{self.system.name}.columns:{table}:{','.join(changes)}"
        if change.replace(" ", "") not in self.accepted:
            raise Refused(
                f"{self.what}: {table}",
                f"its columns changed since the last complete read: {', '.join(changes)}",
                f"correct the export or {self.system.path}; if the change is right, run"
                f" `rollcall sync --accept {quote_shell(change)}`",
            )
        self.counters.accepted.append(change)

    def date_data(self, name: str, moment: datetime) -> None:
        """Keep the time of the data: that of a file, but never later than now.

        Raises Unreadable if that is longer ago than `max_age_hours`.
        """
        limit, age = self.system.declaration.max_age_hours, self.read_at - moment
        if limit is not None and age > timedelta(hours=limit):
            why = f"it is {age / timedelta(hours=1):.0f} hours old, more than max_age_hours"
            next = "see why no newer export came"
            raise Unreadable(f"{self.what}: {name}", f"{why} ({limit:g})", next)
        self.as_of = min(moment, self.read_at)

    def read_facts(self) -> dict[str, Any]:
        """Return the facts that the last complete read kept."""
        return self._earlier_facts.get("facts") or {}

    @cached_property
    def _earlier_facts(self) -> dict[str, Any]:
        """Return what the last complete read noted of the system; empty if there was none."""
        return self.earlier.read_rows("system").get(self.system.name, {})

    def write_raw_rows(self, table: str) -> Iterator[pa.Table]:
        """Yield the rows of a table in the form of every raw table."""
        found = self.connection.cursor().execute(RAW_ROWS.format(table=name(table)))
        for batch in found.to_arrow_reader(ROWS_PER_BATCH):
            yield pa.Table.from_batches([batch]).cast(SCHEMA)

    @contextmanager
    def name_failures(self, place: str, next: str) -> Iterator[None]:
        """Raise Unreadable where DuckDB cannot read what came."""
        try:
            yield
        except duckdb.Error as error:
            why = redact_text(str(error).splitlines()[0])
            raise Unreadable(f"{self.what}: {place}", why, next) from None

    def close(self) -> None:
        self.connection.close()


def list_changes(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Return the columns that are gone, each with a minus, and those that are new, with a plus."""
    gone = [f"-{one}" for one in before if one not in now]
    return [*gone, *(f"+{one}" for one in now if one not in before)]


def name(identifier: str) -> str:
    """Return a name of a table or a column as SQL."""
    return '"' + identifier.replace('"', '""') + '"'
