"""Reads the cells of a workbook that comes back from others: values as text, row by row.

openpyxl takes several times as long for the same cells. Whatever is too large, or could act on
whoever opens it (macros, links to elsewhere, embedded things), is refused by the list of the
archive's parts, before one of them is unpacked. No part gives more bytes than that list says:
zipfile sees to it.
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
from pipelines.files.xlsx_cells import (
    ITEM,
    SHEET,
    Attributes,
    Line,
    Sheet,
    Text,
    new_parser,
    unescape_cell,
)

PARTS = 1_000  # in an archive; a workbook of three sheets has a dozen
UNPACKED = 1 << 30  # bytes of all parts
STRINGS = 1 << 27  # bytes of the table of texts, which is held whole
RATIO = 200  # unpacked to packed: sheets have 10 to 60, a bomb 1,000
CHUNK = 1 << 16
UNWANTED = (
    ("macros", re.compile(r"vbaproject|macrosheets|dialogsheets", re.I)),
    (
        "links to other files or data",
        re.compile(r"xl/(externallinks|connections|querytables|webextensions)", re.I),
    ),
    ("embedded objects", re.compile(r"xl/(embeddings|activex|ctrlprops)", re.I)),
)
IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
SAVE_AS = "save it as an Excel workbook (.xlsx) or as CSV"
AS_SENT = "take the file that was sent out, and fill that in"


class Book:
    """A workbook. Raises Refused for anything that is none, or is not harmless."""

    def __init__(self, data: bytes, what: str) -> None:
        self.what = what
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise self._broken(error) from None
        self._must_be_harmless(len(data))
        try:
            [book] = self._related("", "officeDocument").values()
            self.sheets = self._sheets(book)  # name -> part
            self.texts = [
                text
                for part in self._related(book, "sharedStrings").values()
                for text in self._texts(part)
            ]
        except (KeyError, ValueError) as error:
            raise self._broken(error) from None

    def lines(self, sheet: str, wanted: frozenset[int] | None = None) -> Iterator[Line]:
        """The rows that the sheet has, from the top; texts of the `wanted` columns only, if given.
        Raises Refused where the file is damaged."""
        reader = Sheet(self.texts, wanted)
        try:
            for _ in self._parsed(self.sheets[sheet], reader.parser, reader.shortened):
                yield from reader.taken()
            yield from reader.ended()
        except (KeyError, ValueError, IndexError) as error:
            raise self._broken(error) from None

    def _must_be_harmless(self, packed: int) -> None:
        parts = self.archive.infolist()
        names = [part.filename.lower() for part in parts]
        most = min(UNPACKED, RATIO * packed + (1 << 20))
        if len(parts) > PARTS or sum(part.file_size for part in parts) > most:
            raise Refused(
                self.what, "unpacked it would be larger than any list of decisions", AS_SENT
            )
        if any(part.flag_bits & 1 for part in parts):
            raise Refused(self.what, "it is protected by a password", "save it without one")
        for unwanted, pattern in UNWANTED:
            if any(pattern.search(name) for name in names):
                raise Refused(
                    self.what, f"it has {unwanted}, which no list of decisions needs", AS_SENT
                )
        if "xl/workbook.bin" in names or "mimetype" in names:
            raise Refused(self.what, "it is a workbook of another format", SAVE_AS)
        if len({*names}) < len(names):
            raise self._broken("two parts have one name")

    def _related(self, part: str, kind: str) -> Attributes:
        """What a part says that it consists of: by its ids, the parts of a kind."""
        found = {}

        def start(name: str, attributes: Attributes) -> None:
            if attributes.get("Type", "").endswith(f"/{kind}"):
                target = join("/", dirname(part), attributes["Target"])
                found[attributes["Id"]] = normpath(target).lstrip("/")

        head, _, tail = part.rpartition("/")
        self._walked(join(head, "_rels", f"{tail}.rels"), start)
        return found

    def _sheets(self, book: str) -> Attributes:
        parts = self._related(book, "worksheet")
        found = {}

        def start(name: str, attributes: Attributes) -> None:
            if name in SHEET:
                [id_] = [attributes[name] for name in IDS if name in attributes]
                if id_ in parts:  # a chart may have a sheet, too
                    found[attributes["name"]] = parts[id_]

        self._walked(book, start)
        return found

    def _texts(self, part: str) -> list[str]:
        """The table of texts that cells refer to by their place in it."""
        if self.archive.getinfo(part).file_size > STRINGS:
            raise Refused(self.what, "it has more text than any list of decisions", AS_SENT)
        texts: list[str] = []
        reader = Text()

        def end(name: str) -> None:
            reader.end(name)
            if name in ITEM:
                texts.append(unescape_cell(reader.text()))

        reader.parser.EndElementHandler = end
        self._walked(part, reader.start, reader.parser)
        return texts

    def _walked(
        self, part: str, start: Callable[[str, Attributes], None], parser: Any = None
    ) -> None:
        parser = parser or new_parser()
        parser.StartElementHandler = start
        for _ in self._parsed(part, parser):
            pass

    def _parsed(
        self, part: str, parser: Any, shortened: Callable[[bytes], bytes] = bytes
    ) -> Iterator[None]:
        """Feed a part to the parser, piece by piece, each of them shortened."""
        try:
            with self.archive.open(part) as file:
                while piece := file.read(CHUNK):
                    parser.Parse(shortened(piece), False)
                    yield
                parser.Parse(b"", True)
        except (
            *(expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
            *(NotImplementedError, RuntimeError),
        ) as error:
            raise self._broken(error) from None

    def _broken(self, why: object) -> Refused:
        return Refused(self.what, f"it cannot be read as a workbook ({why})", SAVE_AS)
