"""Kind `files`: a workbook that people keep, read as they see it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipelines.files.xlsx_formats import show_number

HEADER = ["User", "Name", "Role"]
ADA, BOB = ["1", "Ada", "Approver"], ["2", "Bob", "Submitter"]
BOTH = [dict(zip(HEADER, row, strict=True)) for row in (ADA, BOB)]


def save(change: Callable[[Any], None] | None = None, rows: list[list[Any]] | None = None) -> bytes:
    """Return a workbook with these rows, changed by `change`."""
    book = Workbook()
    for row in rows or [HEADER, ADA, BOB]:
        book.active.append(row)
    if change:
        change(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def replace_part(data: bytes, part: str, pattern: bytes, new: bytes) -> bytes:
    """Return a workbook with another text in one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as archive:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                text, number = re.subn(pattern, new, text)
                assert number
            archive.writestr(name, text)
    return made.getvalue()


def add_title(book: Any) -> None:
    book.active.insert_rows(1, 2)
    book.active["A1"] = "Access list"
    book.active.merge_cells("A1:C1")


GOOD = {
    "plain": (None, ""),
    "a title": (add_title, "header_row = 3"),
    "another sheet": (lambda book: book.create_sheet("Notes"), 'sheet = "Sheet"'),
    "blank rows": (lambda book: (book.active.insert_rows(3), book.active.insert_rows(1)), ""),
    "a blank header": (lambda book: book.active.cell(1, 7, " "), ""),
    "an empty column": (lambda book: book.active.cell(2, 9, " "), ""),
    "a hidden row": (lambda book: setattr(book.active.row_dimensions[3], "hidden", True), ""),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_sheet_is_read_as_it_is_seen(exports, case):
    """Titles, other sheets, blank and hidden rows lose nothing."""
    change, entries = GOOD[case]
    exports.declare(f'path = "users.xlsx"\n{entries}')
    exports.write("users.xlsx", save(change))

    assert BOTH == exports.rows()


def test_values_are_what_a_cell_shows(exports):
    """Numbers have no fraction that is not shown, days are ISO, zeros of a format are kept."""
    values = {
        "a": (17, "General", "17"),
        "b": (0.1 + 0.2, "General", "0.3"),
        "c": (42, "00000", "00042"),
        "d": ("0042", "@", "0042"),
        "e": (date(2026, 11, 29), "dd/mm/yyyy", "2026-11-29"),
        "f": (datetime(2026, 11, 29, 13, 5), "yyyy-mm-dd hh:mm", "2026-11-29T13:05:00"),
        "g": (46_355, "[$-407]d. mmmm yyyy;@", "2026-11-29"),
        "h": (46_355, '0 "days"', "46355"),
        "i": (True, "General", "TRUE"),
        "j": (time(12, 0), "hh:mm", "0.5"),
        "k": (123_456_789_012_345, "0", "123456789012345"),
    }

    def fill(book: Any) -> None:
        for place, (value, code, _) in enumerate(values.values(), 1):
            cell = book.active.cell(2, place, value)
            cell.number_format = code

    exports.declare('path = "users.xlsx"')
    exports.write("users.xlsx", save(fill, [[*values]]))

    assert [{name: shown for name, (*_, shown) in values.items()}] == exports.rows()


def test_days_of_old_macs_are_days(exports):
    """A workbook that counts from 1904 has the same days; a number that is no day stays one."""

    def count_from_1904(book: Any) -> None:
        book.epoch = CALENDAR_MAC_1904
        book.active.cell(2, 1, date(2026, 11, 29))

    exports.declare('path = "users.xlsx"')
    exports.write("users.xlsx", save(count_from_1904, [["day"]]))

    assert [{"day": "2026-11-29"}] == exports.rows()
    assert "1" == show_number("1", "yyyy-mm-dd", False)


BAD = {
    "a formula": (lambda book: book.active.cell(3, 3, '=A1&"x"'), 5, "cell C3 is a formula"),
    "an error": (lambda book: book.active.cell(3, 1, "#N/A"), 5, "cell A3 is the error #N/A"),
    "a long number": (lambda book: book.active.cell(3, 1, 10**16), 5, "more than 15 digits"),
    "merged": (lambda book: book.active.merge_cells("C2:C3"), 5, "the cells C2 to C3 are merged"),
    "no header": (lambda book: book.active.cell(3, 5, "x"), 5, "cell E3 has a value, and its colu"),
    "two sheets": (lambda book: book.create_sheet("Other"), 2, "it has the sheets Sheet, Other"),
    "same name": (lambda book: book.active.cell(1, 2, "role"), 5, "two columns named role"),
    "nothing": (lambda book: book.active.delete_rows(1, 9), 5, "it is empty"),
    "no rows": (lambda book: book.active.delete_rows(2, 9), 5, "no row below its header"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_sheet_that_shows_something_else_is_refused(exports, case):
    """What a sheet computes, hides or rounds is refused by its cell."""
    change, code, said = BAD[case]
    exports.declare('path = "users.xlsx"')
    exports.write("users.xlsx", save(change))

    found, text = exports.refusal()
    assert (code, True) == (found, said in text), text


def test_a_formula_beside_the_list_does_not_matter(exports):
    """A column that `columns` does not name may be computed; it has the result that was saved."""
    exports.declare('path = "users.xlsx"')
    data = save(lambda book: book.active.cell(3, 2, "=1+1"))
    exports.write(
        "users.xlsx", replace_part(data, "xl/worksheets/sheet1.xml", b"<v ?/>|<v></v>", b"<v>2</v>")
    )

    assert ["Ada", "2"] == [row["Name"] for row in exports.rows()]


def test_macros_and_bombs_are_refused(exports):
    """What no list needs is refused before it is unpacked."""
    exports.declare('path = "users.xlsx"')
    made = io.BytesIO(save())
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    exports.write("users.xlsx", made.getvalue())

    code, text = exports.refusal()
    assert (5, True) == (code, "it has macros, which no list needs; save the list alone" in text), (
        text
    )


def test_a_sheet_that_is_not_there_is_named(exports):
    """A misspelt sheet is told with those that are there."""
    exports.declare('path = "users.xlsx"\nsheet = "Userz"')
    exports.write("users.xlsx", save())

    assert "there is no sheet Userz; it has Sheet" in exports.refusal()[1]
