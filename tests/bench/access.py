"""One person's whole access among ten million grants, and the cost of their transform.

SQL makes the raw tables, where the measurement begins. BENCH_GRANTS sets a smaller number.
"""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from pipelines.warehouse.dbt_build import transform
from tests.bench.company import fill

GRANTS = int(os.environ.get("BENCH_GRANTS", "10000000"))
BUDGET = 0.2


def run() -> None:
    """Print the measurements."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "access.duckdb"
        os.environ |= {"SOURCES__OKTA__DOMAIN": "x.example"}
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
