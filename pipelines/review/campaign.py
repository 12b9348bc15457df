"""A review campaign as somebody wrote it down: `<campaign>.toml` in the folder REVIEW__FOLDER.

It says what is reviewed, by whom, until when. What cannot be understood ends the command: a filter
that is silently not there would leave people's access out of the review, or drown it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from pipelines.failures import Misconfigured
from pipelines.policy import company_files
from pipelines.policy.company_files import Mail, Strict, Text

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
TAKEN = {"policy", "con", "prn", "aux", "nul"}  # our own file, and what Windows cannot open
NAMED = "named:"

Several = BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
Texts = Annotated[list[Text], Several]
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
    """What is decided on: whatever meets everything that is said here. Nothing said: everything."""

    source: Texts = Field([])
    resource_type: Texts = Field([])
    privileged: bool | None = None
    held: Literal["direct", "inherited"] | None = None
    employment: Annotated[list[Employment], Several] = Field([])
    not_signed_in_since: date | None = None
    new_since_last_review: bool | None = None
    where: Text | None = None  # SQL over access_review


class Excluded(Strict):
    """Access that is left out of the campaign, and why. Ids; `*` stands for anything."""

    grant: Text | None = None
    account: Text | None = None
    entitlement: Text | None = None
    reason: Text
    approved_by: Text | None = None


class Definition(Strict):
    """The whole of a campaign's file."""

    title: Text
    due: date
    fallback: Mail  # decides where nobody else can, or may
    second_fallback: Mail | None = None  # and where the fallback may not
    contact: Mail | None = None  # whom reviewers ask; the fallback, unless said
    reviewers: list[Rule] = Field(["manager"], min_length=1)
    scope: Scope = Scope()
    exceptions: list[Excluded] = Field([])
    remediate_within_days: int = Field(30, ge=0)  # of its being closed
    max_age_hours: int = Field(48, ge=1)  # of a source's last complete read
    max_full_read_age_days: int = Field(8, ge=1)  # of a source's last read of everything


@dataclass(frozen=True)
class Campaign:
    """A campaign's file: its name, what it says, and its digest."""

    name: str
    path: Path
    definition: Definition
    sha256: str

    @property
    def document(self) -> dict[str, Any]:
        """What the file says, with the defaults that apply."""
        return self.definition.model_dump(mode="json")


def read_campaign_file(name: str) -> Campaign:
    """The campaign of this name. Raises Misconfigured where there is none, or it is wrong."""
    must_be_a_name(name)
    path = company_files.policy_folder() / f"{name}.toml"
    if not path.is_file():
        there = ", ".join(campaign_names()) or "none there yet"
        raise Misconfigured(
            str(path),
            f"there is no such campaign file ({there})",
            "write it as docs/review.md shows",
        )
    definition = company_files.parse_toml(path, Definition)
    if definition.second_fallback == definition.fallback:
        raise Misconfigured(str(path), "second_fallback: it is the fallback", "name somebody else")
    for number, one in enumerate(definition.exceptions, 1):
        if sum(map(bool, (one.grant, one.account, one.entitlement))) != 1:
            raise Misconfigured(
                str(path),
                f"exceptions.{number}: it has not exactly one of `grant`, `account` and"
                " `entitlement`",
                "say what is left out by one of them",
            )
    return Campaign(name, path, definition, hashlib.sha256(path.read_bytes()).hexdigest())


def campaign_names() -> list[str]:
    """Every campaign that has a file."""
    found = (path.stem for path in company_files.policy_folder().glob("*.toml"))
    return sorted(name for name in found if NAME.fullmatch(name) and name not in TAKEN)


def must_be_a_name(name: str) -> None:
    """Raises Misconfigured: the name becomes that of a folder, and part of every item's id."""
    if not NAME.fullmatch(name) or name in TAKEN:
        raise Misconfigured(
            f"campaign {name[:80]!r}",
            "it is not up to 60 small letters, digits, - and _",
            "name the file like 2026-q1.toml, and say `rollcall review open 2026-q1`",
        )
