"""The figures at the top of the page: what is wrong now, and its trend over the last days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from pipelines.report.wording import count_days
from pipelines.sql import fetch_dicts, has_table

MAX_DAYS = 90  # of a trend
MIN_DAYS = 3  # fewer are no trend

# Type of finding -> its name on the page. These are the figures, in this order.
WRONG = {
    "leaver_with_access": "Leavers' open accounts",
    "privileged_without_mfa": "Privileged without second factor",
    "account_without_person": "Accounts without a person",
    "dormant_account": "Dormant accounts",
    "separation_of_duties": "Separation of duties",
}
SPANS = (("up to 1 day", 1), ("2 to 7 days", 7), ("8 to 30 days", 30), ("31 to 90 days", 90))

NOW_SQL = """
select
    finding_type,
    count(*) filter (not is_excepted) as number,
    count(*) filter (is_excepted) as excepted,
    count(distinct findings.person_id) filter (not is_excepted) as people,
    count(*) filter (not is_excepted and findings.person_id is null) as of_nobody,
    count(*) filter (not is_excepted and accounts.mfa_enabled is null) as unknown
from findings
left join accounts using (account_id)
group by finding_type
"""
# The open findings of a type at the end of each day: all that began until then, minus all that
# ended. Exceptions have no history, so excepted findings are among them.
TREND_SQL = f"""
with
changed as (
    select finding_type, valid_from::date as day, 1 as more from findings_history
    union all
    select finding_type, valid_to::date, -1 from findings_history where valid_to is not null
),
published as (
    select min(started_at)::date as first_day, max(started_at)::date as last_day
    from runs where status = 'complete'
),
days as (
    select unnest(generate_series(
        greatest(first_day, last_day - {MAX_DAYS - 1}), last_day, interval 1 day
    ))::date as day
    from published
)
select types.finding_type, days.day, coalesce(sum(more), 0)::bigint as number
from days
cross join (select unnest(?::varchar[]) as finding_type) as types
left join changed on types.finding_type = changed.finding_type and changed.day <= days.day
group by all
order by all
"""
FIRST_READ_SQL = """
select source_name, min(started_at)::date as day from runs
where status = 'complete' group by source_name order by all
"""
OPEN_DAYS_SQL = """
select floor(exposure_hours / 24)::bigint as days
from exposures
join findings using (account_id)
where is_still_open and finding_type = 'leaver_with_access' and not is_excepted
order by days desc
"""
COUNTS_SQL = """
select
    (select count(*) from people) as people,
    (select count(*) from people where employment_status = 'leaver') as leavers,
    (select count(*) from accounts) as accounts,
    (select count(*) from entitlements) as entitlements,
    (select count(*) from grants) as grants,
    (select count(*) from findings where not is_excepted) as findings,
    (
        select count(distinct account_id) from grants
        join entitlements using (entitlement_id) where is_privileged
    ) as privileged_accounts
"""


@dataclass
class Figure:
    """One type of finding: how many there are now, about whom, and the trend by day."""

    type: str
    title: str
    number: int = 0
    excepted: int = 0
    people: int = 0
    of_nobody: int = 0  # without a person in HR
    notes: list[str] = field(default_factory=list)
    trend: list[tuple[date, int]] = field(default_factory=list)
    spans: list[tuple[str, int]] = field(default_factory=list)  # accounts by days open
    is_upper_bound: bool = False
    not_checked: str = ""  # why the number says nothing

    @property
    def has_trend(self) -> bool:
        return len(self.trend) >= MIN_DAYS and any(number for _, number in self.trend)

    @property
    def compared_with(self) -> date:
        """The day a week ago, or the first day if that is later."""
        return self.trend[-min(8, len(self.trend))][0]

    def compare(self) -> str:
        """Return the change against that day. The trend has at least one day."""
        more = self.trend[-1][1] - dict(self.trend)[self.compared_with]
        return f"{more:+,d}".replace("-", "\u2212") if more else "no change"


def read_counts(warehouse: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the number of people, accounts, entitlements, grants and open findings."""
    [counts] = fetch_dicts(warehouse.execute(COUNTS_SQL))
    return counts


def read_figures(warehouse: duckdb.DuckDBPyConnection) -> list[Figure]:
    """Return a figure for each type of WRONG, also where there is no such finding."""
    now = {row["finding_type"]: row for row in fetch_dicts(warehouse.execute(NOW_SQL))}
    figures = {}
    for type_, title in WRONG.items():
        row = now.get(type_, {})
        figures[type_] = Figure(
            type_,
            title,
            *(row.get(name, 0) for name in ("number", "excepted", "people", "of_nobody")),
        )
    for row in fetch_dicts(warehouse.execute(TREND_SQL, [list(WRONG)])):
        figures[row["finding_type"]].trend.append((row["day"], row["number"]))
    for figure in figures.values():
        if figure.trend:  # the policy may have changed since the last sync
            figure.trend[-1] = (figure.trend[-1][0], figure.number + figure.excepted)
    _add_notes(warehouse, figures, now)
    return list(figures.values())


def _add_notes(
    warehouse: duckdb.DuckDBPyConnection, figures: dict[str, Figure], now: dict[str, Any]
) -> None:
    open_days = [days for (days,) in warehouse.execute(OPEN_DAYS_SQL).fetchall()]
    leavers = figures["leaver_with_access"]
    if open_days:
        leavers.notes.append(f"longest: {count_days(open_days[0])} so far")
        leavers.spans = _count_spans(open_days)
        if leavers.number > len(open_days):
            leavers.spans.append(("last day unknown", leavers.number - len(open_days)))
    unknown = now.get("privileged_without_mfa", {}).get("unknown", 0)
    if unknown:
        second_factor = figures["privileged_without_mfa"]
        known = second_factor.number - unknown
        second_factor.is_upper_bound = True
        second_factor.notes.append(
            f"{known:,} known to have none, {unknown:,} where no system says"
        )
    if not _has_separation_rules(warehouse):
        figures["separation_of_duties"].not_checked = "the policy has no rule for this"
    for figure in figures.values():
        if figure.excepted:
            figure.notes.append(f"{figure.excepted:,} more with an exception")


def _has_separation_rules(warehouse: duckdb.DuckDBPyConnection) -> bool:
    if not has_table(warehouse, "separation_rules", "policy"):
        return False
    return bool(warehouse.execute("from policy.separation_rules limit 1").fetchone())


def _count_spans(open_days: list[int]) -> list[tuple[str, int]]:
    """Return the number of open accounts by days since the last day of work."""
    spans, least = [], -1
    for name, most in SPANS:
        spans.append((name, sum(least < days <= most for days in open_days)))
        least = most
    return [*spans, ("over 90 days", sum(days > least for days in open_days))]


def find_late_sources(
    warehouse: duckdb.DuckDBPyConnection, figures: list[Figure]
) -> list[tuple[str, date]]:
    """Return the sources that were first read during the trend, which can make a line rise."""
    first_day = figures[0].trend[0][0] if figures[0].trend else None
    read = warehouse.execute(FIRST_READ_SQL).fetchall()
    return [(source, day) for source, day in read if first_day and day > first_day]
