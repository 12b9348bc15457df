"""Hostile and damaged decision files are refused before they can do any harm."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.failures import Failure
from pipelines.files import xlsx_cells
from pipelines.review.columns import HEADERS
from pipelines.review.incoming import decision_file
from tests.support.filled_in import SHEET, Rows, came, decided, ours, repacked, text, workbook
from tests.support.product import Opened


@pytest.fixture(scope="module")
def rows(opened: Opened) -> Rows:
    return decided(opened.rows)


def adding(name: str, content: bytes = b"x") -> Callable[[Rows], bytes]:
    return lambda rows: repacked(workbook(rows), lambda parts: parts.update({name: content}))


def in_sheet(content: bytes, part: str = SHEET) -> Callable[[Rows], bytes]:
    """Return the workbook with other XML in front of a sheet or another part."""
    return lambda rows: repacked(
        ours(rows), lambda parts: parts.update({part: content + parts[part]})
    )


def with_cells(number: int) -> bytes:
    cells = b"".join(b"<c><v>1</v></c>" for _ in range(number))
    return b'<worksheet xmlns="%s"><sheetData><row>%s</row></sheetData></worksheet>' % (
        xlsx_cells.NAMESPACES[0].encode(),
        cells,
    )


def lying(rows: Rows) -> bytes:
    """Return an archive that declares 500 bytes for a sheet of 64 MiB."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(rows))) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in old.namelist():
            archive.writestr(name, old.read(name) + b" " * (1 << 26) * (name == SHEET))
        archive.getinfo(SHEET).file_size = 500
    return file.getvalue()


def locked(rows: Rows) -> bytes:
    """Return a workbook whose parts are marked as encrypted."""
    data = bytearray(workbook(rows))
    for found in re.finditer(rb"PK\x01\x02", bytes(data)):
        data[found.start() + 8] |= 1
    return bytes(data)


LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'ha'>%s]>" % b"".join(
    b"<!ENTITY %c '&%c;&%c;&%c;&%c;'>" % (98 + n, *(97 + n,) * 4) for n in range(20)
)
REFUSED: dict[str, tuple[str, Callable[[Rows], bytes], str]] = {
    "macros": ("k.xlsx", adding("xl/vbaProject.bin"), "macros"),
    "macros of Excel 4": ("k.xlsx", adding("xl/macrosheets/sheet1.xml"), "macros"),
    "a name of workbooks with macros": ("k.xlsm", workbook, "macros"),
    "a link to another file": ("k.xlsx", adding("xl/externalLinks/externalLink1.xml"), "links"),
    "a DDE link": ("k.xlsx", adding("xl/externalLinks/externalLink1.xml", b"<ddeLink/>"), "links"),
    "a database connection": ("k.xlsx", adding("xl/connections.xml"), "links"),
    "an embedded object": ("k.xlsx", adding("xl/embeddings/oleObject1.bin"), "embedded"),
    "a control": ("k.xlsx", adding("xl/activeX/activeX1.xml"), "embedded"),
    "a password": ("k.xlsx", lambda _: decision_file.OLD_OR_LOCKED + b"\0" * 512, "password"),
    "a locked archive": ("k.xlsx", locked, "password"),
    "a binary workbook": ("k.xlsx", adding("xl/workbook.bin"), "another format"),
    "an OpenDocument": ("k.ods", adding("mimetype"), "another format"),
    "a zip bomb": ("k.xlsx", adding("xl/bomb.xml", b"0" * (1 << 26)), "larger"),
    "a zip bomb that lies": ("k.xlsx", lying, "cannot be read"),
    "a thousand parts": (
        "k.xlsx",
        lambda rows: repacked(
            workbook(rows), lambda parts: parts.update({f"x/{n}": b"" for n in range(1_001)})
        ),
        "larger",
    ),
    "entities that grow": ("k.xlsx", in_sheet(LAUGHS), "DTD"),
    "entities that grow in texts": ("k.xlsx", in_sheet(LAUGHS, "xl/sharedStrings.xml"), "DTD"),
    "an entity of another file": (
        "k.xlsx",
        in_sheet(b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
        "DTD",
    ),
    "thousands of columns": (
        "k.xlsx",
        lambda rows: repacked(
            workbook(rows), lambda parts: parts.update({SHEET: with_cells(5_000)})
        ),
        "columns",
    ),
    "a million columns of CSV": ("k.csv", lambda _: b"item_id," * 1_000_000, "columns"),
    "a thousand nested elements": (
        "k.xlsx",
        lambda rows: repacked(
            workbook(rows), lambda parts: parts.update({SHEET: b"<x>" * 100_000})
        ),
        "cannot be read",
    ),
    "a workbook cut short": ("k.xlsx", lambda rows: workbook(rows)[:-500], "cannot be read"),
    "a text that its cell does not find": (
        "k.xlsx",
        lambda rows: repacked(
            ours(rows),
            lambda parts: parts.update(
                {"xl/sharedStrings.xml": b'<sst xmlns="%s"/>' % xlsx_cells.NAMESPACES[0].encode()}
            ),
        ),
        "cannot be read",
    ),
    "two sheets of decisions": (
        "k.xlsx",
        lambda rows: workbook(rows, lambda sheet: sheet.parent.copy_worksheet(sheet)),
        "both",
    ),
    "a quote without end": ("k.csv", lambda rows: text(rows).encode() + b'"' + b"x\n" * 99, "CSV"),
    "a quote within": ("k.csv", lambda rows: text(rows).encode() + b'"a"b,', "CSV"),
    "no header": ("k.csv", lambda rows: text(rows).partition("\r\n")[2].encode(), "header"),
    "no column of seals": ("k.csv", lambda rows: text(rows, [*HEADERS[:-1]]).encode(), "`seal`"),
    "no column of decisions": (
        "k.csv",
        lambda rows: text(rows, [*{*HEADERS} - {"decision"}]).encode(),
        "`decision`",
    ),
    "two columns of decisions": (
        "k.csv",
        lambda rows: text(rows, [*HEADERS, "Decision"]).encode(),
        "two columns",
    ),
    "nothing": ("k.csv", lambda _: b"", "header"),
    "a value far to the right": (
        "k.xlsx",
        lambda rows: workbook(rows, lambda sheet: sheet.cell(2, 1_024, "x")),
        "column AMJ has a value",
    ),
    "links in a folder with backslashes": (
        "k.xlsx",
        adding("XL\\ExternalLinks\\externalLink1.xml"),
        "links",
    ),
    "a part that is there twice in capitals": (
        "k.xlsx",
        adding("XL/worksheets/SHEET1.xml"),
        "the same name",
    ),
    "a boolean that is none": (
        "k.xlsx",
        lambda rows: repacked(
            workbook(rows),
            lambda parts: parts.update(
                {SHEET: with_cells(1).replace(b"<c><v>1", b'<c t="b"><v>maybe')}
            ),
        ),
        "neither true nor false",
    ),
    "a file that Excel keeps beside an open workbook": (
        "~$kim.xlsx",
        lambda _: b"\x05Kim" + b" " * 161,
        "while the workbook is open",
    ),
    "a picture": ("k.csv", lambda _: bytes(range(256)) * 9, "neither"),
}


def with_strings(number: int, size: int) -> Callable[[Rows], bytes]:
    """Return a workbook of the rows, with many cells below that refer to one long text."""

    def write(parts: dict[str, bytes]) -> None:
        strings = parts["xl/sharedStrings.xml"]
        last = strings.count(b"<si>")
        text = b"<si><t>%s</t></si></sst>" % (b"x" * size)
        parts["xl/sharedStrings.xml"] = strings.replace(b"</sst>", text)
        column = xlsx_cells.column_letters(HEADERS.index("comment")).encode()
        rows = (
            b'<row r="%d"><c r="%s%d" t="s"><v>%d</v></c></row>' % (row, column, row, last)
            for row in range(1_000, 1_000 + number)
        )
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", b"".join(rows) + b"</sheetData>")

    return lambda rows: repacked(ours(rows), write)


EXPANDING: dict[str, tuple[str, Callable[[Rows], bytes], str]] = {
    "120 MB of commas in a row": (
        "k.csv",
        lambda rows: text(rows).encode() + b"," * 120_000_000,
        "characters",
    ),
    "a row of many lines": (
        "k.csv",
        lambda rows: text(rows).encode() + b'"' + b"\n" * 120_000_000,
        "CSV",
    ),
    "rows of thousands of cells": (
        "k.csv",
        lambda rows: text(rows).encode() + (b"," * 1_000_000 + b"\n") * 100,
        "columns",
    ),
    "120 MB of newlines": (
        "k.csv",
        lambda rows: text(rows).encode() + b"\n" * 120_000_000,
        "1,048,576 rows",
    ),
    "120 MB of newlines in a code page": (
        "k.csv",
        lambda rows: text(rows).encode("cp1251", "replace") + b"\xff" + b"\n" * 120_000_000,
        "1,048,576 rows",
    ),
    "references to one long text": ("k.xlsx", with_strings(100_000, 1_000_000), "characters"),
    "headers of one long text": (
        "k.xlsx",
        lambda rows: repacked(
            ours(rows),
            lambda parts: parts.update(
                {
                    SHEET: with_cells(900).replace(b"<c>", b'<c t="s">').replace(b">1<", b">0<"),
                    "xl/sharedStrings.xml": b'<sst xmlns="%s"><si><t>%s</t></si></sst>'
                    % (xlsx_cells.NAMESPACES[0].encode(), os.urandom(1_000_000).hex().encode()),
                }
            ),
        ),
        "header",
    ),
}
MEASURED = """
import re, sys, time
from pathlib import Path
from pipelines.failures import Refused
from pipelines.review.incoming.decision_file import read_decision_file
began = time.process_time()
try:
    read_decision_file(Path(sys.argv[1]))
except Refused as refused:
    print(time.process_time() - began)
    print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
    print(refused, refused.next)
"""


@pytest.mark.parametrize("case", EXPANDING)
def test_a_file_that_expands_is_refused_at_its_limit(rows, case, tmp_path):
    """A file that grows while it is read is refused within two seconds and 200 MB."""
    name, made, said = EXPANDING[case]
    (tmp_path / name).write_bytes(made(rows))

    done = subprocess.run(
        [sys.executable, "-c", MEASURED, tmp_path / name],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        timeout=60,
    )
    assert said in done.stdout, done.stdout + done.stderr
    seconds, megabytes, *_ = done.stdout.split("\n")
    assert float(seconds) < 2 and float(megabytes) < 200, done.stdout


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_harmless_list_of_decisions_is_refused(asking, rows, case):
    """Every file that is no harmless list of decisions is refused with a reason and a next step."""
    name, made, said = REFUSED[case]
    result = asking.run("review", "import", "q4", came(asking.home, made(rows), name))

    assert (5, True) == (result.code, said in result.err), result.err
    assert f"{name}" in result.err and "next: " in result.err


def test_a_giant_file_is_refused_unread(asking, tmp_path):
    """A file above the size limit is refused without being read."""
    with (tmp_path / "k.csv").open("wb") as file:
        file.truncate(1 << 40)

    result = asking.run("review", "import", "q4", "k.csv")

    assert 5 == result.code and "MiB" in result.err


@pytest.mark.parametrize("name", ["nothing.csv", "folder", "pipe"])
def test_what_is_no_file_is_wrong_usage(asking, tmp_path, name):
    """A folder, a pipe or a missing file is wrong usage."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    assert 2 == asking.run("review", "import", "q4", name).code


def test_a_formula_is_refused_by_its_row_whatever_it_shows(asking, rows):
    """A row with a formula is refused by its number, whatever value the formula shows."""

    def cheat(sheet: Any) -> None:
        sheet.cell(3, HEADERS.index("decision") + 1, '=LOWER("REVOKE")')
        sheet.cell(5, HEADERS.index("Person") + 1, "=cmd|'/C calc'!A0")
        sheet.cell(7, HEADERS.index("comment") + 1, "=1+1")

    result = asking.run(
        "review", "import", "q4", came(asking.home, workbook(rows, cheat), "k.xlsx")
    )

    assert 5 == result.code
    assert ["3", "5", "7"] == re.findall(r"k\.xlsx row (\d+): \w+ is a formula", result.err)


def test_results_that_a_formula_spills_are_refused(asking, rows):
    """A cell that another cell's formula fills is refused like the formula itself."""

    def spill(parts: dict[str, bytes]) -> None:
        cell = re.compile(rb'<c r="(%s[345])"[^>]*/?>(?:.*?</c>)?' % letters)
        parts[SHEET] = cell.sub(rb'<c r="\1" t="str"><v>keep</v></c>', parts[SHEET])
        far = b'<c r="AZ2"><f t="array" ref="AZ2:AZ2">1</f><v>1</v></c></row>'
        own = b'<c r="A3" t="str"><f t="array" ref="A3:%s4">x</f>' % letters
        head, _, tail = parts[SHEET].partition(b'<row r="3"')
        tail = re.sub(rb'<c r="A3"[^>]*>', own, tail, count=1)
        parts[SHEET] = head.removesuffix(b"</row>") + far + b'<row r="3"' + tail

    letters = xlsx_cells.column_letters(HEADERS.index("decision")).encode()
    data = repacked(workbook(rows), spill)
    result = asking.run("review", "import", "q4", came(asking.home, data, "k.xlsx"))

    assert 5 == result.code
    assert ["3", "4"] == re.findall(r"k\.xlsx row (\d+): \w+ is a formula", result.err)


def test_a_value_under_a_merged_cell_is_refused(asking, rows):
    """A row with a value hidden under a merged cell is refused by its number."""
    column = xlsx_cells.column_letters(HEADERS.index("decision"))

    def merge(parts: dict[str, bytes]) -> None:
        merged = f'</sheetData><mergeCells><mergeCell ref="{column}3:{column}5"/></mergeCells>'
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", merged.encode())

    data = repacked(workbook(rows), merge)
    result = asking.run("review", "import", "q4", came(asking.home, data, "k.xlsx"))

    assert 5 == result.code
    found = re.findall(r"k\.xlsx row (\d+): decision is hidden under a merged cell", result.err)
    assert ["4", "5"] == found


@pytest.fixture(scope="module")
def whole(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """Return a workbook, and the path for damaged copies of it."""
    return tmp_path_factory.mktemp("damaged") / "kim.xlsx", workbook(rows[:3])


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.binary(max_size=9))
def test_a_damaged_workbook_is_refused_or_read_but_never_breaks(whole, where, noise):
    """A damaged workbook is refused or read, but never ends in a traceback."""
    path, data = whole
    place = int(where * len(data))
    path.write_bytes(data[:place] + noise + data[place + 4 :])

    try:
        assert 3 >= len(decision_file.read_decision_file(path).rows)
    except Failure as failure:
        assert 5 == failure.code
