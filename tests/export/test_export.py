"""The review files are complete, without formulas, reproducible, and never half written."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import signal
import time
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import __version__
from tests.support.product import Rollcall
from tests.support.programs import SIGNS, restored, run_cells
from tests.warehouse.test_publish import LONG, too_open

DECISION = ["decision", "decision_comment", "decided_by", "decided_at"]


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    """Return Rollcall with a warehouse of the invented company."""
    return rollcall.has(published)


def exported(rollcall: Rollcall, *arguments: str) -> Path:
    result = rollcall.run("export", "--json", *arguments)
    assert 0 == result.code, result.out
    return rollcall.home / result.document["folder"]


def cells(folder: Path) -> list[dict[str, str]]:
    with (folder / "access_review.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def runs_as_formula(text: str) -> bool:
    """Return whether a spreadsheet may run this text. Spreadsheets skip invisible characters."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    seen = [
        mark for mark in text if not mark.isspace() and unicodedata.category(mark)[0] not in "ZC"
    ]
    return bool(seen) and seen[0] in SIGNS


def shown(value: Any) -> str:
    """Return a value of the warehouse as the CSV shows it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case date():
            return value.isoformat()
    return str(value)


def with_reviews(rollcall: Rollcall, sql: str, *values: Any) -> None:
    """Replace `access_review` in the warehouse by the rows of this SQL."""
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        connection.execute("create temp table template as from access_review limit 1")
        connection.execute(f"create temp table changed as {sql}", list(values))
        connection.execute("drop view access_review")
        connection.execute("create table access_review as from changed")
        connection.execute("checkpoint")
    rollcall.warehouse.chmod(0o400)


# ---- contents


def test_the_review_is_the_table_row_for_row(company):
    """The review file has the rows of the published table, in the documented order."""
    rows = company.rows("from access_review")
    expected = [
        {name: shown(value) for name, value in row.items()} | dict.fromkeys(DECISION, "")
        for row in sorted(
            rows, key=lambda row: (row["account_id"], row["entitlement_id"], row["scope_id"] or "")
        )
    ]

    found = cells(exported(company))

    assert len(company.rows("from grants")) == len(found)
    assert expected == [{name: restored(cell) for name, cell in row.items()} for row in found]


def test_the_manifest_tells_files_runs_and_version(company):
    """The manifest names files, digests, columns, runs and the version."""
    folder = exported(company)
    manifest = json.loads((folder / "manifest.json").read_text())
    data = (folder / "access_review.csv").read_bytes()

    assert ["access_review.csv", "manifest.json"] == sorted(path.name for path in folder.iterdir())
    [file] = manifest["files"]
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert len(company.rows("from access_review")) == file["rows"]
    assert data.decode().split("\r\n")[0].split(",") == file["columns"]
    assert (__version__, []) == (manifest["rollcall"], manifest["stale_accepted"])
    runs = {row["source_name"]: row for row in company.rows("from runs")}
    assert runs.keys() == {source["source_name"] for source in manifest["sources"]}
    for source in manifest["sources"]:
        run = runs[source["source_name"]]
        assert (run["run_id"], "complete") == (source["complete_run_id"], source["last_status"])
        assert shown(run["started_at"]) == source["as_of"]


def test_the_same_warehouse_gives_the_same_bytes_in_a_new_folder(company):
    """The same warehouse gives the same bytes, in a new folder each time."""
    first, second = exported(company), exported(company)

    assert first != second
    for name in ("access_review.csv", "manifest.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert first.parent == company.home / "data" / "exports"
    assert datetime.strptime(first.name[:18], "%Y-%m-%dT%H%M%SZ")


def test_a_folder_that_is_there_is_never_written_to(company, monkeypatch):
    """An existing folder is never written to, not even behind a link or by another user."""
    out = company.home / "exports"
    out.mkdir()
    second = int(time.time())
    for ahead in range(60):
        stamp = f"{datetime.fromtimestamp(second + ahead, UTC):%Y-%m-%dT%H%M%SZ}"
        (out / stamp).symlink_to(company.home / "elsewhere")
        (out / f"{stamp}-2").mkdir()

    folder = exported(company, "--out", str(out))

    assert folder.name.endswith("-3")
    assert not (company.home / "elsewhere").exists()
    assert [] == list(out.glob("*-2/*"))


# ---- in a spreadsheet


def test_every_name_like_a_formula_is_inert(company):
    """Every name of the company that a spreadsheet would run as a formula is neutralised.

    Bobby's first name calls HYPERLINK, and his title begins with @.
    """
    found = cells(exported(company))

    bobby = [row for row in found if "HYPERLINK" in row["full_name"]]
    assert bobby
    assert {("'=H", "'@Technician")} == {(row["full_name"][:3], row["job_title"]) for row in bobby}
    assert [] == [cell for row in found for cell in row.values() if runs_as_formula(cell)]


def strange_texts(count: int) -> list[str]:
    """Return texts that spreadsheets, CSV parsers and databases each read differently."""
    chance = random.Random(7)
    whole = [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"),
        *(" =1", "\u200b=1", "\ufeff=1", "\u00a0+1", "\u3000@x", "\u202e=1", "\x00=1", "\x1f-1"),
        *("'=1", "''=1", "'", "''", "' =1", '"=1', "cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        *("a,b", 'a"b', "a\r\nb", "a\rb", "a\nb", "a;=1", "", " ", "0012", "1E5", "MAR1", "12/5"),
        *("Зоя", "田中", "🦊", "e\u0308", "-", "--", "=", "\\", "NULL", "a\x00b", "\u2028=1"),
    ]
    parts = [
        *SIGNS,
        *"'\"\t\r\n ,;|\\0aZ",
        "\u200b",
        "\ufeff",
        "\u00a0",
        "\u3000",
        "é",
        "🦊",
        "\x00",
    ]
    made = ("".join(chance.choices(parts, k=chance.randint(1, 9))) for _ in range(count))
    return [*whole, *made]


def test_strange_texts_come_back_equal_and_none_can_run(company):
    """Ten thousand strange texts come back from the CSV unchanged, and none is a formula."""
    texts = strange_texts(10_000)
    with_reviews(
        company,
        "select template.* replace ("
        " printf('%06d', place) as account_id, strange as full_name, strange as entitlement_name)"
        " from template, (select unnest(?::varchar[]) as strange, unnest(range(?)) as place)",
        texts,
        len(texts),
    )

    folder = exported(company)

    found = cells(folder)
    assert [] == run_cells((folder / "access_review.csv").read_bytes().decode())
    assert texts == [restored(row["full_name"]) for row in found]
    assert [] == [row["full_name"] for row in found if runs_as_formula(row["full_name"])]
    plain = [row for row, text in zip(found, texts, strict=True) if row["full_name"] == text]
    assert 1000 < len(plain) < 9000  # texts without a formula get no quote
    with duckdb.connect() as other:
        again = other.execute(
            "select full_name, entitlement_name from read_csv(?, all_varchar = true, header = true,"
            " delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n', nullstr = '\\N',"
            " allow_quoted_nulls = false, max_line_size = 10000000)",
            [str(folder / "access_review.csv")],
        ).fetchall()
    assert [(row["full_name"], row["entitlement_name"]) for row in found] == [
        (name or "", entitlement or "") for name, entitlement in again
    ]


def test_every_line_ends_as_rfc_4180_says_and_the_text_is_utf_8(company):
    """The file is UTF-8 without a byte order mark, and every line ends as RFC 4180 says."""
    data = (exported(company) / "access_review.csv").read_bytes()

    text = data.decode("utf-8", errors="strict")
    assert text.endswith("\r\n") and not text.startswith("\ufeff")
    assert text.count("\n") == text.count("\r\n") == len(company.rows("from access_review")) + 1
    assert "田中" in text and "🦊" in text and "Zoe\u0308" in text


# ---- writing


def complete(out: Path) -> list[Path]:
    """Return the folders of finished exports, after comparing each with its manifest."""
    folders = [path for path in out.iterdir() if not path.name.startswith(".")]
    for folder in folders:
        manifest = json.loads((folder / "manifest.json").read_text())
        for file in manifest["files"]:
            data = (folder / file["name"]).read_bytes()
            assert file["sha256"] == hashlib.sha256(data).hexdigest()
    return folders


def test_a_killed_export_leaves_no_half(company):
    """A killed export leaves no half-written folder, and the next export removes its remains."""
    with_reviews(
        company,
        "select template.* replace (place::varchar as account_id)"
        " from template, range(60_000) as places(place)",
    )
    out = company.home / "data" / "exports"
    moments = [(signal.SIGTERM, 1_000_000), (signal.SIGKILL, 0), (signal.SIGKILL, 5_000_000)]
    for number, size in moments:
        process = company.start("export", umask=0)
        end = time.monotonic() + LONG
        while size > max(
            (path.stat().st_size for path in out.glob(".*/access_review.csv")), default=-1
        ):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.002)
        process.send_signal(number)
        process.communicate(timeout=LONG)

        assert process.returncode == (143 if number == signal.SIGTERM else -number)
        assert [] == complete(out)
        assert [] == too_open(out)
        assert (number == signal.SIGKILL) == any(out.glob(".rollcall-*"))

    exported(company)
    assert 1 == len(complete(out)) == len(list(out.iterdir()))
    assert [] == too_open(out)


def test_exports_at_the_same_time_get_a_folder_each(company):
    """Concurrent exports get a folder each."""
    processes = [company.start("export", umask=0) for _ in range(3)]
    said = [process.communicate(timeout=LONG) for process in processes]

    assert [0, 0, 0] == [process.returncode for process in processes], said
    assert 3 == len(complete(company.home / "data" / "exports"))
    assert [] == too_open(company.home / "data")
