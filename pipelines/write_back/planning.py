"""Make a plan: the wanted changes, checked against the limits and frozen in one file.

The file is canonical JSON and contains the digest of the rest of its content, so that any edited
byte is noticed. Whoever gives this digest to `rollcall apply` has approved exactly this content.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import __version__
from pipelines.failures import storage_failure
from pipelines.files import json_lines, output
from pipelines.policy import company_files, presence
from pipelines.sources import write_access
from pipelines.sources.writer import ACTION_ORDER, Change
from pipelines.sql import fetch_rows
from pipelines.write_back import audit_log, journal, limits
from pipelines.write_back.plan import Basis, Plan, is_plan, plan_digest, plan_path
from pipelines.write_back.plan_fields import PLAN_FORMAT
from pipelines.write_back.undo import Undo, block_leavers
from pipelines.write_back.wanted import (
    NO_CHANNEL,
    hold_back_returns,
    read_wanted_changes,
    split_wanted_changes,
)

# Blocked for this reason alone: a change that has another one is not to be made by hand either
ONLY_NO_CHANNEL = re.compile(rf"{NO_CHANNEL}(: [\w ]+)?")
ROWS_AS_JSON = "select to_json(row)::varchar from {} as row order by all"


def make_plan(
    warehouse: duckdb.DuckDBPyConnection,
    actor: str,
    max_changes: int | None = None,
    undo: Undo | None = None,
    basis: Basis | None = None,
    is_unattended: bool = False,
) -> Plan:
    """Return a plan for what reviews and requests want, for undoing another plan, or for what the
    rules of a basis want. What only a person may decide is blocked in an unattended plan.

    Raise Refused for data that is not fresh, and for more changes than the limits allow unless
    `max_changes` is their exact number. A plan beyond the limits of a basis is made: it says so,
    and no standing approval covers it.
    """
    presence.check_gone(warehouse, company_files.policy_folder())
    kind, target = (basis.kind, basis.target) if basis else ("access", None)
    wanted = (
        block_leavers(undo.changes, warehouse)
        if undo
        else read_wanted_changes(warehouse, kind, target)
    )
    changes, blocked = split_wanted_changes(wanted, _own_accounts(), is_unattended)
    if is_unattended and target:
        changes, held = hold_back_returns(changes, warehouse, target)
        blocked += held
    sources = {change.source_name for change in changes} | {*(basis.sources if basis else ())}
    states = limits.find_fresh_states(sources, warehouse, "plan")
    without = {undo.plan.digest} if undo else set()
    recent = journal.find_recent_calls(audit_log.changes_folder(), without, changes)
    asked = (changes, warehouse, max_changes, "plan", recent)
    by_action = Counter(change.action for change in changes)
    document = {
        "format": PLAN_FORMAT,
        "kind": kind,
        "rules_sha256": basis.rules_sha256 if basis else None,
        "limits": basis.limits if basis else None,
        "rollcall": __version__,
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "made_by": actor,
        "tenants": {
            source: write_access.writable_tenant(source)
            for source in {change.through for change in changes}
        },
        "snapshot": {
            "data_as_of": min((state["as_of"] for state in states.values()), default=None),
            "runs": {name: state["complete_run_id"] for name, state in states.items()},
        },
        "decisions_sha256": _digest_decisions(warehouse),
        "undoes": undo.plan.digest if undo else None,
        "protected": sorted(limits.read_protected_patterns()),
        "exceeded": limits.check_standing_limits(*asked, basis)
        if basis
        else limits.check_limits(*asked),
        "totals": {
            "changes": len(changes),
            "blocked": len(blocked),
            "by_action": {name: by_action[name] for name in ACTION_ORDER if by_action[name]},
            "by_source": dict(Counter(change.source_name for change in changes)),
        },
        "items": [change.item() for change in changes],
        "blocked": [
            one.change.item() | {"blocked_because": one.blocked_because, "next_step": one.next_step}
            for one in blocked
        ],
    }
    return Plan(document | {"digest": plan_digest(document)})


def list_by_hand(plan: Plan, warehouse: duckdb.DuckDBPyConnection) -> list[Change]:
    """Return the blocked changes that people can make themselves. Raise Refused for old data."""
    fields = Change.__dataclass_fields__
    found = [
        Change.of({name: value for name, value in item.items() if name in fields})
        for item in plan.document["blocked"]
        if ONLY_NO_CHANNEL.fullmatch(item["blocked_because"])
    ]
    limits.find_fresh_states({change.source_name for change in found}, warehouse, "plan")
    return found


def write_plan(
    plan: Plan, out: Path | None, folder: Path, actor: str, undo: Undo | None = None
) -> Path:
    """Write the plan to `out`, by default into the folder of changes, and return the path.

    The folder keeps a copy of every plan, because an undo is derived from the plan that it undoes.

    Raise StorageFailed, and Locked while another plan or apply is running.
    """
    output.check_output(out or plan_path(folder, plan.digest))
    with audit_log.hold_changes(folder):
        return keep_plan(plan, out, folder, actor, undo)


def keep_plan(
    plan: Plan, out: Path | None, folder: Path, actor: str, undo: Undo | None = None
) -> Path:
    """Write a plan as `write_plan` does, while the caller holds the folder of changes."""
    own = plan_path(folder, plan.digest)
    path = out or own
    audit_log.Log(folder, actor).write("plan_made", plan.digest, changes=len(plan.changes))
    try:
        for kept in [plan, *([undo.plan] if undo else [])]:
            _write(kept, plan_path(folder, kept.digest))
        if path != own:
            _write(plan, path)
    except OSError as error:
        raise storage_failure(path, error, "check the disk, or set --out") from None
    return path


def _write(plan: Plan, path: Path) -> None:
    output.replace_output(path, json_lines.to_canonical(plan.document), "plan", is_plan)


def _own_accounts() -> set[str]:
    """Return Rollcall's own accounts in the systems for which this host has a write credential.

    `apply` needs a credential for every system that it changes, so it knows all own accounts there.
    """
    return {
        account
        for source in write_access.writable_sources()
        if write_access.has_write_credential(source)
        for account in write_access.connect_writer(source).own_accounts()
    }


def _digest_decisions(warehouse: duckdb.DuckDBPyConnection) -> str:
    """Return the SHA-256 of the decisions and the policy that the plan is based on."""
    digest = hashlib.sha256()
    for (table,) in warehouse.execute(
        "select format('{}.{}', schema_name, table_name) from duckdb_tables()"
        " where schema_name = 'policy' or table_name = 'review_decisions' order by all"
    ).fetchall():
        digest.update(f"{table}\n".encode())
        for (row,) in fetch_rows(warehouse.execute(ROWS_AS_JSON.format(table))):
            digest.update(row.encode() + b"\n")
    return digest.hexdigest()
