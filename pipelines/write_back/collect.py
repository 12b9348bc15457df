"""What planning and applying changes leave in the warehouse: plans, and what became of each change.

The journal and the audit log beside the warehouse come first; these tables are taken from them, so
that a warehouse that was restored learns what was done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import Locked, Misconfigured, Refused, StorageFailed
from pipelines.files import json_lines
from pipelines.sql import Table
from pipelines.warehouse import publish
from pipelines.warehouse.change_tables import APPLIED, PLANS, TABLES
from pipelines.write_back.audit_log import changes_folder


def collect_journals(candidate: Path) -> None:
    """Take what the journals say into a warehouse that is not published yet; what it has already
    stays as it is. Raises Refused for a journal that was edited."""
    with duckdb.connect(str(candidate)) as connection:
        for table in TABLES:
            table.create(connection)
        for path in sorted(changes_folder().glob("*.journal.jsonl")):
            records = json_lines.read_records(path)
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


def publish_journals() -> str:
    """Take the journals into the published file. What stands in the way keeps nothing from being
    done: the next sync takes them in; it is returned in words."""
    from pipelines.warehouse.dbt_build import DECISION_MODELS, transform

    try:
        with publish.amend_published(settings.warehouse_path()) as workspace:
            collect_journals(workspace.copy)
            transform(workspace.copy, workspace.dbt_home, DECISION_MODELS)
    except (Locked, Misconfigured, Refused, StorageFailed) as error:
        return f"the next sync notes this in the warehouse ({error.why})"
    return ""
