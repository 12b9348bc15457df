"""What the company has decided about access: `policy.toml` and `requests.csv`, two files of theirs.

Both are in the folder REVIEW__FOLDER (default `reviews`) and both may be missing. They are read
before every transform into schema `policy` of the warehouse, where dbt joins them; an entry that
cannot be understood ends the command, since a rule that is silently not there hides access.
"""

from __future__ import annotations

import csv
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import duckdb
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pipelines import settings
from pipelines.failures import Misconfigured
from pipelines.policy.tables import DESCRIPTIONS, POLICY_SCHEMA
from pipelines.sql import quote

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


Mail = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[^\s'\"\\{}@]+@[^\s'\"\\{}@]+$"
    ),
]


Severity = Literal["critical", "high", "medium", "low"]


Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A part of a file in which a name that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Leavers(Strict):
    """What becomes of the accounts of people who have left."""

    disable_after_days: int | None = Field(None, ge=0)
    delete_after_days: int | None = Field(None, ge=0)


class Condition(Strict):
    """Holds any of these entitlements (ids; `*` stands for anything), or none of them."""

    any: list[Text] = []
    all: list[Text] = []
    not_in: list[Text] = []


class Separation(Strict):
    """Duties that one person must not unite: every condition met at once is a finding."""

    id: Text
    title: Text
    severity: Severity = "high"
    conditions: list[Condition] = Field(min_length=1)


class AcceptedFinding(Strict):
    """A finding that somebody answers for, until a day. `finding` and `subject` may hold `*`."""

    id: Text
    finding: Text
    subject: Text = "*"
    reason: Text
    approved_by: Text
    until: date


class Protected(Strict):
    """An account or entitlement that no plan may touch (`*` stands for anything)."""

    id: Text
    reason: Text


class Owner(Strict):
    """Who decides on an entitlement or answers for a source."""

    owner: Mail
    entitlement: Text | None = None
    source: Text | None = None


class Rules(Strict):
    """The whole of `policy.toml`."""

    leavers: Leavers = Leavers()
    separation: list[Separation] = []
    exceptions: list[AcceptedFinding] = []
    protected: list[Protected] = []
    owners: list[Owner] = []


class Request(Strict):
    """One row of `requests.csv`: who is to have what, why, and until when (its last day)."""

    request_id: Text
    account_id: str = ""
    person_id: str = ""
    entitlement_id: Text
    scope_id: str = ""
    reason: Text
    requested_by: str = ""
    approved_by: Text
    requested_on: date | None = None
    until: date | None = None


def policy_folder() -> Path:
    """Where the company's own files are."""
    return Path(settings.read_setting("review.folder", "reviews")).expanduser()


def write_policy(candidate: Path) -> None:
    """Put the company's files into schema `policy` of a warehouse that is not published yet.
    Raises Misconfigured for the first entry that cannot be understood."""
    rows = read_policy(policy_folder())
    with duckdb.connect(str(candidate)) as connection:
        connection.execute("create schema if not exists policy")
        for table, (about, columns) in POLICY_SCHEMA.items():
            kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create or replace table policy.{table} ({kinds})")
            connection.execute(f"comment on table policy.{table} is {quote(about)}")
            for name in columns:
                said = quote(DESCRIPTIONS[name])
                connection.execute(f"comment on column policy.{table}.{name} is {said}")
            if rows[table]:
                places = ", ".join("?" * len(columns))
                connection.executemany(f"insert into policy.{table} values ({places})", rows[table])


def read_policy(home: Path) -> dict[str, list[list[Any]]]:
    """The rows of every table of schema `policy`. Raises Misconfigured."""
    rules, requests = _rules(home / "policy.toml"), _requests(home / "requests.csv")
    conditions = [
        [rule.id, number, kind, pattern]
        for rule in rules.separation
        for number, condition in enumerate(rule.conditions)
        for kind in ("any", "all", "not_in")
        for pattern in getattr(condition, kind)
    ]
    return {
        "leavers": [[rules.leavers.disable_after_days, rules.leavers.delete_after_days]],
        "separation_rules": [[rule.id, rule.title, rule.severity] for rule in rules.separation],
        "separation_conditions": conditions,
        "exceptions": [
            [one.id, one.finding, one.subject, one.reason, one.approved_by, one.until]
            for one in rules.exceptions
        ],
        "protected": [[one.id, one.reason] for one in rules.protected],
        "owners": [[one.owner, one.entitlement, one.source] for one in rules.owners],
        "requests": [
            [getattr(one, name) or None for name in POLICY_SCHEMA["requests"][1]]
            for one in requests
        ],
    }


def parse_toml(path: Path, kind: type[Model]) -> Model:
    """A TOML file of the company's. Raises Misconfigured for the first entry that is wrong."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(str(path), f"it is not TOML ({error})", "mend that line") from None
    except ValidationError as error:
        raise _wrong(str(path), error) from None


def _rules(path: Path) -> Rules:
    if not path.exists():
        return Rules()
    rules = parse_toml(path, Rules)
    _each_once(str(path), [rule.id for rule in rules.separation], "separation rule")
    _each_once(str(path), [one.id for one in rules.exceptions], "exception")
    for owner in rules.owners:
        if bool(owner.entitlement) == bool(owner.source):
            raise Misconfigured(
                str(path),
                f"owner {rules.owners.index(owner) + 1} names not exactly one of"
                " `entitlement` and `source`",
                "give it one of them",
            )
    for rule in rules.separation:
        for number, condition in enumerate(rule.conditions, 1):
            if sum(map(bool, (condition.any, condition.all, condition.not_in))) != 1:
                raise Misconfigured(
                    str(path),
                    f"condition {number} of rule {rule.id} has not exactly one of `any`,"
                    " `all` and `not_in`",
                    "make it one list",
                )
    return rules


def _requests(path: Path) -> list[Request]:
    if not path.exists():
        return []
    found = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        for row in reader:
            what = f"{path} line {reader.line_num}"
            if None in row or None in row.values():
                raise Misconfigured(what, "it has not as many cells as the header", "mend the line")
            dates = ("requested_on", "until")
            given = {key: value.strip() for key, value in row.items()}
            try:
                made = Request.model_validate(
                    {key: value or None if key in dates else value for key, value in given.items()}
                )
            except ValidationError as error:
                raise _wrong(what, error) from None
            if bool(made.account_id) == bool(made.person_id):
                raise Misconfigured(
                    what,
                    "it names not exactly one of account_id and person_id",
                    "say who is to have it by one of them",
                )
            found.append(made)
    _each_once(str(path), [one.request_id for one in found], "request")
    return found


def _each_once(what: str, ids: list[str], kind: str) -> None:
    twice = sorted({key for key in ids if ids.count(key) > 1})
    if twice:
        raise Misconfigured(what, f"{kind} {twice[0]} is there twice", "give each an id of its own")


def _wrong(what: str, error: ValidationError) -> Misconfigured:
    """The first mistake, by its place; what stands there is not repeated, it may be a name."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step + 1) if isinstance(step, int) else str(step) for step in first["loc"])
    return Misconfigured(what, f"{place}: {first['msg'].lower()}", "mend that entry")
