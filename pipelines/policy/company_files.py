"""Read the company's own files about access: `policy.toml` and `requests.csv`.

Both files are in the folder REVIEW__FOLDER (default `reviews`) and may be
missing, but a file that was there must not disappear unnoticed. They are written into schema
`policy` before every dbt build. A wrong entry ends the command, because a rule that is silently
ignored hides access.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
from pydantic import Field, StringConstraints, ValidationError

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import Strict, Text, describe_error, find_folder, parse_toml
from pipelines.policy import presence
from pipelines.policy.tables import DESCRIPTIONS, POLICY_SCHEMA
from pipelines.sql import quote

Mail = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[^\s'\"\\{}@]+@[^\s'\"\\{}@]+$"
    ),
]
Severity = Literal["critical", "high", "medium", "low"]
DATE_COLUMNS = ("requested_on", "until")  # of requests.csv: an empty cell is null
DEFAULT_FOLDER = Path("reviews")  # in the project directory


class Leavers(Strict):
    """What happens to the accounts of people who have left."""

    disable_after_days: int | None = Field(None, ge=0)
    delete_after_days: int | None = Field(None, ge=0)


class Condition(Strict):
    """A list of entitlement ids of which any, all or none must be held. `*` matches anything."""

    any: list[Text] = Field([])
    all: list[Text] = Field([])
    not_in: list[Text] = Field([])


class Separation(Strict):
    """Duties that one person must not combine. Whoever meets every condition has a finding."""

    id: Text
    title: Text
    severity: Severity = "high"
    conditions: list[Condition] = Field(min_length=1)


class AcceptedFinding(Strict):
    """A finding that somebody accepts until a day. `finding` and `subject` may contain `*`."""

    id: Text
    finding: Text
    subject: Text = "*"
    reason: Text
    approved_by: Text
    until: date


class Protected(Strict):
    """An account or entitlement that no plan may change. `*` matches anything."""

    id: Text
    reason: Text


class Owner(Strict):
    """The owner of an entitlement or a source, who decides on it."""

    owner: Mail
    entitlement: Text | None = None
    source: Text | None = None


class Expiry(Strict):
    """How many accesses whose end date has come may be ended in 24 hours without a person."""

    changes: int = Field(ge=0, strict=True)


class Approval(Strict):
    """Who may approve a plan of others, by mail address."""

    approvers: list[Mail] = Field(min_length=1)


class Rules(Strict):
    """The whole of `policy.toml`."""

    leavers: Leavers = Leavers()
    expiry: Expiry | None = None
    approval: Approval | None = None
    separation: list[Separation] = Field([])
    exceptions: list[AcceptedFinding] = Field([])
    protected: list[Protected] = Field([])
    owners: list[Owner] = Field([])


class Request(Strict):
    """One row of `requests.csv`: who shall have what, why, and until which day."""

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
    """Return the folder of the company's own files: REVIEW__FOLDER, else `reviews`."""
    return find_folder("review.folder", DEFAULT_FOLDER)


def describe_ignored_folder() -> str:
    """Return that `reviews` in the project directory is not read; empty where nothing is ignored.

    Somebody who works there would otherwise believe that these are the rules.
    """
    read = policy_folder()
    if not DEFAULT_FOLDER.is_dir() or DEFAULT_FOLDER.resolve() == read.resolve():
        return ""
    return f"{DEFAULT_FOLDER.absolute()} is not read, because the rules are in {read}"


def write_policy(candidate: Path) -> None:
    """Write the company's files into schema `policy` of a warehouse that is not published yet.

    Raises Misconfigured for the first wrong entry, and Refused if a file with rules is gone.
    """
    folder = policy_folder()
    rows = read_policy(folder)
    with duckdb.connect(str(candidate)) as connection:
        presence.check_gone(connection, folder)
        connection.execute("create schema if not exists policy")
        for table, (about, columns) in POLICY_SCHEMA.items():
            kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create or replace table policy.{table} ({kinds})")
            connection.execute(f"comment on table policy.{table} is {quote(about)}")
            for name in columns:
                comment = quote(DESCRIPTIONS[name])
                connection.execute(f"comment on column policy.{table}.{name} is {comment}")
            if rows[table]:
                places = ", ".join("?" * len(columns))
                connection.executemany(f"insert into policy.{table} values ({places})", rows[table])


