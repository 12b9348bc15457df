"""The duration of an import of 100,000 decisions of one campaign, as CSV and as XLSX."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import duckdb
from xlsxwriter.utility import xl_col_to_name

from pipelines.files.xlsx_write import FIRST_SHEET
from pipelines.review import columns as reviewer_rows
from pipelines.review import seal
from pipelines.review.packet import write

DECISIONS = int(os.environ.get("BENCH_DECISIONS", "100000"))
REVIEWERS = 20


def run() -> None:
    """Print one line for each format."""
    print(f"\nImport of {DECISIONS:,} decisions by {REVIEWERS} reviewers (each under 20 s)")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warehouse, files = prepared(home)
        for kind, paths in files.items():
            copy = home / kind / "access.duckdb"
            copy.write_bytes(warehouse.read_bytes())
            seal.key_path(copy).write_bytes(seal.key_path(warehouse).read_bytes())
            seal.key_path(copy).chmod(0o600)
            megabytes = sum(path.stat().st_size for path in paths) / 1e6
            began, used = time.monotonic(), cpu()
            subprocess.run(
                [sys.executable, "-m", "pipelines", "review", "import", "big", *paths, "--quiet"],
                env=os.environ | {"WAREHOUSE": str(copy), "PYTHONPATH": str(Path.cwd())},
                cwd=home,
                check=True,
            )
            seconds, busy = time.monotonic() - began, cpu() - used
            print(f"  {kind}: {seconds:.1f} s, {busy:.1f} s of CPU, {megabytes:.0f} MB of files")


def cpu() -> float:
    """Return the CPU seconds that this process's children have used."""
    return os.times().children_user + os.times().children_system


def prepared(home: Path) -> tuple[Path, dict[str, list[Path]]]:
    """Return a warehouse with a campaign of that many items, and its files, filled in."""
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
                env=os.environ
                | sandbox.environment()
                | {"WAREHOUSE": str(warehouse), "PYTHONPATH": str(Path.cwd())},
                cwd=home,
                check=True,
            )
    warehouse.chmod(0o600)
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
        with write.write_packet(
            connection,
            "big",
            write.Origin(warehouse, seal.read_key(warehouse)),
            home / "out",
            "opened",
        ) as made:
            folder, _ = made
    files: dict[str, list[Path]] = {}
    for kind, fill_in in (("csv", decided_csv), ("xlsx", decided_workbook)):
        (home / kind).mkdir()
        files[kind] = []
        for path in (folder / "reviewers").glob(f"*.{kind}"):
            files[kind].append(home / kind / path.name)
            fill_in(path, files[kind][-1])
    return warehouse, files


def decided(number: int) -> dict[str, str]:
    """Return the entries of a row: every tenth is revoked, with a comment."""
    if number % 10:
        return {"decision": "keep"}
    return {"decision": "revoke", "comment": f"not needed any more, ticket {number}"}


def decided_csv(sent: Path, came: Path) -> None:
    with (
        sent.open(newline="", encoding="utf-8-sig") as old,
        came.open("x", newline="", encoding="utf-8-sig") as new,
    ):
        rows = csv.DictReader(old)
        writer = csv.DictWriter(new, rows.fieldnames, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(row | decided(number) for number, row in enumerate(rows))


def decided_workbook(sent: Path, came: Path) -> None:
    """Write decisions into the empty cells of a workbook, and leave the rest unchanged."""
    for_typing = {
        xl_col_to_name(reviewer_rows.HEADERS.index(name)): name for name in ("decision", "comment")
    }
    names = "|".join(for_typing)

    def typed(empty: re.Match[str]) -> str:
        text = decided(int(empty["row"]) - 2).get(for_typing[empty["column"]])
        return f'{empty[1]} t="inlineStr"><is><t>{text}</t></is></c>' if text else empty[0]

    with zipfile.ZipFile(sent) as old, zipfile.ZipFile(came, "x", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name).decode()
            if name == FIRST_SHEET:
                cell = rf'(<c r="(?P<column>{names})(?P<row>\d+)" s="\d+")/>'
                part = re.sub(cell, typed, part)
            new.writestr(name, part)


if __name__ == "__main__":
    run()
