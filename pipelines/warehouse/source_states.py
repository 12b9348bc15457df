"""What is published, how old it is, and how the last run of each source ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb

from pipelines.redact import plain

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
CHANGES = """
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
    """The sources, how many rows each published table has, and what came and went with the last
    run that published anything, beside the one before it."""
    counts = " union all ".join(f"select '{table}', count(*) from {table}" for table in TABLES)
    return {
        "sources": sources(warehouse),
        "rows": dict(warehouse.execute(counts).fetchall()),
        "grants": dict.fromkeys(("granted", "changed", "removed"), 0)
        | dict(warehouse.execute(CHANGES).fetchall()),
    }


def told(document: dict[str, Any], candidate: str) -> Iterator[str]:
    """The status in lines: one per source, then what went wrong, each once, and what is there."""
    for source in document["sources"]:
        state = "STALE" if source["is_stale"] else "ok"
        complete = f"complete {age(source['as_of'])} ago" if source["as_of"] else "never complete"
        yield (
            f"{source['source_name']:10}{state:7}{complete}"
            f" · last run {source['last_status']}, {source['last_mode']},"
            f" {source['requests']} requests, {source['retries']} retries"
        )
    wrong = [(source["error"], source["remedy"]) for source in document["sources"]]
    for error, remedy in dict.fromkeys(pair for pair in wrong if pair[0]):
        yield plain(error)
        if remedy:
            yield f"  next: {remedy}"
    if candidate:
        yield f"  what was refused is kept for a look: {candidate}"
    for source in document["sources"]:
        if source["accepted"]:
            yield f"{source['source_name']}: accepted by hand: {source['accepted']}"
    yield " · ".join(f"{rows} {table}" for table, rows in document["rows"].items())
    yield "grants of the last run: " + " · ".join(
        f"{count} {event}" for event, count in document["grants"].items()
    )


def spoken(value: Any) -> Any:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def age(as_of: str) -> str:
    """How long ago, in words."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(as_of)).total_seconds()
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"
