"""Read which changes are wanted, and separate those that a plan may contain from the blocked ones.

The mart planned_changes decides what is wanted. `plan` makes its items from these changes. `apply`
reads the wanted changes again, so that a plan which is no longer wanted is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import duckdb

from pipelines.failures import Misconfigured
from pipelines.sources import write_access
from pipelines.sources.writer import ACTION_ORDER, Change
from pipelines.sql import fetch_dicts, has_table
from pipelines.write_back import limits, push_limits
from pipelines.write_back.journal import Call

BY_HAND = "change these by hand and sync: `rollcall plan --csv FILE` lists them"
NO_CHANNEL = "no write channel"
GIVES_NOBODY = "it gives nobody"  # why the models block removing all members of a pushed group


class WantedChange(NamedTuple):
    change: Change
    blocked_because: str | None = None
    next_step: str | None = None  # what to do about a blocked change


# Which rows of planned_changes a plan of each kind is about
CONDITIONS = {
    "access": "reason_kind <> 'push'",
    "push": "reason_kind = 'push' and source_name = $target",
    "expiry": "reason_kind = 'expiry'",
}


def read_wanted_changes(
    warehouse: duckdb.DuckDBPyConnection, kind: str = "access", target: str | None = None
) -> list[WantedChange]:
    """Return the changes that planned_changes asks for, those of one kind of plan.

    Raise Misconfigured without that mart.
    """
    warehouse.execute("set TimeZone = 'UTC'")
    if not has_table(warehouse, "planned_changes"):
        why = "the published warehouse has no table planned_changes"
        raise Misconfigured("plan", why, "run `rollcall sync`")
    cells = ", ".join(  # every field of a change is text
        f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') as {name}"
        if kind.startswith("TIMESTAMP")
        else f"{name}::varchar as {name}"
        for name, kind, *_ in warehouse.execute("describe planned_changes").fetchall()
    )
    found = []
    query = f"select {cells} from planned_changes where {CONDITIONS[kind]}"
    values = {"target": target} if kind == "push" else {}
    for row in fetch_dicts(warehouse.execute(query, values)):
        blocked_because = row.pop("blocked_because")
        next_step = row.pop("next_step", None)  # an earlier version published without it
        found.append(WantedChange(Change.of(row), blocked_because, next_step))
    return found


def split_wanted_changes(
    wanted: list[WantedChange], own_accounts: set[str], is_unattended: bool = False
) -> tuple[list[Change], list[WantedChange]]:
    """Return the changes to make, in the order to make them, and the blocked changes.

    A change is also blocked if today's policy protects what it touches, if it touches one of
    Rollcall's own accounts, or if nothing can carry it out. Only a person may empty a group whose
    rule gives nobody. A change that no call undoes has no inverse here.
    """
    patterns = limits.read_protected_patterns()
    is_final, may_write = _load_finality_test(), cache(write_access.has_write_credential)
    possible: list[Change] = []
    blocked: list[WantedChange] = []
    for change, why, step in wanted:
        if why == GIVES_NOBODY and change.account_id and not is_unattended:
            why = None
        if not why or why.startswith(NO_CHANNEL):  # what people change by hand is protected, too
            why, step = limits.reason_untouchable(change, patterns, own_accounts) or (why, step)
        if not why and change.through not in write_access.writable_sources():
            why, step = NO_CHANNEL, BY_HAND
        if not why and change.channel == "ticket" and not may_write(change.through):
            why = f"{NO_CHANNEL}: this host may open no tickets in {change.through}"
            step = f"set the write credential of {change.through}, or {BY_HAND}"
        if why:
            blocked.append(WantedChange(change, why, step))
        else:
            possible.append(replace(change, inverse_action=None) if is_final(change) else change)
    possible.sort(key=lambda change: (ACTION_ORDER.index(change.action), change.change_id))
    blocked.sort(key=lambda one: (one.blocked_because, one.change.change_id))
    return possible, blocked


def hold_back_returns(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, target: str
) -> tuple[list[Change], list[WantedChange]]:
    """Return the changes that a push may make without a person, and those that it may not: what
    would bring back access that is privileged, or that no rule gives."""
    access = push_limits.find_returns(changes, warehouse, target)
    allowed, held = [], []
    for change in changes:
        if change.account_id in access and Call.planned(change).is_return:
            why = f"it would bring back {', '.join(access[change.account_id])}: a person decides"
            step = f"run `rollcall push plan {target}`, read the plan, and apply it"
            held.append(WantedChange(change, why, step))
        else:
            allowed.append(change)
    return allowed, held


def _load_finality_test() -> Callable[[Change], bool]:
    tests = cache(write_access.load_finality_test)

    def is_final(change: Change) -> bool:
        is_call = change.channel == "api" and change.reason_kind != "undo"
        return is_call and tests(change.source_name)(change)

    return is_final
