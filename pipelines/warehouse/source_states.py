"""The state of each source: how its last run ended, how old its data is, and whether it is stale.

Only the model source_states defines these states. A refused run adds rows to `runs` without a build
of that model, so the model's query is run on `runs` here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from pipelines import clock
from pipelines.sql import fetch_dicts
from pipelines.warehouse import PROJECT_FOLDER

MODEL_RUNS = "{{ source('rollcall', 'runs') }}"
STATES_SQL = """
select
    states.source_name,
    states.last_run_id,
    states.last_status,
    runs.mode as last_mode,
    states.last_run_at as last_started_at,
    runs.requests,
    runs.retries,
    runs.error,
    runs.remedy,
    runs.accepted,
    states.last_complete_run_id as complete_run_id,
    states.last_complete_at as as_of,
    states.is_stale,
    case
        when states.is_stale
            then date_diff('second', states.last_complete_at, states.last_run_at)
    end as stale_seconds
from ({model}) as states
join main.runs
    on states.source_name = runs.source_name and states.last_run_id = runs.run_id
order by states.source_name
"""
GRANT_EVENTS_SQL = """
with moments as (
    select run_id, max(started_at) as moment, bool_or(status = 'complete') as is_published
    from runs group by run_id
),
published as (
    select moment, lag(moment) over (order by moment) as before
    from moments where is_published order by moment desc limit 1
)
select event, count(*)
from grants_between(
    (select coalesce(before, moment) from published), (select moment from published)
)
group by event
"""
COUNTED_TABLES = ("people", "accounts", "entitlements", "grants", "dangling_grants")


def read_source_states(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return one dict per source that was ever read, about its last run and last complete run."""
    [path] = PROJECT_FOLDER.glob("models/**/source_states.sql")
    model = path.read_text().replace(MODEL_RUNS, "main.runs")
    warehouse.execute("set TimeZone = 'UTC'")
    rows = fetch_dicts(warehouse.execute(STATES_SQL.format(model=model)))
    return [{name: time_text(value) for name, value in row.items()} for row in rows]


def read_status(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the sources, the row count of each published table, and how many grants came and went
    between the last two runs that were published."""
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
    """Return a time as text in UTC, and any other value as it is."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def describe_age(as_of: str) -> str:
    """Return the time since a moment in words, such as "3 h ago"."""
    if clock.is_ahead(as_of):
        return "dated in the future: a clock was wrong"
    seconds = (datetime.now(UTC) - datetime.fromisoformat(as_of)).total_seconds()
    if seconds < 5400:
        return f"{max(seconds, 0) / 60:.0f} min ago"
    return f"{seconds / 3600:.0f} h ago" if seconds < 172_800 else f"{seconds / 86_400:.0f} d ago"
