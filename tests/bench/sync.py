"""A whole sync without any change, compared with dbt alone; and days with and without changes."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.sync import load, run_record
from pipelines.warehouse import PROJECT_FOLDER, dbt_statements
from pipelines.warehouse.dbt_build import transform
from tests.bench.measured import FAST
from tests.sandbox import Sandbox
from tests.sandbox.generate import generate

RUNS = 3
GRANTS = int(os.environ.get("BENCH_GRANTS", "1000000"))
EACH = 500  # members of a group


def run() -> None:
    for line in (*nothing_changed(), *a_day_of_history()):
        print(f"  {line}", flush=True)


def nothing_changed() -> list[str]:
    """Measure a sync of 1,000 people, and dbt's start and build of the same warehouse."""
    with Sandbox(generate(1000)) as sandbox, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warehouse = home / "access.duckdb"
        mine = os.environ | sandbox.environment() | FAST | {"WAREHOUSE": str(warehouse)}
        mine |= {"PYTHONPATH": str(Path.cwd())}
        sync = [sys.executable, "-m", "pipelines", "sync", "--quiet"]
        subprocess.run(sync, env=mine, cwd=home, check=True)
        copy = home / "copy" / warehouse.name
        copy.parent.mkdir()
        dbts = mine | {"ROLLCALL_CANDIDATE": str(copy)}
        dbt = [str(Path(sys.executable).parent / "dbt"), "--quiet"]
        project = [
            *("--project-dir", str(PROJECT_FOLDER), "--profiles-dir", str(PROJECT_FOLDER)),
            *("--target-path", str(home / "dbt"), "--log-path", str(home / "dbt")),
        ]
        build = [*("--exclude-resource-type", "unit_test"), "--threads", str(os.cpu_count())]
        ours, starts, cached, builds = [], [], [], []
        for _ in range(RUNS):
            ours.append(cpu_of(sync, mine, home))
            shutil.copyfile(warehouse, copy)
            builds.append(cpu_of([*dbt, "build", *project, *build], dbts, home))
            cached.append(cpu_of([*dbt, "parse", *project], dbts, home))
            starts.append(cpu_of([*dbt, "parse", "--no-partial-parse", *project], dbts, home))
    whole, start, again = map(statistics.median, (ours, starts, cached))
    alone = statistics.median(builds[1:])  # the first one parses
    return [
        f"nothing changed, 1,000 people: {whole:.1f} s of CPU; dbt alone {start:.1f} s to start"
        f" ({whole / start:.2f} times, at most 1.1), {again:.1f} s where it has a cached"
        f" parse ({whole / again:.2f} times), {alone:.1f} s to start and build"
        f" ({whole / alone:.2f} times)"
    ]


def cpu_of(command: list[str], environment: dict[str, str], home: Path) -> float:
    """Return the CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, cwd=home, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# ---- history


def a_day_of_history() -> list[str]:
    """Measure groups of 500 members, and a day on which one grant in a hundred is replaced."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warehouse = home / "access.duckdb"
        with duckdb.connect(str(warehouse)) as connection:
            people(connection)
        build(warehouse, home, "first")
        (home / "dbt" / dbt_statements.FILE).unlink()
        everything = build(warehouse, home, "everything")
        same = min(build(warehouse, home, f"same {number}") for number in range(2))
        with duckdb.connect(str(warehouse)) as connection:
            members(connection, 1)
        changed = build(warehouse, home, "changed")
        with duckdb.connect(str(warehouse)) as connection:
            [closed] = connection.execute(
                "select count(*) from grants_history where valid_to is not null"
            ).fetchone()
    assert closed == GRANTS // 100, closed
    return [
        f"{GRANTS:,} grants: a build of everything {everything:.1f} s of CPU; a day in which none"
        f" changed {same:.1f} s ({same / everything:.2f} times), one in which {closed:,} did"
        f" {changed:.1f} s ({changed / everything:.2f} times, at most 1.2)"
    ]


COLUMNS = (
    "id varchar not null, parent_id varchar, updated_at timestamptz,"
    " row_hash varchar not null, payload json not null"
)


def people(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema raw_pingone")
    for table, rows, payload in (
        ("users", GRANTS // 5, "{'id': id, 'username': id, 'enabled': true}"),
        ("groups", GRANTS // EACH, "{'id': id, 'name': 'Group ' || id}"),
    ):
        connection.execute(
            f"create table raw_pingone.{table} ({COLUMNS});"
            f" insert into raw_pingone.{table} select id, null, null, id, to_json({payload})"
            f" from (select range::varchar as id from range({rows}))"
        )
    connection.execute(f"create table raw_pingone.group_members ({COLUMNS})")
    members(connection, 0)


def members(connection: duckdb.DuckDBPyConnection, day: int) -> None:
    """Return memberships. On the next day, five in each group of 500 are other users."""
    connection.execute(
        "delete from raw_pingone.group_members;"
        " insert into raw_pingone.group_members"
        " select number::varchar, null, null, number, json_object('direct', list("
        f"   ((number * {EACH} + place + if(place < {EACH // 100}, {day} * {EACH}, 0))"
        f"   % {GRANTS // 5})::varchar order by place))"
        f" from range({GRANTS // EACH}) as groups(number), range({EACH}) as places(place)"
        " group by number"
    )


def build(warehouse: Path, home: Path, run_id: str) -> float:
    """Return the CPU seconds of one transform."""
    now = datetime.now(UTC)
    run_record.record_runs(warehouse, run_id, [load.Read("pingone", started_at=now, ended_at=now)])
    before = time.process_time()
    transform(warehouse, home)
    return time.process_time() - before
