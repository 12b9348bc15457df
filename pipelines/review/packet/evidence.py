"""Writes the files of evidence of a packet: CSVs, the SQL of the population, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from pipelines.failures import storage_failure
from pipelines.files import safe_csv, text_stream
from pipelines.review.columns import ROW_ORDER
from pipelines.review.people import reviewers_sql
from pipelines.review.returned import copy_file, digest_file, packet_name
from pipelines.sql import Table, has_table, quote
from pipelines.warehouse import review_tables
from pipelines.warehouse.current_items import items_sql
from pipelines.warehouse.run_tables import RUN_RESOURCES

# Every imported decision, and a row `undecided` for each item without one
DECISIONS_SQL = """(
    select
        items.campaign,
        items.item_id,
        coalesce(decision, 'undecided') as decision,
        items.reviewer,
        comment,
        decided_by,
        reviewers.full_name as decided_by_name,
        reviewers.job_title as decided_by_title,
        reviewers.kind as decided_by_kind,
        decided_at,
        {pace},
        is_late,
        is_current,
        import_id,
        row_number,
        superseded_by,
        items.grant_id
    from {items} as items
    left join review_decisions using (campaign, item_id)
    left join {reviewers} as reviewers
        on items.campaign = reviewers.campaign
        and review_decisions.decided_by = reviewers.reviewer
)"""
# Per source the complete run that the campaign shows, and the full read before it, from which a run
# that read only the changes took all other rows over
CALLS_SQL = """(
    with asked as (
        select campaign, unnest(from_json(sources, '["json"]')) as state from review_campaigns
    ),

    shown as (
        select
            asked.campaign,
            runs.source_name,
            max(runs.run_id) as complete_run,
            max(earlier.run_id) as full_run
        from asked
        join runs
            on (state ->> 'source_name') = runs.source_name
            and (state ->> 'complete_run_id') = runs.run_id
        left join runs as earlier
            on runs.source_name = earlier.source_name
            and earlier.mode = 'full'
            and earlier.status = 'complete'
            and earlier.started_at <= runs.started_at
        group by all
    )

    select
        shown.campaign,
        source_name,
        run_id,
        runs.mode,
        runs.tenant,
        runs.started_at,
        resource,
        {calls},
        pages,
        rows_read,
        rows_loaded,
        reported_total
    from shown
    join runs using (source_name)
    join run_resources using (run_id, source_name)
    where run_id in (complete_run, full_run)
)"""


@dataclass(frozen=True)
class Part:
    """One CSV file of evidence: the rows of a table that belong to the campaign, in this order."""

    name: str
    table: str
    order: str


def evidence_parts(connection: duckdb.DuckDBPyConnection, has_outcome: bool) -> list[Part]:
    """Return the CSVs of a packet. An older warehouse lacks some of their tables."""
    reviewers = reviewers_sql(connection)
    calls = _select_known(connection, RUN_RESOURCES, "endpoint", "parameters")
    parts = [
        Part("population.csv", review_tables.ITEMS.name, ROW_ORDER),
        Part("exclusions.csv", review_tables.EXCLUSIONS.name, "kind, excluded_id"),
        Part("findings.csv", review_tables.FINDINGS.name, "finding_id"),
        Part("ledger.csv", review_tables.LEDGER.name, "source_name"),
        Part("reviewers.csv", reviewers, "reviewer"),
        Part("calls.csv", CALLS_SQL.format(calls=calls), "source_name, run_id, resource"),
    ]
    if has_outcome:
        decisions = DECISIONS_SQL.format(
            reviewers=reviewers,
            items=items_sql(connection),
            pace=_select_known(connection, review_tables.DECIDED, "seconds", "is_bulk"),
        )
        parts += [
            Part("decisions.csv", decisions, "item_id, import_id"),
            Part("reassignments.csv", review_tables.REASSIGNMENTS.name, "reassigned_at, item_id"),
            Part("reviewer_quality.csv", "reviewer_quality", "reviewer"),
            Part("imports.csv", review_tables.IMPORTS.name, "import_id"),
            Part("remediations.csv", "remediations", "all"),
        ]
    return [part for part in parts if part.table[0] == "(" or has_table(connection, part.table)]


def _select_known(connection: duckdb.DuckDBPyConnection, table: Table, *names: str) -> str:
    """Return SQL of these columns: null for those that an older version did not write."""
    rows = connection.execute(f"describe {table.name}").fetchall()
    known = {name for name, *_ in rows}
    return ", ".join(
        name if name in known else f"null::{table.columns[name][0]} as {name}" for name in names
    )


def make_evidence_writers(
    connection: duckdb.DuckDBPyConnection, campaign: str, folder: Path, has_outcome: bool
) -> list[Callable[[], dict[str, Any]]]:
    """Return functions that each write one CSV, and return its entry of the manifest."""
    return [
        partial(_write_part, connection, campaign, folder, part)
        for part in evidence_parts(connection, has_outcome)
    ]


def _write_part(
    connection: duckdb.DuckDBPyConnection, campaign: str, folder: Path, part: Part
) -> dict[str, Any]:
    rows = f"from {part.table} where campaign = {quote(campaign)}"
    with connection.cursor() as own:
        own.execute("set TimeZone = 'UTC'")
        return safe_csv.write_csv(own, folder / part.name, rows, part.order)


def write_population_sql(folder: Path, text: str | None) -> list[dict[str, Any]]:
    """Write how the population was selected, and return the manifest's entries: none for a campaign
    of an earlier version, which did not note the SQL."""
    if not text:
        return []
    path = folder / "population.sql"
    text_stream.write_new_file(path, text)
    return [{"name": path.name, "sha256": digest_file(path)}]


def copy_returned(
    connection: duckdb.DuckDBPyConnection, campaign: str, kept: Path, folder: Path
) -> tuple[list[dict[str, Any]], list[str]]:
    """Copy each file of the imports from `kept` into `returned/`, once per content.

    Return the manifest's entries, and the names of the files that are not there, or not as they
    were: those of imports by an earlier version, or of a backup that lacks them.
    """
    entries, missing = [], []
    found = connection.execute(
        "select file_sha256, min(file_name) from review_imports where campaign = ?"
        " group by all order by min(import_id)",
        [campaign],
    ).fetchall()
    for sha256, name in found:
        place = packet_name(name, sha256)
        target = folder / place
        if digest_file(kept / sha256) != sha256:
            missing.append(f"{name} (SHA-256 {sha256})")
            continue
        try:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            copied = copy_file(kept / sha256, target)
        except OSError as error:
            raise storage_failure(kept / sha256, error, "check the disk") from None
        entries.append({"name": place, "sha256": copied, "file_name": name})
    return entries, missing
