"""Excel workbooks in which every cell is text, and the same rows give the same bytes.

Whatever a source calls its people and groups, no cell is a formula, a link or a number: Excel shows
`=1+1` and `007` as they are. Nothing of the moment of writing is in the file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.failures import Refused
from pipelines.files.text_stream import open_new_file

CREATED = datetime(1980, 1, 1, tzinfo=UTC)  # as old as a file in a ZIP archive can say it is
FIRST_SHEET = "xl/worksheets/sheet1.xml"
SIZE = re.compile(rb'(<dimension ref="[A-Z]+[0-9]+:[A-Z]+)[0-9]+')  # of a sheet
QUICK = 1  # zlib's level: four times as fast as its usual one, and the file is a quarter larger
ROWS = 1_048_576  # of a sheet
BYTES = 2**31 - 2**20  # of a sheet's rows: more needs a kind of ZIP that Excel may not open
OUTSIDE = -1  # what XlsxWriter answers for a cell beyond a sheet's end, and writes nothing

# XML has no way to write these two, and a reader refuses the whole file
UNWRITABLE = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")

LONGEST = 32_767  # characters of a cell
# As it stands in XML: without control characters, markup, or blanks at an end
INNER, OUTER = (rf"[^\x00-{last}&<>\x{{fffe}}\x{{ffff}}]" for last in (r"\x1f", r" \p{Z}"))
PLAIN = f"(?:{OUTER}(?:{INNER}*{OUTER})?)?"
CONTROL = r"[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]"


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """A new workbook, complete at the end of the block; mode 0600, and never over another file.

    Each sheet has to be filled row by row, from its top: a row is on disk before the next one
    comes, so that any number of rows needs little memory.
    """
    with (
        open_new_file(path) as file,
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as parts,
    ):
        book = new_workbook(file, constant_memory=True, tmpdir=parts)
        yield book
        book.close()


def new_workbook(file: IO[bytes], **options: object) -> Workbook:
    """A workbook that is written into this file when it is closed."""
    kinds = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    book = Workbook(file, dict.fromkeys(kinds, False) | options)
    book.set_properties({"created": CREATED})
    return book


@contextmanager
def insert_rows(path: Path, frame: dict[str, bytes], last: int) -> Iterator[IO[bytes]]:
    """A new workbook of these parts, with the rows that the block writes, as XML, below those of
    its first sheet, down to the `last` as the sheet numbers it; mode 0600, and never over another
    file."""
    with (
        open_new_file(path) as file,
        ZipFile(file, "w", ZIP_DEFLATED, compresslevel=QUICK) as archive,
    ):
        for name, content in frame.items():
            with archive.open(name, "w") as part:
                if name == FIRST_SHEET:
                    above, end, below = content.partition(b"</sheetData>")
                    part.write(SIZE.sub(rb"\g<1>%d" % last, above, count=1))
                    yield part
                    part.write(end + below)
                else:
                    part.write(content)


def write_cell(
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


def write_row(
    sheet: Worksheet, row: int, texts: Iterable[str | None], shape: Format | None = None
) -> None:
    """Write the cells of one row, from the left. Raises as `put` does."""
    for column, text in enumerate(texts):
        write_cell(sheet, row, column, text, shape)


def is_plain_sql(texts: Sequence[str]) -> str:
    """SQL of whether all cells of a row stand in XML as they are: one look instead of many."""
    together = f"concat_ws(chr(10), {', '.join(texts)})"
    pattern = f"{PLAIN}(?:\n{PLAIN}){{{len(texts) - 1}}}"
    return f"regexp_full_match({together}, '{pattern}') and not contains({together}, '_x')"


def row_sql(number: str, texts: Sequence[str], styles: Sequence[int], plain: str) -> str:
    """SQL of one row of a sheet in XML: `number` as the sheet shows it, `texts` columns without a
    null, `plain` what `plain_in_sql` says of them. Every cell is text, and empty text leaves it
    empty."""
    kind = 't="inlineStr"><is><t'
    quick, careful = [], []
    for place, (text, style) in enumerate(zip(texts, styles, strict=True)):
        begin = f"'<c r=\"{xl_col_to_name(place)}', {number}"
        shape = f'" s="{style}"'
        quick.append(  # no text is copied before all are
            f"{begin}, case when {text} = '' then '{shape}/>' else '{shape} {kind}>' end,"
            f" {text}, case when {text} = '' then '' else '</t></is></c>' end"
        )
        careful.append(
            f"{begin}, '{shape}', case when {text} = '' then '/>'"
            f" when regexp_full_match({text}, '{PLAIN}') and not contains({text}, '_x')"
            f" then concat(' {kind}>', {text}, '</t></is></c>')"
            f" else concat(' {kind} xml:space=\"preserve\">', {_escaped(text)},"
            " '</t></is></c>') end"
        )
    either, other = (
        f"concat('<row r=\"', {number}, '\">', {', '.join(cells)}, '</row>')"
        for cells in (quick, careful)
    )
    return f"case when {plain} then {either} else {other} end"


def _escaped(text: str) -> str:
    """Control characters as Excel writes them (ECMA-376 part 1, 22.9.2.19 ST_Xstring), and what
    looks like one so that it stays what it is."""
    text = (
        f"case when regexp_matches({text}, '_x[0-9A-Fa-f]{{4}}_')"
        f" then replace({text}, '_x', '_x005F_x') else {text} end"
    )
    text = (
        f"case when regexp_matches({text}, '{CONTROL}') then array_to_string(list_transform("
        f"string_split({text}, ''), lambda letter: case"
        " when unicode(letter) in (9, 10) then letter"
        " when unicode(letter) < 32 then printf('_x%04X_', unicode(letter))"
        " when unicode(letter) in (65534, 65535) then chr(65533)"
        f" else letter end), '') else {text} end"
    )
    for mark, name in (("&", "amp"), ("<", "lt"), (">", "gt")):
        text = f"replace({text}, '{mark}', '&{name};')"
    return text
