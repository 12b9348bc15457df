"""The journal of one plan: which calls were about to be made, and what came of each.

Every event is on disk, in the audit log and in the journal, before the next step is made. A call
that has begun and has no answer may have taken effect; only the live system can tell.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.files import json_lines
from pipelines.files.json_lines import Record
from pipelines.sources.writer import Change
from pipelines.warehouse.change_tables import APPLIED
from pipelines.write_back import audit_log
from pipelines.write_back.plan import Plan

SETTLED_OUTCOMES = ("done", "already", "ticketed")
# The fields of a change that are recorded with its events, because `collect` needs them
CHANGE_FIELDS = [
    name for name in APPLIED.columns if name in Change.__dataclass_fields__ and name != "change_id"
]


class Journal:
    """What happened to the changes of one plan, in this run and in earlier runs."""

    def __init__(self, folder: Path, plan: Plan, actor: str) -> None:
        self.path, self.plan = folder / f"{plan.digest[:12]}{audit_log.JOURNAL_SUFFIX}", plan
        self.log = audit_log.Log(folder, actor)
        self.records: dict[str, list[Record]] = defaultdict(list)  # by change
        for record in json_lines.read_records(self.path):
            self.records[record["change_id"]].append(record)
        self.unsettled_calls = _find_unsettled_calls(folder)

    def write(self, event: str, change: Change | None = None, **facts: Any) -> Record:
        """Append an event. The event is on disk when this method returns."""
        change_id = change.change_id if change else ""
        logged = self.log.write(event, self.plan.digest, change_id, **facts)
        record = {
            "event": event,
            "time": logged["time"],
            "plan_digest": self.plan.digest,
            "change_id": change_id,
            "facts": facts,
            "audit_head": logged["hash"],
        }
        json_lines.append_record(self.path, lambda _: record)
        self.records[change_id].append(record)
        return record

    def asked_at(self, change: Change) -> datetime | None:
        """Return when any plan began a call for this change whose outcome is unknown."""
        return self.unsettled_calls.get(change.change_id)

    def was_called(self, change: Change) -> bool:
        """Return whether a call for this change took effect, or may have."""
        return bool(_effective_calls(self.records[change.change_id]))

    def was_answered(self, change: Change, step: str) -> bool:
        """Return whether the vendor accepted the call of this very step."""
        return any(facts["step"] == step for facts in self.facts_of(change, "answered"))

    def outcome(self, change: Change) -> str:
        """Return the latest outcome that this plan recorded; empty while the change is open."""
        outcomes = self.facts_of(change, "outcome")
        return outcomes[-1]["outcome"] if outcomes else ""

    def facts_of(self, change: Change, event: str) -> list[dict[str, Any]]:
        """Return the facts of every record of this event."""
        return [one["facts"] for one in self.records[change.change_id] if one["event"] == event]


def _effective_calls(records: list[Record]) -> list[Record]:
    """Return the calls that began, without those that are known to have had no effect."""
    calls: list[Record] = []
    for record in records:
        if record["event"] == "begun":
            calls.append(record)
        elif record["event"] in ("unsent", "rejected"):
            calls.pop()
    return calls


def _find_unsettled_calls(folder: Path) -> dict[str, datetime]:
    """Return, by change, when its last call of unknown outcome began, whichever plan made it."""
    found: dict[str, datetime] = {}
    for path in audit_log.find_journals(folder):
        unsettled: dict[str, list[Record]] = defaultdict(list)
        for record in json_lines.read_records(path):
            change_id = record["change_id"]
            unsettled[change_id].append(record)
            if record["event"] == "outcome" and record["facts"]["outcome"] in SETTLED_OUTCOMES:
                unsettled.pop(change_id)
        for change_id, records in unsettled.items():
            for call in _effective_calls(records):
                at = datetime.fromisoformat(call["time"])
                found[change_id] = max(at, found.get(change_id, at))
    return found
