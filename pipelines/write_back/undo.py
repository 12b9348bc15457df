"""The plan that takes back what another one did: the inverse of each change that was carried out.

What was so already is not touched, since the other plan did not make it so. What made the change
wanted still stands: unless a decision is taken back too, the next plan makes it again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.sources.writer import Change
from pipelines.write_back.journal import Journal
from pipelines.write_back.plan import Plan


def invert_plan(
    plan: Plan, folder: Path, actor: str, because: str
) -> list[tuple[Change, str | None]]:
    """The changes that take this plan back, each with the reason why not where it cannot be."""
    journal = Journal(folder, plan, actor)
    found: list[tuple[Change, str | None]] = []
    for change in plan.changes:
        if journal.outcome(change) in ("done", "ticketed") and journal.was_called(change):
            made = invert_change(change, journal.of[change.change_id], plan.digest)
            can = change.inverse_action and change.account_id
            why = None if can else f"nothing takes back {change.action.replace('_', ' ')}"
            found.append((replace(made, reason=because, approved_by=actor), why))
    return found


def invert_change(change: Change, records: list[dict[str, Any]], digest: str) -> Change:
    """What takes one change back; the ids of what was made are in its journal."""
    key = f"undo|{digest}|{change.change_id}"
    answered = [record["facts"] for record in records if record["event"] == "answered"]
    expected = change.wanted_state
    if change.action == "open_ticket":
        [*_, last] = [record["facts"]["seen"] for record in records if record["event"] == "outcome"]
        expected = json.dumps({name: last.get(name) for name in ("ticket_id", "reference")})
    return replace(
        change,
        change_id=hashlib.sha256(key.encode()).hexdigest(),
        action=change.inverse_action or change.action,
        wanted_action=None,
        source_grant_id=answered[-1]["native_id"] if answered else None,
        expected_state=expected,
        wanted_state=change.expected_state,
        reason_kind="undo",
        reason_id=digest[:12],
        campaign=None,
        item_id=None,
        due_at=None,
        inverse_action=change.action,
        residual=None,
    )
