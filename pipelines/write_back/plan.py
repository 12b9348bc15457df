"""A plan: the file that `rollcall plan` or `push plan` writes and `rollcall apply` carries out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.failures import Misconfigured, Refused
from pipelines.files import json_lines
from pipelines.sources.writer import Change
from pipelines.write_back.plan_fields import EARLIER_FORMAT, NEXT_PLAN, PLAN_FORMAT, check_fields


@dataclass(frozen=True)
class Basis:
    """What a plan is made from if rules that a person can approve for longer ask for its changes.

    `sources` must be fresh: the systems that the rules read, and those that they change. `limits`
    are how much one run without a person may change.
    """

    kind: str  # push or expiry
    target: str | None  # the system that a push changes
    sources: tuple[str, ...]
    rules_sha256: str  # of the rules, their limits and the tenants
    limits: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The content of one plan file."""

    document: dict[str, Any]

    @property
    def digest(self) -> str:
        return self.document["digest"]

    @property
    def kind(self) -> str:
        """Return access, push or expiry."""
        return self.document.get("kind", "access")

    @property
    def target(self) -> str | None:
        """Return the system that a push changes; None for another plan."""
        return next(iter(self.document["tenants"]), None) if self.kind == "push" else None

    @property
    def next_step(self) -> str:
        """Return what to do if the plan cannot be applied any more."""
        return f"make a new plan: `rollcall push plan {self.target}`" if self.target else NEXT_PLAN

    @property
    def changes(self) -> list[Change]:
        return [Change.of(item) for item in self.document["items"]]


def read_plan(path: Path, to_undo: bool = False) -> Plan:
    """Read a plan file. Raise Refused unless the file is byte for byte what `plan` wrote.

    A plan of an earlier version is only read to be undone.
    """
    formats = (PLAN_FORMAT, EARLIER_FORMAT) if to_undo else (PLAN_FORMAT,)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(str(path), (error.strerror or "").lower(), NEXT_PLAN) from None
    document = (
        json_lines.parse_record(content.removesuffix(b"\n")) if content.endswith(b"\n") else None
    )
    if document is None or document.get("format") not in formats:
        why = "the file is not a plan of this version, or it was edited"
        raise Refused(f"plan {path}", why, NEXT_PLAN)
    if document.get("digest") != plan_digest(document):
        why = "the plan was edited: its digest does not fit its content"
        raise Refused(f"plan {path}", why, NEXT_PLAN)
    check_fields(document, f"plan {path}")
    return Plan(document)


def plan_path(folder: Path, digest: str) -> Path:
    """Return the path at which the folder of changes keeps the plan with this digest."""
    return folder / f"{digest[:12]}.plan.json"


def is_plan(path: Path) -> bool:
    """Return whether a file is a plan, of this version or an earlier one."""
    document = json_lines.parse_record(path.read_bytes().removesuffix(b"\n"))
    return str((document or {}).get("format")).startswith("rollcall plan ")


def plan_digest(document: dict[str, Any]) -> str:
    """Return the SHA-256 that identifies a plan, and by which a person approves the plan."""
    return json_lines.hash_record(document, without="digest")