def read_policy(home: Path) -> dict[str, list[list[Any]]]:
    """Return the rows of every table of schema `policy`. Raises Misconfigured."""
    rules = _read_rules(home / "policy.toml")
    requests = _read_requests(home / "requests.csv")
    conditions = [
        [rule.id, number, kind, pattern]
        for rule in rules.separation
        for number, condition in enumerate(rule.conditions)
        for kind in ("any", "all", "not_in")
        for pattern in getattr(condition, kind)
    ]
    return {
        "leavers": [[rules.leavers.disable_after_days, rules.leavers.delete_after_days]],
        "expiry": [[rules.expiry.changes]] if rules.expiry else [],
        "approvers": [[mail] for mail in dict.fromkeys(rules.approval.approvers)]
        if rules.approval
        else [],
        "separation_rules": [[rule.id, rule.title, rule.severity] for rule in rules.separation],
        "separation_conditions": conditions,
        "exceptions": [
            [entry.id, entry.finding, entry.subject, entry.reason, entry.approved_by, entry.until]
            for entry in rules.exceptions
        ],
        "protected": [[entry.id, entry.reason] for entry in rules.protected],
        "owners": [[entry.owner, entry.entitlement, entry.source] for entry in rules.owners],
        "requests": [
            [getattr(request, name) or None for name in POLICY_SCHEMA["requests"][1]]
            for request in requests
        ],
    }


def _read_rules(path: Path) -> Rules:
    if not path.exists():
        return Rules()
    rules = parse_toml(path, Rules)
    _must_be_unique(str(path), [rule.id for rule in rules.separation], "separation rule")
    _must_be_unique(str(path), [entry.id for entry in rules.exceptions], "exception")
    for owner in rules.owners:
        if bool(owner.entitlement) == bool(owner.source):
            raise Misconfigured(
                str(path),
                f"owner {rules.owners.index(owner) + 1} must name exactly one of"
                " `entitlement` and `source`",
                "set one of them",
            )
    for rule in rules.separation:
        for number, condition in enumerate(rule.conditions, 1):
            if sum(map(bool, (condition.any, condition.all, condition.not_in))) != 1:
                raise Misconfigured(
                    str(path),
                    f"condition {number} of rule {rule.id} must have exactly one of `any`,"
                    " `all` and `not_in`",
                    "keep one list",
                )
    return rules


def _read_requests(path: Path) -> list[Request]:
    if not path.exists():
        return []
    requests = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        for row in reader:
            what = f"{path} line {reader.line_num}"
            if None in row or None in row.values():
                raise Misconfigured(
                    what, "it has more or fewer cells than the header", "correct the line"
                )
            cells = {key: value.strip() for key, value in row.items()}
            dates = {key: cells[key] or None for key in DATE_COLUMNS if key in cells}
            try:
                request = Request.model_validate(cells | dates)
            except ValidationError as error:
                raise describe_error(what, error, Request) from None
            if bool(request.account_id) == bool(request.person_id):
                raise Misconfigured(
                    what,
                    "it must name exactly one of account_id and person_id",
                    "fill in one of the two",
                )
            requests.append(request)
    _must_be_unique(str(path), [request.request_id for request in requests], "request")
    return requests


def _must_be_unique(what: str, ids: list[str], kind: str) -> None:
    twice = sorted({key for key in ids if ids.count(key) > 1})
    if twice:
        raise Misconfigured(what, f"{kind} {twice[0]} is there twice", "use every id once")
