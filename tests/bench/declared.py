"""A declared system from a CSV into published tables, compared with the same rows as Parquet.

Each format is read by a whole `rollcall sync` in a process of its own, whose time and memory count.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.support.declared import EXPENSES

GRANTS = int(os.environ.get("BENCH_GRANTS", "1000000"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
ROLES_EACH = 10
ROWS_SQL = f"""
select
    'u' || (range // {ROLES_EACH}) as "User ID",
    'Person Number ' || (range // {ROLES_EACH}) as "Name",
    'person.' || (range // {ROLES_EACH}) || '@lanternfish.example' as "Email",
    if(range // {ROLES_EACH} % 20 = 0, 'Inactive', 'Active') as "Status",
    'Role ' || (range * 7 % 1000) as "Role",
    (date '2026-01-01' + (range // {ROLES_EACH} % 300)::int)::varchar as "Last login"
from range({GRANTS})
"""
COPIES = {"csv": "(format csv, header)", "parquet": "(format parquet)"}


def run() -> None:
    print(f"  {GRANTS:,} grants, {RUNS} runs each, in turn")
    for line in compare_formats():
        print(f"  {line}")


def compare_formats() -> list[str]:
    figures: dict[str, list[tuple[float, int]]] = {ending: [] for ending in COPIES}
    with tempfile.TemporaryDirectory() as folder:
        for ending, options in COPIES.items():
            duckdb.execute(f"copy ({ROWS_SQL}) to '{folder}/expenses.{ending}' {options}")
        for number in range(RUNS):
            for ending in COPIES:
                figures[ending].append(sync_once(Path(folder), ending, number))
    medians = {
        ending: statistics.median(one[0] for one in runs) for ending, runs in figures.items()
    }
    ratio = medians["csv"] / medians["parquet"]
    return [
        f"the CSV takes {ratio:.2f} times as long as the Parquet file",
        *(
            f"{ending}: {medians[ending]:.1f} s, peak {max(one[1] for one in runs) / 2**20:.0f} MiB"
            for ending, runs in figures.items()
        ),
    ]


def sync_once(folder: Path, ending: str, number: int) -> tuple[float, int]:
    """Sync into a new warehouse, and return the seconds and the peak memory of the process."""
    home = folder / f"{ending}-{number}"
    (home / "systems").mkdir(parents=True)
    (home / f"expenses.{ending}").symlink_to(folder / f"expenses.{ending}")
    (home / "systems" / "expenses.toml").write_text(
        EXPENSES.replace("expenses.csv", f"expenses.{ending}")
    )
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "sync", "--quiet"],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(Path.cwd()), "WAREHOUSE": str(home / "a.duckdb")},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    assert 0 == os.waitstatus_to_exitcode(status)
    with duckdb.connect(str(home / "a.duckdb"), read_only=True) as connection:
        assert (GRANTS,) == connection.execute("select count(*) from grants").fetchone()
    return seconds, usage.ru_maxrss * 1024


if __name__ == "__main__":
    run()
