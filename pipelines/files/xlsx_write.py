"""Write Excel workbooks in which every cell is text, and the same rows give the same bytes.

No cell is a formula, a link or a number, whatever a source calls its people and groups, so Excel
shows `=1+1` and `007` unchanged. The file does not contain the time of writing.
"""

from __future__ import annotations

import math
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

CREATED = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest date of a ZIP archive
FIRST_SHEET = "xl/worksheets/sheet1.xml"
DIMENSION = re.compile(rb'(<dimension ref="[A-Z]+[0-9]+:[A-Z]+)[0-9]+')
# zlib's fastest level takes a quarter of the time of the default; the file is a quarter larger.
COMPRESSION_LEVEL = 1
MAX_SHEET_ROWS = 1_048_576
MAX_SHEET_BYTES = 2**31 - 2**20  # a larger sheet needs ZIP64, which Excel may not open
OUTSIDE_SHEET = -1  # XlsxWriter returns this, and writes nothing, beyond the end of a sheet

# XML cannot hold these two characters; a reader refuses the whole file.
UNWRITABLE = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")

MAX_CELL_CHARACTERS = 32_767
LINE_POINTS, MAX_ROW_POINTS = 15, 405  # Excel allows 409
WRAP_LOSS = 1.1  # lines end at words, so a text needs more room than its letters
# Text that XML holds unchanged: no control characters, no markup, no blanks at either end.
INNER, OUTER = (rf"[^\x00-{last}&<>\x{{fffe}}\x{{ffff}}]" for last in (r"\x1f", r" \p{Z}"))
PLAIN = f"(?:{OUTER}(?:{INNER}*{OUTER})?)?"
CONTROL = r"[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]"


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """Yield a new workbook with mode 0600, and close it at the end of the block.

    Fill each sheet row by row from the top. XlsxWriter moves each row to disk when the next one
    begins, so any number of rows needs little memory. Raises FileExistsError.
    """
    with (
        open_new_file(path) as file,
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as parts,
    ):
        book = new_workbook(file, constant_memory=True, tmpdir=parts)
        yield book
        book.close()


def new_workbook(file: IO[bytes], **options: object) -> Workbook:
    """Return a workbook that is written to this file when it is closed."""
    kinds = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    book = Workbook(file, dict.fromkeys(kinds, False) | options)
    book.set_properties({"created": CREATED})
    return book


@contextmanager
def insert_rows(path: Path, frame: dict[str, bytes], last: int) -> Iterator[IO[bytes]]:
    """Write a new workbook from the parts in `frame`; the block adds rows to its first sheet.

    The block writes the rows as XML. `last` is the number of the sheet's last row. The file has
    mode 0600. Raises FileExistsError.
    """
    with (
        open_new_file(path) as file,
        ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive,
    ):
        for name, content in frame.items():
            with archive.open(name, "w") as part:
                if name == FIRST_SHEET:
                    above, end, below = content.partition(b"</sheetData>")
                    part.write(DIMENSION.sub(rb"\g<1>%d" % last, above, count=1))
                    yield part
                    part.write(end + below)
                else:
                    part.write(content)


def write_cell(
    sheet: Worksheet, row: int, column: int, text: str | None, shape: Format | None = None
) -> None:
    """Write one cell, counted from 0; null and empty text leave it empty.

    Raises Refused if a sheet cannot hold the text or the row.
    """
    if not text:
        if shape:
            sheet.write_blank(row, column, None, shape)
        return
    text = text.translate(UNWRITABLE)
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would write it as XML; as a rich string of pieces it stays text.
        pieces = [*text[:2], text[2:], *([shape] if shape else [])]
        error = sheet.write_rich_string(row, column, *pieces)
    else:
        error = sheet.write_string(row, column, text, shape)
    if error:
        too_much = "row" if error == OUTSIDE_SHEET else "text"
        raise Refused(
            f"sheet {sheet.get_name()}, row {row + 1}",
            f"an Excel sheet cannot hold this {too_much}: it has at most 1,048,576 rows, and a cell"
            " at most 32,767 characters",
            "write CSV or JSON instead",
        )


