"""The rows that DuckDB writes as XML have the same cells as those that XlsxWriter writes."""

from __future__ import annotations

import io
import zipfile

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.files import xlsx_read, xlsx_write

TEXT = st.text(st.sampled_from("a_x0041D  \n\r\t\x01\ufffe\u2028é🦊<>&\"'=-")) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=9)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_sql_and_xlsxwriter_write_the_same_cells(rows):
    """A reader finds the same text in every cell, whichever of the two wrote the file."""
    file = io.BytesIO()
    with xlsx_write.new_workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            xlsx_write.write_row(sheet, number, row)
    assert cells(file.getvalue()) == cells(with_rows(file.getvalue(), as_xml(rows)))


def as_xml(rows: list[tuple[str, ...]]) -> str:
    xml = xlsx_write.row_xml_sql("number", ["a", "b", "c"], [0, 0, 0])
    with duckdb.connect() as connection:
        connection.execute("create table cells (number int, a text, b text, c text)")
        connection.executemany(
            "insert into cells values (?, ?, ?, ?)",
            [(number, *row) for number, row in enumerate(rows, 1)],
        )
        found = connection.execute(f"select {xml} from cells order by number").fetchall()
    return "".join(text for (text,) in found)


def with_rows(data: bytes, xml: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == xlsx_write.FIRST_SHEET:
                head, _, tail = part.partition(b"<sheetData")
                part = head + b"<sheetData>" + xml.encode() + b"</sheetData>"
                part += tail.partition(b"</sheetData>")[2] or tail.partition(b"/>")[2]
            new.writestr(name, part)
    return file.getvalue()


def cells(data: bytes) -> dict[tuple[int, int], str]:
    book = xlsx_read.Book(data, "kim.xlsx")
    [sheet] = book.sheets
    return {
        (row.number, column): text
        for row in book.read_rows(sheet)
        for column, text in row.cells.items()
        if text
    }
