"""Many companies in one warehouse, to test many histories in little time.

The sources' own code reads each company over HTTP into raw tables of its own. dbt then builds the
marts of all companies at once. dlt's package and load, the guard and the rename are left out, so
that a thousand histories take minutes. The histories that run `rollcall sync` cover those parts.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.pipeline import StateInjectableContext

from pipelines.failures import explain
from pipelines.http.policy import Counters
from pipelines.sources import registry
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import SCHEMA
from pipelines.sync import guard, load, run_record
from pipelines.sync.shrink_limits import ShrinkLimits
from pipelines.warehouse.dbt_build import transform
from tests.sandbox import Sandbox
from tests.support.histories import APART, History, Step, Truth, together, truths
from tests.support.troubles import NARROW, NARROWED, SOURCES, strike

LIMITS = ShrinkLimits()
COLUMNS = (
    "id varchar not null, parent_id varchar, updated_at timestamptz,"
    " row_hash varchar not null, payload json not null"
)


class Kept(EarlierRows):
    """The raw tables of a source in memory instead of in a file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        super().__init__(source=source)
        self.connection = connection

    def read_start(self) -> str:
        return "2026-01-01 00:00:00+00"  # these histories share their runs

    def _query(self, sql: str) -> pa.Table | None:
        try:
            return self.connection.execute(sql).to_arrow_table()
        except duckdb.CatalogException:
            return None


class One:
    """One history: its company, the data read so far, and the expected data."""

    def __init__(self, history: History, first: int) -> None:
        self.history, self.world = history, history.world(first)
        self.raw = duckdb.connect(":memory:")
        self.states: dict[str, dict[str, Any]] = {source: {} for source in SOURCES}
        self.truth: dict[str, Truth] = {}
        self.ever: set[str] = set()  # accounts and entitlements

    def live(self, sandbox: Sandbox, step: Step) -> None:
        """Make the changes of this step, and read all sources despite its troubles."""
        for change in step.changes:
            self.world.change(*change)
        self.serve(sandbox, step)
        struck = strike(sandbox, step.trouble, self.history.clock_error)
        refused: set[str] = set()
        for source in SOURCES:
            if step.name_of(source) == NARROWED:
                refused.add(source)  # by its scope, before any request
                if not step.accepts:
                    continue
            with self.undoing(source, step, refused):
                assert step.fails(source) != self.read(source), f"{source}: {self.history!r}"
        assert all(fault.fired for fault in struck), f"a fault never struck: {self.history!r}"
        accepted = refused if step.accepts else set()
        self.truth = truths(self.world, step, self.truth, refused - accepted, accepted)
        for truth in self.truth.values():
            self.ever |= truth.accounts.keys() | truth.entitlements

    @contextmanager
    def undoing(self, source: str, step: Step, refused: set[str]) -> Iterator[None]:
        """Undo the read of a source that hides a field, where the guard refuses it."""
        if not step.hides(source):
            yield
            return
        with TemporaryDirectory() as folder:
            path, state = Path(folder) / "earlier.duckdb", self.states[source]
            with attached(self.raw, path):
                self.raw.execute("copy from database memory to earlier")
            yield
            if guard.find_lost_fields(self.raw, path, [source], LIMITS, lambda *_: None):
                refused.add(source)
                if not step.accepts:
                    self.states[source], self.raw = state, duckdb.connect(":memory:")
                    with attached(self.raw, path):
                        self.raw.execute("copy from database earlier to memory")

    def serve(self, sandbox: Sandbox, step: Step | None = None) -> None:
        os.environ.pop(*NARROW, None)
        os.environ.update(self.history.settings() | (step.settings if step else {}))
        sandbox.serve(self.world.company)

    def read(self, source: str, full: bool = False) -> bool:
        """Read one source as dlt would call it, and return whether the read succeeded."""
        state = deepcopy(self.states[source])
        counters = Counters()
        connected = registry.connect_source(source, counters, Kept(self.raw, source), full)
        where = ConfigSectionContext(source_state_key=source)
        found: dict[str, tuple[bool, pa.Table]] = {}
        try:
            with (
                Container().injectable_context(StateInjectableContext(state=state)),
                Container().injectable_context(where),
            ):
                for name, resource in connected.resources.items():
                    rows = resource._pipe.gen()  # dlt's own way to it takes longer than reading
                    appended = resource.write_disposition == "append"
                    found[name] = appended, pa.concat_tables(rows).cast(SCHEMA)
        except Exception as error:
            if explain(error) is None:
                raise
            return False
        self.states[source] = state
        self.raw.execute(f"create schema if not exists raw_{source}")
        for name, (appended, rows) in found.items():
            table = f"raw_{source}.{name}"
            if appended and table in tables(self.raw):
                self.raw.from_arrow(rows).insert_into(table)
            else:
                typed = "select * replace (payload::json as payload) from rows"
                self.raw.execute(f"create or replace table {table} as {typed}")
        return True


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """Attach a warehouse under the name `earlier`."""
    connection.execute(f"attach '{path}' as earlier")
    try:
        yield
    finally:
        connection.execute("detach earlier")


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where schema_name like 'raw\\_%' escape '\\' order by all"
    )
    return [name for (name,) in found.fetchall()]


