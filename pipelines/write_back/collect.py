"""What planning and applying changes leave in the warehouse: plans, and what became of each change.

The journal and the audit log beside the warehouse come first; these tables are taken from them, so
that a warehouse that was restored learns what was done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.files import json_lines
from pipelines.sql import Table

OUTCOMES = ("done", "already", "drift", "failed", "ticketed")

PLANS = Table(
    "change_plans",
    "One row per plan that was applied, wholly or in part.",
    {
        "plan_digest": ("varchar not null", "SHA-256 of the plan's canonical JSON."),
        "made_at": ("timestamptz not null", "When it was made."),
        "made_by": ("varchar not null", "Who made it."),
        "data_as_of": ("timestamptz not null", "The start of the sync whose data it is made from."),
        "changes": ("bigint not null", "Changes in it."),
        "applied_by": ("varchar not null", "Who applied it."),
        "completed_at": ("timestamptz", "When nothing of it was left to do; null before."),
        "audit_head": ("varchar", "The hash of the last audit record about it: `rollcall audit"
                       " verify` looks for it in the log."),
    },
    ("plan_digest",),
)  # fmt: skip
APPLIED = Table(
    "applied_changes",
    "One row per plan and change that was carried out, found done, or given up.",
    {
        "plan_digest": ("varchar not null", "The plan."),
        "change_id": ("varchar not null", "The change, as in planned_changes."),
        "action": ("varchar not null", "grant, revoke, create_account, disable_account,"
                   " delete_account, open_ticket, close_ticket, reopen_ticket or comment_ticket."),
        "wanted_action": ("varchar", "What the ticket asks for: revoke, grant, …; null for a change"
                          " by API."),
        "source_name": ("varchar not null", "The system that was changed."),
        "account_id": ("varchar", "Whose account."),
        "entitlement_id": ("varchar", "Which entitlement; null for a change of an account."),
        "scope_id": ("varchar", "Where it applied."),
        "grant_id": ("varchar", "The grant, as in grants."),
        "reason_kind": ("varchar not null", "decision, leaver, request, expiry or undo."),
        "reason_id": ("varchar not null", "The decision (campaign/item), person or request behind"
                      " it."),
        "outcome": ("varchar not null", "done: carried out. already: it was so. ticketed: a ticket"
                    " asks for it. drift: the live state was another. failed: see why."),
        "why": ("varchar", "What was seen, where it was not done."),
        "known_at": ("timestamptz not null", "When the outcome was known."),
        "ticket_id": ("varchar", "The ticket: <source>:ticket:<native id>."),
        "reference": ("varchar", "The unique reference that the ticket carries."),
    },
    ("plan_digest", "change_id"),
)  # fmt: skip

TABLES = (PLANS, APPLIED)


def folder() -> Path:
    """Where plans, journals and the audit log are: `changes` beside the warehouse, or
    CHANGES__FOLDER."""
    default = settings.warehouse().parent / "changes"
    return Path(settings.setting("changes.folder") or default).expanduser().absolute()


def collect(candidate: Path) -> None:
    """Take what the journals say into a warehouse that is not published yet; what it has already
    stays as it is. Raises Refused for a journal that was edited."""
    with duckdb.connect(str(candidate)) as connection:
        for table in TABLES:
            table.create(connection)
        for path in sorted(folder().glob("*.journal.jsonl")):
            records = json_lines.read(path)
            begun = [record for record in records if record["event"] == "apply_begun"]
            if begun:
                _put(connection, PLANS, _plan(begun, records))
            for record in records:
                if record["event"] == "outcome":
                    _put(connection, APPLIED, _applied(record))


def _plan(begun: list[json_lines.Record], records: list[json_lines.Record]) -> dict[str, Any]:
    ended = [record for record in records if record["event"] == "apply_ended"]
    is_complete = bool(ended) and ended[-1]["facts"]["is_complete"]
    return {
        "plan_digest": begun[-1]["plan_digest"],
        "completed_at": ended[-1]["time"] if is_complete else None,
        "audit_head": records[-1]["audit_head"],
    } | begun[-1]["facts"]


def _applied(record: json_lines.Record) -> dict[str, Any]:
    """The row of an outcome; that of a later one takes its place."""
    known = record["facts"] | record["facts"]["seen"] | record | {"known_at": record["time"]}
    return {name: known.get(name) for name in APPLIED.columns}


def _put(connection: duckdb.DuckDBPyConnection, table: Table, row: dict[str, Any]) -> None:
    names, places = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(
        f"insert or replace into main.{table.name} ({names}) values ({places})", [*row.values()]
    )


def heads(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Digest of every plan that was applied, and the head of the audit log at that time."""
    known = warehouse.execute(
        "select count(*) from duckdb_columns()"
        " where table_name = 'change_plans' and column_name = 'audit_head'"
    ).fetchone()
    if known != (1,):
        return []
    return warehouse.execute(
        "select plan_digest, audit_head from change_plans where audit_head is not null order by 1"
    ).fetchall()
