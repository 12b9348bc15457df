"""Declare the record of every sync: tables `runs` and `run_resources`."""

from __future__ import annotations

from pipelines.sql import Table

RUNS = Table(
    "runs",
    "One row per source and sync, whatever came of it.",
    {
        "run_id": (
            "varchar not null",
            "The sync: its start in UTC and a random part. Sorts by time.",
        ),
        "source_name": ("varchar not null", "The source that was read."),
        "mode": (
            "varchar not null",
            "full: everything was read. incremental: what had changed was read.",
        ),
        "status": (
            "varchar not null",
            "complete: taken whole. incomplete: could not be read"
            " whole. failed: credentials, rights or settings. refused: read, and not let"
            " through.",
        ),
        "started_at": ("timestamptz not null", "When reading this source began."),
        "ended_at": ("timestamptz not null", "When it ended."),
        "tenant": (
            "varchar",
            "What was read: an environment, an organisation, an instance; null in"
            " runs before this was noted.",
        ),
        "requests": ("bigint not null", "HTTP requests sent, repeated ones and tokens included."),
        "retries": ("bigint not null", "Requests that were sent again after a wait."),
        "data_as_of": (
            "timestamptz",
            "How old what is published of this source is: the start of"
            " its last complete run, this one included; null if there was none.",
        ),
        "error": ("varchar", "What went wrong; null if nothing did."),
        "remedy": ("varchar", "What to do about it; null if nothing went wrong."),
        "accepted": (
            "varchar",
            "Changes beyond the limits of the guard that somebody accepted for"
            " this run, with their exact numbers; null if there were none.",
        ),
    },
    ("run_id", "source_name"),
)


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
        "reported_total": (
            "bigint",
            "How many rows the vendor says there are; null if it does not say.",
        ),
    },
    ("run_id", "source_name", "resource"),
)


TABLES = (RUNS, RUN_RESOURCES)
