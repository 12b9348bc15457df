"""The record of every sync, in the published file: `runs` and `run_resources`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.load import Read
from pipelines.redact import plain

TABLES = """
create table if not exists main.runs (
    run_id varchar not null, source_name varchar not null, mode varchar not null,
    status varchar not null, started_at timestamptz not null, ended_at timestamptz not null,
    requests bigint not null, retries bigint not null, error varchar, accepted varchar,
    primary key (run_id, source_name)
);
create table if not exists main.run_resources (
    run_id varchar not null, source_name varchar not null, resource varchar not null,
    pages bigint not null, rows_read bigint not null, rows_loaded bigint not null,
    reported_total bigint,
    primary key (run_id, source_name, resource)
);
"""
COMMENTS = {
    "runs": {
        "": "One row per source and sync, whatever came of it.",
        "run_id": "The sync: its start in UTC and a random part. Sorts by time.",
        "source_name": "The source that was read.",
        "mode": "full: everything was read. incremental: what had changed was read.",
        "status": "complete: taken whole. incomplete: could not be read whole. failed: credentials,"
        " rights or settings. refused: read, and not let through.",
        "started_at": "When reading this source began.",
        "ended_at": "When it ended.",
        "requests": "HTTP requests sent, repeated ones and tokens included.",
        "retries": "Requests that were sent again after a wait.",
        "error": "What went wrong; null if nothing did.",
        "accepted": "Changes beyond the limits of the guard that somebody accepted for this run,"
        " with their exact numbers; null if there were none.",
    },
    "run_resources": {
        "": "One row per source, sync and raw table.",
        "run_id": "The sync, as in runs.",
        "source_name": "The source.",
        "resource": "The raw table: raw_<source>.<resource>.",
        "pages": "Answers that held its rows.",
        "rows_read": "Rows that came, an id that came twice counted once.",
        "rows_loaded": "Rows now in the raw table.",
        "reported_total": "How many rows the vendor says there are; null if it does not say.",
    },
}


def record(copy: Path, run_id: str, reads: list[Read]) -> None:
    """Add the rows of one sync to a warehouse that is not published yet."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(TABLES)
        for table, comments in COMMENTS.items():
            for column, text in comments.items():
                target = f"column main.{table}.{column}" if column else f"table main.{table}"
                connection.execute(f"comment on {target} is '{text}'")
        for read in reads:
            error = plain(str(read.failure)) if read.failure else None
            ended: datetime | None = read.ended_at
            connection.execute(
                "insert into main.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, null)",
                [
                    run_id, read.source, read.mode, read.status, read.started_at, ended,
                    read.tally.requests, read.tally.retries, error,
                ],
            )  # fmt: skip
            for resource in sorted({*read.rows_loaded} if read.failure is None else ()):
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
