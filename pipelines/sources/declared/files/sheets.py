"""Read one sheet of a workbook: what its cells show, with days as ISO 8601.

A formula is refused, although the workbook keeps its last result. Programs that change a workbook
leave old results in it, or none, and a result that is missing would look like access that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from pipelines.failures import Misconfigured, Refused
from pipelines.files.xlsx_cells import Area, SheetRow, column_letters
from pipelines.files.xlsx_formats import show_number
from pipelines.files.xlsx_read import Book
from pipelines.sources.declared.files.entries import FileTable
from pipelines.sources.declared.files.text import name_columns

MAX_BYTES = 1 << 27  # of a workbook, packed; it is in memory as a whole
ROWS_PER_BATCH = 10_000
REMEDY = "save the list alone, as an Excel workbook (.xlsx) or as CSV UTF-8"


class Sheet:
    """The sheet of a workbook that has the rows. `matters` are the columns that the declaration
    names, in small letters; None if all may matter."""

    def __init__(
        self, path: Path, what: str, place: str, table: FileTable, matters: set[str] | None
    ) -> None:
        self.what, self.place, self.table, self.matters = what, place, table, matters
        if path.stat().st_size > MAX_BYTES:
            raise Refused(what, f"it has more than {MAX_BYTES >> 20} MiB", REMEDY)
        self.book = Book(path.read_bytes(), what, REMEDY)
        self.formats = self.book.read_formats()
        self.sheet = self._find_sheet()
        self.header = self._find_header()
        named = {place: text for place, text in self.header.cells.items() if text.strip()}
        width = max(named, default=-1) + 1
        self.columns = name_columns([named.get(place, "") for place in range(width)], what)

    def write(self, path: Path) -> None:
        """Write the rows below the header as Parquet, with every value as text."""
        schema = pa.schema([(name, pa.string()) for name in self.columns])
        merged: list[Area] = []
        rows = self._read_rows(merged)
        with parquet.ParquetWriter(path, schema) as writer:
            while batch := [*islice(rows, ROWS_PER_BATCH)]:
                values = zip(*batch, strict=True)
                arrays = [pa.array(texts, pa.string()) for texts in values]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        for area in merged:
            if area.bottom > self.header.number and area.left < len(self.columns):
                first = f"{column_letters(area.left)}{area.top}"
                last = f"{column_letters(area.right)}{area.bottom}"
                why = f"the cells {first} to {last} are merged, so most of them have no value"
                raise Refused(self.what, why, "write the value into each of the cells")

    def _find_sheet(self) -> str:
        names = [*self.book.sheets]
        if self.table.sheet in names or (len(names) == 1 and not self.table.sheet):
            return self.table.sheet or names[0]
        known = ", ".join(names[:20])
        if self.table.sheet:
            why = f"there is no sheet {self.table.sheet}; it has {known}"
            raise Misconfigured(self.what, why, f"correct `sheet` in {self.place}")
        raise Misconfigured(
            self.what, f"it has the sheets {known}", f'say in {self.place}: sheet = "{names[0]}"'
        )

    def _find_header(self) -> SheetRow:
        for row in self.book.read_rows(self.sheet):
            if row.number == self.table.header_row:
                return row
            if self.table.header_row is None and any(text.strip() for text in row.cells.values()):
                return row
        raise Refused(self.what, "it is empty", "see whether `sheet` and `header_row` are right")

    def _read_rows(self, merged: list[Area]) -> Iterator[list[str | None]]:
        """Yield the values of each row that has any."""
        width = len(self.columns)
        for row in self.book.read_rows(self.sheet, merged=merged):
            if row.number <= self.header.number:
                continue
            texts: list[str | None] = [None] * width
            for column, text in row.cells.items():
                if not text.strip() and column not in row.formulas:
                    continue
                if column >= width:
                    why = f"{self._name_cell(row, column)} has a value, and its column no name"
                    next = f"name the column, or correct `header_row` in {self.place}"
                    raise Refused(self.what, why, next)
                texts[column] = self._show(row, column, text)
            if any(texts):
                yield texts

    def _show(self, row: SheetRow, column: int, text: str) -> str:
        """Return the text of a cell. Raises Refused for a formula, an error or a rounded number."""
        kind, style = row.types.get(column, ("s", "0"))
        why = ""
        if column in row.formulas:
            why = "is a formula"
        elif kind == "e":
            why = f"is the error {text[:20]}"
        elif kind == "n":
            try:
                place = int(style)
                code = self.formats[place] if place < len(self.formats) else "General"
                return show_number(text, code, self.book.counts_from_1904)
            except ValueError as error:
                why = f"is {error}"
        if why and (self.matters is None or self.columns[column].casefold() in self.matters):
            why = f"{self._name_cell(row, column)} {why}"
            raise Refused(self.what, why, "write the value itself, as text")
        return text

    def _name_cell(self, row: SheetRow, column: int) -> str:
        return f"cell {column_letters(column)}{row.number}"
