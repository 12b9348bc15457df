"""What is published, how old it is, and how the last run of each source ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

SOURCES_SQL = """
with ranked as (
    select *, row_number() over (partition by source_name order by started_at desc) as place
    from runs
),
complete as (
    select source_name, max(run_id) as run_id, max(started_at) as as_of
    from runs where status = 'complete' group by source_name
)
select
    ranked.source_name,
    ranked.run_id as last_run_id,
    ranked.status as last_status,
    ranked.mode as last_mode,
    ranked.started_at as last_started_at,
    ranked.requests,
    ranked.retries,
    ranked.error,
    ranked.remedy,
    ranked.accepted,
    complete.run_id as complete_run_id,
    complete.as_of,
    ranked.status <> 'complete' as is_stale,
    case
        when ranked.status <> 'complete'
            then date_diff('second', complete.as_of, ranked.started_at)
    end as stale_seconds
from ranked
left join complete on ranked.source_name = complete.source_name
where place = 1
order by ranked.source_name
"""

GRANT_EVENTS_SQL = """
with moments as (
    select run_id, max(started_at) as moment, bool_or(status = 'complete') as is_published
    from runs group by run_id
),
published as (
    select moment, lag(moment) over (order by run_id) as before
    from moments where is_published order by run_id desc limit 1
)
select event, count(*)
from grants_between(
    (select coalesce(before, moment) from published), (select moment from published)
)
group by event
"""
COUNTED_TABLES = ("people", "accounts", "entitlements", "grants", "dangling_grants")


def read_source_states(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One document per source that was ever read: its last run and its last complete one."""
    warehouse.execute("set TimeZone = 'UTC'")
    result = warehouse.execute(SOURCES_SQL)
    names = [column[0] for column in result.description]
    return [
        {name: time_text(value) for name, value in zip(names, row, strict=True)}
        for row in result.fetchall()
    ]


def read_status(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The sources, how many rows each published table has, and what came and went with the last
    run that published anything, beside the one before it."""
    counts = " union all ".join(
        f"select '{table}', count(*) from {table}" for table in COUNTED_TABLES
    )
    return {
        "sources": read_source_states(warehouse),
        "rows": dict(warehouse.execute(counts).fetchall()),
        "grants": dict.fromkeys(("granted", "changed", "removed"), 0)
        | dict(warehouse.execute(GRANT_EVENTS_SQL).fetchall()),
    }


def time_text(value: Any) -> Any:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def describe_age(as_of: str) -> str:
    """How long ago, in words."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(as_of)).total_seconds()
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"