def write_row(
    sheet: Worksheet, row: int, texts: Iterable[str | None], shape: Format | None = None
) -> None:
    """Write the cells of one row, from the left. Raises Refused like `write_cell`."""
    for column, text in enumerate(texts):
        write_cell(sheet, row, column, text, shape)


def row_xml_sql(
    number: str, texts: Sequence[str], styles: Sequence[int], widths: dict[str, int] | None = None
) -> str:
    """Return SQL for the XML of one row, from its number, its text columns and their cell styles.

    `widths` has the width in characters of each column whose text is wrapped: the row is as high as
    the longest of them needs.

    No library writes a million rows as fast as DuckDB does, so DuckDB writes this XML itself.
    `tests/files/test_xlsx_write.py` compares every cell with the one that XlsxWriter writes. No
    column may have a null; empty text gives an empty cell.
    """
    kind = 't="inlineStr"><is><t'
    quick, careful = [], []
    for place, (text, style) in enumerate(zip(texts, styles, strict=True)):
        begin = f"'<c r=\"{xl_col_to_name(place)}', {number}"
        shape = f'" s="{style}"'
        quick.append(  # arguments of one concat, so that no text is copied twice
            f"{begin}, case when {text} = '' then '{shape}/>' else '{shape} {kind}>' end,"
            f" {text}, case when {text} = '' then '' else '</t></is></c>' end"
        )
        careful.append(
            f"{begin}, '{shape}', case when {text} = '' then '/>'"
            f" when regexp_full_match({text}, '{PLAIN}') and not contains({text}, '_x')"
            f" then concat(' {kind}>', {text}, '</t></is></c>')"
            f" else concat(' {kind} xml:space=\"preserve\">', {_escape_sql(text)},"
            " '</t></is></c>') end"
        )
    # Most rows are plain, and one test of the whole row shows that, instead of one test per cell.
    row = f"concat_ws(chr(10), {', '.join(texts)})"
    pattern = f"{PLAIN}(?:\n{PLAIN}){{{len(texts) - 1}}}"
    # LibreOffice adjusts no row of a file that seems to be Excel's own. A height that is not called
    # custom is adjusted again when somebody types into the row.
    height = _height_sql(widths) if widths else "''"
    either, other = (
        f"concat('<row r=\"', {number}, '\"', {height}, '>', {', '.join(cells)}, '</row>')"
        for cells in (quick, careful)
    )
    return (
        f"case when regexp_full_match({row}, '{pattern}') and not contains({row}, '_x')"
        f" then {either} else {other} end"
    )


def row_height(*texts: tuple[str, int]) -> int:
    """Return the height in points of a row with these wrapped texts and their columns' widths."""
    lines = max(
        1 if len(text) <= width else math.ceil(len(text) * WRAP_LOSS / width)
        for text, width in texts
    )
    return min(lines * LINE_POINTS, MAX_ROW_POINTS)


def _height_sql(widths: dict[str, int]) -> str:
    """Return SQL for the attribute of a row's height; empty for a row of one line."""
    is_wrapped = " or ".join(f"length({text}) > {width}" for text, width in widths.items())
    lines = ", ".join(
        f"ceil(length({text}) * {WRAP_LOSS} / {width})::int" for text, width in widths.items()
    )
    return (
        f"case when {is_wrapped} then"
        f" concat(' ht=\"', least(greatest({lines}) * {LINE_POINTS}, {MAX_ROW_POINTS}), '\"')"
        " else '' end"
    )


def _escape_sql(text: str) -> str:
    """Return SQL for a text in XML, with control characters escaped as Excel does (ECMA-376 part 1,
    22.9.2.19 ST_Xstring). Text that looks like such an escape is escaped, too."""
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
