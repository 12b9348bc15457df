"""Write the record of every sync into the warehouse: tables `runs` and `run_resources`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import clock
from pipelines.failures import Misconfigured
from pipelines.redact import redact_text
from pipelines.sources import registry
from pipelines.sql import create_tables
from pipelines.sync.load import Read
from pipelines.warehouse.run_tables import TABLES


def start_time(copy: Path) -> datetime:
    """Return now, or just after the newest run if the clock was set back a little.

    Histories and the order of runs need times that only grow. `future_runs` refuses a large step.
    """
    newest = None
    if copy.exists():
        with duckdb.connect(str(copy)) as connection:
            newest = connection.execute("select max(started_at) from main.runs").fetchone()[0]
    now = datetime.now(UTC)
    if newest is None or clock.is_ahead(newest, now):
        return now
    return max(now, newest + timedelta(microseconds=1))


def record_runs(copy: Path, run_id: str, reads: list[Read]) -> None:
    """Add the rows of one sync to a warehouse that is not published yet."""
    with duckdb.connect(str(copy)) as connection:
        create_tables(connection, TABLES)
        for read in reads:
            failure, counters = read.failure, read.counters
            is_configured = not isinstance(failure, Misconfigured)
            [last_complete] = connection.execute(
                "select max(least(data_as_of, started_at)) from main.runs"
                " where source_name = ? and status = 'complete'",
                [read.source],
            ).fetchone()
            row = {
                "run_id": run_id,
                "source_name": read.source,
                "mode": read.mode,
                "status": read.status,
                "started_at": read.started_at,
                "ended_at": read.ended_at,
                "tenant": registry.source_tenant(read.source) if is_configured else None,
                "scope": registry.source_scope(read.source) if is_configured else None,
                "requests": counters.requests,
                "retries": counters.retries,
                "data_as_of": last_complete if failure else counters.as_of or read.started_at,
                "error": redact_text(str(failure)) if failure else None,
                "remedy": redact_text(failure.next, 4000) if failure else None,
                "warnings": [redact_text(text) for text in counters.warnings],
            }
            connection.execute(
                f"insert into main.runs ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                [*row.values()],
            )
            if failure is None and read.rows_loaded:
                connection.register("read", pa.Table.from_pylist(_list_resources(run_id, read)))
                connection.execute("insert into main.run_resources by name from read")


def _list_resources(run_id: str, read: Read) -> list[dict[str, Any]]:
    """Return the row of each raw table in `run_resources`."""
    counters = read.counters
    return [
        {
            "run_id": run_id,
            "source_name": read.source,
            "resource": resource,
            "pages": counters.pages[resource],
            "rows_read": counters.rows_read[resource],
            "rows_loaded": read.rows_loaded[resource],
            "reported_total": counters.reported.get(resource),
            **_describe_calls(read, resource),
        }
        for resource in sorted(read.rows_loaded)
    ]


def _describe_calls(read: Read, resource: str) -> dict[str, str | None]:
    """Return the endpoints of a raw table, and the parameters of each; null for no call."""
    calls = read.counters.calls.get(resource)
    if not calls:
        return {"endpoint": None, "parameters": None}
    parameters = ", ".join(parameters for _, parameters in calls)
    return {
        "endpoint": "; ".join(endpoint for endpoint, _ in calls),
        "parameters": f"[{parameters}]",
    }


def record_warnings(copy: Path, run_id: str, reads: list[Read]) -> None:
    """Replace the warnings of this run's rows, because a sync warns after the transform, too."""
    with duckdb.connect(str(copy)) as connection:
        for read in reads:
            connection.execute(
                "update main.runs set warnings = ? where run_id = ? and source_name = ?",
                [[redact_text(text) for text in read.counters.warnings], run_id, read.source],
            )


def read_earlier_warnings(copy: Path, run_id: str) -> set[tuple[str, str]]:
    """Return each source with each warning of its complete run before this one, so that a log need
    not repeat it."""
    with duckdb.connect(str(copy)) as connection:
        rows = connection.execute(
            "select source_name, unnest(max_by(warnings, (started_at, run_id))) from main.runs"
            " where run_id <> ? and status = 'complete' group by source_name",
            [run_id],
        )
        return {*rows.fetchall()}


def record_acceptance(copy: Path, run_id: str, change: str) -> None:
    """Add an accepted change to its source's row in `runs`; one of clock or policy to all rows."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update main.runs set accepted = concat_ws('; ', accepted, ?)"
            " where run_id = ? and regexp_extract(?, '^\\w+')"
            " in (source_name, 'clock', 'policy', 'requests')",
            [change, run_id, change],
        )
