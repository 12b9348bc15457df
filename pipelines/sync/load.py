"""Read one source with dlt, and load it only if it was read completely.

dlt works in a new folder each time and restores its state from the warehouse. In an old folder dlt
would load a package that a dead run left, instead of new data.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dlt
from dlt.common.destination import Destination
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.pipeline import Pipeline

from pipelines.failures import Failure, StorageFailed, explain
from pipelines.http.policy import Counters
from pipelines.sources import registry
from pipelines.sources.asked import Asked
from pipelines.sources.earlier_rows import EarlierRows

os.environ.setdefault("INTERCEPT_SIGNALS", "false")  # a signal ends the process at once


@dataclass
class Read:
    """The read of one source in one sync: its scope, its requests, its rows and its failure."""

    source: str
    counters: Counters = field(default_factory=Counters)
    asked: Asked = field(default_factory=Asked)
    accepted: tuple[str, ...] = ()
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    failure: Failure | None = None
    pipeline: Pipeline | None = None
    rows_loaded: dict[str, int] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        return self.counters.mode

    @property
    def status(self) -> str:
        if self.failure is None:
            return "complete"
        return {4: "incomplete", 5: "refused"}.get(self.failure.code, "failed")


# Rows need no order, and without an order half of the memory is enough
DUCKDB_CONFIG = {"preserve_insertion_order": False, "memory_limit": "256MB"}


class FileCredentials(DuckDbCredentials):
    """The path of a DuckDB file. As an argument, dlt would read it as a URL, and it would show it
    as one: both import SQLAlchemy, which takes a twentieth of a sync that finds nothing new."""

    def __str__(self) -> str:
        return self.database


def destination(candidate: Path) -> Destination:
    """Return the dlt destination for the candidate file.

    The credentials are resolved here, so that no setting of dlt can lead to another file.
    """
    credentials = FileCredentials(global_config=DUCKDB_CONFIG)
    credentials.database = str(candidate)
    credentials.resolve()
    return dlt.destinations.duckdb(credentials)


def extract_source(
    read: Read, candidate: Path, work: Path, progress: str | None = None, full: bool = False
) -> Read:
    """Read one source into a dlt package, which is not loaded yet.

    With `full` everything is read, otherwise only what may have changed. A Failure is put into the
    returned Read; any other exception is raised.
    """
    source = read.source
    try:
        connected = registry.connect_source(
            source,
            read.counters,
            EarlierRows(candidate, source),
            full,
            read.asked,
            read.accepted,
            work / "systems" / source,
        )
        read.pipeline = dlt.pipeline(
            source,
            destination=destination(candidate),
            dataset_name=f"raw_{source}",
            pipelines_dir=str(work / "dlt"),
            progress=progress,
        )
        read.pipeline.sync_destination()
        read.pipeline.extract(connected, loader_file_format="parquet")
        read.pipeline.normalize()
    except Exception as error:
        read.failure = explain(error)
        if read.failure is None:
            raise
    finally:
        read.ended_at = datetime.now(UTC)
    return read


def load_source(read: Read) -> None:
    """Load an extracted package into the candidate, and raise StorageFailed if rows are missing."""
    pipeline = read.pipeline
    pipeline.load(raise_on_failed_jobs=True)
    with pipeline.sql_client() as client:
        for table in pipeline.default_schema.data_table_names():
            name = client.make_qualified_table_name(table)
            read.rows_loaded[table] = client.execute_sql(f"select count(*) from {name}")[0][0]
    for table in {*read.counters.rows_read, *read.counters.rows_kept}:
        expected = read.counters.rows_read[table] + read.counters.rows_kept[table]
        if read.rows_loaded.get(table) != expected:
            raise StorageFailed(
                f"{read.source}: {table}",
                f"{expected} rows were read, {read.rows_loaded.get(table)} were loaded",
                "run `rollcall sync` again",
            )
