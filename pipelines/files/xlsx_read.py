"""Read the cells of a workbook that others have saved: every value as text, row by row.

A workbook that is too large, or that could act on whoever opens it (macros, links, embedded
objects), is refused before any part is unpacked, because the archive lists its parts. zipfile
raises for a part that has more bytes than that list says.

We parse the XML ourselves because no library reads a hostile workbook within bounds. openpyxl takes
five times as long. python-calamine is three times as fast, but it holds the whole rectangle of
cells. A 2 kB workbook with one cell in XFD1048576 aborts the process, one with a cell in AX1048576
takes 1.6 GB, and 20,000 references to one text of 100 kB take 5.7 GB. python-calamine also turns
long numbers into floats, drops `#N/A`, and does not report formulas.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath
from typing import Any
from xml.parsers import expat

from pipelines.failures import Refused
from pipelines.files import xlsx_cells, xlsx_formats
from pipelines.files.csv_read import AS_SENT, SAVE_AS
from pipelines.files.xlsx_cells import Area, Attributes, SheetReader, SheetRow

MAX_PARTS = 1_000  # of an archive; a workbook with three sheets has a dozen
MAX_UNPACKED_BYTES = 1 << 30  # of all parts together
MAX_STRINGS_BYTES = 1 << 27  # of the shared strings, which are kept in memory
MAX_RATIO = 200  # of unpacked to packed bytes: sheets have 10 to 60, a zip bomb 1,000
CHUNK_BYTES = 1 << 16
UNWANTED = (
    ("macros", re.compile(r"vbaproject|macrosheets|dialogsheets", re.I)),
    (
        "links to other files or data",
        re.compile(r"xl/(externallinks|connections|querytables|webextensions)", re.I),
    ),
    ("embedded objects", re.compile(r"xl/(embeddings|activex|ctrlprops)", re.I)),
)
RELATIONSHIP_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)


class Book:
    """An open workbook. Raises Refused if the data is not a workbook or is not harmless."""

    def __init__(self, data: bytes, what: str, remedy: str = AS_SENT) -> None:
        self.what, self.remedy = what, remedy
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise self._unreadable(error) from None
        # Names of parts ignore case (ECMA-376 part 2, 6.2.2.3); some programs write backslashes.
        self.parts = {
            part.filename.replace("\\", "/").lstrip("/").lower(): part
            for part in self.archive.infolist()
        }
        self._must_be_harmless(len(data))
        self.counts_from_1904 = False  # whether day 0 is in 1904, as in Excel for old Macs
        try:
            [book] = self._related_parts("", "officeDocument").values()
            self.sheets = self._find_sheets(book)  # name -> part
            self.styles = [*self._related_parts(book, "styles").values()]
            self.strings = [
                text
                for part in self._related_parts(book, "sharedStrings").values()
                for text in self._read_strings(part)
            ]
        except (KeyError, ValueError) as error:
            raise self._unreadable(error) from None

    def read_rows(
        self, sheet: str, wanted: frozenset[int] | None = None, merged: list[Area] | None = None
    ) -> Iterator[SheetRow]:
        """Yield the rows of a sheet from the top, with only the `wanted` columns if any are given.

        Adds the areas of merged cells to `merged` after the last row. Raises Refused for damage.
        """
        reader = SheetReader(self.strings, wanted)
        try:
            for _ in self._feed(self.sheets[sheet], reader.parser, reader.shorten):
                yield from reader.take_complete_rows()
            yield from reader.rows
            if merged is not None:
                merged += reader.merged
        except (KeyError, ValueError, IndexError) as error:
            raise self._unreadable(error) from None

    def read_formats(self) -> list[str]:
        """Return the code of the number format of each style, by the number that cells have."""
        codes, formats, is_style = dict(xlsx_formats.BUILT_IN), [], False

        def start(name: str, attributes: Attributes) -> None:
            nonlocal is_style
            if name in xlsx_cells.FORMAT:
                codes[attributes["numFmtId"]] = attributes["formatCode"]
            elif name in xlsx_cells.STYLES:
                is_style = True
            elif name in xlsx_cells.STYLE and is_style:
                formats.append(codes.get(attributes.get("numFmtId", "0"), "General"))

        def end(name: str) -> None:
            nonlocal is_style
            is_style = is_style and name not in xlsx_cells.STYLES

        try:
            for part in self.styles:
                parser = xlsx_cells.new_parser()
                parser.EndElementHandler = end
                self._parse(part, start, parser)
        except (KeyError, ValueError) as error:
            raise self._unreadable(error) from None
        return formats

    def _must_be_harmless(self, packed: int) -> None:
        parts = self.archive.infolist()
        names = [*self.parts]
        most = min(MAX_UNPACKED_BYTES, MAX_RATIO * packed + (1 << 20))
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > most:
            raise Refused(self.what, "unpacked, it is larger than any list", self.remedy)
        if any(part.flag_bits & 1 for part in parts):
            raise Refused(self.what, "it is protected by a password", "save it without a password")
        for unwanted, pattern in UNWANTED:
            if any(pattern.search(name) for name in names):
                raise Refused(self.what, f"it has {unwanted}, which no list needs", self.remedy)
        if "xl/workbook.bin" in names or "mimetype" in names:
            raise Refused(self.what, "it is a workbook of another format", SAVE_AS)
        if len(names) < len(parts):
            raise self._unreadable("two of its parts have the same name")

    def _related_parts(self, part: str, kind: str) -> dict[str, str]:
        """Return the parts of one kind that `part` refers to, by their relationship ids."""
        found = {}

        def start(_: str, attributes: Attributes) -> None:
            if attributes.get("Type", "").endswith(f"/{kind}"):
                target = attributes["Target"].replace("\\", "/")
                target = join("/", dirname(part), target)
                found[attributes["Id"]] = normpath(target).lstrip("/")

        head, _, tail = part.rpartition("/")
        self._parse(join(head, "_rels", f"{tail}.rels"), start)
        return found

    def _find_sheets(self, book: str) -> dict[str, str]:
        parts = self._related_parts(book, "worksheet")
        found = {}

        def start(name: str, attributes: Attributes) -> None:
            if name in xlsx_cells.BOOK:
                self.counts_from_1904 = attributes.get("date1904") in ("1", "true")
            elif name in xlsx_cells.SHEET:
                [id_] = [attributes[name] for name in RELATIONSHIP_IDS if name in attributes]
                if id_ in parts:  # a chart can be a sheet, too
                    found[attributes["name"]] = parts[id_]

        self._parse(book, start)
        return found

    def _read_strings(self, part: str) -> list[str]:
        """Read the shared strings; cells refer to them by their index."""
        if self.parts[part.lower()].file_size > MAX_STRINGS_BYTES:
            raise Refused(self.what, "it has more text than any list", self.remedy)
        texts: list[str] = []
        reader = xlsx_cells.TextReader()

        def end(name: str) -> None:
            reader.end(name)
            if name in xlsx_cells.ITEM:
                texts.append(xlsx_cells.unescape_cell(reader.take_text()))

        reader.parser.EndElementHandler = end
        self._parse(part, reader.start, reader.parser)
        return texts

    def _parse(
        self, part: str, start: Callable[[str, Attributes], None], parser: Any = None
    ) -> None:
        parser = parser or xlsx_cells.new_parser()
        parser.StartElementHandler = start
        for _ in self._feed(part, parser):
            pass

    def _feed(
        self, part: str, parser: Any, shorten: Callable[[bytes], bytes] = bytes
    ) -> Iterator[None]:
        """Feed a part to the parser in chunks, each cut by `shorten`; yield after each chunk."""
        try:
            with self.archive.open(self.parts[part.lower()]) as file:
                while chunk := file.read(CHUNK_BYTES):
                    parser.Parse(shorten(chunk), False)
                    yield
                parser.Parse(b"", True)
        except (
            *(expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
            *(NotImplementedError, RuntimeError),
        ) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, why: object) -> Refused:
        return Refused(self.what, f"it cannot be read as a workbook ({why})", SAVE_AS)
