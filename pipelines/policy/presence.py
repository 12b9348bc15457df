"""Notice when rules of the company stop to apply: a file is gone, or a pattern matches nothing.

The schema `policy` of the published warehouse says which rules there were.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.failures import Refused
from pipelines.sql import has_table, matches_sql

FILES = {
    "policy.toml": (
        *("separation_rules", "exceptions", "protected", "owners", "leavers", "expiry"),
        "approvers",
    ),
    "requests.csv": ("requests",),
}
NEXT_PATTERN = "write the id as `accounts` or `entitlements` has it; `*` is any text"
UNKNOWN_APPROVER = "its approved_by is no address that HR or the policy knows"
NEXT_APPROVER = "name an approver whom HR knows, or who is an owner in policy.toml"
ENTITLEMENTS = "select entitlement_id as id from entitlements"
ACCESS = f"{ENTITLEMENTS} union all select account_id from accounts"
SUBJECTS = (
    f"{ACCESS} union all select person_id from people union all select grant_id from grants"
    " union all select finding_id from findings"
)
SOURCES = "select distinct source_name as id from entitlements"
FINDING_TYPES = "select distinct finding_type as id from findings_history"
# Table of the policy -> for each pattern in its rows: its place in the row, its use, the SQL of the
# ids that it can match
PATTERNS = {
    "protected": [(0, "protected", ACCESS)],
    "owners": [(1, "owner of", ENTITLEMENTS), (2, "owner of source", SOURCES)],
    "separation_conditions": [(3, "separation of duties:", ENTITLEMENTS)],
    "exceptions": [(1, "exception for", FINDING_TYPES), (2, "exception for", SUBJECTS)],
}


def check_gone(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, accepted: Iterable[str] = ()
) -> list[str]:
    """Return the files whose absence was accepted, in the form `policy.toml:3->0`.

    Raises Refused for any other file that is missing or empty if this warehouse has rules from it.
    The rules of an accepted file are removed from the warehouse, so later commands do not stop.
    """
    found = []
    for name, tables in FILES.items():
        path = folder / name
        if path.exists() and path.read_bytes().strip():
            continue
        present = [table for table in tables if has_table(warehouse, table, "policy")]
        rules = sum(_count_rules(warehouse, table) for table in present)
        if not rules:
            continue
        change = f"{name}:{rules}->0"
        if change not in {text.replace(" ", "") for text in accepted}:
            raise Refused(
                f"policy: {path.absolute()}",
                f"the file is gone, and the published data has {rules} rules of it",
                "restore the file, or correct --project-dir or REVIEW__FOLDER; if there shall be no"
                f" rules, run `rollcall sync --accept '{change}'`",
            )
        for table in present:
            warehouse.execute(f"delete from policy.{table}")
        found.append(change)
    return found


def find_unmatched(
    warehouse: duckdb.DuckDBPyConnection, rules: dict[str, list[list[Any]]]
) -> list[str]:
    """Return every pattern of the policy that matches nothing published, with its use before it."""
    return [*dict.fromkeys(_find_unmatched(warehouse, rules))]


def _find_unmatched(
    warehouse: duckdb.DuckDBPyConnection, rules: dict[str, list[list[Any]]]
) -> Iterator[str]:
    if not has_table(warehouse, "findings_history"):
        return  # an earlier version published this warehouse
    for table, places in PATTERNS.items():
        for place, what, ids in places:
            for pattern in (row[place] for row in rules[table]):
                if pattern in (None, "*"):
                    continue
                query = f"select 1 from ({ids}) where {matches_sql('id', '?')} limit 1"
                if not warehouse.execute(query, [pattern]).fetchone():
                    yield f"{what} {pattern}"


def find_unknown_approvers(
    warehouse: duckdb.DuckDBPyConnection, rules: dict[str, list[list[Any]]]
) -> list[str]:
    """Return each exception of the policy whose approver neither HR nor the policy knows, so that
    the exception covers nothing. The model int_approvers decides the same in the warehouse."""
    known = {_to_mail(row[0]) for row in rules["owners"]}
    if has_table(warehouse, "people"):
        found = warehouse.execute("select work_email from people where work_email is not null")
        known |= {_to_mail(address) for (address,) in found.fetchall()}
    return [f"exception {row[0]}" for row in rules["exceptions"] if _to_mail(row[4]) not in known]


def _to_mail(address: str) -> str:
    """Return a mail address in its one normal spelling, like the macro `mail`."""
    return unicodedata.normalize("NFC", address.strip().lower()).removesuffix(".")


def _count_rules(warehouse: duckdb.DuckDBPyConnection, table: str) -> int:
    is_set = (
        " where disable_after_days is not null or delete_after_days is not null"
        if table == "leavers"
        else ""
    )
    [(count,)] = warehouse.execute(f"select count(*) from policy.{table}{is_set}").fetchall()
    return count
