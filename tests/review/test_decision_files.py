"""Decision files are understood in every form in which spreadsheets save them."""

from __future__ import annotations

import codecs
import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.utils.datetime
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from pipelines.files import xlsx_cells, xlsx_read
from pipelines.review.columns import HEADERS, IDENTITY_COLUMNS
from pipelines.review.incoming import decision_file, rules, take_in
from tests.support.filled_in import SHEET, Rows, came, decided, ours, repacked, text, workbook
from tests.support.product import Opened, Rollcall, keep_process_state

WORDS = 'nein – "zu viel"; siehe,\nTicket 4711'
SOFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def rows(opened: Opened) -> Rows:
    return decided(opened.rows, "revoke", WORDS)


@pytest.fixture(scope="module")
def home(opened: Opened, rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a campaign that has imported these decisions."""
    home = tmp_path_factory.mktemp("taken") / "home"
    shutil.copytree(opened.home, home)
    with keep_process_state(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("REVIEW__SEAL_KEY", opened.key.decode())
        take_in.import_decisions(
            home / "data" / "access.duckdb", "q4", [Path(came(home, rows[::-1]))], "lead@example"
        )
    return home


@pytest.fixture(scope="module")
def workbook_that_went_out(opened: Opened, rows: Rows) -> bytes:
    """Return the workbook that went out, as the reviewer fills it in."""
    book = openpyxl.load_workbook(opened.files[0].with_suffix(".xlsx"))
    for number, row in enumerate(rows, 2):
        for name in ("decision", "comment"):
            book["Access"].cell(number, HEADERS.index(name) + 1, row[name])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def taken(opened: Opened, home: Path, tmp_path: Path, capsys, monkeypatch) -> Rollcall:
    """Return Rollcall with that campaign, where a repeated import changes nothing."""
    return replace(opened, home=home).product(tmp_path, capsys, monkeypatch)


def understood(review: Rollcall, *names: str) -> list[int]:
    """Return how many rows of each file repeat an imported decision; fail if a row differs."""
    result = review.run("review", "import", "q4", *names, "--json")
    assert 0 == result.code, result.out + result.err
    files = result.document["files"]
    assert not any(file["decided"] or file["undecided"] for file in files)
    return [file["decided_before"] + file["repeated"] for file in files]


# ---- files saved by spreadsheets are understood


def encoded(encoding: str, **dialect: Any) -> Callable[[Rows], bytes]:
    return lambda rows: text(rows, **dialect).encode(encoding, "replace")


def headers(change: Callable[[str], str]) -> Callable[[Rows], bytes]:
    def made(rows: Rows) -> bytes:
        head, _, body = text(rows).partition("\r\n")
        return ("\r\n".join([",".join(map(change, head.split(","))), body])).encode()

    return made


def each(**changes: str) -> Callable[[Rows], bytes]:
    return lambda rows: text([row | changes for row in rows]).encode()


NEEDED = ("item_id", "decision", "comment", *IDENTITY_COLUMNS, "seal")
RESAVED: dict[str, Callable[[Rows], bytes]] = {
    "as it went out": encoded("utf-8-sig"),
    "without a mark": encoded("utf-8"),
    "semicolons": encoded("utf-8-sig", delimiter=";"),
    "Unicode text": encoded("utf-16", delimiter="\t"),
    "UTF-16, big end first": lambda rows: codecs.BOM_UTF16_BE + encoded("utf-16-be")(rows),
    "UTF-16 without a mark": encoded("utf-16-le"),
    "Windows-1252, letters lost": encoded("cp1252", delimiter=";"),
    "lines of Unix": encoded("utf-8", lineterminator="\n"),
    "lines of an old Mac": encoded("utf-8", lineterminator="\r"),
    "everything quoted": encoded("utf-8", quoting=csv.QUOTE_ALL),
    "Excel's hint": lambda rows: b"sep=;\r\n" + encoded("utf-8", delimiter=";")(rows),
    "sorted": lambda rows: text(sorted(rows, key=lambda row: row["seal"])).encode(),
    "labels dropped": lambda rows: text(
        rows, [name for name in HEADERS if name not in ("Person", "Access")]
    ).encode(),
    "all dropped but what is needed": lambda rows: text(rows, NEEDED).encode(),
    "columns in another order": lambda rows: text(rows, HEADERS[::-1]).encode(),
    "a column of one's own": lambda rows: text(
        [row | {"my notes": "=1+1"} for row in rows], ["my notes", *HEADERS]
    ).encode(),
    "headers in capitals": headers(str.upper),
    "headers as titles": headers(lambda name: f" {name.replace('_', chr(160)).title()} "),
    "days rewritten": each(**{"Last sign-in": "25.11.26", "Since": "11/25/2026"}),
    "labels emptied": each(Person="", Where=""),
    "empty rows at the end": lambda rows: text(rows).encode() + (b"," * 26 + b"\r\n") * 30,
    "empty rows between": encoded("utf-8", lineterminator="\r\n\r\n"),
    "empty columns behind": lambda rows: text(rows, [*HEADERS, "", ""]).encode(),
    "a title above": lambda rows: b"Access review\r\n\r\n" + text(rows).encode(),
    "blanks around": lambda rows: text(
        [{name: f" {value}\xa0" for name, value in row.items()} for row in rows]
    ).encode(),
    "a word as people write it": each(decision=" REVOKE\xa0"),
    "decided by the reviewer": lambda rows: text(
        [row | {"decided_by": row["reviewer"].title()} for row in rows]
    ).encode(),
    "every row twice": lambda rows: text(rows + rows).encode(),
    "texts in the cells": workbook,
    "texts in one table": ours,
    "among other sheets": lambda rows: workbook(rows, with_other_sheets),
    "sheet renamed": lambda rows: workbook(rows, lambda sheet: setattr(sheet, "title", "Sheet 1")),
    "rows hidden by a filter": lambda rows: workbook(rows, hide),
    "a title above the table": lambda rows: workbook(rows, lambda sheet: sheet.insert_rows(1, 3)),
    "a formula of one's own beside it": lambda rows: workbook(
        rows, lambda sheet: sheet.cell(2, 40, "=COUNTIF(R:R,1)")
    ),
    "parts of a comment in bold": lambda rows: workbook(rows, in_bold),
    "a cell far below": lambda rows: workbook(
        rows, lambda sheet: sheet.cell(1_048_576, 50, "the end")
    ),
    "an empty cell far to the right": lambda rows: repacked(workbook(rows), with_far_cell),
    "names of parts in capitals": lambda rows: renamed(workbook(rows), str.upper),
    "names of parts with backslashes": lambda rows: renamed(
        workbook(rows), lambda name: name.replace("/", "\\")
    ),
    "Strict Open XML, with prefixes": lambda rows: repacked(workbook(rows), strictly),
}


def with_other_sheets(sheet: Any) -> None:
    sheet.parent.create_sheet("Instructions", 0).append(["Fill in `decision`", "by Friday"])
    sheet.parent.create_sheet("Progress").append(["decided", '=COUNTIF(Access!R:R,"?*")'])


def with_far_cell(parts: dict[str, bytes]) -> None:
    """Add cells far to the right, as LibreOffice does for a row with a style."""
    parts[SHEET] = parts[SHEET].replace(b"</row>", b'<c r="AMJ1" s="0"/></row>', 1)


def renamed(data: bytes, change: Callable[[str], str]) -> bytes:
    def write(parts: dict[str, bytes]) -> None:
        changed = {change(name): part for name, part in parts.items()}
        parts.clear()
        parts.update(changed)

    return repacked(data, write)


def hide(sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:Z40"
    for number in range(3, 9):
        sheet.row_dimensions[number].hidden = True


def in_bold(sheet: Any) -> None:
    for row in range(2, sheet.max_row + 1):
        cell = sheet.cell(row, HEADERS.index("comment") + 1)
        cell.value = CellRichText(WORDS[:6], TextBlock(InlineFont(b=True), WORDS[6:]))


def strictly(parts: dict[str, bytes]) -> None:
    for name, part in parts.items():
        for old, new in zip(xlsx_cells.NAMESPACES, xlsx_cells.NAMESPACES[1:], strict=False):
            part = part.replace(old.encode(), new.encode())
        if name.startswith("xl/worksheets/sheet"):
            part = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", part).replace(b" xmlns=", b" xmlns:x=")
        parts[name] = part


@pytest.mark.parametrize("habit", RESAVED)
def test_a_file_that_a_spreadsheet_saved_again_says_the_same(taken, rows, habit):
    """A file that a spreadsheet saved again has the same decisions."""
    content = RESAVED[habit](rows)
    suffix = "xlsx" if content.startswith(b"PK") else "csv"
    times = 2 if habit == "every row twice" else 1

    assert [len(rows) * times] == understood(taken, came(taken.home, content, f"kim.{suffix}"))


def test_the_workbook_that_went_out_says_what_was_filled_in(taken, rows, workbook_that_went_out):
    """The workbook that went out has the decisions that were filled in."""
    assert [len(rows)] == understood(taken, came(taken.home, workbook_that_went_out, "kim.xlsx"))


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice (soffice) is not installed")
def test_a_file_that_went_through_libreoffice_says_the_same(
    taken, rows, workbook_that_went_out, tmp_path
):
    """A file converted by LibreOffice has the same decisions."""
    came(tmp_path, rows, "a.csv")
    came(tmp_path, workbook_that_went_out, "b.xlsx")
    came(tmp_path, workbook(rows), "c.xlsx")
    csv_with_semicolons = "csv:Text - txt - csv (StarCalc):59,34,76,1"
    converted = [
        *convert(tmp_path, "xlsx", "a.csv"),
        *convert(tmp_path, "xlsx", "b.xlsx"),
        *convert(tmp_path, csv_with_semicolons, "c.xlsx"),
    ]
    assert [len(rows)] * 3 == [understood(taken, name)[0] for name in converted]


def convert(folder: Path, kind: str, *names: str) -> list[str]:
    out = folder / "converted"
    subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--infilter=CSV:44,34,76,1" if names[0].endswith("csv") else "--norestore",
            "--convert-to",
            kind,
            "--outdir",
            out,
            *(folder / name for name in names),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return [str(out / Path(name).with_suffix(f".{kind.split(':')[0]}")) for name in names]


def test_what_a_person_types_is_read_as_they_see_it(rows, tmp_path):
    """A value that a person types into a workbook is read as the workbook shows it."""

    def type_in(sheet: Any) -> None:
        for number, (comment, at) in enumerate(
            [(4711, datetime(2026, 11, 25, 14, 30)), (True, "25.11.2026"), ("x", None)], 2
        ):
            sheet.cell(number, HEADERS.index("comment") + 1, comment)
            sheet.cell(number, HEADERS.index("decided_at") + 1, at)

    (tmp_path / "kim.xlsx").write_bytes(workbook(rows, type_in))
    found = decision_file.read_decision_file(tmp_path / "kim.xlsx").rows[:3]

    assert [2, 3, 4] == [row.number for row in found]
    assert ["4711", "TRUE", "x"] == [cell(row, "comment") for row in found]
    assert ["46351.604", "25.11.202", ""] == [cell(row, "decided_at")[:9] for row in found]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="C1" t="b"><v>true</v></c>', "TRUE"),
        ('<c r="C1" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="C1" t="b"><v></v></c>', ""),
        ('<c r="C1" t="b"/>', ""),
        ('<c r="C1" t="inlineStr"><is><t>in</t></is><v>out</v></c>', "in"),
        ('<c r="C1" t="str"><is><t>in</t></is><v>out</v></c>', "out"),
        ('<c r="C1"><v>7</v><is><t>in</t></is></c>', "7"),
        ('<c r="C1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
    ],
)
def test_a_cell_is_read_as_excel_shows_it(rows, cell, shown):
    """A cell in a rare form is read as Excel shows it."""

    def write(parts: dict[str, bytes]) -> None:
        head, _, tail = parts[SHEET].decode().partition("<sheetData>")
        _, _, tail = tail.partition("</sheetData>")
        parts[SHEET] = f'{head}<sheetData><row r="1">{cell}</row></sheetData>{tail}'.encode()

    book = xlsx_read.Book(repacked(workbook(rows), write), "kim.xlsx")
    for wanted in (None, frozenset({2})):
        [line] = book.read_rows(*book.sheets, wanted)
        assert shown == line.cells.get(2, "")


def test_days_of_a_workbook_may_count_from_1904(rows, tmp_path):
    """A date is the same in a workbook whose days count from 1904."""

    def from_1904(sheet: Any) -> None:
        sheet.parent.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        sheet.cell(2, HEADERS.index("decided_at") + 1, datetime(2026, 11, 25, 12))

    (tmp_path / "kim.xlsx").write_bytes(workbook(rows[:1], from_1904))
    [row] = decision_file.read_decision_file(tmp_path / "kim.xlsx").rows

    assert "46351.5" == cell(row, "decided_at")


@pytest.mark.parametrize("words", ["a\r\n_x000D_b", "_x0041_", "=1+1", "007", "x\u2028 y", "\x07"])
def test_a_comment_in_a_workbook_is_what_was_written(rows, words, tmp_path):
    """A comment in a workbook is read exactly as written."""
    (tmp_path / "kim.xlsx").write_bytes(ours(decided(rows[:1], "keep", words)))
    [row] = decision_file.read_decision_file(tmp_path / "kim.xlsx").rows

    assert words.replace("\r\n", "\n").strip() == rules.read_comment(cell(row, "comment"))


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A1"><v>1</v></c><c r="B1" t="inlineStr"><is><t>b</t></is></c><c r="C1"><v>3</v></c>',
        '<c r="A1"/><c r="B1"><v>2</v></c><c><v>3</v></c><c r="D1"><f>1+1</f><v>2</v></c>',
        '<c t="str"><v>1</v></c><c><v>2</v></c><c><v>3</v></c><c><v>4</v></c>',
        '<c r="C1" t="str"><v><![CDATA[<c r="B1"><v>2</v></c></row>]]></v></c>',
        '<c r="C1" t="str"><v>a<?own <c r="B1"/><c r="B1"><v>?>b</v></c><c r="D1"/>',
        '<c r="B1" t="inlineStr"><is><t>R&amp;D</t></is></c><c r="BC1"><v>9</v></c><c r="AAA1"/>',
        '<c r="A1" s="2" t="str"><v>&lt;R&amp;D&gt; &apos;x&quot; "y"</v></c><c r="C1"/>',
        '<c r="A1" t="inlineStr"><is><t>_x0041_é&amp;amp;</t></is></c><c r="D1" t="b"><v>1</v></c>',
        '<c r="A1" t="e"><v>#N/A</v></c><c r="C1"><v>7</v></c><c r="D1"><v>8</v></c>',
    ],
)
@pytest.mark.parametrize("long", ["", "<row/>" * 20_000])
def test_cells_that_nobody_wants_alter_none_of_the_others(rows, cells, long):
    """Cells outside the wanted columns do not change how wanted cells are read."""

    def write(parts: dict[str, bytes]) -> None:
        [name] = (name for name in parts if name.startswith("xl/worksheets/sheet"))
        head, _, tail = parts[name].decode().partition("<sheetData>")
        _, _, tail = tail.partition("</sheetData>")
        sheet = f'{long}<row>{cells}</row><row spans="1:9">{cells}</row><row><c r="C9"/></row>'
        parts[name] = f"{head}<sheetData>{sheet}</sheetData>{tail}".encode()

    book = xlsx_read.Book(repacked(workbook(rows), write), "kim.xlsx")
    [name] = book.sheets
    for wanted in (frozenset({2, 3}), frozenset({0, 2, 54})):
        every, some = ([*book.read_rows(name, which)] for which in (None, wanted))
        assert [line.number for line in every] == [line.number for line in some]
        for one, other in zip(every, some, strict=True):
            assert [one.cells.get(at, "") for at in wanted] == [
                other.cells.get(at, "") for at in wanted
            ]
            assert other.cells.keys() <= wanted
            assert one.formulas & wanted == other.formulas


@pytest.mark.parametrize("encoding", ["UTF-8", "iso-8859-1", "utf-16"])
def test_a_sheet_may_have_any_encoding(rows, encoding):
    """A sheet is read in any XML encoding."""

    def write(parts: dict[str, bytes]) -> None:
        [name] = (name for name in parts if name.startswith("xl/worksheets/sheet"))
        head, body, tail = parts[name].decode().partition("<sheetData>")
        row = '<row r="1"><c r="C1" t="str"><v>José</v></c></row></sheetData>'
        said = f'<?xml version="1.0" encoding="{encoding}"?>{head[head.index("<worksheet") :]}'
        parts[name] = f"{said}{body}{row}{tail.partition('</sheetData>')[2]}".encode(encoding)

    book = xlsx_read.Book(repacked(workbook(rows), write), "kim.xlsx")
    [name] = book.sheets
    [line] = book.read_rows(name, frozenset({2}))
    assert {2: "José"} == line.cells


def cell(row: decision_file.Row, name: str) -> str:
    return row.texts[decision_file.COLUMNS.index(name)] or ""
