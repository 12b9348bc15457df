"""A plan: the file that `rollcall plan` writes and `rollcall apply` carries out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.failures import Misconfigured, Refused
from pipelines.files import json_lines
from pipelines.sources.writer import Change

PLAN_FORMAT = "rollcall plan 1"
PLAN_FIELDS = {
    "format",
    "rollcall",
    "made_at",
    "made_by",
    "tenants",
    "snapshot",
    "decisions_sha256",
    "undoes",
    "exceeded",
    "totals",
    "items",
    "blocked",
    "digest",
}
# Taking access away comes first, and tickets that exist come last.
ACTION_ORDER = (
    "disable_account",
    "revoke",
    "open_ticket",
    "enable_account",
    "create_account",
    "grant",
    "delete_account",
    "reopen_ticket",
    "comment_ticket",
    "close_ticket",
)
NEXT_PLAN = "make a new plan: `rollcall plan`"


@dataclass(frozen=True)
class Plan:
    """The content of one plan file."""

    document: dict[str, Any]

    @property
    def digest(self) -> str:
        return self.document["digest"]

    @property
    def changes(self) -> list[Change]:
        return [Change.of(item) for item in self.document["items"]]


def read_plan(path: Path) -> Plan:
    """Read a plan file. Raise Refused unless the file is byte for byte what `plan` wrote."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(str(path), (error.strerror or "").lower(), NEXT_PLAN) from None
    document = (
        json_lines.parse_record(content.removesuffix(b"\n")) if content.endswith(b"\n") else None
    )
    if document is None or document.get("format") != PLAN_FORMAT or {*document} != PLAN_FIELDS:
        why = "the file is not a plan of this version, or it was edited"
        raise Refused(f"plan {path}", why, NEXT_PLAN)
    if document["digest"] != plan_digest(document):
        why = "the plan was edited: its digest does not fit its content"
        raise Refused(f"plan {path}", why, NEXT_PLAN)
    return Plan(document)


def plan_digest(document: dict[str, Any]) -> str:
    """Return the SHA-256 that identifies a plan, and by which a person approves the plan."""
    return json_lines.hash_record(document, without="digest")
