"""Limit how much one plan may change, and decide what no plan may touch.

Both are checked when a plan is made, and again when it is applied. To exceed a limit, pass the
exact number of changes to both `plan` and `apply`. Protected access and Rollcall's own accounts can
never be changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines import settings
from pipelines.failures import Refused
from pipelines.policy import company_files
from pipelines.sources.writer import Change

ACCESS_ACTIONS = (
    "grant",
    "revoke",
    "create_account",
    "disable_account",
    "enable_account",
    "delete_account",
)
MAX_REASONS_SHOWN = 5


@dataclass(frozen=True)
class PlanLimits:
    """What a plan may change without `--max-changes`. Settings: PLAN__MAX_CHANGES and so on."""

    max_changes: int = 50  # of one source, or
    max_percent_of_grants: float = 2.0  # of the source's grants, whichever is more
    max_percent_of_holders: float = 25.0  # that lose one entitlement, if they are
    few_holders: int = 3  # more than this number
    max_data_age_hours: float = 4.0  # of each source's last complete read, for `plan`
    max_age_hours: float = 24.0  # of the plan, for `apply`

    @classmethod
    def configured(cls) -> PlanLimits:
        return settings.read_numbers(cls, "plan")


def check_limits(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, max_changes: int | None, verb: str
) -> list[str]:
    """Return the limits that are exceeded, in words; `max_changes` was the exact number then.

    Raise Refused if a limit is exceeded and `max_changes` is another number.
    """
    limits = PlanLimits.configured()
    changes = [change for change in changes if change.asks_for in ACCESS_ACTIONS]
    exceeded = [
        *_check_sources(changes, warehouse, limits),
        *_check_entitlements(changes, warehouse, limits),
    ]
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


def _check_sources(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, limits: PlanLimits
) -> Iterable[str]:
    grants = dict(
        warehouse.execute("select source_name, count(*) from grants group by all").fetchall()
    )
    for source, asked in sorted(Counter(change.source_name for change in changes).items()):
        held = grants.get(source, 0)
        share = held * limits.max_percent_of_grants / 100
        if asked > max(limits.max_changes, share):
            yield (
                f"{source}: {asked} changes; the limit is {limits.max_changes} or"
                f" {limits.max_percent_of_grants:g} % of its {held} grants"
            )


def _check_entitlements(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, limits: PlanLimits
) -> Iterable[str]:
    lost = Counter(change.entitlement_id for change in changes if change.asks_for == "revoke")
    for entitlement, losing in sorted(lost.items(), key=str):
        if losing <= limits.few_holders:
            continue
        [(holders,)] = warehouse.execute(
            "select count(*) from grants where entitlement_id = ?", [entitlement]
        ).fetchall()
        if losing > holders * limits.max_percent_of_holders / 100:
            yield (
                f"{entitlement}: {losing} of {holders} holders lose it; the limit is"
                f" {limits.max_percent_of_holders:g} %"
            )


def reason_untouchable(change: Change, patterns: list[str], own_accounts: set[str]) -> str | None:
    """Return why this change must never be made; None if it may be."""
    if change.account_id in own_accounts:
        return "own identity"
    for touched in (change.account_id, change.entitlement_id):
        if touched and any(_fits(pattern, touched) for pattern in patterns):
            return "protected"
    return None


def _fits(pattern: str, value: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL))


def read_protected_patterns() -> list[str]:
    """Read what the company's policy protects at this moment. Raise Misconfigured."""
    policy = company_files.read_policy(company_files.policy_folder())
    return [pattern for pattern, _ in policy["protected"]]


def is_older(moment: str, hours: float) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(moment) > timedelta(hours=hours)
