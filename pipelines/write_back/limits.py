"""How much one plan may change, and what no plan may touch. Judged when it is made and again when
it is applied.

A limit is exceeded by whoever names the exact number of changes, both times. What is protected, and
the accounts that the pipeline itself uses, nobody can let through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from pipelines import settings
from pipelines.failures import Refused
from pipelines.policy import company_files
from pipelines.sources.writer import Change

ACCESS = (
    "grant",
    "revoke",
    "create_account",
    "disable_account",
    "enable_account",
    "delete_account",
)


@dataclass(frozen=True)
class PlanLimits:
    """What is let through without a word. Settings: PLAN__MAX_CHANGES and so on."""

    max_changes: int = 50  # of one source, or
    max_percent_of_grants: float = 2.0  # of the grants of the source, if that is more
    max_percent_of_holders: float = 25.0  # of one entitlement that lose it, where they are
    few_holders: int = 3  # more than so many
    max_data_age_hours: float = 4.0  # of the last complete read of each source, for `plan`
    max_age_hours: float = 24.0  # of the plan, for `apply`

    @classmethod
    def configured(cls) -> PlanLimits:
        return settings.read_numbers(cls, "plan")


def check_limits(
    changes: list[Change], warehouse: duckdb.DuckDBPyConnection, most: int | None, verb: str
) -> list[str]:
    """What exceeds a limit, in words; it was let through by the exact number. Raises Refused."""
    limits = PlanLimits.configured()
    changes = [change for change in changes if change.asks_for in ACCESS]
    exceeded = [*_of_sources(changes, warehouse, limits)]
    exceeded += _of_entitlements(changes, warehouse, limits)
    if exceeded and most != len(changes):
        more = f"; and {len(exceeded) - 5} more" if len(exceeded) > 5 else ""
        raise Refused(
            f"{verb}: {len(changes)} changes of access",
            "; ".join(exceeded[:5]) + more,
            f"look at the changes; if they are right, say `rollcall {verb} … --max-changes"
            f" {len(changes)}`, or raise PLAN__MAX_CHANGES, PLAN__MAX_PERCENT_OF_GRANTS or"
            " PLAN__MAX_PERCENT_OF_HOLDERS",
        )
    return exceeded


def _of_sources(
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
                f"{source}: {asked} changes, at most {limits.max_changes} or"
                f" {limits.max_percent_of_grants:g} % of its {held} grants"
            )


def _of_entitlements(
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
                f"{entitlement}: {losing} of {holders} holders lose it, at most"
                f" {limits.max_percent_of_holders:g} %"
            )


def reason_untouchable(change: Change, patterns: list[str], own: set[str]) -> str | None:
    """Why this change must never be made: it is protected by the policy as it is now, or it is an
    account that the pipeline itself uses."""
    if change.account_id in own:
        return "own identity"
    for touched in (change.account_id, change.entitlement_id):
        if touched and any(_fits(pattern, touched) for pattern in patterns):
            return "protected"
    return None


def _fits(pattern: str, value: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL))


def protected_patterns() -> list[str]:
    """What the company's policy protects at this moment. Raises Misconfigured."""
    return [
        pattern
        for pattern, _ in company_files.read_policy(company_files.policy_folder())["protected"]
    ]
