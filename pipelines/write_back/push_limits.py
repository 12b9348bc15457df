"""Limit how much a push may change without a person, and name what only a person may bring back.

What pushes without a person changed in the same target in the last 24 hours counts, too. A plan
beyond the limits is made all the same: a person approves it by its digest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import duckdb

from pipelines.sources.writer import Change
from pipelines.write_back.journal import Call, describe_recent

# A role of which nothing is known may be privileged
RETURNS_SQL = """
with held as (
    select account_id, unnest(returns) as entitlement_id from push_accounts where target = $target
),
access as (
    select
        held.account_id,
        coalesce(entitlements.display_name, held.entitlement_id) as name,
        coalesce(entitlements.is_privileged, resource_type = 'role', true) as is_privileged,
        resource_type = 'group' and push_members.account_id is null as is_unruled
    from held
    left join entitlements using (entitlement_id)
    left join push_members
        on push_members.target = $target
        and push_members.state = 'member'
        and push_members.account_id = held.account_id
        and push_members.entitlement_id = held.entitlement_id
)
select distinct
    account_id, name || if(is_privileged, ' (privileged)', ' (no rule gives it)') as described
from access
where is_privileged or is_unruled
order by all
"""


@dataclass(frozen=True)
class PushLimits:
    """What a push may change without a person; the file of rules has the same names."""

    changes: int
    creates: int
    reactivations: int
    blanked: int
    percent_of_accounts: float
    one_field_percent: float
    percent_of_members: float
    few: int  # the three percentages bind where more than so many are concerned


@dataclass
class Touched:
    """How much some changes touch: their number by kind, and the accounts concerned."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    profiles: set[str] = field(default_factory=set)
    by_field: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    leavers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of a group

    @classmethod
    def by(cls, calls: Iterable[Call]) -> Touched:
        touched = cls()
        for call in calls:
            touched.counts["changes"] += 1
            touched.counts["creates"] += call.asks_for == "create_account"
            touched.counts["reactivations"] += call.is_return
            touched.counts["blanked"] += len(call.blanked_fields)
            if not call.account_id:
                continue
            for name in call.changed_fields:
                touched.profiles.add(call.account_id)
                touched.by_field[name].add(call.account_id)
            if call.asks_for == "revoke" and call.entitlement_id:
                touched.leavers[call.entitlement_id].add(call.account_id)
        return touched


def find_exceeded(
    changes: list[Change],
    warehouse: duckdb.DuckDBPyConnection,
    target: str,
    limits: PushLimits,
    recent: list[Call],
) -> list[str]:
    """Return in words what a push without a person may not do; empty if it may make all changes."""
    if not changes:
        return []
    planned = Touched.by(map(Call.planned, changes))
    before = Touched.by(
        call
        for call in recent
        if call.is_unattended and (call.reason_kind, call.source_name) == ("push", target)
    )
    return [
        *_check_counts(planned, before, limits),
        *_check_accounts(planned, before, limits, _count_accounts(warehouse, target)),
        *_check_groups(planned, before, limits, warehouse),
        *_describe_returns(changes, warehouse, target),
    ]


def _check_counts(planned: Touched, before: Touched, limits: PushLimits) -> Iterator[str]:
    for name, words in (
        ("changes", "changes"),
        ("creates", "new accounts"),
        ("reactivations", "accounts activated again"),
        ("blanked", "values that become empty"),
    ):
        asked, limit = planned.counts[name], getattr(limits, name)
        if asked and asked + before.counts[name] > limit:
            recent = describe_recent(before.counts[name])
            yield f"{words}: {asked}{recent}; limits.{name} is {limit}"


def _check_accounts(
    planned: Touched, before: Touched, limits: PushLimits, accounts: int
) -> Iterator[str]:
    """Yield what changes in too many of the target's accounts: profiles, or one attribute."""
    all_profiles = planned.profiles | before.profiles
    if planned.profiles and _is_beyond(
        len(all_profiles), accounts, limits.percent_of_accounts, limits.few
    ):
        yield (
            f"the profiles of {len(planned.profiles)} of {accounts} accounts change"
            f"{describe_recent(len(all_profiles - planned.profiles))};"
            f" limits.percent_of_accounts is {limits.percent_of_accounts:g}"
        )
    for name, concerned in sorted(planned.by_field.items()):
        others = before.by_field[name] - concerned
        if _is_beyond(len(concerned | others), accounts, limits.one_field_percent, limits.few):
            yield (
                f"{name} changes in {len(concerned)} of {accounts} accounts"
                f"{describe_recent(len(others))};"
                f" limits.one_field_percent is {limits.one_field_percent:g}"
            )


def _check_groups(
    planned: Touched, before: Touched, limits: PushLimits, warehouse: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    for entitlement, leaving in sorted(planned.leavers.items()):
        gone = before.leavers[entitlement]
        [(name, members)] = warehouse.execute(
            # A sync may already have removed those who left recently
            "select (select display_name from entitlements where entitlement_id = $group),"
            " (select count(*) from (select account_id from grants where entitlement_id = $group"
            " union select unnest($gone::varchar[])))",
            {"group": entitlement, "gone": [*gone]},
        ).fetchall()
        if _is_beyond(len(leaving | gone), members, limits.percent_of_members, limits.few):
            yield (
                f"{name or entitlement}: {len(leaving)} of {members} members leave it"
                f"{describe_recent(len(gone - leaving))};"
                f" limits.percent_of_members is {limits.percent_of_members:g}"
            )


def _is_beyond(concerned: int, whole: int, percent: float, few: int) -> bool:
    return concerned > few and concerned > whole * percent / 100


def _count_accounts(warehouse: duckdb.DuckDBPyConnection, target: str) -> int:
    [(count,)] = warehouse.execute(
        "select count(*) from accounts where source_name = ?", [target]
    ).fetchall()
    return count


def find_returns(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, target: str
) -> dict[str | None, list[str]]:
    """Return by account what a push would bring back that is privileged, or that no rule gives."""
    returning = {change.account_id for change in changes if Call.planned(change).is_return}
    found: dict[str | None, list[str]] = defaultdict(list)
    if returning:
        for account, access in warehouse.execute(RETURNS_SQL, {"target": target}).fetchall():
            if account in returning:
                found[account].append(access)
    return found


def _describe_returns(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, target: str
) -> Iterator[str]:
    names = {change.account_id: change.account_name for change in changes}
    for account, access in find_returns(changes, warehouse, target).items():
        who = names[account] or account
        yield f"{who} would get back {', '.join(access)}: only a person may decide that"
