"""Undo a plan: the inverse of each change that the plan carried out.

A change that was already in place before the plan ran is not undone. The decision behind a change
stays valid: unless that decision is superseded too, the next plan makes the change again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from pipelines.failures import Refused
from pipelines.sources.writer import Change
from pipelines.write_back import audit_log
from pipelines.write_back.journal import Journal
from pipelines.write_back.plan import Plan, plan_path, read_plan
from pipelines.write_back.plan_fields import NEXT_PLAN
from pipelines.write_back.wanted import WantedChange


@dataclass(frozen=True)
class Undo:
    """The changes that undo a plan."""

    plan: Plan
    changes: list[WantedChange]


def undo_plan(plan: Plan, folder: Path, actor: str, because: str) -> Undo:
    """Return the inverse of every change that the plan made; one without an inverse is blocked.

    Raise Refused unless the plan was made here and the audit log has every record of its journal.
    """
    audit_log.must_be_made_here(folder, plan.digest)
    journal = Journal(folder, plan, actor)
    audit_log.must_be_logged(folder, journal.path)
    found = []
    for change in plan.changes:
        if journal.outcome(change) in ("done", "ticketed") and journal.was_called(change):
            inverse = _invert_change(change, journal)
            has_subject = inverse.account_id or change.action == "rename_group"
            has_inverse = change.inverse_action and has_subject
            why = None if has_inverse else f"nothing undoes {change.action.replace('_', ' ')}"
            step = why and f"undo it by hand in {change.source_name}"
            inverse = replace(inverse, reason=because, approved_by=actor)
            found.append(WantedChange(inverse, why, step))
    return Undo(plan, found)


def block_leavers(
    wanted: list[WantedChange], warehouse: duckdb.DuckDBPyConnection
) -> list[WantedChange]:
    """Return the changes of an undo. What gives access to a person who has left is blocked if the
    policy disables or deletes the accounts of leavers, because a later plan would take it again."""
    leavers = {
        account
        for (account,) in warehouse.execute(
            "select account_id from accounts join people using (person_id), policy.leavers"
            " where employment_status = 'leaver'"
            " and coalesce(disable_after_days, delete_after_days) is not null"
        ).fetchall()
    }
    why, step = "the person has left", "nothing while policy.toml has [leavers]"
    return [
        WantedChange(one.change, why, step)
        if one.blocked_because is None
        and one.change.action == "grant"
        and one.change.account_id in leavers
        else one
        for one in wanted
    ]


def check_undo(undo: Plan, folder: Path) -> None:
    """Derive an undo again from the plan and journal that it undoes; raise Refused if it differs.

    planned_changes never has an undo, so nothing else says that its changes are wanted.
    """
    digest, what = undo.document["undoes"], "plan"
    path = plan_path(folder, digest)
    if not path.exists():
        raise Refused(what, f"the plan {digest} that it undoes is not in {folder}", NEXT_PLAN)
    undone = read_plan(path, to_undo=True)
    if undone.digest != digest:
        raise Refused(what, f"{path} is not the plan {digest} that it undoes", NEXT_PLAN)
    reason = undo.changes[0].reason if undo.changes else ""
    derived = undo_plan(undone, folder, undo.document["made_by"], reason or "").changes
    possible = [one.change for one in derived if one.blocked_because is None]
    foreign = [change for change in undo.changes if change not in possible]
    if foreign:
        why = f"the journal of {digest[:12]} does not lead to {len(foreign)} of its changes"
        raise Refused(what, why, NEXT_PLAN)


def _invert_change(change: Change, journal: Journal) -> Change:
    """Return the inverse of one change. The journal has the ids of what the change created."""
    digest = journal.plan.digest
    key = f"undo|{digest}|{change.change_id}"
    answered = journal.facts_of(change, "answered")
    facts = journal.facts_of(change, "outcome")[-1]["seen"]
    expected, wanted = change.wanted_state, change.expected_state
    if change.action == "open_ticket":
        expected = json.dumps({name: facts.get(name) for name in ("ticket_id", "reference")})
    if change.action == "create_account":
        change = replace(change, account_id=facts.get("account_id"))
        expected, wanted = json.dumps({"status": "disabled"}), json.dumps({"status": "gone"})
    return replace(
        change,
        change_id=hashlib.sha256(key.encode()).hexdigest(),
        action=change.inverse_action or change.action,
        wanted_action=None,
        source_grant_id=answered[-1]["native_id"] if answered else None,
        expected_state=expected,
        wanted_state=wanted,
        reason_kind="undo",
        reason_id=digest[:12],
        campaign=None,
        item_id=None,
        due_at=None,
        inverse_action=change.action,
        residual=None,
        how_to_revoke=None,
    )
