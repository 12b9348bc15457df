"""Export of a million review items, compared with DuckDB's plain COPY of the same table.

The items are the invented company's, repeated under other ids in random order. Each figure is from
a process of its own. CPU time is shown too, since others may use the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.sandbox import Sandbox
from tests.support.product import FAST

ITEMS = int(os.environ.get("BENCH_ITEMS", "1000000"))


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = os.environ | {"WAREHOUSE": str(home / "access.duckdb")}
        with Sandbox() as sandbox:
            child(
                home,
                environment | sandbox.environment() | FAST,
                "-m",
                "pipelines",
                "sync",
                "--quiet",
            )
        # In a process of its own, since a child's peak memory starts at its parent's memory
        child(home, environment, "-m", "tests.bench.review", "multiply")
        plain = child(home, environment, "-m", "tests.bench.review", "copy")
        ours = child(home, environment, "-m", "pipelines", "export", "--quiet")
        size = sum(file.stat().st_size for file in home.glob("data/exports/*/*.csv"))
    print(f"access_review.csv of {ITEMS:,} items, {size / 2**20:.0f} MiB: {told(ours)}")
    print(f"  plain COPY of the table, in no order: {told(plain)}")
    ratios = (f"{name} {ours[name] / plain[name]:.2f}" for name in ("wall", "cpu", "peak"))
    print(f"  ratio: {', '.join(ratios)}")


def told(figures: dict[str, float]) -> str:
    return (
        f"{figures['wall']:.1f} s wall, {figures['cpu']:.1f} s CPU,"
        f" peak {figures['peak'] / 2**20:.0f} MiB"
    )


def multiply() -> None:
    warehouse = Path(os.environ["WAREHOUSE"])
    warehouse.chmod(0o600)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table items as"
            " with template as ("
            "   select *, row_number() over () - 1 as line, count(*) over () as lines"
            "   from access_review)"
            " select template.* exclude (line, lines) replace ("
            "   account_id || '-' || number as account_id, grant_id || '-' || number as grant_id,"
            "   full_name || ' ' || number % 7919 as full_name)"
            f" from range({ITEMS}) as numbers(number)"
            " join template on number % lines = line order by hash(number)"
        )
        connection.execute("drop view access_review")
        connection.execute("alter table items rename to access_review")
        connection.execute("checkpoint")


def child(home: Path, environment: dict[str, str], *arguments: str) -> dict[str, float]:
    """Run a Python process; return its wall time, CPU time and peak memory, imports included."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment | {"PYTHONPATH": str(Path.cwd())}, cwd=home
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert 0 == process.returncode, arguments
    return {
        "wall": time.perf_counter() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024,
    }


def copy() -> None:
    with duckdb.connect(os.environ["WAREHOUSE"], read_only=True) as connection:
        connection.execute("copy access_review to 'plain.csv' (header)")


if __name__ == "__main__":
    {"copy": copy, "multiply": multiply}.get("".join(sys.argv[1:]), run)()
