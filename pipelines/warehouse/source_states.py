"""The state of each source: how its last run ended, how old its data is, and whether it is stale.

Only the model source_states defines these states. A refused run adds rows to `runs` without a build
of that model, so the model's query is run on `runs` here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from pipelines import clock, settings
from pipelines.sql import fetch_dicts
from pipelines.warehouse import PROJECT_FOLDER
from pipelines.warehouse.run_changes import EVENTS, read_grant_changes

MODEL_RUNS = "{{ source('rollcall', 'runs') }}"
STATES_SQL = """
select
    states.source_name,
    states.last_run_id,
    states.last_status,
    runs.mode as last_mode,
    states.last_run_at as last_started_at,
    date_diff('second', runs.started_at, runs.ended_at) as last_seconds,
    runs.requests,
    runs.retries,
    runs.error,
    runs.remedy,
    runs.accepted,
    states.last_complete_run_id as complete_run_id,
    states.data_as_of as as_of,
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
LAST_RUNS_SQL = """
from main.runs
where run_id = (
    select max_by(others.run_id, (others.started_at, others.run_id))
    from main.runs as others where others.source_name = runs.source_name
)
"""
GONE_SQL = """
select source_name, max(started_at) as gone_at from main.runs group by source_name
having max_by(status, (started_at, run_id)) = 'gone' order by source_name
"""
DEFAULT_MAX_AGE_HOURS = 26.0  # a day, and slack for a daily sync while it runs
COUNTED_TABLES = ("people", "accounts", "entitlements", "grants", "dangling_grants")


def read_source_states(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return one dict per source that was ever read, about its last run and last complete run."""
    [path] = PROJECT_FOLDER.glob("models/**/source_states.sql")
    model = path.read_text().replace(MODEL_RUNS, "main.runs")
    warehouse.execute("set TimeZone = 'UTC'")
    rows = fetch_dicts(warehouse.execute(STATES_SQL.format(model=model)))
    return [{name: time_text(value) for name, value in row.items()} for row in rows]


def read_gone_systems(warehouse: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Return the systems that are no longer read because their file is gone, and since when."""
    return dict(warehouse.execute(GONE_SQL).fetchall())


def read_status(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the sources, the row count of each published table, and how many grants came and went
    with the last run that was published; `first` counts those of sources read the first time."""
    counts = " union all ".join(
        f"select '{table}', count(*) from {table}" for table in COUNTED_TABLES
    )
    changes = read_grant_changes(warehouse)
    states = read_source_states(warehouse)
    last_runs = {run["source_name"]: run for run in fetch_dicts(warehouse.execute(LAST_RUNS_SQL))}
    for state in states:  # a file of an older version has no warnings
        state["warnings"] = last_runs[state["source_name"]].get("warnings") or []
    return {
        "sources": states,
        "gone": {name: time_text(at) for name, at in read_gone_systems(warehouse).items()},
        "rows": dict(warehouse.execute(counts).fetchall()),
        "grants": {event: changes.count_events(event) for event in EVENTS}
        | {"first": sum(changes.first_grants.values())},
    }


def max_age_hours() -> float:
    """Return how old the data of a source may be: MAX_AGE_HOURS. Raises Misconfigured."""
    hours = settings.read_number("max_age_hours")
    return DEFAULT_MAX_AGE_HOURS if hours is None else hours


def explain_age(state: dict[str, Any], hours: float) -> str:
    """Return why the data of a source is too old; empty if the data is at most so many hours old.

    Data from the future is too old, because nobody knows how old it is.
    """
    as_of = state["as_of"]
    if as_of is None:
        return "it was never read completely"
    if clock.is_ahead(as_of):
        return f"the data is dated {as_of}, in the future: a clock was wrong"
    if datetime.now(UTC) - datetime.fromisoformat(as_of) > timedelta(hours=hours):
        return f"the data is from {as_of}, more than {hours:g} hours ago"
    return ""


def find_too_old(states: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the sources whose data is older than MAX_AGE_HOURS, each with the reason."""
    hours = max_age_hours()
    whys = {state["source_name"]: explain_age(state, hours) for state in states}
    return {name: why for name, why in whys.items() if why}


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
