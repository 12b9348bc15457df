"""Read the cells of a sheet from its XML with expat, and refuse any DTD.

expat calls Python six times for each cell, which is slow. Regular expressions therefore read the
rows that have the usual form of spreadsheets, and expat sees only a mark in place of each.
"""

from __future__ import annotations

import codecs
import re
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import unescape

MAX_COLUMNS = 1_000  # that may have a value; programs write empty cells further to the right
MAX_SHEET_COLUMNS = 1 << 14
MAX_ROWS = 1 << 20
MAX_MERGED = 100_000
MAX_ARRAYS = 1_000  # formulas whose results fill other cells, too

# Excel's "Strict Open XML" has other namespaces for the same elements.
NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
ROW, CELL, FORMULA, PHONETIC, ITEM, SHEET, VALUE, TEXT, MERGED, BOOK = (
    frozenset(f"{space} {name}" for space in NAMESPACES)
    for name in ("row", "c", "f", "rPh", "si", "sheet", "v", "t", "mergeCell", "workbookPr")
)
FORMAT, STYLES, STYLE = (
    frozenset(f"{space} {name}" for space in NAMESPACES) for name in ("numFmt", "cellXfs", "xf")
)
# A plain cell that is empty or in none of the wanted columns. The next cell must name its column,
# since the column of a cell without a name is counted from the cell before it.
UNWANTED_CELL = (
    rb'<c r="(?:[A-Z]{1,2}[0-9]+"[^<>&]*/>|(?!(?:%s)[0-9])[A-Z]{1,2}[0-9]+"[^<>&]*'
    rb">(?:<is><t[^<>&]*>[^<&]*</t></is>|<v>[^<&]*</v>)</c>)"
    rb'(?=<c r="|</row>)'
)
# Any other plain cell, as spreadsheets write it: its column, type and text.
PLAIN_TEXT = r"[^<>&\x00-\x1f]*+(?:&(?:amp|lt|gt|quot|apos);[^<>&\x00-\x1f]*+)*+"
PLAIN_CELL = (
    r'<c r="([A-Z]{1,2})[0-9]+"(?: s="[0-9]+")?(?: t="(inlineStr|str|s|b|n)")?>'
    rf'(?:<is><t(?: xml:space="preserve")?>({PLAIN_TEXT})</t></is>|<v>({PLAIN_TEXT})</v>)</c>'
)
CELLS = re.compile(PLAIN_CELL)
PLAIN_ROW = re.compile(
    rb"(<row [^<>&]*[^<>&/])>((?:%s)*+)</row>" % re.sub(r"\((?!\?)", "(?:", PLAIN_CELL).encode()
)
NAMED_ENTITIES = {"&quot;": '"', "&apos;": "'"}
# The XML declaration of a sheet that is not UTF-8.
OTHER_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*+(?![\"']utf-8[\"'])", re.I)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how Excel writes characters that XML cannot hold
DIGITS = "0123456789"
BOOLEANS = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE", "": ""}
NOT_TEXT = ("n", "d", "e")  # numbers, days and errors
AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")

Attributes = dict[str, str]


@dataclass
class SheetRow:
    """One row of a sheet: its number, its texts by column, and the columns that hold a formula.

    `types` has the type and the style of each cell that is no text. Rows that were read by regular
    expressions (only with `wanted`) have none.
    """

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    formulas: set[int] = field(default_factory=set)
    types: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Area:
    """A rectangle of cells, both corners included; columns are counted from 0, rows from 1."""

    left: int
    top: int
    right: int
    bottom: int

    def covers(self, column: int, row: int) -> bool:
        """Return whether a cell is in the area but is not its first cell."""
        is_inside = self.left <= column <= self.right and self.top <= row <= self.bottom
        return is_inside and (column, row) != (self.left, self.top)


class TextReader:
    """Collect the text of a cell: its value, and all pieces of its text except phonetic hints."""

    def __init__(self) -> None:
        self.parser = new_parser()
        self.pieces: list[str] = []
        self.value: list[str] = []
        self.is_phonetic = False

    def start(self, name: str, _: Attributes) -> None:
        if name in VALUE:
            self.parser.CharacterDataHandler = self.value.append
        elif name in TEXT:
            if not self.is_phonetic:
                self.parser.CharacterDataHandler = self.pieces.append
        elif name in PHONETIC:
            self.is_phonetic = True

    def end(self, name: str) -> None:
        if name in TEXT or name in VALUE:
            self.parser.CharacterDataHandler = None
        elif name in PHONETIC:
            self.is_phonetic = False

    def take_text(self, is_inline: bool = True) -> str:
        """Return the text, or else the value; if not `is_inline`, the value, or else the text."""
        inside, value = "".join(self.pieces), "".join(self.value)
        self.pieces.clear()
        self.value.clear()
        return inside or value if is_inline else value or inside


class SheetReader(TextReader):
    """Collect the rows of one sheet while the parser reads it."""

    def __init__(self, strings: list[str], wanted: frozenset[int] | None) -> None:
        super().__init__()
        self.strings = strings
        self.wanted = range(MAX_COLUMNS) if wanted is None else wanted
        self.rows: list[SheetRow] = []  # the parser may still be in the last one
        self.column = -1
        self.kind = "n"
        self.is_reading = False  # inside a wanted cell
        self.merged: list[Area] = []  # complete only after the last row
        self.arrays: list[Area] = []
        self.parser.StartElementHandler = self.start_element
        self.unwanted = None
        self.mark = f"x{secrets.token_hex(8)}"  # an attribute name that no file can have
        self.plain_rows: dict[str | None, list[tuple[str, ...]]] = {}  # their cells, by mark
        if wanted is not None:
            names = "|".join(column_letters(column) for column in wanted).encode()
            self.unwanted = re.compile(UNWANTED_CELL % names)

    def shorten(self, chunk: bytes) -> bytes:
        """Return the chunk without empty and unwanted cells, and with a mark for each plain row.

        If the sheet has a comment, CDATA, a processing instruction or another encoding, expat reads
        everything from there on, because text inside those could look like a cell.
        """
        is_odd = b"<!" in chunk or chunk.rfind(b"<?") > len(codecs.BOM_UTF8) or chunk[:1] in b"!?"
        if is_odd or OTHER_ENCODING.search(chunk):
            self.unwanted = None
        if self.unwanted is None:
            return chunk
        self.plain_rows.clear()
        return PLAIN_ROW.sub(self._mark_row, self.unwanted.sub(b"", chunk))

    def _mark_row(self, row: re.Match[bytes]) -> bytes:
        mark = f"{len(self.plain_rows)}"
        self.plain_rows[mark] = CELLS.findall(row[2].decode())
        return b'%s %s="%s"/>' % (row[1], self.mark.encode(), mark.encode())

    def take_complete_rows(self) -> list[SheetRow]:
        done, self.rows = self.rows[:-1], self.rows[-1:]
        return done

    def start_element(self, name: str, attributes: Attributes) -> None:
        if name in CELL:
            reference = attributes.get("r")
            self._move_to(column_of(reference.rstrip(DIGITS)) if reference else self.column + 1)
            if self.column in self.wanted or self.column >= MAX_COLUMNS:
                self.kind = attributes.get("t", "n")
                if self.kind in NOT_TEXT:
                    self.rows[-1].types[self.column] = (self.kind, attributes.get("s", "0"))
                self.is_reading = True
                self.parser.EndElementHandler = self.end_element
        elif name in FORMULA:
            if self.column in self.wanted:
                self.rows[-1].formulas.add(self.column)
            if area := attributes.get("ref") if attributes.get("t") != "shared" else None:
                self.arrays.append(parse_area(area))
                if len(self.arrays) > MAX_ARRAYS:
                    raise ValueError("too many of its formulas fill other cells")
        elif self.is_reading:
            self.start(name, attributes)
        elif name in MERGED:
            self.merged.append(parse_area(attributes["ref"]))
            if len(self.merged) > MAX_MERGED:
                raise ValueError("too many of its cells are merged")
        elif name in ROW:
            before = self.rows[-1].number if self.rows else 0
            number = int(attributes.get("r", before + 1))
            if not before < number <= MAX_ROWS:
                raise ValueError("its rows are out of order, or too many")
            self.rows.append(SheetRow(number))
            self.column = -1
            for letters, kind, inside, value in self.plain_rows.pop(attributes.get(self.mark), ()):
                self._move_to(column_of(letters))
                if self.column in self.wanted:
                    self.kind, text = kind or "n", inside or value
                    self._put(unescape(text, NAMED_ENTITIES) if "&" in text else text)

    def end_element(self, name: str) -> None:
        self.end(name)
        if name in CELL:
            self.parser.EndElementHandler = None
            self.is_reading = False
            self._put(self.take_text(self.kind == "inlineStr"))

    def _move_to(self, column: int) -> None:
        if not self.column < column < MAX_SHEET_COLUMNS:
            raise ValueError("its columns are out of order, or too many")
        self.column = column

    def _put(self, text: str) -> None:
        """Add a cell to the last row; the type of the cell says what its text means."""
        if self.kind == "s":
            text = self.strings[int(text)] if text else ""
        elif self.kind == "b":
            if text.strip() not in BOOLEANS:
                raise ValueError(f"{text[:20]!r} is neither true nor false")
            text = BOOLEANS[text.strip()]
        elif self.kind in ("inlineStr", "str"):
            text = unescape_cell(text)
        row = self.rows[-1]
        if self.arrays and any(area.covers(self.column, row.number) for area in self.arrays):
            row.formulas.add(self.column)
        if self.column < MAX_COLUMNS:
            row.cells[self.column] = text
        elif text:
            letters = column_letters(self.column)
            raise ValueError(f"column {letters} has a value, far beyond the columns of any list")


def unescape_cell(text: str) -> str:
    """Replace escapes such as `_x000D_` by their characters, except for lone surrogates."""
    if "_x" not in text:
        return text
    return ESCAPED.sub(
        lambda found: found[0] if "D800" <= found[1].upper() <= "DFFF" else chr(int(found[1], 16)),
        text,
    )


@cache
def column_of(letters: str) -> int:
    """Return a column's number, counted from 0. Raises ValueError if the letters name no column."""
    if not re.fullmatch("[A-Z]{1,3}", letters):
        raise ValueError(f"there is no column {letters[:9]!r}")
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def column_letters(place: int) -> str:
    """Return the letters of the column with this number, counted from 0."""
    letters = ""
    while place >= 0:
        letters = chr(65 + place % 26) + letters
        place = place // 26 - 1
    return letters


def parse_area(text: str) -> Area:
    """Return the area of a reference such as `B2:D9`. Raises ValueError for any other text."""
    found = AREA.fullmatch(text)
    if not found:
        raise ValueError(f"there is no area {text[:20]!r}")
    left, top, right, bottom = found.groups()
    area = Area(column_of(left), int(top), column_of(right or left), int(bottom or top))
    if area.left > area.right or area.top > area.bottom:
        raise ValueError(f"there is no area {text[:20]!r}")
    return area


def new_parser() -> Any:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: Any) -> None:
    raise ValueError("it has a DTD")
