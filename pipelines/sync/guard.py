"""Refuse a candidate that lost too much, because a broken read must not look like a removal.

Each source and table is compared with the last published state, and with the largest state of the
last seven days. A source that loses a little in every run is therefore noticed, too. To accept a
change, pass its exact numbers; the seven days then begin anew for this source and table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import duckdb

from pipelines.failures import Refused
from pipelines.sync.changed_statuses import find_changed_statuses
from pipelines.sync.shrink_limits import Shrinkage, ShrinkLimits
from pipelines.sync.vanished_fields import find_vanished_fields

KEYS = {
    "people": "person_id",
    "accounts": "account_id",
    "entitlements": "entitlement_id",
    "grants": "grant_id",
}
# Many values missing at once mean that a right was lost, not that the values are gone
ATTRIBUTES = {
    "people": {
        "work_email": "work_email",
        "manager_email": "manager_email",
        "employment_status": "nullif(employment_status, 'unknown')",
    },
    "accounts": {"email": "email", "status": "nullif(status, 'unknown')"},
}
MIN_REPLACED_ACCOUNTS = 3  # where there are fewer, all of them may be replaced at once

# A run closes history rows at its own start, so a row with `valid_to = this run` was there before
THIS_RUN = "(select max(started_at) from main.runs)"
WAS_THERE = f"valid_from < {THIS_RUN} and (valid_to is null or valid_to = {THIS_RUN})"
LAST_STATES = f"valid_to is null or valid_to = {THIS_RUN}"

ROWS_SQL = f"""
with versions as (select * from main.{{table}}_history),
keys as (
    select
        source_name,
        {{key}},
        bool_or({WAS_THERE}) as was_there,
        bool_or(valid_to is null) as is_there
    from versions
    where {LAST_STATES}
    group by all
),
totals as (
    select
        source_name,
        count(*) filter (was_there) as before,
        count(*) filter (is_there) as after,
        count(*) filter (was_there and not is_there) as removed,
        count(*) filter (is_there and not was_there) as added
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
accepted as (
    select source_name, max(started_at) as moment from main.runs
    where status = 'complete'
    and contains('; ' || accepted, '; ' || source_name || '.{{table}}:')
    group by source_name
),
largest as (
    select source_name, max(size) as size from sizes
    where moment < {THIS_RUN} and moment >= coalesce(
        greatest(
            (
                select max(earlier.moment) from sizes as earlier
                where earlier.source_name = sizes.source_name
                and earlier.moment <= {THIS_RUN} - interval 7 days
            ),
            -- What a person has accepted is no loss for the runs that follow
            (select moment from accepted where accepted.source_name = sizes.source_name)
        ),
        '-infinity'
    )
    group by source_name
)
select totals.*, coalesce(largest.size, before)::bigint
from totals left join largest on totals.source_name = largest.source_name
order by totals.source_name
"""
HOLDERS_SQL = f"""
with own_revokes as (
    select grant_id, max(known_at) as known_at from main.applied_changes
    where action = 'revoke' and outcome = 'done' and grant_id is not null
    group by grant_id
),
counted as (
    select
        entitlement_id,
        count(distinct grant_id) filter ({WAS_THERE}) as before,
        count(distinct grant_id) filter (valid_to is null or known_at >= valid_from) as after
    from main.grants_history left join own_revokes using (grant_id)
    where {LAST_STATES}
    group by entitlement_id
)
select entitlement_id, before, after from counted
where before >= ? and before - after > ? * before
order by entitlement_id
"""
VALUES_SQL = f"""
select
    source_name,
    count(*) filter (valid_from < {THIS_RUN}) as rows_before,
    count(*) filter (valid_from < {THIS_RUN} and {{value}} is null) as missing_before,
    count(*) filter (valid_to is null) as rows_after,
    count(*) filter (valid_to is null and {{value}} is null) as missing_after
from main.{{table}}_history
where {LAST_STATES}
group by source_name order by source_name
"""


def check_shrinkage(
    candidate: Path,
    published: Path,
    sources: list[str],
    accepted: Iterable[str],
    warn: Callable[[str, str], None],
    gone: Collection[str] = (),
) -> list[str]:
    """Return the changes beyond the limits that were accepted; raise Refused for any other.

    `sources` are those that this sync has read. `warn` gets a source and a change that passes.
    `gone` are the systems of which nothing is left, as a person has accepted.
    """
    limits = ShrinkLimits.configured()
    changes = []
    with duckdb.connect(str(candidate)) as connection:
        changes += find_lost_fields(connection, published, sources, limits, warn)
        for table in KEYS:
            changes += _find_lost_rows(connection, table, limits)
            changes += find_changed_statuses(connection, table, THIS_RUN, limits)
            changes += _find_lost_values(connection, table, limits)
        changes += _find_lost_holders(connection, limits)
    changes = [change for change in changes if change.source not in gone]
    accepted = {text.replace(" ", "") for text in accepted}
    refused = [change for change in changes if str(change) not in accepted]
    if refused:
        listed = "; ".join(f"{change} ({change.why})" for change in refused[:5])
        more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
        flags = " ".join(f"--accept '{change}'" for change in refused)
        raise Refused(
            f"guard: {refused[0].name}",
            listed + more,
            f"look at the refused candidate; if it is right, run `rollcall sync {flags}`",
        )
    return [str(change) for change in changes]


def find_lost_fields(
    connection: duckdb.DuckDBPyConnection,
    published: Path,
    sources: list[str],
    limits: ShrinkLimits,
    warn: Callable[[str, str], None],
) -> list[Shrinkage]:
    """Return the fields that no row has any more, if a status or more than a few rows need them."""
    if not published.exists():
        return []
    changes = []
    for field in find_vanished_fields(connection, published, sources):
        if field.decides_status or field.rows > limits.vanished_rows:
            changes.append(field.shrinkage)
        else:
            warn(field.source, f"{field.shrinkage} ({field.shrinkage.why})")
    return changes


def _find_lost_rows(
    connection: duckdb.DuckDBPyConnection, table: str, limits: ShrinkLimits
) -> list[Shrinkage]:
    """Return the sources that lost or gained too many rows of this table."""
    found = connection.execute(ROWS_SQL.format(table=table, key=KEYS[table])).fetchall()
    changes = []
    for source, before, after, removed, added, largest in found:
        if why := explain_refusal(table, limits, before, after, removed, added, largest):
            first = max(before, largest) if largest - after > removed else before
            changes.append(Shrinkage(f"{source}.{table}", first, after, why))
    return changes


def explain_refusal(
    table: str,
    limits: ShrinkLimits,
    before: int,
    after: int,
    removed: int,
    added: int,
    largest: int,
) -> str:
    """Return why the rows of a source in a table changed too much; empty if they may change so.

    `largest` is the largest number of rows of the last week.
    """
    least = limits.removed_grants if table == "grants" else limits.removed_rows
    lost = max(removed, largest - after)
    if before and not after:
        return "nothing is left"
    if table == "accounts" and removed == before >= MIN_REPLACED_ACCOUNTS:
        return "none of the earlier accounts is left"
    if lost > limits.removed_most or lost > max(least, limits.removed_share * max(before, largest)):
        return f"{removed} rows are gone since the last sync, {lost} within a week"
    if before and added > max(limits.added_rows, limits.added_share * before):
        return f"{added} rows are new"
    return ""


def _find_lost_holders(
    connection: duckdb.DuckDBPyConnection, limits: ShrinkLimits
) -> list[Shrinkage]:
    """Return the entitlements that lost too many of their holders."""
    found = connection.execute(HOLDERS_SQL, [limits.resource_rows, limits.resource_share])
    return [
        Shrinkage(name, before, after, f"{before - after} of its holders lost it")
        for name, before, after in found.fetchall()
    ]


def _find_lost_values(
    connection: duckdb.DuckDBPyConnection, table: str, limits: ShrinkLimits
) -> list[Shrinkage]:
    """Return the attributes that have no value in many more rows of a source than before."""
    changes = []
    for attribute, value in ATTRIBUTES.get(table, {}).items():
        found = connection.execute(VALUES_SQL.format(table=table, value=value)).fetchall()
        for source, rows_before, missing_before, rows_after, missing_after in found:
            if min(rows_before, rows_after) < limits.resource_rows:
                continue
            risen = missing_after / rows_after - missing_before / rows_before
            if risen > limits.missing_points:
                changes.append(
                    Shrinkage(
                        f"{source}.{table}.{attribute}",
                        rows_before - missing_before,
                        rows_after - missing_after,
                        f"{missing_after} rows have no value now, {missing_before} had none before",
                    )
                )
    return changes