class Many:
    """Histories that advance together, and the warehouse that they share."""

    def __init__(self, histories: list[History], home: Path, sandbox: Sandbox) -> None:
        self.sandbox, self.home = sandbox, home
        self.warehouse = home / "access.duckdb"
        self.all = [One(history, number * APART) for number, history in enumerate(histories, 1)]
        self.moments: list[tuple[datetime, Truth]] = []
        self.cells = 0  # compared so far

    def sync(self, number: int) -> None:
        """Advance every history by one step, build once, and compare all published data."""
        for one in self.all:
            one.live(self.sandbox, one.history.steps[number])
        self.build(number)
        self.moments.append((self.at, self.truth()))
        self.must_be_true(number)

    def build(self, number: int) -> None:
        """Copy all raw tables into the shared ones, and build.

        Rows that companies share (a built-in role, the organisation) are copied once.
        """
        self.at = datetime.now(UTC)
        reads = {
            source: load.Read(source, started_at=self.at, ended_at=self.at) for source in SOURCES
        }
        with duckdb.connect(str(self.warehouse)) as connection:
            for table in tables(connection):
                connection.execute(f"delete from {table}")
            found: dict[str, list[pa.Table]] = defaultdict(list)
            for one in self.all:
                for table in tables(one.raw):
                    found[table].append(one.raw.execute(f"from {table}").to_arrow_table())
            for table, parts in found.items():
                rows = pa.concat_tables(parts)  # DuckDB finds the variable by its name
                connection.execute(f"create schema if not exists {table.split('.')[0]}")
                connection.execute(f"create table if not exists {table} ({COLUMNS})")
                connection.execute(
                    f"insert into {table} select * exclude (place)"
                    " from (select *, row_number() over () as place from rows)"
                    " qualify row_number() over (partition by id order by place) = 1"
                )
            for table in tables(connection):
                source, name = table.removeprefix("raw_").split(".")
                [rows] = connection.execute(f"select count(*) from {table}").fetchone()
                reads[source].rows_loaded[name] = reads[source].counters.rows_read[name] = rows
        run_record.record_runs(self.warehouse, f"run{number}", [*reads.values()])
        transform(self.warehouse, self.home)

    def truth(self) -> Truth:
        return together([truth for one in self.all for truth in one.truth.values()])

    def must_be_true(self, number: int) -> None:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            published = Truth(*said(connection, "accounts", "entitlements", "grants"))
            self.compare(f"sync {number}", self.truth(), published)

    def must_have_been_true(self) -> None:
        """Fail unless every past state can be queried."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            for at, truth in self.moments:
                then = f"_asof('{at.isoformat()}')"
                tables = (name + then for name in ("accounts", "entitlements", "grants"))
                self.compare(f"as of {at}", truth, Truth(*said(connection, *tables)))

    def compare(self, when: str, expected: Truth, actual: Truth) -> None:
        self.cells += expected.cells
        expected = expected.as_seen(actual)
        for what in ("accounts", "entitlements", "grants"):
            left, right = getattr(expected, what), getattr(actual, what)
            if left == right:
                continue
            keys = [
                key
                for key in {*left} | {*right}
                if (key in left) != (key in right)
                or (isinstance(left, dict) and left[key] != right[key])
            ]
            parts = {part for key in keys for part in ([key] if isinstance(key, str) else key)}
            whose = max(self.all, key=lambda one: len(parts & one.ever))  # some ids are of all
            told = [
                f"{key}: expected {_of(left, key)}, published {_of(right, key)}"
                for key in sorted(keys, key=str)[:5]
            ]
            raise AssertionError(
                f"{when}: {len(keys)} {what} differ: {'; '.join(told)}\n{whose.history!r}"
            )

    def full(self) -> None:
        """Read everything again in full, and fail if the incremental reads had missed anything."""
        for one in self.all:
            one.serve(self.sandbox)
            for source in SOURCES:
                assert one.read(source, full=True)
        before = self.content()
        self.build(len(self.moments))
        self.must_be_true(len(self.moments))
        assert before == self.content()

    def content(self) -> dict[str, list]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return {
                name: connection.execute(
                    f"select columns(c -> c <> 'last_seen_at') from {name} order by all"
                ).fetchall()
                for name in ("people", "accounts", "entitlements", "grants", "dangling_grants")
            }


def said(
    connection: duckdb.DuckDBPyConnection, accounts: str, entitlements: str, grants: str
) -> tuple[dict, set, dict]:
    """Return the contents of these three tables in the oracle's format."""
    return (
        dict(connection.execute(f"select account_id, status from {accounts}").fetchall()),
        {
            key
            for (key,) in connection.execute(
                f"select entitlement_id from {entitlements}"
            ).fetchall()
        },
        {
            key[:3]: (*key[3:5], tuple(key[5]))
            for key in connection.execute(
                "select account_id, entitlement_id, scope_id, is_direct, is_inherited,"
                f" inherited_from from {grants}"
            ).fetchall()
        },
    )


def _of(there: Any, key: Any) -> Any:
    return there.get(key) if isinstance(there, dict) else key in there
