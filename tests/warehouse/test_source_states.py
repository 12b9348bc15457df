"""The state of a source is that of its last run, and the same for every reader."""

from __future__ import annotations

import duckdb

from pipelines.sql import create_tables
from pipelines.warehouse.run_tables import RUNS
from pipelines.warehouse.source_states import read_source_states


def test_of_two_runs_that_began_at_once_the_later_id_is_last():
    """Two runs with the same start are ordered by their ids, whichever row comes first."""
    for statuses in (("complete", "failed"), ("failed", "complete")):
        with duckdb.connect() as connection:
            create_tables(connection, [RUNS])
            for run_id, status in sorted(zip("ab", statuses, strict=True), key=lambda run: run[1]):
                connection.execute(
                    "insert into runs by name select $run_id as run_id, 'hr' as source_name,"
                    " 'full' as mode, $status as status, '2026-01-01'::timestamptz as started_at,"
                    " started_at as ended_at, 1 as requests, 0 as retries",
                    {"run_id": run_id, "status": status},
                )
            [state] = read_source_states(connection)

        assert ("b", statuses[1]) == (state["last_run_id"], state["last_status"])
        assert (statuses[1] != "complete") == state["is_stale"]
        assert "ab"[statuses.index("complete")] == state["complete_run_id"]


def test_the_mart_of_a_published_sync_has_the_same_states(rollcall, published):
    """The mart of a published sync has the same states as the Python function."""
    rollcall.has(published)
    with duckdb.connect(str(rollcall.warehouse), read_only=True) as connection:
        states = read_source_states(connection)

    keys = ("source_name", "last_run_id", "last_status", "is_stale")
    mart = rollcall.rows(f"select {', '.join(keys)} from source_states order by source_name")
    assert mart == [{key: state[key] for key in keys} for state in states]
