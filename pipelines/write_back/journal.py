"""The journal of one plan: the calls that were about to be made, and the result of each.

Every event is on disk, in the audit log and in the journal, before the next step is made. A call
that has begun and has no answer may have taken effect; only the live system can tell.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.failures import Refused
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
NOTHING = (None, "", [])  # the values of an empty attribute
RECENT_HOURS = 24  # changes since then count for the limits of a plan
OUTCOMES = (*SETTLED_OUTCOMES, "drift", "failed")
NEXT_JOURNAL = "restore the file from a backup, or keep it elsewhere as evidence"
# Event -> the facts that later steps read, and that are never null
NEEDED_FACTS = {
    "apply_begun": ("made_at", "made_by", "data_as_of", "changes", "applied_by"),
    "apply_ended": ("is_complete",),
    "begun": ("step", "action", "source_name"),
    "answered": ("step",),
    "outcome": ("outcome", "seen", "action", "source_name", "reason_kind", "reason_id"),
}
FIELDS = {"event", "time", "plan_digest", "change_id", "facts", "audit_head"}


def read_journal(path: Path) -> list[Record]:
    """Return a journal's records. Raise Refused for one that Rollcall cannot have written."""
    records = json_lines.read_records(path)
    for number, record in enumerate(records, 1):
        try:
            why = _find_fault(record)
        except (TypeError, ValueError):
            why = "a time is wrong"
        if why:
            raise Refused(f"{path} line {number}", why, NEXT_JOURNAL)
    return records


def _find_fault(record: Record) -> str:
    """Return the fault of a record; empty if it has none. Raise ValueError for a wrong time."""
    if {*record} != FIELDS or not isinstance(record["facts"], dict):
        return "its fields are not those of a journal"
    event, facts = record["event"], record["facts"]
    datetime.fromisoformat(record["time"])
    for name in NEEDED_FACTS.get(event, ()):
        if facts.get(name) is None:
            return f"the fact {name} of the event {event} is missing"
    for name in ("made_at", "data_as_of") if event == "apply_begun" else ():
        datetime.fromisoformat(facts[name])
    if event == "outcome" and not (
        facts["outcome"] in OUTCOMES and isinstance(facts["seen"], dict)
    ):
        return "the outcome is none of those that exist"
    return ""


def name_parts(change: Change) -> dict[str, Any]:
    """Return what the limits of later pushes must know of a change: the names of the attributes
    that are changed and of those that are emptied, never a value, and whether a deactivated account
    comes back."""
    wanted = json.loads(change.wanted_state or "{}")
    expected = json.loads(change.expected_state or "{}")
    if change.action == "update_account":
        old, new = (state.get("profile") or {} for state in (expected, wanted))
        emptied = [name for name in new if new[name] in NOTHING and old.get(name) not in NOTHING]
        return {"changed_fields": sorted(new), "blanked_fields": sorted(emptied)}
    if change.action == "enable_account" and expected.get("status_detail") == "deactivated":
        return {"is_return": True}
    return {}


@dataclass(frozen=True)
class Call:
    """A change that a plan made, may have made, or is going to make."""

    change_id: str
    asks_for: str
    source_name: str
    account_id: str | None
    entitlement_id: str | None
    grant_id: str | None
    reason_kind: str
    changed_fields: list[str]
    blanked_fields: list[str]
    is_return: bool  # of a deactivated account
    is_unattended: bool  # whether a standing approval let it be made

    @classmethod
    def of(cls, change_id: str, facts: dict[str, Any], is_unattended: bool) -> Call:
        """Return the call that the facts of the event `begun` describe."""
        is_ticket = facts["action"] == "open_ticket"
        return cls(
            change_id,
            (facts.get("wanted_action") if is_ticket else None) or facts["action"],
            facts["source_name"],
            facts.get("account_id"),
            facts.get("entitlement_id"),
            facts.get("grant_id"),
            str(facts.get("reason_kind")),
            facts.get("changed_fields") or [],
            facts.get("blanked_fields") or [],
            bool(facts.get("is_return")),
            is_unattended,
        )

    @classmethod
    def planned(cls, change: Change) -> Call:
        """Return the call that a plan will make."""
        return cls.of(change.change_id, change.item() | name_parts(change), False)


def find_recent_calls(folder: Path, others: set[str | None], known: list[Change]) -> list[Call]:
    """Return each change of the last RECENT_HOURS once.

    Changes of the plans `others` and the changes `known` are left out.
    """
    since = datetime.now(UTC) - timedelta(hours=RECENT_HOURS)
    own, found = {change.change_id for change in known}, {}
    for path in audit_log.find_journals(folder):
        calls: dict[str, list[Record]] = defaultdict(list)
        unattended, is_approved = set(), False
        for record in read_journal(path):
            if record["event"] == "apply_begun":
                is_approved = bool(record["facts"].get("approval"))
            if record["event"] == "begun" and is_approved:
                unattended.add(record["audit_head"])
            if record["plan_digest"] not in others and record["change_id"] not in own:
                calls[record["change_id"]].append(record)
        for change_id, records in calls.items():
            for call in _effective_calls(records):
                if datetime.fromisoformat(call["time"]) >= since:
                    is_unattended = call["audit_head"] in unattended
                    found[change_id] = Call.of(change_id, call["facts"], is_unattended)
    return [*found.values()]


def describe_recent(count: int) -> str:
    return f" beside the {count} of the last {RECENT_HOURS} hours" if count else ""


class Journal:
    """What happened to the changes of one plan, in this run and in earlier runs."""

    def __init__(self, folder: Path, plan: Plan, actor: str) -> None:
        self.path, self.plan = folder / f"{plan.digest[:12]}{audit_log.JOURNAL_SUFFIX}", plan
        self.log = audit_log.Log(folder, actor)
        self.records: dict[str, list[Record]] = defaultdict(list)  # by change
        for record in read_journal(self.path):
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
        """Return the time of the last call for this change whose outcome is unknown, if any."""
        return self.unsettled_calls.get(change.change_id)

    def was_called(self, change: Change) -> bool:
        """Return whether a call for this change took effect, or may have."""
        return bool(_effective_calls(self.records[change.change_id]))

    def was_answered(self, change: Change, step: str) -> bool:
        """Return whether the journal has the vendor's acceptance of exactly this step's call."""
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
    """Return the time of the last call of unknown outcome for each change, over all plans."""
    found: dict[str, datetime] = {}
    for path in audit_log.find_journals(folder):
        unsettled: dict[str, list[Record]] = defaultdict(list)
        for record in read_journal(path):
            change_id = record["change_id"]
            unsettled[change_id].append(record)
            if record["event"] == "outcome" and record["facts"]["outcome"] in SETTLED_OUTCOMES:
                unsettled.pop(change_id)
        for change_id, records in unsettled.items():
            for call in _effective_calls(records):
                at = datetime.fromisoformat(call["time"])
                found[change_id] = max(at, found.get(change_id, at))
    return found
