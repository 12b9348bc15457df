"""How long it takes to take in 100,000 decisions of one campaign, as CSV and as XLSX."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from pipelines import packet, reviewer_book, reviewer_rows, seal

DECISIONS = int(os.environ.get("BENCH_DECISIONS", "100000"))
REVIEWERS = 20


def run() -> None:
    """Prints a line for each format."""
    print(f"\nImport of {DECISIONS:,} decisions by {REVIEWERS} reviewers (each under 20 s)")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warehouse, files = prepared(home)
        for kind, paths in files.items():
            copy = home / kind / "access.duckdb"
            copy.write_bytes(warehouse.read_bytes())
            seal.beside(copy).write_bytes(seal.beside(warehouse).read_bytes())
            seal.beside(copy).chmod(0o600)
            megabytes = sum(path.stat().st_size for path in paths) / 1e6
            began, used = time.monotonic(), cpu()
            subprocess.run(
                [sys.executable, "-m", "pipelines", "review", "import", "big", *paths, "--quiet"],
                env=os.environ | {"WAREHOUSE": str(copy), "PYTHONPATH": str(Path.cwd())},
                cwd=home, check=True,
            )  # fmt: skip
            seconds, busy = time.monotonic() - began, cpu() - used
            print(f"  {kind}: {seconds:.1f} s, {busy:.1f} s of CPU, {megabytes:.0f} MB of files")


def cpu() -> float:
    """Seconds that this process's children have used."""
    return os.times().children_user + os.times().children_system


def prepared(home: Path) -> tuple[Path, dict[str, list[Path]]]:
    """A warehouse with a campaign of that many items, and its files, filled in."""
    from tests.sandbox import Sandbox

    warehouse = home / "access.duckdb"
    (home / "reviews").mkdir()
    (home / "reviews" / "big.toml").write_text(
        'title = "Big"\ndue = 2099-12-15\nfallback = "security@lanternfish.example"\n'
    )
    with Sandbox() as sandbox:
        for arguments in (["sync"], ["review", "open", "big"]):
            subprocess.run(
                [sys.executable, "-m", "pipelines", *arguments, "--quiet"],
                env=os.environ | sandbox.environment()
                | {"WAREHOUSE": str(warehouse), "PYTHONPATH": str(Path.cwd())},
                cwd=home, check=True,
            )  # fmt: skip
    warehouse.chmod(0o600)
    files: dict[str, list[Path]] = {"csv": [], "xlsx": []}
    for kind in files:
        (home / kind).mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create temp table made as select item.* replace (concat('i-big-', n) as item_id,"
            " concat(item.grant_id, '/', n) as grant_id, concat(item.account_id, n) as account_id,"
            f" concat('kim.', n % {REVIEWERS}, '@lanternfish.example') as reviewer)"
            " from (select *, row_number() over () as place, count(*) over () as places"
            f" from review_items) as item join range({DECISIONS}) as numbers(n)"
            " on n % places = place - 1"
        )
        connection.execute("delete from review_items")
        connection.execute(
            "insert into review_items by name select * exclude (place, places) from made"
        )
        key = seal.key(warehouse)
        contact = {"contact": None, "fallback": "security@lanternfish.example"}
        about = {"title": "Big", "due_on": "2099-12-15", "data_as_of": "now", "definition": contact}
        for mail, rows in reviewer_rows.per_reviewer(connection, "big", key):
            made = [decided(row, number) for number, (_, row) in enumerate(rows)]
            path = home / "csv" / f"{packet.file_stem(mail)}.csv"
            with path.open("x", newline="", encoding="utf-8-sig") as file:
                csv.writer(file, lineterminator="\r\n").writerows([reviewer_rows.HEADERS, *made])
            files["csv"].append(path)
            path = home / "xlsx" / f"{packet.file_stem(mail)}.xlsx"
            reviewer_book.write(path, about, mail, iter(made))
            files["xlsx"].append(path)
    return warehouse, files


def decided(row: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Every tenth is revoked, with a comment."""
    cells = dict(zip(reviewer_rows.HEADERS, row, strict=True))
    answer = {"decision": "revoke", "comment": f"not needed any more, ticket {number}"}
    return tuple((cells | (answer if number % 10 == 0 else {"decision": "keep"})).values())


if __name__ == "__main__":
    run()
