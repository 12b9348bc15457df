"""What is published, how old it is, and how the last run of each source ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

SOURCES = """
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
TABLES = ("people", "accounts", "entitlements", "grants", "dangling_grants")


def sources(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One document per source that was ever read: its last run and its last complete one."""
    warehouse.execute("set TimeZone = 'UTC'")
    result = warehouse.execute(SOURCES)
    names = [column[0] for column in result.description]
    return [
        {name: spoken(value) for name, value in zip(names, row, strict=True)}
        for row in result.fetchall()
    ]


def status(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The sources, and how many rows each published table has."""
    counts = " union all ".join(f"select '{table}', count(*) from {table}" for table in TABLES)
    return {
        "sources": sources(warehouse),
        "rows": dict(warehouse.execute(counts).fetchall()),
    }


def spoken(value: Any) -> Any:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def age(as_of: str) -> str:
    """How long ago, in words."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(as_of)).total_seconds()
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"
