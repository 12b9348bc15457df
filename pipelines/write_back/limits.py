"""Limit how much one plan may change and how old its data may be, and what no plan may touch.

Limits and protection are checked when a plan is made, and again when it is applied. What other
plans changed in the last 24 hours counts, too. To exceed a limit, pass the exact number of changes
to both `plan` and `apply`. Protected access and Rollcall's own accounts can never be changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import Refused
from pipelines.policy import company_files
from pipelines.sources.writer import COUNTED_ACTIONS, Change
from pipelines.warehouse.source_states import (
    DEFAULT_MAX_AGE_HOURS,
    explain_age,
    max_age_hours,
    read_source_states,
)
from pipelines.write_back import push_limits
from pipelines.write_back.journal import Call, describe_recent
from pipelines.write_back.plan import Basis

MAX_REASONS_SHOWN = 5


@dataclass(frozen=True)
class PlanLimits:
    """What a plan may change without `--max-changes`. Settings: PLAN__MAX_CHANGES and so on."""

    max_changes: int = 50  # of one source; more pass if they are fewer than the next limit
    max_percent_of_grants: float = 2.0  # of the source's grants
    max_percent_of_holders: float = 25.0  # of one entitlement, who lose it
    few_holders: int = 3  # this many holders may always lose an entitlement
    max_data_age_hours: float = DEFAULT_MAX_AGE_HOURS  # for `plan`; default: MAX_AGE_HOURS
    max_age_hours: float = 24.0  # of the plan, for `apply`

    @classmethod
    def configured(cls) -> PlanLimits:
        return settings.read_numbers(cls, "plan", max_data_age_hours=max_age_hours())


def check_limits(
    changes: list[Change],
    warehouse: duckdb.DuckDBPyConnection,
    max_changes: int | None,
    verb: str,
    recent: list[Call],
) -> list[str]:
    """Return the limits that are exceeded, in words, if `max_changes` is the number of changes.

    Raise Refused if a limit is exceeded and `max_changes` is another number. What other plans
    changed recently counts as well, because ten small plans are one large plan. Pushes have limits
    of their own.
    """
    changes = [change for change in changes if change.asks_for in COUNTED_ACTIONS]
    exceeded = _find_exceeded(changes, warehouse, recent)
    if exceeded and max_changes != len(changes):
        hidden = len(exceeded) - MAX_REASONS_SHOWN
        more = f"; and {hidden} more" if hidden > 0 else ""
        raise Refused(
            f"{verb}: {len(changes)} changes of access",
            "; ".join(exceeded[:MAX_REASONS_SHOWN]) + more,
            f"check the changes; if they are right, run `rollcall {verb} … --max-changes"
            f" {len(changes)}`, or raise PLAN__MAX_CHANGES, PLAN__MAX_PERCENT_OF_GRANTS or"
            " PLAN__MAX_PERCENT_OF_HOLDERS",
        )
    return exceeded


def check_standing_limits(
    changes: list[Change],
    warehouse: duckdb.DuckDBPyConnection,
    max_changes: int | None,
    verb: str,
    recent: list[Call],
    basis: Basis,
) -> list[str]:
    """Return in words why a person must approve these changes; empty if a standing approval may.

    Raise Refused only if `max_changes` is given and is not the number of changes.
    """
    if max_changes is not None and max_changes != len(changes):
        raise Refused(
            f"{verb}: {len(changes)} changes",
            f"--max-changes is {max_changes}",
            "check the changes; the number must be exact",
        )
    if basis.kind == "push":
        limits = push_limits.PushLimits(**basis.limits)
        return push_limits.find_exceeded(changes, warehouse, str(basis.target), limits, recent)
    changes = [change for change in changes if change.asks_for in COUNTED_ACTIONS]
    before = [call for call in recent if call.is_unattended and call.reason_kind == basis.kind]
    limit, exceeded = basis.limits["changes"], _find_exceeded(changes, warehouse, recent)
    if changes and len(changes) + len(before) > limit:
        exceeded.append(
            f"{len(changes)} changes{describe_recent(len(before))}; the limit of {basis.kind}"
            f" is {limit}"
        )
    return exceeded


def _find_exceeded(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, recent: list[Call]
) -> list[str]:
    limits = PlanLimits.configured()
    recent = [
        call for call in recent if call.reason_kind != "push" and call.asks_for in COUNTED_ACTIONS
    ]
    return [
        *_check_sources(changes, warehouse, limits, recent),
        *_check_entitlements(changes, warehouse, limits, recent),
    ]


def _check_sources(
    changes: list[Change],
    warehouse: duckdb.DuckDBPyConnection,
    limits: PlanLimits,
    recent: list[Call],
) -> Iterable[str]:
    applied = Counter(call.source_name for call in recent)
    grants = dict(
        warehouse.execute("select source_name, count(*) from grants group by all").fetchall()
    )
    for source, asked in sorted(Counter(change.source_name for change in changes).items()):
        held = grants.get(source, 0)
        share = held * limits.max_percent_of_grants / 100
        if asked + applied[source] > max(limits.max_changes, share):
            yield (
                f"{source}: {asked} changes{describe_recent(applied[source])}; the limit is"
                f" {limits.max_changes} or {limits.max_percent_of_grants:g} % of its {held} grants"
            )


def _check_entitlements(
    changes: list[Change],
    warehouse: duckdb.DuckDBPyConnection,
    limits: PlanLimits,
    recent: list[Call],
) -> Iterable[str]:
    taken = [call for call in recent if call.asks_for == "revoke"]
    applied = Counter(call.entitlement_id for call in taken)
    lost = Counter(change.entitlement_id for change in changes if change.asks_for == "revoke")
    for entitlement, losing in sorted(lost.items(), key=str):
        if losing + applied[entitlement] <= limits.few_holders:
            continue
        gone = [call.grant_id for call in taken if call.entitlement_id == entitlement]
        [(holders,)] = warehouse.execute(
            # A sync may already have removed what was revoked recently
            "select count(*) from (select grant_id from grants where entitlement_id = ?"
            " union select unnest(?::varchar[]))",
            [entitlement, gone],
        ).fetchall()
        if losing + applied[entitlement] > holders * limits.max_percent_of_holders / 100:
            yield (
                f"{entitlement}: {losing} of {holders} holders lose it"
                f"{describe_recent(applied[entitlement])}; the limit is"
                f" {limits.max_percent_of_holders:g} %"
            )


def reason_untouchable(
    change: Change, patterns: list[str], own_accounts: set[str]
) -> tuple[str, str] | None:
    """Return why this change must never be made, and what to do then; None if it may be made."""
    if change.account_id in own_accounts:
        return "own identity", "nothing while Rollcall uses this account: plan with another one"
    for touched in (change.account_id, change.entitlement_id):
        if touched and any(_fits(pattern, touched) for pattern in patterns):
            return "protected", "nothing while policy.toml protects it"
    return None


def _fits(pattern: str, value: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL))


def read_protected_patterns() -> list[str]:
    """Read what the company's policy protects at this moment. Raise Misconfigured."""
    policy = company_files.read_policy(company_files.policy_folder())
    return [pattern for pattern, _ in policy["protected"]]


def is_older(moment: str, hours: float) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(moment) > timedelta(hours=hours)


def find_fresh_states(
    sources: set[str], warehouse: duckdb.DuckDBPyConnection, what: str
) -> dict[str, dict[str, Any]]:
    """Return the state of each source. Raise Refused if one is incomplete or its data is old."""
    hours = PlanLimits.configured().max_data_age_hours
    states = {state["source_name"]: state for state in read_source_states(warehouse)}
    for name in sorted(sources):
        state = states.get(name)
        if state is None or state["is_stale"]:
            why = "the last sync was not complete, so its data may be out of date"
        else:
            why = explain_age(state, hours)
        if why:
            next = "run `rollcall sync`, or set MAX_AGE_HOURS (PLAN__MAX_DATA_AGE_HOURS for plans)"
            raise Refused(f"{what}: {name}", why, next)
    return {name: states[name] for name in sorted(sources)}
