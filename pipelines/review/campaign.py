"""A review campaign: its file `<campaign>.toml` in the folder REVIEW__FOLDER, and its status.

The file says what is reviewed, by whom and until when. A file that cannot be understood ends the
command: a filter that is silently ignored would leave access out of the review, or flood it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
from pydantic import BeforeValidator, Field, StringConstraints

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import Strict, Text, parse_toml
from pipelines.policy import company_files
from pipelines.policy.company_files import Mail
from pipelines.sql import has_table

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
RESERVED_NAMES = {"policy", "con", "prn", "aux", "nul"}  # our own file, and Windows devices
NAMED_PREFIX = "named:"

AsList = BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
Texts = Annotated[list[Text], AsList]
Rule = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        pattern=r"^(manager|entitlement_owner|source_owner|named:[^\s'\"\\{}@]+@[^\s'\"\\{}@]+)$",
    ),
]
Employment = Literal["active", "leaver", "future", "unknown", "nobody"]


class Scope(Strict):
    """The filters that a grant must meet to be decided on. Without filters, all grants are."""

    source: Texts = Field([])
    resource_type: Texts = Field([])
    privileged: bool | None = None
    held: Literal["direct", "inherited"] | None = None
    employment: Annotated[list[Employment], AsList] = Field([])
    not_signed_in_since: date | None = None
    new_since_last_review: bool | None = None
    where: Text | None = None  # SQL over access_review


class Excluded(Strict):
    """Access that is left out of the campaign, by an id in which `*` matches any text, and why."""

    grant: Text | None = None
    account: Text | None = None
    entitlement: Text | None = None
    reason: Text
    approved_by: Text | None = None


class Definition(Strict):
    """The content of a campaign's file."""

    title: Text
    due: date
    fallback: Mail  # decides if nobody else can or may
    second_fallback: Mail | None = None  # decides if the fallback may not
    contact: Mail | None = None  # whom reviewers ask; default: the fallback
    reviewers: list[Rule] = Field(["manager"], min_length=1)
    scope: Scope = Scope()
    exceptions: list[Excluded] = Field([])
    remediate_within_days: int = Field(30, ge=0)  # counted from the closing
    max_age_hours: int | None = Field(None, ge=1)  # of the data; default: MAX_AGE_HOURS
    max_full_read_age_days: int = Field(8, ge=1)  # since the last full run of a source


@dataclass(frozen=True)
class Campaign:
    """A campaign's file: its name, path, content and SHA-256."""

    name: str
    path: Path
    definition: Definition
    sha256: str

    @property
    def document(self) -> dict[str, Any]:
        """Return the file's content, defaults included."""
        return self.definition.model_dump(mode="json")


def read_campaign_file(name: str) -> Campaign:
    """Read the file of this campaign. Raises Misconfigured if the file is missing or wrong."""
    must_be_a_name(name)
    path = company_files.policy_folder() / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(campaign_names()) or "none"
        ignored = company_files.describe_ignored_folder()
        raise Misconfigured(
            str(path),
            "; ".join(
                filter(None, [f"this campaign file does not exist; known: {known}", ignored])
            ),
            "write the file as docs/review.md shows",
        )
    definition = parse_toml(path, Definition)
    if definition.second_fallback == definition.fallback:
        raise Misconfigured(
            str(path), "second_fallback: the same person as `fallback`", "name another person"
        )
    for number, one in enumerate(definition.exceptions, 1):
        if sum(map(bool, (one.grant, one.account, one.entitlement))) != 1:
            raise Misconfigured(
                str(path),
                f"exceptions.{number}: needs exactly one of `grant`, `account` and `entitlement`",
                "keep one of them",
            )
    return Campaign(name, path, definition, hashlib.sha256(path.read_bytes()).hexdigest())


def campaign_names() -> list[str]:
    """Return the names of all campaigns that have a file, sorted."""
    found = (path.stem for path in company_files.policy_folder().glob("*.toml"))
    return sorted(
        name for name in found if NAME_PATTERN.fullmatch(name) and name not in RESERVED_NAMES
    )


def must_be_a_name(name: str) -> None:
    """Raise Misconfigured for a bad name, because folders and item ids are made from the name."""
    if not NAME_PATTERN.fullmatch(name) or name in RESERVED_NAMES:
        raise Misconfigured(
            f"campaign {name[:80]!r}",
            "a name is up to 60 lower-case letters, digits, - and _, and not a reserved word",
            "name the file like 2026-q1.toml, and run `rollcall review open 2026-q1`",
        )


def campaign_status(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """Return `open` or `closed`, or None for a campaign that was never opened."""
    if not has_table(connection, "review_campaigns"):
        return None
    found = connection.execute(
        "select status from review_campaigns where campaign = ?", [name]
    ).fetchone()
    return found[0] if found else None
