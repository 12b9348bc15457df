"""Copy the journals into the warehouse: plans that were applied, and the outcome of each change.

The journals and the audit log beside the warehouse are the originals. The tables in the warehouse
are made from them, so a restored warehouse has every change again after the next sync. Pushes and
standing approvals are in the audit log only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import Failure, Locked, Misconfigured, Refused, StorageFailed
from pipelines.files.json_lines import Record
from pipelines.sql import Table, create_tables
from pipelines.warehouse import publish
from pipelines.warehouse.change_tables import APPLIED, APPROVALS, PLANS, PUSHES, TABLES
from pipelines.write_back.approval import PUSH_SUBJECT, Approval
from pipelines.write_back.audit_log import (
    NEXT_AUDIT,
    changes_folder,
    find_journals,
    read_events,
    read_head,
)
from pipelines.write_back.journal import NEXT_JOURNAL, read_journal


def collect_journals(candidate: Path) -> list[Refused]:
    """Write the content of all journals into a warehouse that is not published yet.

    Rows of plans that have no journal here stay as they are, and so do pushes that the log lacks.
    Return a failure for each journal that cannot be read. Such a journal is evidence and stays in
    its place; all others are collected.
    """
    unread = []
    with duckdb.connect(str(candidate)) as connection:
        create_tables(connection, TABLES)
        try:
            _note_head(connection, read_head(changes_folder()))
            _collect_pushes(connection)
        except Failure as error:
            unread.append(Refused(error.what, error.why, error.next))
        for path in find_journals(changes_folder()):
            connection.begin()
            try:
                _collect_journal(connection, read_journal(path))
                connection.commit()
            except (Failure, duckdb.Error) as error:
                connection.rollback()
                why = error.why if isinstance(error, Failure) else str(error).splitlines()[0]
                what = error.what if isinstance(error, Failure) else str(path)
                unread.append(
                    Refused(what, f"its changes are not in the warehouse: {why}", NEXT_JOURNAL)
                )
    return unread


def _collect_pushes(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the rows of all pushes and approvals. Raise Refused if a record of one is wrong."""
    try:
        _replace_rows(connection, PUSHES, list_pushes(changes_folder()))
        _replace_rows(connection, APPROVALS, list_approvals(changes_folder()))
    except duckdb.Error as error:
        why = f"a push or an approval in it is wrong: {str(error).splitlines()[0]}"
        raise Refused("audit log", why, NEXT_AUDIT) from None


def list_pushes(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of `pushes` that the audit log has, in the order in which they began.

    Raise Refused if a record of one was edited.
    """
    found: dict[str, dict[str, Any]] = {}
    for record in read_events(folder, ("push_begun", "push_ended")):
        moment = "started_at" if record["event"] == "push_begun" else "ended_at"
        known = record["facts"] | {moment: record["time"]}
        row = found.setdefault(str(known.get("push_id")), dict.fromkeys(PUSHES.columns))
        row |= {name: known[name] for name in PUSHES.columns if name in known}
    return [*found.values()]


def list_approvals(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of `push_approvals` that the audit log has, in order. Raise Refused."""
    approvals = map(Approval.of, read_events(folder, ("approved",)))
    return [
        {
            "target": one.subject.removeprefix(PUSH_SUBJECT),
            **{name: getattr(one, name) for name in APPROVALS.columns if name != "target"},
        }
        for one in approvals
        if one.subject.startswith(PUSH_SUBJECT)
    ]


def _note_head(connection: duckdb.DuckDBPyConnection, head: Record) -> None:
    """Add the head of the audit log to the heads in the warehouse, and replace none of them."""
    if head:
        connection.execute(
            "insert or ignore into main.audit_heads values (?, ?, now())",
            [head["hash"], head["seq"]],
        )


def _collect_journal(connection: duckdb.DuckDBPyConnection, records: list[Record]) -> None:
    """Write the row of a plan, and of each change whose outcome is known."""
    begun = [record for record in records if record["event"] == "apply_begun"]
    if begun:
        _replace_rows(connection, PLANS, [_plan_row(begun[-1], records)])
    outcomes = [_change_row(record) for record in records if record["event"] == "outcome"]
    _replace_rows(connection, APPLIED, outcomes)


def _plan_row(begun: Record, records: list[Record]) -> dict[str, Any]:
    ended = [record for record in records if record["event"] == "apply_ended"]
    is_complete = bool(ended) and ended[-1]["facts"]["is_complete"]
    known = begun["facts"] | {
        "plan_digest": begun["plan_digest"],
        "completed_at": ended[-1]["time"] if is_complete else None,
        "audit_head": records[-1]["audit_head"],
    }
    return {name: known.get(name) for name in PLANS.columns}


def _change_row(outcome: Record) -> dict[str, Any]:
    known = outcome["facts"] | outcome["facts"]["seen"] | outcome | {"known_at": outcome["time"]}
    return {name: known.get(name) for name in APPLIED.columns}


def _replace_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: list[dict[str, Any]]
) -> None:
    """Write rows that have every column; of rows with one key, the last counts.

    Every sync reads all journals again, so only rows that are not there yet are written.
    """
    latest = {json.dumps([row[name] for name in table.key], default=str): row for row in rows}
    names = ", ".join(table.columns)
    kinds = {name: kind.removesuffix(" not null") for name, (kind, _) in table.columns.items()}
    connection.execute(
        f"insert or replace into main.{table.name} ({names})"
        " with incoming as (select unnest(from_json_strict($rows, $kinds), max_depth := 2))"
        f" select {names} from incoming except select {names} from main.{table.name}"
        f" where {table.key[0]} in (select {table.key[0]} from incoming)",
        {"rows": json.dumps([*latest.values()], default=str), "kinds": json.dumps([kinds])},
    )


def publish_journals() -> str:
    """Publish the journals now. Return the reason in words if they must wait for the next sync or
    if one of them cannot be read, else an empty text."""
    from pipelines.warehouse.dbt_build import DECISION_MODELS, transform

    try:
        with publish.amend_published(settings.warehouse_path()) as workspace:
            unread = collect_journals(workspace.copy)
            transform(workspace.copy, workspace.dbt_home, DECISION_MODELS)
    except (Locked, Misconfigured, Refused, StorageFailed) as error:
        return f"the next sync will record these changes in the warehouse ({error.why})"
    return "; ".join(str(failure) for failure in unread)
