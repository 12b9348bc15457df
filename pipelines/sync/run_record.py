"""The record of every sync, in the published file: `runs` and `run_resources`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.redact import plain
from pipelines.sql import Table
from pipelines.sync.load import Read

RUNS = Table(
    "runs",
    "One row per source and sync, whatever came of it.",
    {
        "run_id": ("varchar not null", "The sync: its start in UTC and a random part."
                   " Sorts by time."),
        "source_name": ("varchar not null", "The source that was read."),
        "mode": ("varchar not null", "full: everything was read. incremental: what had changed"
                 " was read."),
        "status": ("varchar not null", "complete: taken whole. incomplete: could not be read"
                   " whole. failed: credentials, rights or settings. refused: read, and not let"
                   " through."),
        "started_at": ("timestamptz not null", "When reading this source began."),
        "ended_at": ("timestamptz not null", "When it ended."),
        "tenant": ("varchar", "What was read: an environment, an organisation, an instance; null in"
                   " runs before this was noted."),
        "requests": ("bigint not null", "HTTP requests sent, repeated ones and tokens included."),
        "retries": ("bigint not null", "Requests that were sent again after a wait."),
        "data_as_of": ("timestamptz", "How old what is published of this source is: the start of"
                       " its last complete run, this one included; null if there was none."),
        "error": ("varchar", "What went wrong; null if nothing did."),
        "remedy": ("varchar", "What to do about it; null if nothing went wrong."),
        "accepted": ("varchar", "Changes beyond the limits of the guard that somebody accepted for"
                     " this run, with their exact numbers; null if there were none."),
    },
    ("run_id", "source_name"),
)  # fmt: skip
RUN_RESOURCES = Table(
    "run_resources",
    "One row per source, sync and raw table.",
    {
        "run_id": ("varchar not null", "The sync, as in runs."),
        "source_name": ("varchar not null", "The source."),
        "resource": ("varchar not null", "The raw table: raw_<source>.<resource>."),
        "pages": ("bigint not null", "Answers that held its rows."),
        "rows_read": ("bigint not null", "Rows that came, an id that came twice counted once."),
        "rows_loaded": ("bigint not null", "Rows now in the raw table."),
        "reported_total": ("bigint", "How many rows the vendor says there are; null if it does not"
                           " say."),
    },
    ("run_id", "source_name", "resource"),
)  # fmt: skip
TABLES = (RUNS, RUN_RESOURCES)


def begin(copy: Path) -> datetime:
    """Now; where the clock has gone back, just after the newest run: history is kept by when runs
    began, and which of them was the last as well."""
    newest = None
    if copy.exists():
        with duckdb.connect(str(copy)) as connection:
            newest = connection.execute("select max(started_at) from main.runs").fetchone()[0]
    now = datetime.now(UTC)
    return max(now, newest + timedelta(microseconds=1)) if newest else now


def record(copy: Path, run_id: str, reads: list[Read]) -> None:
    """Add the rows of one sync to a warehouse that is not published yet."""
    with duckdb.connect(str(copy)) as connection:
        for table in TABLES:
            table.create(connection)
        for read in reads:
            failure = read.failure
            complete = connection.execute(
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
                "tenant": settings.tenant(read.source),
                "requests": read.tally.requests,
                "retries": read.tally.retries,
                "data_as_of": complete[0] if failure and complete else read.started_at,
                "error": plain(str(failure)) if failure else None,
                "remedy": plain(failure.next, 4000) if failure else None,
            }
            connection.execute(
                f"insert into main.runs ({', '.join(row)})"
                f" values ({', '.join('?' * len(row))})",
                [*row.values()],
            )
            for resource in sorted({*read.rows_loaded} if failure is None else ()):
                connection.execute(
                    "insert into main.run_resources values (?, ?, ?, ?, ?, ?, ?)",
                    [
                        run_id, read.source, resource, read.tally.pages[resource],
                        read.tally.rows_read[resource], read.rows_loaded[resource],
                        read.tally.reported.get(resource),
                    ],
                )  # fmt: skip


def accept(copy: Path, run_id: str, change: str) -> None:
    """Record that a change beyond the guard's limits was accepted, beside the source it is of."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update main.runs set accepted = concat_ws('; ', accepted, ?)"
            " where run_id = ? and (? like source_name || '%')",
            [change, run_id, change],
        )
