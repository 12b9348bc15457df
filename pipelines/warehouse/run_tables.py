"""Declare the record of every sync: tables `runs` and `run_resources`."""

from __future__ import annotations

from pipelines.sql import Table

RUNS = Table(
    "runs",
    "One row per source and sync, whatever its result.",
    {
        "run_id": (
            "varchar not null",
            "The sync: its start in UTC and a random part. Sorts by time.",
        ),
        "source_name": ("varchar not null", "The source that was read."),
        "mode": (
            "varchar not null",
            "full: everything was read. incremental: only what had changed was read.",
        ),
        "status": (
            "varchar not null",
            "complete: read and loaded. incomplete: could not be read completely."
            " failed: credentials, rights or settings. refused: read, but not published."
            " gone: the file that declared the system is gone, and a person accepted that.",
        ),
        "started_at": ("timestamptz not null", "When reading this source began."),
        "ended_at": ("timestamptz not null", "When reading this source ended."),
        "tenant": (
            "varchar",
            "The environment, organisation or instance that was read; null in runs"
            " of earlier versions, and where a setting is wrong.",
        ),
        "scope": (
            "varchar",
            "The part of the tenant that was asked for, as settings choose it; all for all"
            " of it; null in runs of earlier versions, and where a setting is wrong.",
        ),
        "requests": ("bigint not null", "HTTP requests sent, repeated ones and tokens included."),
        "retries": ("bigint not null", "Requests that were sent again after a wait."),
        "data_as_of": (
            "timestamptz",
            "The time of the published data of this source: the start of its last complete"
            " run, this run included, or the time of the file that this run read; null if there"
            " was none.",
        ),
        "error": ("varchar", "The failure; null if there was none."),
        "remedy": ("varchar", "What to do about the failure; null if there was none."),
        "accepted": (
            "varchar",
            "Changes beyond the limits of the guard that were accepted for this run,"
            " with their exact numbers; null if there were none.",
        ),
        "warnings": (
            "varchar[]",
            "What the run warns of although it did not fail; null in runs of earlier versions.",
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
        "pages": ("bigint not null", "Responses that contained its rows."),
        "rows_read": ("bigint not null", "Rows that were read, each id counted once."),
        "rows_loaded": ("bigint not null", "Rows now in the raw table."),
        "reported_total": ("bigint", "The total that the vendor reports; null if it reports none."),
        "endpoint": (
            "varchar",
            "The different calls that its rows were read by, separated by semicolons; {id} stands"
            " for the id of one object. The first 20; null if this run took all rows over, and in"
            " runs of earlier versions.",
        ),
        "parameters": (
            "varchar",
            "The query parameters of each call in endpoint, as a JSON list; without the cursor of"
            " later pages.",
        ),
    },
    ("run_id", "source_name", "resource"),
)


TABLES = (RUNS, RUN_RESOURCES)
