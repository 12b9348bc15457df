"""rollcall plan: what is wanted and not so yet, as a file that a person reads and apply is held to.

The file is canonical JSON and holds the digest of all the rest of it, so that no byte of it can be
another; whoever gives this digest to `rollcall apply` has approved exactly this. What is wanted is
decided by the mart planned_changes; here it is limited, guarded and frozen.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines import __version__
from pipelines.failures import Misconfigured, Refused
from pipelines.files import json_lines
from pipelines.sources import write_access
from pipelines.sources.writer import Change
from pipelines.sql import fetch_dicts, fetch_rows
from pipelines.warehouse import publish
from pipelines.warehouse.source_states import read_source_states
from pipelines.write_back import audit_log, limits
from pipelines.write_back.plan import ACTION_ORDER, PLAN_FORMAT, Plan, plan_digest

DECIDED = "select to_json(row)::varchar from {} as row order by all"


@dataclass(frozen=True)
class Undo:
    """What takes back the plan with this digest."""

    digest: str
    wishes: list[tuple[Change, str | None]]


def make_plan(
    warehouse: duckdb.DuckDBPyConnection,
    actor: str,
    most: int | None = None,
    undone: Undo | None = None,
) -> Plan:
    """What is published and wanted, or takes another plan back, as a plan. Raises Refused for data
    that is not fresh, and for more changes than the limits let through unless their exact number is
    given."""
    wishes = undone.wishes if undone else read_wanted_changes(warehouse)
    wanted, blocked = sort_changes(wishes, _own_accounts())
    states = _fresh({change.source_name for change in wanted}, warehouse)
    counted = Counter(change.action for change in wanted)
    document = {
        "format": PLAN_FORMAT,
        "rollcall": __version__,
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "made_by": actor,
        "tenants": {
            source: write_access.writable_tenant(source)
            for source in {change.through for change in wanted}
        },
        "snapshot": {
            "data_as_of": min((state["as_of"] for state in states.values()), default=None),
            "runs": {name: state["complete_run_id"] for name, state in states.items()},
        },
        "decisions_sha256": _decided(warehouse),
        "undoes": undone.digest if undone else None,
        "exceeded": limits.check_limits(wanted, warehouse, most, "plan"),
        "totals": {
            "changes": len(wanted),
            "blocked": len(blocked),
            "by_action": {action: counted[action] for action in ACTION_ORDER if counted[action]},
            "by_source": dict(Counter(change.source_name for change in wanted)),
        },
        "items": [change.item() for change in wanted],
        "blocked": [change.item() | {"blocked_because": why} for change, why in blocked],
    }
    return Plan(document | {"digest": plan_digest(document)})


def write_plan(plan: Plan, out: Path | None, folder: Path, actor: str) -> Path:
    """Write the plan's file, in the folder of changes unless `out` says where, and return its path.

    Raises StorageFailed, and Locked while another plan or apply is at work.
    """
    path = out or folder / f"{plan.digest[:12]}.plan.json"
    with json_lines.hold_folder(folder, "plan or apply"):
        audit_log.Log(folder, actor).write("plan_made", plan.digest, changes=len(plan.changes))
        try:
            json_lines.replace_file(path, json_lines.to_canonical(plan.document))
        except OSError as error:
            raise publish.storage_failure(path, error, "check the disk, or say --out") from None
    return path


def read_wanted_changes(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Change, str | None]]:
    """What the mart asks for, and why not where it cannot be done. Raises Misconfigured where there
    is no planned_changes yet."""
    warehouse.execute("set TimeZone = 'UTC'")
    try:
        columns = warehouse.execute("describe planned_changes").fetchall()
    except duckdb.CatalogException:
        raise Misconfigured(
            "plan", "what is published has no planned_changes yet", "run `rollcall sync`"
        ) from None
    cells = ", ".join(_text(name, kind) for name, kind, *_ in columns)
    found = []
    for row in fetch_dicts(warehouse.execute(f"select {cells} from planned_changes")):
        why = row.pop("blocked_because")
        found.append((Change.of(row), why))
    return found


def sort_changes(
    wishes: list[tuple[Change, str | None]], own: set[str]
) -> tuple[list[Change], list[tuple[Change, str]]]:
    """The changes that can be made, in the order in which to make them, and those that cannot, with
    the reason: what is known of them, the policy as it is now, or that they touch one of our `own`
    accounts."""
    patterns, wanted, blocked = limits.protected_patterns(), [], []
    for change, known in wishes:
        why = known or limits.reason_untouchable(change, patterns, own)
        if not why and change.through not in write_access.writable_sources():
            why = "no write channel"
        if why:
            blocked.append((change, why))
        else:
            wanted.append(change)
    wanted.sort(key=lambda change: (ACTION_ORDER.index(change.action), change.change_id))
    blocked.sort(key=lambda one: (one[1], one[0].change_id))
    return wanted, blocked


def _text(name: str, kind: str) -> str:
    """A column as the text that a change holds."""
    if kind.startswith("TIMESTAMP"):
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') as {name}"
    return f"{name}::varchar as {name}"


def _own_accounts() -> set[str]:
    """The accounts of the pipeline, as far as this host has the credential to ask for them; `apply`
    asks for all of them."""
    return {
        account
        for source in write_access.writable_sources()
        if write_access.has_write_credential(source)
        for account in write_access.connect_writer(source).own_accounts()
    }


def _fresh(touched: set[str], warehouse: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """The state of every source that is to be changed. Raises Refused unless its last run was
    complete, not long ago."""
    hours = limits.PlanLimits.configured().max_data_age_hours
    found = {state["source_name"]: state for state in read_source_states(warehouse)}
    for name in sorted(touched):
        state = found.get(name)
        if state is None or state["is_stale"]:
            why = "its last sync was not complete, so who holds what may be otherwise"
        elif is_older(state["as_of"], hours):
            why = f"its data is of {state['as_of']}, more than {hours:g} hours old"
        else:
            continue
        raise Refused(f"plan: {name}", why, "run `rollcall sync`, or set PLAN__MAX_DATA_AGE_HOURS")
    return {name: found[name] for name in sorted(touched)}


def is_older(spoken: str, hours: float) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(spoken) > timedelta(hours=hours)


def _decided(warehouse: duckdb.DuckDBPyConnection) -> str:
    """SHA-256 of every decision and of the company's policy: what the plan carries out."""
    digest = hashlib.sha256()
    for (table,) in warehouse.execute(
        "select format('{}.{}', schema_name, table_name) from duckdb_tables()"
        " where schema_name = 'policy' or table_name = 'review_decisions' order by all"
    ).fetchall():
        digest.update(f"{table}\n".encode())
        for (row,) in fetch_rows(warehouse.execute(DECIDED.format(table))):
            digest.update(row.encode() + b"\n")
    return digest.hexdigest()
