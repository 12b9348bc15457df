"""One person's whole access among ten million grants, and the cost of their transform.

The floor of the transform reads the memberships out of the raw rows, and writes a copy of every
table of schema main. BENCH_GRANTS sets a smaller number of grants.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from pipelines.warehouse.dbt_build import transform
from tests.bench.company import fill
from tests.bench.measured import child, measured

GRANTS = int(os.environ.get("BENCH_GRANTS", "10000000"))
BUDGET = 0.2
QUESTIONS = {
    "every row to decide": "from access_review where person_id = '{}'",
    "on one row per account": "from who_has_what() where person_id = '{}'",
    "findings": "from findings where person_id = '{}'",
}
MEMBERS_SQL = """
create table members as
select id, unnest(from_json(payload, '{"direct": ["varchar"]}').direct) as member
from built.raw_pingone.group_members
"""
TABLES_SQL = """
select table_name from duckdb_tables() where database_name = 'built' and schema_name = 'main'
"""


def run() -> None:
    """Print the measurements."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "access.duckdb"
        os.environ |= {"SOURCES__OKTA__DOMAIN": "x.example"}
        fill(warehouse, GRANTS // 100)
        small = Path(folder) / "small" / "access.duckdb"
        small.parent.mkdir()
        fill(small, GRANTS // 1000)
        # Each in a process of its own, for its peak of the memory
        tenth = child("tests.bench.access", {}, "build", str(small))
        whole = child("tests.bench.access", {}, "build", str(warehouse))
        floor = child("tests.bench.access", {}, "copy", str(warehouse))
        print(f"  transform and tests of {tell(whole)}; of {tell(tenth)}")
        print(
            f"  floor of {tell(floor)}; ratio: CPU {whole['cpu'] / floor['cpu']:.1f},"
            f" peak {whole['peak'] / floor['peak']:.1f}"
        )
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            for what, sql in QUESTIONS.items():
                print(f"  one person, {what}: {ask(connection, sql)}")


def tell(figures: dict[str, Any]) -> str:
    return (
        f"{figures['grants']:,} grants: {figures['wall']:.0f} s, {figures['cpu']:.0f} s CPU,"
        f" peak {figures['peak'] / 2**30:.2f} GiB"
    )


def build(warehouse: Path) -> dict[str, Any]:
    """Build and test all models in a process that has nothing else to do."""
    transform(warehouse, warehouse.parent)
    return count_grants(warehouse)


def copy(warehouse: Path) -> dict[str, Any]:
    """Read and write what no transform can leave out."""
    with duckdb.connect(str(warehouse.parent / "floor.duckdb")) as connection:
        connection.execute(f"attach '{warehouse}' as built (read_only)")
        connection.execute("set preserve_insertion_order = false; set memory_limit = '3GiB'")
        connection.execute(MEMBERS_SQL)
        for (table,) in connection.execute(TABLES_SQL).fetchall():
            connection.execute(f"create table {table} as from built.main.{table}")
    return count_grants(warehouse)


def count_grants(warehouse: Path) -> dict[str, Any]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        [(grants,)] = connection.execute("select count(*) from grants").fetchall()
    return {"grants": grants}


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
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
    work = {"build": build, "copy": copy}[sys.argv[1]]
    measured(lambda: work(Path(sys.argv[2])))
