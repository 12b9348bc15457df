"""Excel workbooks in which every cell is text, and the same rows give the same bytes.

Whatever a source calls its people and groups, no cell is a formula, a link or a number: Excel shows
`=1+1` and `007` as they are. Nothing of the moment of writing is in the file.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.failures import Refused

CREATED = datetime(1980, 1, 1, tzinfo=UTC)  # as old as a file in a ZIP archive can say it is
ROWS = 1_048_576  # of a sheet
OUTSIDE = -1  # what XlsxWriter answers for a cell beyond a sheet's end, and writes nothing

# XML has no way to write these two, and a reader refuses the whole file
UNWRITABLE = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")

LONGEST = 32_767  # characters of a cell
# What XlsxWriter has to write in another way than as it stands; and blanks at an end of a cell
AWKWARD = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    r"\ud800-\udfff\ufffe\uffff]"
)
AWKWARD_TOO = ("_x", "<r>", " \n", "\n ")


@contextmanager
def workbook(path: Path, in_order: bool = False, created: datetime = CREATED) -> Iterator[Workbook]:
    """A new workbook, complete at the end of the block; mode 0600, and never over another file.

    `in_order` promises that each sheet is filled row by row, from its top: then a row is on disk
    before the next one comes, and any number of rows needs little memory.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(handle, "w+b") as file,
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as parts,
    ):
        book = Workbook(
            file,
            {
                "constant_memory": in_order,
                "in_memory": not in_order,
                "tmpdir": parts,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        book.set_properties({"created": created})
        yield book
        book.close()


def put(
    sheet: Worksheet, row: int, column: int, text: str | None, shape: Format | None = None
) -> None:
    """Write one cell, counted from 0. Null and empty text leave it empty.

    Raises Refused where the text or the row is more than a sheet can hold.
    """
    if not text:
        if shape:
            sheet.write_blank(row, column, None, shape)
        return
    text = text.translate(UNWRITABLE)
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would take it for ready-made XML; in pieces it is text like any other
        pieces = [*text[:2], text[2:], *([shape] if shape else [])]
        answer = sheet.write_rich_string(row, column, *pieces)
    else:
        answer = sheet.write_string(row, column, text, shape)
    if answer:
        too_much = "row" if answer == OUTSIDE else "text"
        raise Refused(
            f"sheet {sheet.get_name()}, row {row + 1}",
            f"an Excel sheet has no room for this {too_much}: it ends at 1,048,576 rows, and a cell"
            " at 32,767 characters",
            "write CSV or JSON instead",
        )


def put_row(
    sheet: Worksheet, row: int, texts: Iterable[str | None], shape: Format | None = None
) -> None:
    """Write the cells of one row, from the left. Raises as `put` does."""
    for column, text in enumerate(texts):
        put(sheet, row, column, text, shape)


def put_rows(
    sheet: Worksheet, first: int, rows: Iterable[Sequence[str]], shapes: Sequence[Format]
) -> None:
    """Write many rows below each other, each cell in its column's shape, in a workbook that is
    filled `in_order`. Raises as `put` does.

    XlsxWriter takes most of a millisecond for a row of thirty cells. A row in which nothing needs
    its care is written here, to where it would write it, and as it would.
    """
    columns = [(xl_col_to_name(place), shape._get_xf_index()) for place, shape in enumerate(shapes)]
    for number, row in enumerate(rows, first):
        together = "\n".join(("", *row, ""))
        if (
            number >= ROWS
            or len(together) > LONGEST // 2
            or together.count("\n") > len(row) + 1
            or any(awkward in together for awkward in AWKWARD_TOO)
            or AWKWARD.search(together)
        ):
            for column, (text, shape) in enumerate(zip(row, shapes, strict=True)):
                put(sheet, number, column, text, shape)
            continue
        if any(mark in together for mark in "&<>"):
            row = [escape(text) for text in row]
        sheet._write_single_row(number)  # the one before, if it waits
        sheet._check_dimensions(number, len(row) - 1)
        cells = [
            f'<c r="{name}{number + 1}" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>'
            if text
            else f'<c r="{name}{number + 1}" s="{style}"/>'
            for (name, style), text in zip(columns, row, strict=True)
        ]
        sheet.fh.write(f'<row r="{number + 1}">{"".join(cells)}</row>')
