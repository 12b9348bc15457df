"""Write the record of every sync into the warehouse: tables `runs` and `run_resources`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines import clock
from pipelines.redact import redact_text
from pipelines.sources import registry
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
        for table in TABLES:
            table.create(connection)
        for read in reads:
            failure, counters = read.failure, read.counters
            [last_complete] = connection.execute(
                "select max(started_at) from main.runs"
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
                "tenant": registry.source_tenant(read.source),
                "scope": registry.source_scope(read.source),
                "requests": counters.requests,
                "retries": counters.retries,
                "data_as_of": last_complete if failure else read.started_at,
                "error": redact_text(str(failure)) if failure else None,
                "remedy": redact_text(failure.next, 4000) if failure else None,
            }
            connection.execute(
                f"insert into main.runs ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                [*row.values()],
            )
            for resource in sorted({*read.rows_loaded} if failure is None else ()):
                read_counts = (counters.pages[resource], counters.rows_read[resource])
                counts = [*read_counts, read.rows_loaded[resource], counters.reported.get(resource)]
                connection.execute(
                    "insert into main.run_resources values (?, ?, ?, ?, ?, ?, ?)",
                    [run_id, read.source, resource, *counts],
                )


def record_acceptance(copy: Path, run_id: str, change: str) -> None:
    """Add an accepted change to its source's row in `runs`; one of clock or policy to all rows."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update main.runs set accepted = concat_ws('; ', accepted, ?)"
            " where run_id = ? and regexp_extract(?, '^\\w+')"
            " in (source_name, 'clock', 'policy', 'requests')",
            [change, run_id, change],
        )
