"""What may not shrink, and by how much: a broken read must not look like a removal.

The candidate is judged by its own history, per source and table: against the last published state,
and against the largest of the last seven days, so that losing a little every run is noticed as
well. Whoever knows that a change is right says so with its exact numbers, for one run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Refused
from pipelines.sources import registry
from pipelines.warehouse import run_tables

KEYS = {
    "people": "person_id",
    "accounts": "account_id",
    "entitlements": "entitlement_id",
    "grants": "grant_id",
}
FEW = 3  # accounts that may all have gone, and others come, in a very small company
# Where many values going missing at once means that a right was lost, not that they are gone
ATTRIBUTES = {
    "people": ("work_email", "manager_email"),
    "accounts": ("email", "nullif(status, 'unknown')"),
}


@dataclass(frozen=True)
class ShrinkLimits:
    """What is let through without a word. Settings: GUARD__REMOVED_SHARE and so on."""

    removed_share: float = 0.10  # of what was there; fewer rows than `removed_rows` always pass
    removed_rows: int = 20
    removed_grants: int = 50  # the same for grants
    removed_most: int = 500  # more rows than this never pass
    added_share: float = 0.50
    added_rows: int = 100  # fewer new rows than this always pass
    resource_share: float = 0.50  # of the grants of one entitlement that had `resource_rows`
    resource_rows: int = 20
    missing_points: float = 0.05  # of values of one attribute, where there are `resource_rows`

    @classmethod
    def configured(cls) -> ShrinkLimits:
        return settings.read_numbers(cls, "guard")


@dataclass(frozen=True)
class Shrinkage:
    """One thing that changed by more than its limit. `name` and the numbers are what to accept."""

    name: str
    before: int
    after: int
    why: str

    def __str__(self) -> str:
        return f"{self.name}:{self.before}->{self.after}"


def check_shrinkage(candidate: Path, accepted: Iterable[str]) -> list[str]:
    """Raise Refused for changes beyond the limits that nobody accepted; return those accepted."""
    limits = ShrinkLimits.configured()
    with duckdb.connect(str(candidate)) as connection:
        changes = [
            change
            for table, key in KEYS.items()
            for change in [
                *_rows(connection, table, key, limits),
                *_attributes(connection, table, limits),
            ]
        ] + _resources(connection, limits)
    agreed = {text.replace(" ", "") for text in accepted}
    refused = [change for change in changes if str(change) not in agreed]
    if refused:
        told = "; ".join(f"{change} ({change.why})" for change in refused[:5])
        more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
        flags = " ".join(f"--accept '{change}'" for change in refused)
        raise Refused(
            f"guard: {refused[0].name}",
            told + more,
            f"look at the candidate; if it is right, run `rollcall sync {flags}`",
        )
    return [str(change) for change in changes]


def check_tenants(candidate: Path, sources: list[str], accepted: Iterable[str]) -> dict[str, str]:
    """By source: that its settings lead to another tenant than its last complete run has read, as
    somebody accepted it. Raises Refused where nobody did: ids of one mean nothing in the other."""
    found = {}
    with duckdb.connect(str(candidate)) as connection:
        run_tables.RUNS.create(connection)
        known = dict(
            connection.execute(
                "select source_name, max_by(tenant, started_at) from main.runs"
                " where status = 'complete' and tenant is not null group by all"
            ).fetchall()
        )
    for source in sources:
        before, now = known.get(source), registry.source_tenant(source)
        if before in (None, now):
            continue
        found[source] = f"{source}.tenant:{before}->{now}"
        if found[source] not in accepted:
            raise Refused(
                f"guard: {source}.tenant",
                f"what is published is of {before}, and the settings lead to {now}",
                f"mend them; if it has moved, run `rollcall sync --accept '{found[source]}'`",
            )
    return found


NOW = "(select max(started_at) from main.runs)"


def _rows(
    connection: duckdb.DuckDBPyConnection, table: str, key: str, limits: ShrinkLimits
) -> list[Shrinkage]:
    """Sources whose rows of this table vanished or multiplied."""
    found = connection.execute(
        f"""
        with versions as (select * from main.{table}_history),
        keys as (
            select
                source_name,
                {key},
                bool_or(valid_from < {NOW} and (valid_to is null or valid_to = {NOW})) as was,
                bool_or(valid_to is null) as remains
            from versions
            where valid_to is null or valid_to = {NOW}
            group by all
        ),
        totals as (
            select
                source_name,
                count(*) filter (was) as before,
                count(*) filter (remains) as after,
                count(*) filter (was and not remains) as removed,
                count(*) filter (remains and not was) as added
            from keys group by source_name
        ),
        steps as (
            select source_name, valid_from as moment, count(*) as step from versions group by all
            union all
            select source_name, valid_to as moment, -count(*) as step from versions
            where valid_to is not null group by all
        ),
        sizes as (
            select source_name, moment, sum(sum(step)) over (
                partition by source_name order by moment
            ) as size
            from steps group by source_name, moment
        ),
        largest as (
            select source_name, max(size) as size from sizes
            where moment < {NOW} and moment >= coalesce(
                (
                    select max(earlier.moment) from sizes as earlier
                    where earlier.source_name = sizes.source_name
                    and earlier.moment <= {NOW} - interval 7 days
                ),
                '-infinity'
            )
            group by source_name
        )
        select totals.*, coalesce(largest.size, before)::bigint
        from totals left join largest on totals.source_name = largest.source_name
        order by totals.source_name
        """
    ).fetchall()
    changes = []
    least = limits.removed_grants if table == "grants" else limits.removed_rows
    for source, before, after, removed, added, largest in found:
        name = f"{source}.{table}"
        lost = max(removed, largest - after)
        base = max(before, largest)
        why = ""
        if before and not after:
            why = "nothing is left"
        elif table == "accounts" and removed == before >= FEW:
            why = "not one of those that were there is left"
        elif lost > limits.removed_most or lost > max(least, limits.removed_share * base):
            why = f"{removed} rows are gone since the last sync, {lost} within a week"
        elif before and added > max(limits.added_rows, limits.added_share * before):
            why = f"{added} rows are new"
        if why:
            changes.append(Shrinkage(name, base if lost > removed else before, after, why))
    return changes


def _resources(connection: duckdb.DuckDBPyConnection, limits: ShrinkLimits) -> list[Shrinkage]:
    """Entitlements that lost most of those who held them."""
    found = connection.execute(
        f"""
        with counted as (
            select
                entitlement_id,
                count(distinct grant_id) filter (
                    valid_from < {NOW} and (valid_to is null or valid_to = {NOW})
                ) as before,
                count(*) filter (valid_to is null) as after
            from main.grants_history
            where valid_to is null or valid_to = {NOW}
            group by entitlement_id
        )
        select entitlement_id, before, after from counted
        where before >= ? and before - after > ? * before
        order by entitlement_id
        """,
        [limits.resource_rows, limits.resource_share],
    ).fetchall()
    return [Shrinkage(*row, f"{row[1] - row[2]} of those who held it do not") for row in found]


def _attributes(
    connection: duckdb.DuckDBPyConnection, table: str, limits: ShrinkLimits
) -> list[Shrinkage]:
    """Attributes that many more rows of a source lack than before."""
    changes = []
    for attribute in ATTRIBUTES.get(table, ()):
        column = attribute.removeprefix("nullif(").split(",")[0]
        found = connection.execute(
            f"""
            select
                source_name,
                count(*) filter (was) as rows_before,
                count(*) filter (was and value is null) as missing_before,
                count(*) filter (remains) as rows_after,
                count(*) filter (remains and value is null) as missing_after
            from (
                select
                    source_name,
                    {attribute} as value,
                    valid_from < {NOW} as was,
                    valid_to is null as remains
                from main.{table}_history
                where valid_to is null or valid_to = {NOW}
            )
            group by source_name order by source_name
            """
        ).fetchall()
        for source, rows_before, missing_before, rows_after, missing_after in found:
            if min(rows_before, rows_after) < limits.resource_rows:
                continue
            risen = missing_after / rows_after - missing_before / rows_before
            if risen > limits.missing_points:
                changes.append(
                    Shrinkage(
                        f"{source}.{table}.{column}",
                        rows_before - missing_before,
                        rows_after - missing_after,
                        f"{missing_after} rows lack it now, {missing_before} did before",
                    )
                )
    return changes
