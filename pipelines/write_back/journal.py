"""The journal of one plan: what is about to be asked of another system, and what came of it.

Every event is on disk, in the audit log and here, before the next step is made. A call that has
begun and has no answer may have had its effect; only looking at the live system can tell.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.files import json_lines
from pipelines.files.json_lines import Record
from pipelines.sources.writer import Change
from pipelines.write_back import audit_log
from pipelines.write_back.plan import Plan

SETTLED_OUTCOMES = ("done", "already", "ticketed")
JOURNAL_SUFFIX = ".journal.jsonl"
# What collect needs to know of a change, besides its id
CHANGE_FIELDS = (
    "action",
    "wanted_action",
    "source_name",
    "account_id",
    "entitlement_id",
    "scope_id",
    "grant_id",
    "reason_kind",
    "reason_id",
)


class Journal:
    """What has happened to the changes of one plan, in this run and in those before it."""

    def __init__(self, folder: Path, plan: Plan, actor: str) -> None:
        self.path, self.plan = folder / f"{plan.digest[:12]}{JOURNAL_SUFFIX}", plan
        self.log = audit_log.Log(folder, actor)
        self.of: dict[str, list[Record]] = defaultdict(list)
        for record in json_lines.read_records(self.path):
            self.of[record["change_id"]].append(record)
        self.asked = _asked(folder)

    def write(self, event: str, change: Change | None = None, **facts: Any) -> Record:
        """Add an event; it is on disk when this returns."""
        change_id = change.change_id if change else ""
        head = self.log.write(event, self.plan.digest, change_id, **facts)
        record = {
            "event": event,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "plan_digest": self.plan.digest,
            "change_id": change_id,
            "facts": facts,
            "audit_head": head,
        }
        json_lines.append_record(self.path, lambda _: record)
        self.of[change_id].append(record)
        return record

    def asked_at(self, change: Change) -> datetime | None:
        """When a call for this change was begun of which no outcome is known, by any plan."""
        return self.asked.get(change.change_id)

    def was_called(self, change: Change) -> bool:
        """Whether a call for it was made that had, or may have had, its effect."""
        return any(count_calls(self.of[change.change_id]))

    def was_answered(self, change: Change, step: str) -> bool:
        """Whether this very call was made, and the vendor said that it took it."""
        return any(
            record["event"] == "answered" and record["facts"]["step"] == step
            for record in self.of[change.change_id]
        )

    def outcome(self, change: Change) -> str:
        """What became of it, as far as this plan knows; empty if it is open."""
        said = [r["facts"]["outcome"] for r in self.of[change.change_id] if r["event"] == "outcome"]
        return said[-1] if said else ""


def count_calls(records: list[Record]) -> list[Record]:
    """The calls that were begun, without those of which it is known that nothing happened."""
    found: list[Record] = []
    for record in records:
        if record["event"] == "begun":
            found.append(record)
        elif record["event"] in ("unsent", "rejected"):
            found.pop()
    return found


def _asked(folder: Path) -> dict[str, datetime]:
    """By change: when its last call of unknown outcome was begun, whichever plan made it."""
    found: dict[str, datetime] = {}
    for path in sorted(folder.glob(f"*{JOURNAL_SUFFIX}")):
        begun: dict[str, list[Record]] = defaultdict(list)
        for record in json_lines.read_records(path):
            change = record["change_id"]
            begun[change].append(record)
            if record["event"] == "outcome" and record["facts"]["outcome"] in SETTLED_OUTCOMES:
                begun.pop(change)
        for change, records in begun.items():
            for call in count_calls(records):
                at = datetime.fromisoformat(call["time"])
                found[change] = max(at, found.get(change, at))
    return found
