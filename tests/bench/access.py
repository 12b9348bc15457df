"""One person's whole access among ten million grants, and the cost of their transform.

SQL makes the raw tables, where the measurement begins. BENCH_GRANTS sets a smaller number.
"""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import duckdb

from pipelines.sync import load, run_record
from pipelines.warehouse.dbt_build import transform

GRANTS = int(os.environ.get("BENCH_GRANTS", "10000000"))
EACH = 98  # groups of a person, besides their population and the group around one of those
GROUPS = 2_000
BUDGET = 0.2
COLUMNS = (
    "id varchar not null, parent_id varchar, updated_at timestamptz,"
    " row_hash varchar not null, payload json not null"
)
RAW = {
    "charthop.persons": """
        select 'p' || n as id, json_object(
            'id', 'p' || n, 'name.full', 'Person ' || n, 'contact.workEmail', n || '@x.example',
            'contact.employee', 'E' || n, 'jobId', 'j' || n, 'title', 'Title ' || n % 200,
            'department.name', 'Department ' || n % 100, 'startDateOrg', '2020-01-01',
            'manager.contact.workEmail', n // 10 || '@x.example', 'groupIds', []) as payload
        from range($people) as numbers (n)
    """,
    "pingone.users": """
        select 'u' || n as id, json_object(
            'id', 'u' || n, 'username', 'user' || n, 'email', n || '@x.example', 'enabled', true,
            'externalId', 'E' || n, 'mfaEnabled', n % 50 > 0, 'population', {'id': 'staff'},
            'account', {'canAuthenticate': true, 'status': 'OK'},
            'lastSignOn', {'at': now() - to_days((n % 100)::int)}) as payload
        from range($people) as numbers (n)
    """,
    "pingone.populations": """select 'staff' as id, '{"name": "Staff"}' as payload""",
    "pingone.groups": """
        select 'g' || n as id, json_object('id', 'g' || n, 'name', 'Group ' || n) as payload
        from range($groups) as numbers (n)
    """,
    "pingone.group_members": """
        select 'g' || n % ($groups - 1) as id,
            json_object('direct', list('u' || n // $each)) as payload
        from range($people * $each) as numbers (n) group by all
    """,
    "pingone.group_nestings": """
        select 'g' || ($groups - 1) as id, '{"children": ["g0", "g1", "g2"]}' as payload
    """,
    "pingone.roles": """
        select 'admin' as id, '{"name": "Environment Admin", "type": "PLATFORM",
            "permissions": [{"id": "dir:update:user"}]}' as payload
    """,
    "pingone.group_role_assignments": """
        select 'g' || ($groups - 1) as id, '{"roleAssignments": [{"id": "a",
            "role": {"id": "admin"}, "scope": {"id": "e", "type": "ENVIRONMENT"}}]}' as payload
    """,
}


def run() -> None:
    """Print the measurements."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "access.duckdb"
        fill(warehouse, GRANTS // 100)
        before, spent = time.perf_counter(), time.process_time()
        transform(warehouse, Path(folder))
        took, cpu = time.perf_counter() - before, time.process_time() - spent
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            [(grants,)] = connection.execute("select count(*) from grants").fetchall()
            print(
                f"  transform and tests of {grants:,} grants: {took:.0f} s, {cpu:.0f} s CPU,"
                f" peak {peak:.2f} GiB"
            )
            for what, sql in {
                "every row to decide": "from access_review where person_id = '{}'",
                "on one row per account": "from who_has_what() where person_id = '{}'",
                "findings": "from findings where person_id = '{}'",
            }.items():
                print(f"  one person, {what}: {asked(connection, sql)}")


def fill(warehouse: Path, people: int, raw: dict[str, str] = RAW) -> None:
    """Fill the raw tables as a sync would load them, and add the record of that sync."""
    now = datetime.now(UTC)
    reads = {
        source: load.Read(source, started_at=now, ended_at=now)
        for source in {"haloitsm"} | {table.split(".")[0] for table in raw}
    }
    with duckdb.connect(str(warehouse)) as connection:
        for table, sql in raw.items():
            source, name = table.split(".")
            connection.execute(f"create schema if not exists raw_{source}")
            connection.execute(f"create table raw_{table} ({COLUMNS})")
            rows = Template(sql).substitute(people=people, groups=GROUPS, each=EACH)
            connection.execute(
                f"insert into raw_{table} by name select *, md5(id) as row_hash from ({rows})"
            )
            [(count,)] = connection.execute(f"select count(*) from raw_{table}").fetchall()
            reads[source].rows_loaded[name] = reads[source].counters.rows_read[name] = count
    run_record.record_runs(warehouse, "bench", [*reads.values()])


def asked(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the median of nine queries about nine people, and the first query separately.

    On a busy machine only the CPU time is meaningful.
    """
    times, cpu, rows = [], [], 0
    for number in range(10):
        key = f"charthop:person:p{number * 977 % (GRANTS // 100)}"
        before, spent = time.perf_counter(), time.process_time()
        rows += len(connection.execute(sql.format(key)).fetchall())
        times.append(time.perf_counter() - before)
        cpu.append(time.process_time() - spent)
    middle = statistics.median(times[1:])
    return (
        f"{middle:.3f} s, {middle / BUDGET:.2f}x of {BUDGET} s, {statistics.median(cpu):.3f} s CPU"
        f" (first {times[0]:.3f} s; {rows / 10:.0f} rows)"
    )


if __name__ == "__main__":
    run()
